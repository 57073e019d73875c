"""When something holds, as a document says it: windows, recurring days, and who may early."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from regulars.infra.http.fields import Day, ExternalId, Moment, null_is
from regulars.kernel.periods import day_start

from .festivals import MOST_AROUND, FestivalName, Region, is_kept
from .parts import Part, fault
from .types import Early, FestivalSpan, NthWeekday, When

_Weekday = Annotated[int, Field(ge=1, le=7)]
_Weekdays = Annotated[list[_Weekday], Field(max_length=7)]
_Days = Annotated[list[Day], Field(max_length=1_000)]
_MonthDays = Annotated[list[Annotated[int, Field(ge=1, le=31)]], Field(max_length=31)]
_Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]


class NthWeekdayPart(Part):
    """Such as the last Friday of a month: nth -1, weekday 5."""

    nth: Literal[1, 2, 3, 4, 5, -1]
    weekday: _Weekday


_NthDays = Annotated[list[NthWeekdayPart], Field(max_length=42)]


class EarlyPart(Part):
    """For members of these tiers from an earlier instant on; a day means from its start."""

    tiers: Annotated[list[ExternalId], Field(min_length=1, max_length=100)]
    begins: Annotated[Moment, Field(alias="from")]


_Early = Annotated[list[EarlyPart], Field(max_length=20)]


_Around = Annotated[int, Field(ge=0, le=MOST_AROUND)]


class FestivalPart(Part):
    """A festival of a region, every year, with days before and after it that count too."""

    region: Region = "cn"
    festival: FestivalName
    days_before: _Around = 0
    days_after: _Around = 0

    @model_validator(mode="after")
    def _kept_there(self) -> Self:
        if not is_kept(self.region, self.festival):
            fault(("festival",), "unknown_value", f"{self.region} has no {self.festival}.")
        return self


_Festivals = Annotated[list[FestivalPart], Field(max_length=40)]


class WhenPart(Part):
    """When it holds: half-open, its parts read in the merchant's zone; every one must hold.

    A day instead of an instant means from its start, or until through that day.
    """

    begins: Annotated[Moment | None, Field(alias="from")] = None
    ends: Annotated[Moment | None, Field(alias="until")] = None
    weekdays: Annotated[_Weekdays, null_is(list, _Weekdays)] = Field(default_factory=list)
    days_of_month: Annotated[_MonthDays, null_is(list, _MonthDays)] = Field(default_factory=list)
    nth_weekdays: Annotated[_NthDays, null_is(list, _NthDays)] = Field(default_factory=list)
    hours: Annotated[list[_Clock], Field(min_length=2, max_length=2)] | None = None
    except_days: Annotated[_Days, null_is(list, _Days)] = Field(default_factory=list)
    early: Annotated[
        _Early,
        null_is(list, _Early),
        Field(description="Tiers for which it begins before from"),
    ] = Field(default_factory=list)
    festivals: Annotated[
        _Festivals,
        null_is(list, _Festivals),
        Field(description="Only on these, every year"),
    ] = Field(default_factory=list)

    @model_validator(mode="after")
    def _forward(self) -> Self:
        both = isinstance(self.begins, datetime) and isinstance(self.ends, datetime)
        if both and self.begins >= self.ends:  # type: ignore[operator]
            fault(("until",), "too_small", "It ends after it begins.")
        if self.early and self.begins is None:
            fault(("early",), "needs_from", "Early is before from: say when it begins for all.")
        if self.hours and _minutes(self.hours[0]) >= _minutes(self.hours[1]):
            fault(("hours",), "too_small", "Hours end after they start, the same day.")
        return self


def in_zone(when: WhenPart, zone: ZoneInfo) -> WhenPart:
    """The same with instants alone: days are read in the merchant's ``zone``."""
    begins, ends = begin_in(when.begins, zone), when.ends
    if ends is not None and not isinstance(ends, datetime):
        ends = day_start(ends + timedelta(days=1), zone)
    if begins is not None and ends is not None and begins >= ends:
        fault(("when", "until"), "too_small", "It ends after it begins.")
    early = early_in(when.early, begins, zone, ("when", "early"))
    return when.model_copy(update={"begins": begins, "ends": ends, "early": early})


def begin_in(moment: date | None, zone: ZoneInfo) -> datetime | None:
    """The instant from which on ``moment`` means; a day from its start."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return day_start(moment, zone)


def early_in(
    early: Sequence[EarlyPart],
    begins: datetime | None,
    zone: ZoneInfo,
    where: tuple[str | int, ...],
) -> list[EarlyPart]:
    """The same with instants, each before ``begins``."""
    found = []
    for place, part in enumerate(early):
        first = begin_in(part.begins, zone)
        assert first is not None
        if begins is not None and first >= begins:
            fault((*where, place, "from"), "too_large", "Early is before it begins for everybody.")
        found.append(part.model_copy(update={"begins": first}))
    return found


def compiled_early(parts: Sequence[EarlyPart]) -> tuple[Early, ...]:
    return tuple(
        Early(frozenset(part.tiers), instant)
        for part in parts
        if (instant := instant_of(part.begins)) is not None
    )


def compiled_when(part: WhenPart) -> When:
    return When(
        begins=instant_of(part.begins),
        ends=instant_of(part.ends),
        weekdays=frozenset(part.weekdays),
        days_of_month=frozenset(part.days_of_month),
        nth_weekdays=tuple(NthWeekday(day.nth, day.weekday) for day in part.nth_weekdays),
        hours=(_minutes(part.hours[0]), _minutes(part.hours[1])) if part.hours else None,
        except_days=frozenset(part.except_days),
        early=compiled_early(part.early),
        festivals=tuple(
            FestivalSpan(one.region, one.festival, one.days_before, one.days_after)
            for one in part.festivals
        ),
    )


def instant_of(moment: date | None) -> datetime | None:
    """A stored document holds instants: ``dated`` saw to it."""
    assert moment is None or isinstance(moment, datetime)
    return moment


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
