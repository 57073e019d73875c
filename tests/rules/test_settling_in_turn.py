"""Orders settled in turn leave what the same orders leave that are settled one by one.

The points of the template "shop" are promised first: all of its orders are left to the rule.
"""

from __future__ import annotations

import random
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from regulars.kernel.periods import program_day
from regulars.modules.earning.rules import KnownLines, RateMemo
from regulars.modules.earning.types import LineFacts
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.types import GROWTH_VALUE, POINTS, Cause
from regulars.modules.orders.person import Person
from regulars.modules.programmes.document import compiled
from regulars.modules.programmes.going import GoingMemo
from regulars.modules.programmes.templates import template
from regulars.modules.programmes.types import Programme

ZONE = ZoneInfo("Asia/Shanghai")
MEMBER, OTHER = UUID(int=7), UUID(int=8)
BEGUN = datetime(2025, 1, 1, tzinfo=UTC)
FACTS = [LineFacts("a", "x", "GASOLINE-REG UNLEADED"), LineFacts("b", "y", None)]


def person_of(programme: Programme, debt: int) -> Person:
    points, growth = (
        Purse(merchant_id=1, member_id=MEMBER, asset=a) for a in (POINTS, GROWTH_VALUE)
    )
    points.debt = debt
    return Person(
        member_id=MEMBER,
        joined_on=date(2025, 1, 1),
        points=points,
        growth_value=growth,
        standing=None,
        programme=programme.number,
        revision=0,
        ladder=programme.ladder,
        days={},
    )


def year(chance: random.Random) -> list[tuple[datetime, list[str], list[int], UUID, str | None]]:
    """Orders mostly in the order of time, some of a day that has others, some late."""
    at, orders = BEGUN, []
    for _ in range(60):
        at += timedelta(hours=chance.choice([1, 5, 40, 200, 900, 3_000]))
        late = timedelta(days=chance.choice([0] * 9 + [45]))
        skus = chance.choices(["a", "b", "c"], k=chance.randrange(1, 4))
        nets = [chance.randrange(chance.choice([1, 90, 40_000]) + 1) for _ in skus]
        owner = MEMBER if chance.random() < 0.8 else OTHER
        orders.append((at - late, skus, nets, owner, chance.choice([None, "A"])))
    return orders


@pytest.mark.parametrize("name", ["plain", "grocery", "shop"])
@pytest.mark.parametrize("seed", range(8))
def test_in_turn_and_one_by_one(name: str, seed: int) -> None:
    programme = compiled(1, template(name))
    rates = RateMemo()
    rates.learn([*FACTS, LineFacts("c", None, None)])
    memo = GoingMemo(rates, ZONE)
    ways = [person_of(programme, debt=seed * 3) for _ in range(2)]
    in_turn = 0
    for number, (paid_at, skus, nets, owner, store) in enumerate(year(random.Random(seed))):
        day, order = program_day(paid_at, ZONE), Cause("order", f"ord_{number}")
        journals = [Journal(), Journal()]
        fast = ways[0].settle_in_turn(
            journals[0], programme, memo, owner, order, nets, skus, paid_at, day, store, None
        )
        in_turn += fast is not None
        by_rule = [
            way.settle(
                journal=journal,
                programme=programme,
                standing_by=programme,
                owner=owner,
                order=order,
                net_minor=nets,
                lines=KnownLines(skus, rates),
                paid_at=paid_at,
                day=day,
                zone=ZONE,
                now=paid_at,
                store=store,
                channel=None,
            )
            for way, journal in zip(ways, journals, strict=True)
            if way is ways[1] or fast is None
        ]
        assert (fast or by_rule[0]) == by_rule[-1]
        assert state_of(ways[0], journals[0]) == state_of(ways[1], journals[1])
    assert in_turn == 0 if name == "shop" else 20 < in_turn < 60, "both ways were gone"


def state_of(person: Person, journal: Journal) -> list[Any]:
    purses = [
        (purse.head, purse.balance, purse.debt, purse.debt_head, purse.next_due_at, purse.last_at)
        for purse in (person.points, person.growth_value)
    ]
    counted = {owner: dict(days) for owner, days in person.activity_added.items()}
    rows = [journal.postings, [asdict(lot) for _, lot in journal.new_lots], list(journal.purses)]
    return [purses, rows, person.standing, person.days, person.history.days, counted]
