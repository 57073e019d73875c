"""Pure: what an event makes stale. A mark is a month (YYYY-MM) of orders, LEDGER or PEOPLE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from regulars.kernel.periods import add_months

Part = Literal["orders", "ledger", "people"]

LEDGER: Final = "ledger"
PEOPLE: Final = "people"
EVERYTHING: Final[frozenset[Part]] = frozenset({"orders", "ledger", "people"})

#: Changes of orders; they move points and tiers too.
ORDER_TOPICS: Final = ("order.paid", "order.refunded", "order.cancelled")
IMPORT_TOPICS: Final = ("orders.imported",)
#: Changes of who a record's orders belong to, or of what the buyer is called outside.
PERSON_TOPICS: Final = ("member.merged", "member.unmerged", "member.identified")
PEOPLE_TOPICS: Final = (
    "member.enrolled",
    "member.left",
    "member.rejoined",
    "member.removed",
    "tier.upgraded",
    "tier.downgraded",
    "programme.published",
)
_MOVEMENTS: Final = (
    "activated",
    "redeemed",
    "restored",
    "expired",
    "moved",
    "debt_incurred",
    "debt_repaid",
)
_OF_ORDERS_TOO: Final = ("earned", "reversed")
LEDGER_TOPICS: Final = (
    "points.adjusted",
    *(f"{asset}.{what}" for asset in ("points", "growth_value") for what in _MOVEMENTS),
    *(f"{asset}.{what}" for asset in ("points", "growth_value") for what in _OF_ORDERS_TOO),
)
_ORDER_CAUSES: Final = ("order", "refund")
_PERSONS: Final = ("member_id", "into_member", "from_member")


@dataclass(slots=True)
class Stale:
    """What is to be exported anew: marks, and the months of the orders of some members."""

    marks: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)


def stale_after(told: Iterable[Mapping[str, Any]]) -> Stale:
    """What events (as ``Event.to_json`` writes them) make stale, of any topic."""
    stale = Stale()
    for event in told:
        _add(stale, event)
    return stale


def part_of(mark: str) -> Part:
    if mark == LEDGER:
        return "ledger"
    return "people" if mark == PEOPLE else "orders"


def months_around(utc_months: Iterable[str]) -> set[str]:
    """The months of any zone that instants of these months in UTC may lie in."""
    found: set[str] = set()
    for month in utc_months:
        first = date.fromisoformat(f"{month}-01")
        found |= {f"{add_months(first, step):%Y-%m}" for step in (-1, 0, 1)}
    return found


def _add(stale: Stale, event: Mapping[str, Any]) -> None:
    topic: str = event["topic"]
    if topic in ORDER_TOPICS or topic in IMPORT_TOPICS:
        months = event.get("months") or [event.get("month")]
        stale.marks |= {month for month in months if month}
        stale.marks |= {LEDGER, PEOPLE}
    elif topic in PERSON_TOPICS:
        stale.members |= {event[name] for name in _PERSONS if event.get(name)}
        stale.marks |= {LEDGER, PEOPLE}
    elif topic in PEOPLE_TOPICS:
        stale.marks.add(PEOPLE)
    elif topic in LEDGER_TOPICS and not _told_with_an_order(topic, event):
        stale.marks.add(LEDGER)


def _told_with_an_order(topic: str, event: Mapping[str, Any]) -> bool:
    """What an order earns and a refund takes back comes beside the order's own event."""
    return topic.endswith(_OF_ORDERS_TOO) and event["cause_type"] in _ORDER_CAUSES
