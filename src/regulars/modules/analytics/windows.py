"""Stretches of days that end with ``as_of``."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from regulars.modules.analytics.expressions import months
from regulars.modules.analytics.types import Period

MOST_DAYS: Final = 36_525
MOST_POINTS: Final = 400


def window_start(as_of: date, window_days: int) -> date:
    """The day before the first of the ``window_days`` days that end with ``as_of``.

    Raises ValueError unless ``window_days`` is 1 to 36,525.
    """
    if not 1 <= window_days <= MOST_DAYS:
        raise ValueError(f"window_days must be 1 to {MOST_DAYS}, not {window_days}")
    return as_of - timedelta(days=min(window_days, (as_of - date.min).days))


def trend_days(as_of: date, *, period: Period, points: int) -> list[date]:
    """``points`` days, oldest first, the last of them ``as_of``.

    By week every seventh day; by month the ends of the months before. Raises ValueError unless
    ``points`` is 1 to 400.
    """
    if not 1 <= points <= MOST_POINTS:
        raise ValueError(f"points must be 1 to {MOST_POINTS}, not {points}")
    if period == "week":
        return [
            as_of - timedelta(weeks=back)
            for back in reversed(range(points))
            if back <= (as_of - date.min).days // 7
        ]
    this_month = months.number_of(as_of)
    first_month = max(this_month - points + 1, months.number_of(date.min))
    ends = [months.last_day(month) for month in range(first_month, this_month)]
    return [*ends, as_of]
