"""Roundings, months, windows and the survival product: exact where floats would slip."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.modules.analytics.expressions import months
from regulars.modules.analytics.rounding import half_up, mean_4, share_bps
from regulars.modules.analytics.survival import Waited, kaplan_meier
from regulars.modules.analytics.windows import trend_days, window_start


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(1, 2, 1), (3, 2, 2), (1, 3, 0), (2, 3, 1), (0, 7, 0)]
)
def test_halves_go_up(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


def test_shares_and_means() -> None:
    assert [share_bps(1, 20_000), share_bps(1, 20_001), share_bps(3, 0)] == [1, 0, 0]
    assert [mean_4(1, 20_000), mean_4(250_031_563, 23_570), mean_4(0, 0)] == [
        0.0001,
        10_608.0426,
        0.0,
    ]
    # A sum that no float holds still gives the right digits.
    assert mean_4(2**53 + 1, 2**53) == 1.0
    assert share_bps(2**62 - 1, 2**62) == 10_000


def test_months_are_numbers_and_text() -> None:
    assert months.text_of(months.number_of(date(2026, 12, 31))) == "2026-12"
    assert months.number_of(date(2027, 1, 1)) - months.number_of(date(2026, 12, 1)) == 1
    assert months.last_day(months.number_of(date(2028, 2, 1))) == date(2028, 2, 29)


def test_trend_days_end_with_the_day_asked_for() -> None:
    assert trend_days(date(2026, 3, 10), period="month", points=3) == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 10),
    ]
    assert trend_days(date(2026, 3, 10), period="week", points=2) == [
        date(2026, 3, 3),
        date(2026, 3, 10),
    ]
    with pytest.raises(ValueError, match="points"):
        trend_days(date(2026, 3, 10), period="week", points=0)


def test_the_calendar_has_a_first_day() -> None:
    assert window_start(date(1, 1, 5), 90) == date.min
    assert trend_days(date(1, 1, 8), period="week", points=5) == [date.min, date(1, 1, 8)]
    assert trend_days(date(1, 2, 8), period="month", points=5) == [date(1, 1, 31), date(1, 2, 8)]


def test_a_median_is_reached_exactly() -> None:
    # 2/3 x 3/4 is a half, which floats and decimals miss.
    curve = kaplan_meier([Waited(3, 3, 1, 0), Waited(5, 4, 1, 3)])
    assert curve.median_days == 5
    assert kaplan_meier([Waited(3, 5, 2, 3)]).median_days is None


def test_a_curve_is_unknown_past_the_longest_wait_unless_all_bought() -> None:
    watched = kaplan_meier([Waited(3, 4, 1, 0), Waited(10, 3, 0, 3)])
    assert [watched.again_bps_by(days) for days in (2, 3, 10, 11)] == [0, 2500, 2500, None]
    done = kaplan_meier([Waited(3, 4, 4, 0)])
    assert done.again_bps_by(365) == 10_000
    assert kaplan_meier([]).again_bps_by(30) is None
