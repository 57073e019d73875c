"""How few rows of one target are spelt in a statement's text: what travels, and what the text says.

A parameter costs whoever sends it and whoever reads it, so what is known is left out: the columns
that ``usually`` hold one value, where all rows at hand have it, stand in the text; and the
merchant, whose every row of a unit is, travels once (as ``$1``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

Row = Sequence[Any]
MERCHANT: Final = "merchant_id"
#: The merchant of a unit, where all its rows are of one.
SHARED: Final = "$1::bigint"


class Spelling:
    """The columns of a target; ``kinds`` are what each is cast to (empty: the table tells)."""

    __slots__ = ("_kinds", "_literals", "_merchant", "_usual_of", "_usual_values", "_ways")

    def __init__(
        self, columns: Sequence[str], kinds: Sequence[str], usually: Mapping[str, object]
    ) -> None:
        self._kinds = tuple(f"::{kind}" if kind else "" for kind in kinds)
        self._merchant = columns.index(MERCHANT) if MERCHANT in columns else None
        usual = [(at, usually[name]) for at, name in enumerate(columns) if name in usually]
        self._literals = {at: _literal(value) + self._kinds[at] for at, value in usual}
        self._usual_of = _taker([at for at, _ in usual]) if usual else None
        self._usual_values = tuple(value for _, value in usual)
        self._ways = [
            [_taker(self._sent(is_usual, shared)) for shared in (False, True)]
            for is_usual in (False, True)
        ]

    def merchant_of(self, rows: Sequence[Row], known: object) -> object:
        """Whose the rows are, who is ``known`` as whose those before are (None: nobody's yet);
        False where they are not all of one."""
        place = self._merchant
        if place is not None:
            for row in rows:
                whose = row[place]
                if whose != known:
                    if known is not None:
                        return False
                    known = whose
        return known

    def is_usual(self, rows: Sequence[Row]) -> bool:
        """Whether all rows hold what is usual in the columns that have such a value."""
        usual_of, values = self._usual_of, self._usual_values
        if usual_of is None:
            return False
        # A loop: ``all`` over a generator costs twice as much for the one or two rows there are.
        for row in rows:  # noqa: SIM110
            if usual_of(row) != values:
                return False
        return True

    def taker(self, is_usual: bool, shared: bool) -> Callable[[Row], tuple[Any, ...]]:
        """What takes the parameters out of a row."""
        return self._ways[is_usual][shared]

    def width(self, *, is_usual: bool, shared: bool) -> int:
        """How many parameters a row takes."""
        return len(self._sent(is_usual, shared))

    def marks(self, count: int, first: int, *, is_usual: bool, shared: bool) -> str:
        """``count`` rows as text: ($2::bigint,0),($3::bigint,0), numbered from ``first`` on."""
        sent = self._sent(is_usual, shared)
        rows = []
        for start in range(first, first + count * len(sent), len(sent)):
            numbers = {at: start + number for number, at in enumerate(sent)}
            rows.append(
                ",".join(
                    f"${numbers[at]}{kind}"
                    if at in numbers
                    else SHARED
                    if at == self._merchant
                    else self._literals[at]
                    for at, kind in enumerate(self._kinds)
                )
            )
        return "(" + "),(".join(rows) + ")"

    def _sent(self, is_usual: bool, shared: bool) -> list[int]:
        return [
            at
            for at in range(len(self._kinds))
            if not (is_usual and at in self._literals) and not (shared and at == self._merchant)
        ]


def _taker(places: Sequence[int]) -> Callable[[Row], tuple[Any, ...]]:
    """What takes these places out of a row; an itemgetter of one would give no tuple."""
    if len(places) == 1:
        [only] = places
        return lambda row: (row[only],)
    return itemgetter(*places)


def _literal(value: object) -> str:
    """A value of ours as SQL; never one that came from outside."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return f"'{value}'"
