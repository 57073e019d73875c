"""What rules may know of a buyer, worked out from the books as of a day. Pure.

A birthday of 29 February is on the 28th where the year has no 29th, so that it stays in its month.
In the Chinese calendar the birthday is read from the day of birth (1900 to 2100); who was born on
a 30th has it on the 29th where the month is that short, and who was born in a leap month has it in
the ordinary month of that number, so that there is exactly one in each Chinese year.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from borax.calendars.lunardate import LCalendars, LunarDate


def buyer_facts(
    *,
    today: date,
    joined_on: date,
    orders: int,
    spend_minor: int,
    birthday: date | None,
    tier: str,
    segments: Iterable[str] = (),
    channel: str | None = None,
    store: str | None = None,
) -> dict[str, Any]:
    """The facts of a member; ``joined_on`` is of the earliest record of the person.

    ``orders`` and ``spend_minor`` are net of what went back; days are of the merchant's zone.
    """
    lunar_day, lunar_month = (False, False) if birthday is None else _lunar(birthday, today)
    return {
        "orders": orders,
        "spend_minor": spend_minor,
        "first_order": orders == 0,
        "days_since_joined": max(0, (today - joined_on).days),
        "birthday_today": birthday is not None and is_anniversary(birthday, today),
        "birthday_month": birthday is not None and birthday.month == today.month,
        "lunar_birthday_today": lunar_day,
        "lunar_birthday_month": lunar_month,
        "anniversary_today": joined_on < today and is_anniversary(joined_on, today),
        "tier": tier,
        "segments": tuple(sorted(segments)),
        "channel": channel or "",
        "store": store or "",
    }


def is_anniversary(first: date, today: date) -> bool:
    """Whether ``today`` is the day of ``first``; 29 February is the 28th in a common year."""
    if first.month == 2 and first.day == 29 and not isleap(today.year):
        return (today.month, today.day) == (2, 28)
    return (today.month, today.day) == (first.month, first.day)


@lru_cache(maxsize=4_096)
def _lunar(birthday: date, today: date) -> tuple[bool, bool]:
    """Whether today is the birthday of the Chinese calendar, and whether this is its month."""
    born, now = _in_lunar(birthday), _in_lunar(today)
    if born is None or now is None:
        return False, False
    if now.leap or now.month != born.month:
        return False, False
    last = LCalendars.ndays(now.year, now.month, now.leap)
    return now.day == min(born.day, last), True


def _in_lunar(day: date) -> LunarDate | None:
    try:
        return LunarDate.from_solar(day)
    except ValueError:  # outside 1900 to 2100
        return None
