"""Instants in and out of text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.instants import parse_instant, show_instant

INSTANTS = st.datetimes(datetime(1901, 1, 2), datetime(9998, 12, 30), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2018-01-02T00:00:00Z", "2018-01-02T00:00:00Z"),
        ("2018-01-02t00:00:00z", "2018-01-02T00:00:00Z"),
        ("2018-01-02T08:00:00+08:00", "2018-01-02T00:00:00Z"),
        ("2018-01-01T19:00:00-05:00", "2018-01-02T00:00:00Z"),
        ("2018-01-02T00:00:00-00:00", "2018-01-02T00:00:00Z"),
        ("2018-01-02T00:00:00.5Z", "2018-01-02T00:00:00.500000Z"),
        ("2018-01-02T00:00:00.000Z", "2018-01-02T00:00:00Z"),
        ("2018-01-02T00:00:00.123456Z", "2018-01-02T00:00:00.123456Z"),
        ("2018-01-02T00:00:00.123456999Z", "2018-01-02T00:00:00.123456Z"),
        ("2018-01-02T23:59:59.999999999Z", "2018-01-02T23:59:59.999999Z"),
        ("2024-02-29T12:00:00+05:45", "2024-02-29T06:15:00Z"),
        ("9998-12-31T23:59:59-23:59", "9999-01-01T23:58:59Z"),
    ],
)
def test_an_instant_is_read_and_shown_in_utc(text: str, shown: str) -> None:
    instant = parse_instant(text)
    assert instant.tzinfo is UTC
    assert show_instant(instant) == shown


@pytest.mark.parametrize(
    "text",
    ["", "now", "1700000000", "2018-01-02", "2018-01-02T00:00:00", "2018-01-02 00:00:00Z",
     "2018-01-02T00:00Z", "20180102T000000Z", "2018-W01-2T00:00:00Z", "2018-01-02T00:00:00+0800",
     "2018-01-02T00:00:00+08", "2018-01-02T00:00:00+24:00", "2018-01-02T00:00:00+08:60",
     "2018-01-02T00:00:00,5Z", "2018-01-02T00:00:00.Z", "2018-01-02T00:00:00.1234567890Z",
     "2018-01-02T00:00:00Z ", "2018-01-02T00:00:00Z\n", "２018-01-02T00:00:00Z",
     "2018-01-02T00:00:00−05:00", "2018-1-2T00:00:00Z", "+2018-01-02T00:00:00Z",
     "2018-02-29T00:00:00Z", "2018-13-01T00:00:00Z", "2018-01-02T24:00:00Z",
     "2018-01-02T25:00:00Z", "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z",
     "1900-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "2018-01-02T00:00:00Z" * 1000],
)  # fmt: skip
def test_what_is_no_rfc_3339_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_instant(text)


@given(text=st.text(max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(ValueError):
        parse_instant(text)


@given(instant=INSTANTS)
def test_an_instant_comes_back_from_its_text(instant: datetime) -> None:
    assert parse_instant(show_instant(instant)) == instant


@given(instant=INSTANTS, minutes=st.integers(-14 * 60, 14 * 60))
def test_the_zone_of_a_datetime_does_not_matter(instant: datetime, minutes: int) -> None:
    elsewhere = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert show_instant(elsewhere) == show_instant(instant)


@given(first=INSTANTS, nanoseconds=st.integers(0, 999))
def test_cutting_decimals_never_crosses_a_bound(first: datetime, nanoseconds: int) -> None:
    whole = show_instant(first.replace(microsecond=7))
    assert parse_instant(f"{whole[:-1]}{nanoseconds:03d}Z") == first.replace(microsecond=7)


def test_daylight_saving_is_seen_in_the_offset() -> None:
    new_york = ZoneInfo("America/New_York")
    assert show_instant(datetime(2026, 11, 1, tzinfo=new_york)) == "2026-11-01T04:00:00Z"
    assert show_instant(datetime(2026, 11, 2, tzinfo=new_york)) == "2026-11-02T05:00:00Z"


def test_a_datetime_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError):
        show_instant(datetime(2018, 1, 2))
