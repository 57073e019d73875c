"""Rows by column, as the drivers take them: ids, instants and days as texts of the dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from regulars.kernel.remembered import Remembered

from .db import ISO_DAY, LITE_INSTANT, PG_INSTANT, lite_value, pg_value

#: Of these a driver takes any mixture as it is.
_PLAIN: Final = frozenset({str, int, type(None)})


class Dialect(NamedTuple):
    """How a driver takes a value, and an instant, which most are."""

    value: Callable[[Any], Any]
    instants: Remembered[datetime, str]


LITE: Final = Dialect(lite_value, LITE_INSTANT)
PG: Final = Dialect(pg_value, PG_INSTANT)


def plain_columns(
    columns: Iterable[Sequence[Any]], converted: Iterable[int], dialect: Dialect
) -> list[Sequence[Any]]:
    """The columns, those at ``converted`` with values that the dialect's driver takes."""
    plain = list(columns)
    for place in converted:
        plain[place] = _plain_column(plain[place], dialect)
    return plain


def _plain_column(column: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    kinds = set(map(type, column))
    if kinds <= _PLAIN:
        return column
    if kinds == {UUID}:
        return [f"{id_.int:032x}" for id_ in column]
    if kinds == {UUID, type(None)}:
        return [id_ and f"{id_.int:032x}" for id_ in column]
    if kinds == {datetime}:
        return list(map(dialect.instants.__getitem__, column))
    if kinds == {date}:
        return list(map(ISO_DAY.__getitem__, column))
    return list(map(dialect.value, column))
