"""Festivals on their days, and an offer that holds around them.

The lunar days are those of the Hong Kong Government's lists of general holidays of 2015, 2024 and
2025 (which give the day after the Mid-Autumn Festival); it is one calendar everywhere. New Year's
Eve is the day before the first, and national days are fixed by law.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from regulars.modules.pricing.gates import Gate
from regulars.modules.pricing.lint.moments import first_open
from regulars.modules.pricing.types import Context
from regulars.modules.promotions.festivals import (
    FESTIVALS,
    REGIONS,
    day_of,
    falls_on,
    is_kept,
    upcoming,
)
from regulars.modules.promotions.types import FestivalSpan, When, Who
from regulars.modules.promotions.windows import FestivalPart


@pytest.mark.parametrize(
    ("region", "festival", "days"),
    [
        ("cn", "lunar_new_year", ["2015-02-19", "2024-02-10", "2025-01-29", "2026-02-17"]),
        ("cn", "lunar_new_year_eve", ["2024-02-09", "2025-01-28"]),
        ("hk", "qingming", ["2015-04-05", "2024-04-04", "2025-04-04"]),
        ("hk", "dragon_boat", ["2015-06-20", "2024-06-10", "2025-05-31"]),
        ("hk", "mid_autumn", ["2015-09-27", "2024-09-17", "2025-10-06"]),
        ("hk", "double_ninth", ["2015-10-21", "2024-10-11", "2025-10-29"]),
        ("cn", "national_day", ["2024-10-01", "2025-10-01"]),
        ("tw", "national_day", ["2024-10-10", "2025-10-10"]),
        ("sg", "national_day", ["2025-08-09"]),
        ("hk", "establishment_day", ["2025-07-01"]),
    ],
)
def test_days_as_they_were_announced(region: str, festival: str, days: list[str]) -> None:
    for day in days:
        wanted = date.fromisoformat(day)
        assert day_of(region, festival, wanted.year) == wanted


def test_after_a_leap_month_it_is_still_the_eighth() -> None:
    """2025 had a leap sixth month, so the Mid-Autumn Festival came late."""
    assert day_of("cn", "mid_autumn", 2025) == date(2025, 10, 6)


@given(day=st.dates(date(1902, 1, 1), date(2098, 12, 31)), before=st.integers(0, 60),
       after=st.integers(0, 60), festival=st.sampled_from(FESTIVALS))  # fmt: skip
def test_days_around_count_also_over_the_new_year(
    day: date, before: int, after: int, festival: str
) -> None:
    span = FestivalSpan("hk", festival, before, after)
    own = [day_of("hk", festival, year) for year in range(day.year - 1, day.year + 2)]
    near = [one for one in own if one and -before <= (day - one).days <= after]
    assert falls_on(span, day) is bool(near)


def test_every_year_has_each_once() -> None:
    for region in REGIONS:
        for festival in FESTIVALS:
            found = [day_of(region, festival, year) for year in range(1901, 2100)]
            assert all(found) is is_kept(region, festival)
            assert {day.year for day in found if day} <= set(range(1901, 2100))
            assert len({day for day in found if day}) == (199 if is_kept(region, festival) else 0)
    assert day_of("cn", "mid_autumn", 2100) is None


SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("at", "closed"),
    [
        (datetime(2025, 10, 2, 15, 59, 59, tzinfo=UTC), "not_now"),
        (datetime(2025, 10, 2, 16, tzinfo=UTC), None),  # three days before, at 00:00 in Shanghai
        (datetime(2025, 10, 6, 15, 59, 59, tzinfo=UTC), None),
        (datetime(2025, 10, 6, 16, tzinfo=UTC), "not_now"),  # the day after
        (datetime(2026, 9, 22, 0, tzinfo=UTC), None),  # the next year, by itself
    ],
)
def test_an_offer_holds_through_the_festival_in_the_shops_zone(
    at: datetime, closed: str | None
) -> None:
    when = When(festivals=(FestivalSpan("cn", "mid_autumn", days_before=3),))
    context = Context(at=at, zone=SHANGHAI)
    assert Gate(when, Who(), None).closed(context, at.astimezone(SHANGHAI)) == closed


def test_it_recurs_and_the_linter_finds_it() -> None:
    when = When(festivals=(FestivalSpan("tw", "national_day"),))
    at = first_open(when, zone=SHANGHAI, from_at=datetime(2026, 10, 11, 0, tzinfo=UTC))
    assert at == datetime(2027, 10, 9, 16, tzinfo=UTC)


def test_what_comes_within_a_year() -> None:
    found = upcoming("cn", date(2025, 10, 1), 364)
    assert found["mid_autumn"] == [date(2025, 10, 6), date(2026, 9, 25)]
    assert found["national_day"] == [date(2025, 10, 1)]
    assert "establishment_day" not in found


def test_a_region_has_its_own() -> None:
    with pytest.raises(ValidationError, match="tw has no establishment_day"):
        FestivalPart(region="tw", festival="establishment_day")
