"""Offers that draw from one pot: together where it holds enough for all of them, else one of them.

How much an offer takes is known once a combination is chosen, so each is reckoned with the most it
could take of the cart. Where that is more than is left, they are as offers of one group: the best
of them is taken, cut to what is left. So near its end a pot is emptied by one offer an order, and
never passed.
"""

from __future__ import annotations

from collections.abc import Sequence

from regulars.modules.promotions.splitting import at_most

from .basket import Basket
from .kinds import Play
from .playing import shipping_discount
from .types import Pot


def keep_apart(plays: Sequence[Play], basket: Basket, pots: Sequence[Pot], groups: int) -> None:
    """Give the offers of each pot that is too small for all of them a group in common; bits from
    ``groups`` on are free."""
    for number, pot in enumerate(pots):
        drawing = [
            play
            for play in plays
            if play.code in pot.shares_bps and (play.on_goods or play.is_shipping)
        ]
        if len(drawing) < 2:
            continue
        wanted = sum(at_most(pot.shares_bps[play.code], _most(play, basket)) for play in drawing)
        if wanted > pot.left_minor:
            bit = 1 << (groups + number)
            for play in drawing:
                play.group |= bit


def _most(play: Play, basket: Basket) -> int:
    """What an offer takes at most: no offer takes more when less is left."""
    if play.is_shipping:
        return shipping_discount(play, basket.total, basket.shipping)
    whole = play.size(basket.gross)
    return whole if play.budget is None else min(whole, play.budget)
