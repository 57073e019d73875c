"""Made-up members who buy their items in rhythms of their own, the same at every call."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import numpy as np

from regulars.modules.insight.history import History, coded, history_of


@dataclass(frozen=True, slots=True)
class Bought:
    member: str
    item: str
    category: str
    day: int
    quantity: int
    value_minor: int


def rhythms(
    *, members: int, items: int, days: int, seed: int = 7, leavers: float = 0.0
) -> list[Bought]:
    """``leavers`` is the share of members who stop somewhere in the second half."""
    return list(_made_up(members, items, days, seed, leavers))


@cache
def _made_up(members: int, items: int, days: int, seed: int, leavers: float) -> tuple[Bought, ...]:
    """Made up once: several files of tests ask for the same members."""
    rng = random.Random(seed)
    found: list[Bought] = []
    for number in range(members):
        stops = rng.randrange(days // 2, days) if rng.random() < leavers else days
        pace = rng.uniform(0.6, 1.8)
        for item in rng.sample(range(items), k=min(items, rng.randrange(3, 9))):
            gap, day = rng.choice([4, 7, 11, 16, 24, 40]) * pace, float(rng.randrange(40))
            while day < stops:
                found.append(
                    Bought(
                        f"m{number:04d}", f"i{item:03d}", f"c{item % 7}", int(day),
                        rng.choice([1, 1, 1, 2]), rng.randrange(100, 900),
                    )
                )  # fmt: skip
                day += max(1.0, gap * rng.lognormvariate(0.0, 0.4))
    return tuple(found)


def history(bought: list[Bought]) -> History:
    return history_of(
        member=coded([one.member for one in bought]),
        item=coded([one.item for one in bought]),
        parents=[coded([one.category for one in bought])],
        day=np.array([one.day for one in bought], dtype=np.int64),
        quantity=np.array([one.quantity for one in bought], dtype=np.float64),
        value_minor=np.array([one.value_minor for one in bought], dtype=np.float64),
    )
