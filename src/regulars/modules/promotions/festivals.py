"""Festivals by region, as days of the Gregorian calendar. Pure.

Those of the Chinese calendar are read from it (1900 to 2100), Qingming from the solar term of that
name, both in the time of UTC+8 that all regions here keep; the others stand on a fixed day. A
festival is its own day: which days a government gives off around it is another table, and changes
every year.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal, get_args

from borax.calendars.lunardate import TERMS_CN, LunarDate, TermUtils

from .types import FestivalSpan

Region = Literal["cn", "hk", "mo", "tw", "sg"]
REGIONS: Final[tuple[Region, ...]] = get_args(Region)
FestivalName = Literal[
    "new_year",
    "lunar_new_year_eve",
    "lunar_new_year",
    "lantern",
    "qingming",
    "labour_day",
    "dragon_boat",
    "qixi",
    "mid_autumn",
    "national_day",
    "double_ninth",
    "establishment_day",
    "christmas",
]
FESTIVALS: Final[tuple[FestivalName, ...]] = get_args(FestivalName)
MOST_AROUND: Final = 60
_QINGMING: Final = TERMS_CN.index("清明")
_FIRST, _LAST = 1901, 2099
_DayOfYear = Callable[[int], date]


def _lunar(month: int, day: int, before: int = 0) -> _DayOfYear:
    def found(year: int) -> date:
        solar: date = LunarDate(year, month, day).to_solar_date()
        return solar - timedelta(days=before)

    return found


def _fixed(month: int, day: int) -> _DayOfYear:
    return lambda year: date(year, month, day)


def _qingming(year: int) -> date:
    found: date = TermUtils.nth_term_day(year, _QINGMING)
    return found


_EVERYWHERE: Final[Mapping[str, _DayOfYear]] = {
    "new_year": _fixed(1, 1),
    "lunar_new_year_eve": _lunar(1, 1, before=1),
    "lunar_new_year": _lunar(1, 1),
    "lantern": _lunar(1, 15),
    "qingming": _qingming,
    "labour_day": _fixed(5, 1),
    "dragon_boat": _lunar(5, 5),
    "qixi": _lunar(7, 7),
    "mid_autumn": _lunar(8, 15),
    "double_ninth": _lunar(9, 9),
    "christmas": _fixed(12, 25),
}
_BY_REGION: Final[Mapping[tuple[str, str], _DayOfYear]] = {
    ("cn", "national_day"): _fixed(10, 1),
    ("hk", "national_day"): _fixed(10, 1),
    ("mo", "national_day"): _fixed(10, 1),
    ("tw", "national_day"): _fixed(10, 10),
    ("sg", "national_day"): _fixed(8, 9),
    ("hk", "establishment_day"): _fixed(7, 1),
    ("mo", "establishment_day"): _fixed(12, 20),
}


def is_kept(region: str, festival: str) -> bool:
    """Whether the region has this festival."""
    return festival in _EVERYWHERE or (region, festival) in _BY_REGION


@lru_cache(maxsize=4_096)
def day_of(region: str, festival: str, year: int) -> date | None:
    """The day of a festival that begins in a year; None where there is none, or none is known."""
    rule = _BY_REGION.get((region, festival)) or _EVERYWHERE.get(festival)
    return rule(year) if rule is not None and _FIRST <= year <= _LAST else None


def falls_on(span: FestivalSpan, day: date) -> bool:
    """Whether ``day`` is the festival, or among the days before and after that count with it."""
    for year in (day.year - 1, day.year, day.year + 1):
        own = day_of(span.region, span.festival, year)
        if own is None:
            continue
        first = own - timedelta(days=span.days_before)
        if first <= day <= own + timedelta(days=span.days_after):
            return True
    return False


def upcoming(region: Region, since: date, days: int) -> dict[str, list[date]]:
    """The festivals of a region within so many days, for calendars that are drawn."""
    until = since + timedelta(days=days)
    found: dict[str, list[date]] = {}
    for festival in FESTIVALS:
        own = [day_of(region, festival, year) for year in range(since.year - 1, until.year + 1)]
        met = [day for day in own if day is not None and since <= day <= until]
        if met:
            found[festival] = met
    return found
