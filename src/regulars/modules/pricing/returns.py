"""What goes back of a priced order when units of it come back. docs/algorithms/refunds.md.

Pure: the sale as it was frozen, what went back before, and the units returned in all. Points and
growth value that were *earned* are another matter: `kept_base` gives the nets that still earn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from regulars.kernel.allocation import allocate
from regulars.kernel.commerce import part_gone_back

from .requalifying import gifts_kept, would_pay
from .sale import Sale
from .types import GiftLine, PricedLine


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneBack:
    """What has gone back of one line: of each part, in all or in one return."""

    units: int = 0
    cash_minor: int = 0
    points: int = 0
    points_minor: int = 0
    growth_value: int = 0
    growth_value_minor: int = 0
    stored_value: int = 0
    stored_value_minor: int = 0
    bonus: int = 0
    bonus_minor: int = 0
    discount_minor: int = 0

    @property
    def net_minor(self) -> int:
        """Cash and tenders together; the bonus is part of the stored value."""
        tenders = self.points_minor + self.growth_value_minor + self.stored_value_minor
        return self.cash_minor + tenders

    def less(self, before: GoneBack) -> GoneBack:
        """What this adds to ``before``."""
        return GoneBack(**{name: getattr(self, name) - getattr(before, name) for name in _PARTS})


_PARTS: Final = tuple(field.name for field in fields(GoneBack))
#: The parts of the money, and what else of the line goes with each of them, in its own unit.
_MONEY: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("cash_minor", ()),
    ("points_minor", ("points",)),
    ("growth_value_minor", ("growth_value",)),
    ("stored_value_minor", ("stored_value", "bonus", "bonus_minor")),
)
NOTHING: Final = GoneBack()


@dataclass(frozen=True, slots=True)
class Return:
    """One return: per line ``now`` goes back, ``in_all`` has gone back after it; ``gifts`` are
    the gifts to be returned because of it."""

    now: tuple[GoneBack, ...]
    in_all: tuple[GoneBack, ...]
    gifts: tuple[GiftLine, ...]


def give_back(sale: Sale, before: Sequence[GoneBack], returned: Sequence[int]) -> Return:
    """What the return brings after which ``returned`` units of each line are back in all.

    ``before`` is what had gone back of each line (`NOTHING` at first), its units included. Any
    sequence of returns gives each part back exactly once, and no step is negative. Raises
    ValueError where fewer units are back than before or more than there were.
    """
    whole = [
        _proportional(line, sent.quantity, units)
        for line, sent, units in zip(sale.lines, sale.cart.lines, returned, strict=True)
    ]
    if any(gone.units > units for gone, units in zip(before, returned, strict=True)):
        raise ValueError("units cannot come back from a return")
    in_all = whole
    if sale.requalifies:
        paid = sum([line.net_minor for line in sale.lines])
        most = sum([gone.net_minor for gone in whole])
        least = sum([gone.net_minor for gone in before])
        owed = min(max(paid - would_pay(sale, returned), least), most)
        bought = [
            _proportional(line, sent.quantity, sent.quantity)
            for line, sent in zip(sale.lines, sale.cart.lines, strict=True)
        ]
        in_all = _spread(owed - least, before, whole, bought)
    now = tuple([after.less(then) for after, then in zip(in_all, before, strict=True)])
    then = gifts_kept(sale, [gone.units for gone in before])
    still = gifts_kept(sale, returned)
    return Return(now, tuple(in_all), tuple([gift for gift in then if gift not in still]))


def kept_base(sale: Sale, gone: Sequence[GoneBack]) -> list[int]:
    """The nets that still earn: what is kept of cash and principal, per line."""
    kept = []
    for line, back in zip(sale.lines, gone, strict=True):
        tenders = line.tenders
        base = line.net_minor - tenders.points_minor - tenders.growth_value_minor
        away = back.net_minor - back.points_minor - back.growth_value_minor
        kept.append(base - tenders.bonus_minor - (away - back.bonus_minor))
    return kept


def discounts_left(sale: Sale, gone: Sequence[GoneBack]) -> dict[str, int]:
    """What each offer on goods still takes off the kept units.

    What goes back of a line's share goes back of the offer. Where offers requalify, what was paid
    back in money decides: they share what the kept units still pay less than the others explain.
    """
    of_offer: dict[str, int] = {}
    still = 0
    for sent, line, back in zip(sale.cart.lines, sale.lines, gone, strict=True):
        kept = sent.unit_price_minor * (sent.quantity - back.units)
        still += kept - (line.net_minor - back.net_minor)
        for discount in line.discounts:
            amount = discount.amount_minor
            away = part_gone_back(amount, quantity=sent.quantity, returned=back.units)
            of_offer[discount.offer] = of_offer.get(discount.offer, 0) + amount - away
    asked_anew = [
        frozen.offer.code
        for frozen in sale.offers
        if frozen.offer.on_return == "requalify" and frozen.offer.code in of_offer
    ]
    if asked_anew:
        fixed = sum(left for code, left in of_offer.items() if code not in asked_anew)
        rest = max(0, still - fixed)
        whole = {code: _in_all(sale, code) for code in asked_anew}
        rest = min(rest, sum(whole.values()))
        split = allocate(rest, list(whole.values()))
        of_offer.update(zip(whole, split, strict=True))
    return of_offer


def _in_all(sale: Sale, offer: str) -> int:
    return sum(d.amount_minor for line in sale.lines for d in line.discounts if d.offer == offer)


def _proportional(line: PricedLine, quantity: int, returned: int) -> GoneBack:
    """Of each part what its units carry: part x returned // quantity."""
    tenders = line.tenders
    parts = {
        "cash_minor": line.cash_minor,
        "discount_minor": line.gross_minor - line.net_minor,
        "points": tenders.points,
        "points_minor": tenders.points_minor,
        "growth_value": tenders.growth_value,
        "growth_value_minor": tenders.growth_value_minor,
        "stored_value": tenders.stored_value,
        "stored_value_minor": tenders.stored_value_minor,
        "bonus": tenders.bonus,
        "bonus_minor": tenders.bonus_minor,
    }
    back = {
        name: part_gone_back(part, quantity=quantity, returned=returned)
        for name, part in parts.items()
    }
    return GoneBack(units=returned, **back)


def _spread(
    amount: int,
    before: Sequence[GoneBack],
    whole: Sequence[GoneBack],
    bought: Sequence[GoneBack],
) -> list[GoneBack]:
    """``amount`` over what the returned units carry and has not gone back yet.

    By largest remainder over these rooms, line by line, in each cash, points, growth value,
    stored value; so no part passes what its units carry, and the last return brings all. Units of
    an asset follow their money: all of the line's x what is back of the money // all of the money.
    """
    rooms = [
        getattr(most, name) - getattr(then, name)
        for most, then in zip(whole, before, strict=True)
        for name, _ in _MONEY
    ]
    given = iter(allocate(amount, rooms))
    in_all = []
    for most, then, total in zip(whole, before, bought, strict=True):
        parts = {"units": most.units, "discount_minor": most.discount_minor}
        for name, along in _MONEY:
            money = getattr(total, name)
            parts[name] = getattr(then, name) + next(given)
            for other in along:
                parts[other] = getattr(total, other) * parts[name] // money if money else 0
        in_all.append(GoneBack(**parts))
    return in_all
