"""Calendar months: as numbers to reckon with, and as text like 2026-03 to show."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any


def number_of(day: date) -> int:
    """Months since year 0: the distance of two months is the difference of their numbers."""
    return day.year * 12 + day.month - 1


def text_of(number: int) -> str:
    """The month of ``number`` as ``YYYY-MM``."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def last_day(number: int) -> date:
    """The last day of the month with this number."""
    year, month = number // 12, number % 12 + 1
    return date(year, month, monthrange(year, month)[1])


def number(day: Any) -> Any:
    """``number_of`` for a column of days."""
    return day.year().cast("int64") * 12 + day.month().cast("int64") - 1
