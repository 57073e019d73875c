"""How far offers are used up: what orders took, what open quotes hold, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from regulars.modules.budgets.gather import held, look
from regulars.modules.budgets.types import Seen

from .counting import budget_key, total_key
from .types import Offer


@dataclass(frozen=True, slots=True)
class Taken:
    """Of ``most``: ``used`` by orders, ``held`` by quotes that are still open."""

    most: int
    used: int
    held: int

    @property
    def left(self) -> int:
        """Never below 0; a soft budget may be passed."""
        return max(0, self.most - self.used - self.held)


@dataclass(frozen=True, slots=True)
class Pot:
    """One budget of an offer; ``store`` is None where it is not kept by store."""

    store: str | None
    taken: Taken


@dataclass(frozen=True, slots=True)
class Standing:
    """What is counted of one offer: orders in all, and the budget of now."""

    code: str
    uses: Taken | None
    pots: tuple[Pot, ...]


def standings(
    merchant_id: int, offers: Sequence[Offer], *, stores: Sequence[str], day: date, now: datetime
) -> list[Standing]:
    """What is used of every offer that has a total limit or a budget.

    A budget by day or month is told as of ``day``, one by store for each of ``stores``.
    """
    counted = [o for o in offers if o.limit.total is not None or o.budget is not None]
    keys = {key for offer in counted for key, _ in _budget_keys(offer, stores, day)}
    keys |= {total_key(offer) for offer in counted}
    seen, open_ = look(merchant_id, keys, now), held(merchant_id, keys, now)

    return [
        Standing(
            code=offer.code,
            uses=(
                None
                if offer.limit.total is None
                else taken(offer.limit.total, total_key(offer), seen, open_)
            ),
            pots=tuple(
                Pot(store, taken(offer.budget or 0, key, seen, open_))
                for key, store in _budget_keys(offer, stores, day)
            ),
        )
        for offer in counted
    ]


def _budget_keys(offer: Offer, stores: Sequence[str], day: date) -> list[tuple[str, str | None]]:
    if offer.budget is None:
        return []
    places: Sequence[str | None] = stores if offer.budget_terms.per == "store" else (None,)
    return [(budget_key(offer, day=day, store=store), store) for store in places]


def taken(most: int, key: str, seen: Seen, open_: dict[str, int]) -> Taken:
    waiting = open_.get(key, 0)
    return Taken(most, max(0, seen.used(key) - waiting), waiting)
