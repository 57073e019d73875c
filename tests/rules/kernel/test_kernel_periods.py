"""Program days over awkward clocks, and periods over awkward calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regulars.kernel.instants import parse_instant, show_instant
from regulars.kernel.periods import (
    DAWN,
    DayClock,
    Span,
    Unit,
    Window,
    add_months,
    anniversary,
    day_start,
    end_of,
    program_day,
    start_of,
    window_start,
)

ONE_DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
ZONE_NAMES = [
    "UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
    "America/Santiago", "Africa/Cairo", "America/Havana", "America/St_Johns", "Pacific/Apia",
    "Pacific/Kwajalein", "Asia/Kathmandu", "Asia/Tehran", "Asia/Beirut", "America/Asuncion",
    "Africa/Casablanca", "Antarctica/Troll", "Pacific/Kiritimati", "Pacific/Pago_Pago",
    "America/Sao_Paulo", "Asia/Amman", "Europe/Dublin", "America/Nuuk",
]  # fmt: skip
ZONES = st.sampled_from(ZONE_NAMES).map(ZoneInfo)
DAYS = st.dates(date(1950, 1, 1), date(2060, 12, 31))
INSTANTS = st.datetimes(datetime(1950, 1, 2), datetime(2060, 12, 30), timezones=st.just(UTC))
UNITS: list[Unit] = ["day", "month", "quarter", "year"]


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00:00Z", 25),
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00:00Z", 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00:00Z", 24.5),
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00:00Z", 23),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00:00Z", 23),
        ("Asia/Shanghai", date(2026, 12, 31), "2026-12-30T16:00:00Z", 24),
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00Z", 25),  # midnight comes twice
        ("America/St_Johns", date(2008, 11, 2), "2008-11-02T02:30:00Z", 25),  # back at 00:01
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00Z", 0),  # skipped whole
        ("Pacific/Kwajalein", date(1993, 8, 21), "1993-08-21T12:00:00Z", 0),
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30:00Z", 23.5),  # 23:30 to 00:30
        ("UTC", date(2026, 1, 1), "2026-01-01T00:00:00Z", 24),
    ],
)
def test_days_begin_and_last_as_their_clocks_say(
    zone: str, day: date, start: str, hours: float
) -> None:
    begins = day_start(day, ZoneInfo(zone))
    assert show_instant(begins) == start
    assert day_start(day + ONE_DAY, ZoneInfo(zone)) - begins == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/Santiago", date(2026, 9, 6)), ("Africa/Cairo", date(2026, 4, 24))],
)
def test_a_day_without_midnight_starts_at_one(zone: str, day: date) -> None:
    begins = day_start(day, ZoneInfo(zone))
    local = begins.astimezone(ZoneInfo(zone))
    assert (local.date(), local.hour, local.minute) == (day, 1, 0)
    assert (begins - TICK).astimezone(ZoneInfo(zone)).date() == day - ONE_DAY


def test_the_year_of_shanghai_ends_at_four_in_the_afternoon_of_utc() -> None:
    end = day_start(end_of(date(2026, 5, 1), "year"), ZoneInfo("Asia/Shanghai"))
    assert show_instant(end) == "2026-12-31T16:00:00Z"


def test_an_hour_that_reads_yesterday_again_stays_in_the_new_day() -> None:
    st_johns = ZoneInfo("America/St_Johns")
    again = parse_instant("2008-11-02T03:00:00Z")
    assert again.astimezone(st_johns).date() == date(2008, 11, 1)
    assert program_day(again, st_johns) == date(2008, 11, 2)


@given(instant=INSTANTS, zone=ZONES)
@example(parse_instant("2008-11-02T02:31:00Z"), ZoneInfo("America/St_Johns"))
@example(parse_instant("2026-09-06T03:59:59.999999Z"), ZoneInfo("America/Santiago"))
@example(parse_instant("2011-12-30T10:00:00Z"), ZoneInfo("Pacific/Apia"))
def test_an_instant_lies_in_its_program_day(instant: datetime, zone: ZoneInfo) -> None:
    day = program_day(instant, zone)
    assert day_start(day, zone) <= instant < day_start(day + ONE_DAY, zone)


@given(day=DAYS, zone=ZONES)
def test_days_follow_without_a_gap_and_start_at_their_first_instant(
    day: date, zone: ZoneInfo
) -> None:
    start, end = day_start(day, zone), day_start(day + ONE_DAY, zone)
    assert start.tzinfo is UTC
    assert timedelta(0) <= end - start <= timedelta(hours=48)
    if start < end:
        assert program_day(start, zone) == day
        assert program_day(end - TICK, zone) == day
    assert start.astimezone(zone).date() >= day
    assert (start - TICK).astimezone(zone).date() < day


@pytest.mark.parametrize("name", ZONE_NAMES)
def test_no_transition_of_a_zone_breaks_a_day(name: str) -> None:
    zone, day = ZoneInfo(name), date(1970, 1, 1)
    start = day_start(day, zone)
    while day < date(2038, 1, 1):
        following = day_start(day + ONE_DAY, zone)
        assert start <= following
        if start < following:
            assert program_day(start, zone) == program_day(following - TICK, zone) == day
        assert start.astimezone(zone).date() >= day > (start - TICK).astimezone(zone).date()
        day, start = day + ONE_DAY, following


@given(instants=st.lists(INSTANTS, max_size=30), zone=ZONES, in_order=st.booleans())
def test_a_day_clock_tells_what_program_day_tells(
    instants: list[datetime], zone: ZoneInfo, in_order: bool
) -> None:
    clock = DayClock(zone)
    for instant in sorted(instants) if in_order else instants:
        assert clock.day(instant) == program_day(instant, zone)


def test_a_day_clock_reads_every_hour_of_a_year_right() -> None:
    for name in ("America/New_York", "Australia/Lord_Howe", "Africa/Cairo"):
        zone = ZoneInfo(name)
        clock, begin = DayClock(zone), datetime(2026, 1, 1, tzinfo=UTC)
        hours = [begin + timedelta(minutes=30 * n) for n in range(2 * 24 * 366)]
        expected = [program_day(instant, zone) for instant in hours]
        assert [clock.day(instant) for instant in hours] == expected
        Random(7).shuffle(hours)
        assert all(clock.day(instant) == program_day(instant, zone) for instant in hours[:2000])


@pytest.mark.parametrize("zoned", [True, False])
def test_a_datetime_without_a_zone_has_no_day(zoned: bool) -> None:
    clock = DayClock(ZoneInfo("UTC"))
    if zoned:
        clock.day(datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises((TypeError, ValueError)):
        clock.day(datetime(2026, 1, 1))
    with pytest.raises(ValueError):
        program_day(datetime(2026, 1, 1), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("anchor", "months", "day"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 1, 31), 12, date(2027, 1, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 3, 31), 0, date(2026, 3, 31)),
    ],
)
def test_months_are_counted_from_the_anchor(anchor: date, months: int, day: date) -> None:
    assert add_months(anchor, months) == day
    assert anniversary(anchor, months) == day


@given(anchor=DAYS, months=st.integers(-600, 600))
def test_months_land_in_the_right_month_on_the_anchors_day_or_its_last(
    anchor: date, months: int
) -> None:
    day = add_months(anchor, months)
    assert (day.year - anchor.year) * 12 + day.month - anchor.month == months
    assert day.day == anchor.day or (day.day < anchor.day and (day + ONE_DAY).day == 1)


@given(anchor=DAYS, years=st.integers(1, 40))
def test_twelve_times_one_month_is_one_year(anchor: date, years: int) -> None:
    day = anniversary(anchor, 12 * years)
    leap_lost = (anchor.month, anchor.day) == (2, 29) and (day.month, day.day) == (2, 28)
    assert day.year == anchor.year + years
    assert leap_lost or (day.month, day.day) == (anchor.month, anchor.day)


@pytest.mark.parametrize("months", [-12 * 2026, 12 * 8000, 10**9])
def test_months_outside_the_calendar_are_refused(months: int) -> None:
    with pytest.raises(ValueError):
        add_months(date(2026, 1, 1), months)


@pytest.mark.parametrize(
    ("unit", "end"),
    [("day", date(2024, 3, 1)), ("month", date(2024, 3, 1)), ("quarter", date(2024, 4, 1)),
     ("year", date(2025, 1, 1))],
)  # fmt: skip
def test_a_period_ends_on_the_first_day_after_it(unit: Unit, end: date) -> None:
    assert end_of(date(2024, 2, 29), unit) == end


@given(day=DAYS, unit=st.sampled_from(UNITS))
def test_calendar_periods_tile_the_calendar(day: date, unit: Unit) -> None:
    start, end = start_of(day, unit), end_of(day, unit)
    assert start <= day < end
    assert start_of(end, unit) == end
    assert end_of(start, unit) == end_of(end - ONE_DAY, unit) == end


@pytest.mark.parametrize(
    ("day", "window", "start"),
    [
        (date(2026, 3, 31), Window("days", 90), date(2026, 1, 1)),
        (date(2026, 3, 31), Window("days"), date(2026, 3, 31)),
        (date(2027, 1, 31), Window("months", 12), date(2026, 2, 1)),
        (date(2027, 1, 30), Window("months", 12), date(2026, 1, 31)),
        (date(2024, 2, 29), Window("months", 12), date(2023, 3, 1)),
        (date(2026, 5, 17), Window("calendar_month"), date(2026, 5, 1)),
        (date(2026, 5, 17), Window("calendar_quarter"), date(2026, 4, 1)),
        (date(2026, 5, 17), Window("calendar_year"), date(2026, 1, 1)),
        (date(2026, 5, 17), Window("lifetime"), DAWN),
    ],
)
def test_a_window_looks_back_from_its_last_day(day: date, window: Window, start: date) -> None:
    assert window_start(day, window) == start


@given(
    day=DAYS,
    window=st.one_of(
        st.builds(Window, st.just("days"), st.integers(1, 36_525)),
        st.builds(Window, st.just("months"), st.integers(1, 1_200)),
        st.builds(
            Window,
            st.sampled_from(["calendar_month", "calendar_quarter", "calendar_year", "lifetime"]),
        ),
    ),
)
def test_the_start_of_a_window_never_moves_back(day: date, window: Window) -> None:
    assert window_start(day, window) <= day
    assert window_start(day, window) <= window_start(day + ONE_DAY, window)


@pytest.mark.parametrize(
    ("span", "count"),
    [("days", 0), ("days", -1), ("days", 36_526), ("months", 1_201), ("calendar_year", 2),
     ("lifetime", 2)],
)  # fmt: skip
def test_a_window_has_a_sensible_count(span: Span, count: int) -> None:
    with pytest.raises(ValueError):
        Window(span, count)


@pytest.mark.parametrize("name", ZONE_NAMES)
def test_a_lifetime_starts_at_an_instant_in_every_zone(name: str) -> None:
    assert day_start(DAWN, ZoneInfo(name)).year in (1899, 1900)
