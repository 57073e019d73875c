"""Whether somebody is likely to get there in time: the worked figures of docs/algorithms."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from regulars.modules.notices.rules import likely, rhythm_of
from regulars.modules.notices.types import Likely, Rhythm

TODAY = date(2026, 6, 10)


def days_ago(*pairs: tuple[int, int]) -> list[tuple[date, int]]:
    return [(TODAY - timedelta(days=back), counted) for back, counted in pairs]


def test_a_rhythm_is_the_middle_interval_and_the_mean_rounded_down() -> None:
    bought = days_ago((75, 100), (45, 120), (15, 81), (5, 100))
    assert rhythm_of(bought, TODAY) == Rhythm(100, 30, TODAY - timedelta(days=5))


@pytest.mark.parametrize("bought", [(), ((40, 9), (10, 9)), ((400, 9), (40, 9), (10, 9))])
def test_two_purchases_or_old_ones_are_no_rhythm(bought: tuple[tuple[int, int], ...]) -> None:
    assert rhythm_of(days_ago(*bought), TODAY) is None


RHYTHM = Rhythm(per_purchase=100, days_between=30, last=TODAY - timedelta(days=20))


@pytest.mark.parametrize(
    ("gap", "until", "found"),
    [
        (100, None, Likely(1, date(2026, 6, 20))),
        (101, None, Likely(2, date(2026, 7, 20))),
        (200, date(2026, 7, 20), Likely(2, date(2026, 7, 20))),
        (200, date(2026, 7, 19), None),
        (100, date(2026, 6, 19), None),
        (201, None, None),
    ],
)
def test_likely_orders_and_the_day_of_the_last(
    gap: int, until: date | None, found: Likely | None
) -> None:
    assert likely(RHYTHM, lambda _: gap, today=TODAY, until=until) == found


def test_who_is_overdue_may_come_today() -> None:
    late = Rhythm(per_purchase=100, days_between=10, last=TODAY - timedelta(days=40))
    assert likely(late, lambda _: 100, today=TODAY, until=TODAY) == Likely(1, TODAY)


def test_what_leaves_a_rolling_window_meanwhile_is_lacking() -> None:
    def lacking(day: date) -> int:
        return 100 if day < date(2026, 6, 20) else 150

    found = likely(RHYTHM, lacking, today=TODAY, until=None)
    assert found == Likely(2, date(2026, 7, 20))
