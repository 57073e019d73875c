"""Ladders: who goes up, who ends and why; and a rung that cannot prove itself."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.steering.deciding.climbing import LEAST_ARM, Rung, Seen, judged, step

TODAY = date(2026, 3, 10)
RUNGS = (Rung("five", 14), Rung("ten", 21))
SEEN = Seen(bought=False, willing=True, due_soon=False)


def told(had: int, seen: Seen = SEEN, *, open_to: int = 2, capped: bool = False) -> tuple:
    one = step(had, RUNGS, seen, today=TODAY, open_to=open_to, capped=capped)
    return one.rung, one.ended, (one.next_on - TODAY).days


def test_up_rung_by_rung_and_off_at_the_top() -> None:
    """docs/algorithms/spending.md, "Ladders"."""
    assert told(0) == (0, None, 14)
    assert told(1) == (1, None, 21)
    assert told(2) == (None, "top", 0)


def test_each_way_to_stop() -> None:
    assert told(1, Seen(bought=True, willing=True, due_soon=False))[1] == "bought"
    assert told(1, Seen(bought=False, willing=False, due_soon=False))[1] == "unsubscribed"
    assert told(1, open_to=1)[1] == "no_lift"
    assert told(0, capped=True)[1] == "capped"
    assert told(0, Seen(bought=False, willing=True, due_soon=True)) == (None, None, 7)


@given(
    had=st.integers(0, 3), bought=st.booleans(), willing=st.booleans(), soon=st.booleans(),
    open_to=st.integers(0, 2), capped=st.booleans(),
)  # fmt: skip
def test_nothing_is_given_where_anything_speaks_against_it(
    had: int, bought: bool, willing: bool, soon: bool, open_to: int, capped: bool
) -> None:
    one = step(had, RUNGS, Seen(bought, willing, soon), today=TODAY, open_to=open_to, capped=capped)
    gives = not bought and willing and not soon and not capped and had < min(open_to, len(RUNGS))
    assert (one.rung is not None) == gives
    assert one.ended is not None or one.next_on > TODAY, "whoever stays is looked at again later"
    assert one.next_on <= TODAY + timedelta(days=21)


def days(rng: np.random.Generator, size: int, share: float) -> list[int | None]:
    return [int(rng.integers(1, 15)) if rng.random() < share else None for _ in range(size)]


def test_a_rung_tries_itself_and_goes_on_only_where_it_is_proven() -> None:
    rng = np.random.default_rng(4)
    few = judged(days(rng, 20, 0.5), days(rng, 20, 0.0), since=-1, until=14, tries=400)
    assert (few.lift, few.open) == (None, True)
    trying = judged(days(rng, 300, 0.1), days(rng, 200, 0.1), since=-1, until=14, tries=400)
    assert trying.open
    vain = judged(days(rng, 400, 0.1), days(rng, 200, 0.1), since=-1, until=14, tries=400)
    assert not vain.open
    good = judged(days(rng, 400, 0.4), days(rng, 200, 0.1), since=-1, until=14, tries=400)
    assert good.open
    assert good.low is not None
    assert 0 < good.low < 0.3 < (good.high or 0)


def test_only_the_rungs_own_days_count() -> None:
    early, late = [3] * 50, [20] * 50
    out: list[int | None] = [None] * 49 + [20]
    first = judged([*early, *late], out, since=-1, until=14, tries=10)
    second = judged([*early, *late], out, since=14, until=35, tries=10)
    assert first.lift == pytest.approx(0.5)
    assert second.lift == pytest.approx(0.5 - 1 / 50)
    assert judged(early[: LEAST_ARM - 1], out, since=-1, until=14, tries=10).lift is None


def test_looked_at_every_day_a_rung_that_does_nothing_is_seldom_called_proven() -> None:
    rng = np.random.default_rng(12)
    ever = 0
    for _run in range(150):
        given_, out = days(rng, 400, 0.15), days(rng, 200, 0.15)
        looks = range(60, 401, 20)
        told_ = [judged(given_[:n], out[: n // 2], since=-1, until=14, tries=0) for n in looks]
        ever += any(one.open for one in told_ if one.lift is not None)
    assert ever / 150 <= 0.05
