"""The trades whose figures are compared, as fact files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from regulars.kernel.periods import day_start, program_day
from regulars.modules.analytics.facts import Facts
from rules.analytics.fact_files import order, write_facts

LADDER = ("base", "silver", "gold")


@dataclass(frozen=True, slots=True)
class Trade:
    """Facts, the days they are asked as of, and the tiers from the lowest up."""

    name: str
    facts: Facts
    days: tuple[date, ...]
    ladder: tuple[str, ...] = LADDER


def nothing(root: Path) -> Trade:
    """A merchant without any facts."""
    return Trade("nothing", Facts(root / "nothing"), (date(2026, 3, 31),))


def cdnow(root: Path) -> Trade:
    """The CDNOW buyers, whose cohorts, second purchases and RFM are published."""
    spec = find_spec("lifetimes")  # only found: importing it would drag in what it needs
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "datasets" / "CDNOW_master.txt").read_text()
    rows = (line.split() for line in text.splitlines()[1:])
    orders = [
        order(customer, date.fromisoformat(day), int(Decimal(dollars) * 100))
        for customer, day, _disks, dollars in rows
    ]
    assert len(orders) == 69_659
    facts = write_facts(root / "cdnow", orders=orders)
    # The day of the published RFM. Nothing was bought on it: cohorts are those of the day before.
    return Trade("CDNOW", facts, (date(1998, 7, 1),))


ZONE = ZoneInfo("America/New_York")
#: From the last hours of a year over both changes of the clock to the next new year.
FIRST, LAST = date(2024, 12, 30), date(2026, 1, 2)
_BIG_MINOR = 2**52  # a float would lose its last digits in a sum
_NAMES = ("till", "Web", "web", "élan", "网店", "", None)


def nasty(root: Path, *, seed: int = 20_260_331, orders: int = 900) -> Trade:
    """A trade of edges: ties everywhere, orders at midnights and at changes of the clock in New
    York, nothing paid, all given back, strangers, points that never expire."""
    rng = random.Random(seed)
    members = [f"mem_{number:02}" for number in range(40)]
    rows = [_nasty_order(rng, members) for _number in range(orders)]
    facts = write_facts(
        root / "na*sty [1] {2}",
        orders=rows,
        postings=list(_postings(rng, members)),
        lots=list(_lots(rng, members)),
        lot_moves=list(_lot_moves(rng)),
        tiers=[{"member_id": m, "tier": rng.choice((*LADDER, "retired"))} for m in members[:30]],
        tier_changes=list(_tier_changes(rng, members)),
        members=[_member(rng, m) for m in members],
    )
    return Trade("ties, zones and refunds", facts, (date(2025, 2, 28), LAST))


#: Noon, the last microsecond of a month's last day, the first of the next, and both hours that
#: the clock of New York shows twice.
_EDGES = (
    day_start(date(2025, 3, 1), ZONE) - timedelta(microseconds=1),
    day_start(date(2025, 3, 1), ZONE),
    datetime(2025, 3, 9, 6, 59, 59, tzinfo=UTC),
    datetime(2025, 3, 9, 7, tzinfo=UTC),
    datetime(2025, 11, 2, 5, 30, tzinfo=UTC),
    datetime(2025, 11, 2, 6, 30, tzinfo=UTC),
    day_start(date(2025, 7, 1), ZONE) - timedelta(microseconds=1),
    day_start(date(2026, 1, 1), ZONE),
)


def _instant(rng: random.Random) -> datetime:
    if rng.random() < 0.4:
        return rng.choice(_EDGES)
    ahead = timedelta(days=rng.randrange((LAST - FIRST).days), hours=rng.choice((0, 4, 5, 12, 23)))
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + ahead


def _nasty_order(rng: random.Random, members: list[str]) -> dict[str, Any]:
    member = rng.choice(members) if rng.random() < 0.8 else None
    paid_at = _instant(rng)
    net = rng.choice((0, 1, 999, 1_000, 1_000, _BIG_MINOR + rng.randrange(3)))
    return order(
        member,
        program_day(paid_at, ZONE),
        rng.choice((net, net, net // 3, 0)),
        member_key=member or rng.choice(("walk-in 1", "walk-in 2", None)),
        net_minor=net,
        paid_at=paid_at,
        channel=rng.choice(_NAMES),
        store=rng.choice(_NAMES),
        counted=rng.random() < 0.85,
    )


def _postings(rng: random.Random, members: list[str]) -> Iterator[dict[str, Any]]:
    kinds = ("earn", "redeem", "redeem_return", "expire", "clawback", "merge_in", "merge_out")
    for _number in range(600):
        at = _instant(rng)
        yield {
            "member_id": rng.choice(members),
            "asset": rng.choice(("points", "points", "growth_value")),
            "at": at,
            "day": program_day(at, ZONE),
            "amount": rng.choice((-500, -1, 0, 1, 500, 2**53 + 1)),
            "kind": rng.choice(kinds),
        }


def _lots(rng: random.Random, members: list[str]) -> Iterator[dict[str, Any]]:
    for _number in range(200):
        day = program_day(_instant(rng), ZONE)
        yield {
            "member_id": rng.choice(members),
            "asset": rng.choice(("points", "growth_value")),
            "remaining": rng.choice((1, 7, 2**53 + 1)),
            "expires_day": rng.choice((None, day + timedelta(days=365))),
            "earned_day": rng.choice((None, day, day)),
        }


def _lot_moves(rng: random.Random) -> Iterator[dict[str, Any]]:
    for _number in range(300):
        earned = program_day(_instant(rng), ZONE)
        expires = rng.choice((None, earned + timedelta(days=365)))
        kind, amount = rng.choice((("earn", 900), ("redeem", -60), ("expire", -7), ("earn", 3)))
        moved = earned if amount > 0 else min(earned + timedelta(days=rng.randrange(200)), LAST)
        yield {
            "kind": kind,
            "day": moved,
            "earned_day": earned,
            "expires_day": expires,
            "amount": amount,
        }


def _tier_changes(rng: random.Random, members: list[str]) -> Iterator[dict[str, Any]]:
    for _number in range(150):
        at = _instant(rng)
        yield {
            "member_id": rng.choice(members),
            "at": at,
            "day": program_day(at, ZONE),
            "from_tier": rng.choice((*LADDER, None)),
            "to_tier": rng.choice((*LADDER, None)),
            "reason": "review",
        }


def _member(rng: random.Random, member_id: str) -> dict[str, Any]:
    day = program_day(_instant(rng), ZONE)
    where = {"channel": rng.choice(_NAMES), "store": rng.choice(_NAMES)}
    where["status"] = ("active", "shopper", "left", None)[len(member_id + str(day)) % 4]
    return {"member_id": member_id, "joined_day": day, **where}
