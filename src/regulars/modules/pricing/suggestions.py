"""What a little more would bring: "add 12.00 to save 30.00", told only where it is true.

Nothing is estimated: the cart is priced again with the missing amount as one more line in the
offer's scope, and what is told is the difference of the two best prices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from regulars.modules.promotions.types import Offer, SpendPercent, SpendSave

from .kinds import Play
from .playing import Step
from .types import Cart, CartLine, Suggestion

#: At most so many are told,
MOST_SUGGESTIONS: Final = 3
#: of so many that are looked at, nearest first,
_LOOKED_AT: Final = 4
#: and none that asks for more than this many times what it saves.
WORTH_AT_MOST: Final = 3
_ROUNDS: Final = 6


class Priced(NamedTuple):
    """A best combination: its offers as they applied, what was left of the merged lines in the
    end, and its discount in all."""

    plays: Sequence[Play]
    steps: Sequence[Step]
    left: list[int]
    discount: int


Pricer = Callable[[Cart], Priced]
"""Prices a cart in the context at hand."""


class _Goal(NamedTuple):
    """A threshold within reach: of which offer, how far up, and how far it is from here."""

    offer: Offer
    spend: int
    missing: int


def suggestions(cart: Cart, now: Priced, price: Pricer) -> tuple[Suggestion, ...]:
    """The thresholds worth a little more, the best use of the added amount first."""
    goals = sorted(_goals(cart, now), key=lambda goal: (goal.missing, goal.offer.code, goal.spend))
    found: list[Suggestion] = []
    for goal in goals[:_LOOKED_AT]:
        told = _reached(cart, now, goal, price)
        if told is not None and told.offer not in {other.offer for other in found}:
            found.append(told)
    found.sort(key=lambda one: (one.add_minor - one.save_minor, one.add_minor, one.offer))
    return tuple(found[:MOST_SUGGESTIONS])


def _goals(cart: Cart, now: Priced) -> list[_Goal]:
    """The next threshold of each offer that takes off money, judged in its turn; those alone that
    by themselves take off enough for what is missing."""
    amounts = {step.play.code: step.amount for step in now.steps}
    goals = []
    for play in now.plays:
        if play.spend is None or play.is_gift:
            continue
        spent = spent_in_turn(now, play)
        ahead = [spend for spend in _thresholds(play, spent) if spend > spent]
        if ahead:
            missing = ahead[0] - spent
            gain = cart.shipping_minor if play.is_shipping else play.entry.of_sum(ahead[0])
            if missing <= WORTH_AT_MOST * (gain - amounts.get(play.code, 0)):
                goals.append(_Goal(play.entry.offer, ahead[0], missing))
    return goals


def _thresholds(play: Play, spent: int) -> list[int]:
    params = play.entry.offer.params
    if isinstance(params, SpendSave) and params.every:
        spend = params.steps[0].spend
        return [(spent // spend + 1) * spend]
    if isinstance(params, SpendSave | SpendPercent):
        return [step.spend for step in params.steps]
    return [play.spend or 0]


def spent_in_turn(priced: Priced, play: Play) -> int:
    """What the offer's threshold sees when its turn comes in the chosen combination."""
    for step in priced.steps:
        if step.play.rank >= play.rank:
            return play.sum_in_scope(step.before)
    return play.sum_in_scope(priced.left)


def _reached(cart: Cart, now: Priced, goal: _Goal, price: Pricer) -> Suggestion | None:
    """The smallest amount with which the offer reaches its goal in the best price."""

    def missing(amount: int) -> tuple[int, int]:
        """What is still missing with ``amount`` more, and the discount then."""
        priced = price(_with_more(cart, goal.offer, amount))
        chosen = {step.play.code: step.play for step in priced.steps}
        play = chosen.get(goal.offer.code)
        if play is None:
            others = [play for play in priced.plays if play.code == goal.offer.code]
            lacks = goal.spend - spent_in_turn(priced, others[0]) if others else 0
            return max(lacks, 0) or -1, priced.discount
        return max(goal.spend - spent_in_turn(priced, play), 0), priced.discount

    amount = step = before = goal.missing
    lacks, discount = missing(amount)
    for _ in range(_ROUNDS):
        if lacks <= 0:
            break
        # Of what is added an offer before may take off its part: go on at the rate so far.
        step = max(1, lacks * step // (before - lacks)) if before > lacks else lacks
        amount, before = amount + step, lacks
        lacks, discount = missing(amount)
    if lacks != 0:
        return None
    amount, discount = _smallest(amount, discount, missing)
    save = discount - now.discount
    if save <= 0 or amount > WORTH_AT_MOST * save:
        return None
    return Suggestion(goal.offer.code, amount, save)


def _smallest(
    amount: int, discount: int, missing: Callable[[int], tuple[int, int]]
) -> tuple[int, int]:
    """Down to the amount of which a unit less does not reach the goal."""
    if amount <= 1 or missing(amount - 1)[0] != 0:
        return amount, discount
    low, high = 0, amount - 1
    while high - low > 1:
        middle = (low + high) // 2
        if missing(middle)[0] == 0:
            high = middle
        else:
            low = middle
    return high, missing(high)[1]


def _with_more(cart: Cart, offer: Offer, amount: int) -> Cart:
    """The cart with goods of ``amount`` more that the offer's scope holds, and nothing else is
    known of."""
    scope = offer.scope
    sku, category, tags = "", None, frozenset[str]()
    if scope.categories:
        category = min(scope.categories)
    elif scope.tags:
        tags = frozenset({min(scope.tags)})
    elif scope.skus - scope.exclude_skus:
        sku = min(scope.skus - scope.exclude_skus)
    return Cart((*cart.lines, CartLine(sku, 1, amount, category, None, tags)), cart.shipping_minor)
