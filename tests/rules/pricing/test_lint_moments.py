"""When two offers are open at once: found on the first day both calendars allow, and cheaply where
they never meet, since a shop of many member days has thousands of pairs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.modules.pricing.gates import Gate
from regulars.modules.pricing.lint import moments
from regulars.modules.pricing.lint.moments import first_open, may_meet
from regulars.modules.pricing.types import Context
from regulars.modules.promotions.types import NthWeekday, When, Who

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: A Tuesday, 08:00 in Shanghai.
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        (When(days_of_month=frozenset({8})), When(days_of_month=frozenset({18})), None),
        (When(weekdays=frozenset({1})), When(weekdays=frozenset({2})), None),
        (When(hours=(600, 720)), When(hours=(720, 800)), None),
        (When(hours=(600, 721)), When(hours=(720, 800)), "2026-12-01T12:00"),
        (When(weekdays=frozenset({5})), When(days_of_month=frozenset({13})), "2027-08-13T00:00"),
        (When(nth_weekdays=(NthWeekday(-1, 5),)), When(hours=(600, 720)), "2026-12-25T10:00"),
        (When(ends=here("2027-08-13T00:00"), weekdays=frozenset({5})),
         When(days_of_month=frozenset({13})), None),
        (When(begins=here("2026-12-02T09:30")), When(hours=(540, 600)), "2026-12-02T09:30"),
        (When(except_days=frozenset({date(2026, 12, 1)})), When(), "2026-12-02T00:00"),
    ],
)  # fmt: skip
def test_the_first_instant_at_which_both_are_open(one: When, other: When, met: str | None) -> None:
    wanted = here(met) if met else None
    assert may_meet(one, other, zone=SHANGHAI, from_at=NOW) == wanted
    assert may_meet(other, one, zone=SHANGHAI, from_at=NOW) == wanted


_WHENS = st.builds(
    When,
    weekdays=st.frozensets(st.integers(1, 7), max_size=3),
    days_of_month=st.frozensets(st.integers(1, 31), max_size=4),
    nth_weekdays=st.lists(
        st.builds(NthWeekday, st.sampled_from([1, 2, 5, -1]), st.integers(1, 7)), max_size=1
    ).map(tuple),
    hours=st.sampled_from([None, (0, 1440), (600, 720), (660, 1439)]),
    begins=st.sampled_from([None, NOW + timedelta(days=3, hours=5)]),
    ends=st.sampled_from([None, NOW + timedelta(days=90, hours=3)]),
)


@settings(max_examples=60)
@given(one=_WHENS, other=_WHENS)
def test_both_gates_are_open_then_and_at_no_hour_before(one: When, other: When) -> None:
    gates = [Gate(when, Who(), None) for when in (one, other)]

    def open_at(at: datetime) -> bool:
        context = Context(at=at, zone=SHANGHAI)
        return all(gate.closed(context, at.astimezone(SHANGHAI)) is None for gate in gates)

    met = may_meet(one, other, zone=SHANGHAI, from_at=NOW)
    assert met is None or open_at(met)
    for hours in range(24 * 60):
        at = NOW + timedelta(hours=hours)
        if met is not None and at >= met:
            break
        assert not open_at(at)


def test_a_hundred_member_days_are_walked_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    start_of = moments.day_start

    def counted(day: date, zone: ZoneInfo) -> datetime:
        nonlocal asked
        asked += 1
        return start_of(day, zone)

    monkeypatch.setattr(moments, "day_start", counted)
    days = [
        When(days_of_month=frozenset({day}), hours=(hour * 60, hour * 60 + 59))
        for day in range(1, 21)
        for hour in (8, 10, 12, 14, 16)
    ]
    meeting = [
        pair for pair in combinations(days, 2) if may_meet(*pair, zone=SHANGHAI, from_at=NOW)
    ]
    assert meeting == []
    assert asked == 0
    assert first_open(days[0], zone=SHANGHAI, from_at=NOW) is not None
    assert asked <= 3
