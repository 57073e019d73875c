"""Instants as text: RFC 3339 in, UTC out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from .remembered import Remembered

# Outside these years some zone could not tell the day of the instant.
_FIRST_YEAR, _LAST_YEAR = 1901, 9998

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]{1,9})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


def parse_instant(text: str) -> datetime:
    """The instant that an RFC 3339 ``text`` names, in UTC.

    An offset is required, and so are seconds. Up to nine decimals are taken, since many clocks
    write nanoseconds; those past the microsecond are cut off, never rounded, so that no instant
    crosses a bound that lies on a microsecond. Leap seconds, 24:00 and years outside 1901 to
    9998 are refused. Raises ValueError that tells the fix.
    """
    if not _RFC_3339.fullmatch(text):
        raise ValueError(
            f"{text[:40]!r} is not an RFC 3339 instant: write 2018-01-02T00:00:00Z or "
            "2018-01-02T08:00:00+08:00"
        )
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError as reason:
        raise ValueError(f"{text!r} is not an instant that exists: {reason}") from None
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise ValueError(f"{text!r} is out of range: years {_FIRST_YEAR} to {_LAST_YEAR} are kept")
    return instant.astimezone(UTC)


def reads_back(instant: datetime) -> bool:
    """Whether ``parse_instant`` takes what ``show_instant`` says of ``instant``.

    An offset carries the last hours of 9998 into 9999 in UTC, and the first of 1901 into 1900.
    """
    return _FIRST_YEAR <= instant.astimezone(UTC).year <= _LAST_YEAR


def show_instant(instant: datetime) -> str:
    """``instant`` in UTC, as 2018-01-02T00:00:00Z; six decimals only where they are not zero.

    Raises ValueError for a datetime without a zone.
    """
    return _shown[instant]


def _show(instant: datetime) -> str:
    if instant.tzinfo is not UTC:
        if instant.tzinfo is None:
            raise ValueError("a datetime without a zone is no instant: give it its zone")
        instant = instant.astimezone(UTC)
    return instant.isoformat()[:-6] + "Z"


_shown: Final = Remembered(_show)
