"""The checks of cells as SQL over whole columns: what a cell means, and what is wrong with it.

Texts of the raw table become typed values and, for each row, the number of the first problem.
Every expression is made of constants of this module and column numbers: no text of a file, and
no name that a file gives, enters a statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from regulars.kernel.money import MAX_AMOUNT, minor_exponent, to_major_text

from .raw import BROKEN_QUOTES, WRONG_CELL_COUNT
from .table import CellType, Column
from .types import UnreadableFile

MAX_TEXT = 255
MAX_NAME = 500
MAX_QUANTITY = 2**31 - 1
FIRST_YEAR, LAST_YEAR = 1901, 2199
#: The first day all of whose instants are of a year that is kept (kernel/instants.py), whatever the
#: zone: what was stored of an hour before could be shown by no page.
_FIRST_TIME = "TIMESTAMP '1901-01-02'"

_MAX_OFFSET_US = 18 * 3_600_000_000

_FIXES = {
    "broken_quotes": "A quote stands inside a quoted cell: write it twice.",
    "wrong_cell_count": "The row has more or fewer cells than the first row: add what is "
    "missing, and put quotes around a cell that holds the delimiter.",
    "missing": "The cell is empty: fill it (a merged cell fills its first row only: unmerge it).",
    "too_long": "The text is longer than {most} characters: shorten it.",
    "control_character": "The cell holds a line break or another control character: delete it.",
    "nul_character": "The cell holds a NUL character: delete it.",
    "digits_lost": "A spreadsheet has turned this identifier into a rounded number: export it "
    "anew and keep the column as text.",
    "not_a_time": "Write date and time as 2024-05-23 22:02:11, with an offset such as +08:00 "
    "where it is not the shop's own time.",
    "time_out_of_range": f"It is not within 2 January {FIRST_YEAR} and the end of {LAST_YEAR}: "
    "correct it.",
    "not_a_day": "Write the day as 1988-05-23.",
    "not_a_whole_number": "Write a whole number in digits, such as 3.",
    "negative": "Nothing here is negative: put returns in a refund file (order_id, refund_id, "
    "refunded_at, line, quantity).",
    "number_too_small": "The least that counts here is {least}: correct it or delete the row.",
    "number_too_large": "The most that is taken here is {most}: correct it.",
    "not_an_amount": "Write the amount in digits with a point before the decimals, such as "
    "1234.50, without thousands separators or currency signs.",
    "too_many_decimals": "{currency} has {decimals} decimals: round the amount.",
    "amount_too_large": "Amounts go up to {most}: correct it.",
    "other_currency": "The amounts must be in {currency}: convert them, or leave these orders out.",
}


class Kind(Enum):
    """What a field's cells hold."""

    IDENTIFIER = auto()
    TEXT = auto()
    TIME = auto()
    DAY = auto()
    COUNT = auto()
    MONEY = auto()
    CURRENCY = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a file, ``filled`` where no cell may be empty.

    ``least`` and ``most`` bound a COUNT, ``most`` the length of a text; ``currency`` is the
    ISO code of MONEY and the one that CURRENCY must name.
    """

    name: str
    kind: Kind
    filled: bool = False
    least: int = 0
    most: int = MAX_TEXT
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a row is refused; ``field`` names the field whose cell shows it."""

    field: str | None
    code: str
    message: str


class Reading:
    """How one field is read: SQL of its text, of its value, and of what may be wrong with it.

    Three layers of SELECT carry it: ``text`` over the raw table, ``value`` over the texts, and
    ``checks`` over both. ``t_<name>`` is the text, ``v_<name>`` the value, ``o_<name>`` the
    offset of a time in microseconds (NULL = the merchant's zone).
    """

    def __init__(self, field: Field, column: Column | None, *, constant: str | None) -> None:
        self.field = field
        self.column = column
        self.constant = constant
        self._decimals = minor_exponent(field.currency) if field.currency else 0
        self._text = f"t_{field.name}"
        self._value = f"v_{field.name}"
        self._typed_time = (
            field.kind is Kind.TIME
            and column is not None
            and column.cells in (CellType.LOCAL_TIME, CellType.INSTANT)
        )

    def text(self) -> str:
        """Layer one: the cell as trimmed text; typed times stay timestamps."""
        return f"{self._text_of_column()} AS {self._text}"

    def value(self) -> str:
        """Layer two: the cell as a value, NULL where it is none."""
        text, value, decimals = self._text, self._value, self._decimals
        match self.field.kind:
            case Kind.COUNT:
                return f"counted({text}) AS {value}"
            case Kind.MONEY:
                return f"minor({text}, {decimals}) AS {value}"
            case Kind.TIME if self._typed_time:
                instant = self.column is not None and self.column.cells is CellType.INSTANT
                offset = "CAST(0 AS BIGINT)" if instant else "CAST(NULL AS BIGINT)"
                return f"{text} AS {value}, {offset} AS o_{self.field.name}"
            case Kind.TIME:
                return f"local_of({text}) AS {value}, offset_of({text}) AS o_{self.field.name}"
            case Kind.DAY:
                return f"CAST(local_of({text}) AS DATE) AS {value}"
            case Kind.CURRENCY:
                return f"upper({text}) AS {value}"
            case _:
                return f"{text} AS {value}"

    def kept(self) -> str | None:
        """Layer three: what later steps read, under the field's own name."""
        name, value = self.field.name, self._value
        match self.field.kind:
            case Kind.COUNT | Kind.MONEY:
                return f"TRY_CAST({value} AS BIGINT) AS {name}"
            case Kind.TIME:
                return f"{value} AS {name}_local, o_{name} AS {name}_offset"
            case Kind.IDENTIFIER | Kind.DAY:
                return f"{value} AS {name}"
            case _:
                return None

    def checks(self) -> list[tuple[str, Problem]]:
        """Conditions that are true where the cell is wrong, in the order they are told."""
        if self.column is None:
            return []
        found = [(f"{self._text} IS NULL", "missing")] if self.field.filled else []
        match self.field.kind:
            case Kind.IDENTIFIER:
                found += self._identifier_checks()
            case Kind.TEXT:
                found += [self._too_long(), (f"contains({self._text}, chr(0))", "nul_character")]
            case Kind.TIME:
                found += self._time_checks()
            case Kind.DAY:
                found += self._day_checks()
            case Kind.COUNT:
                found += self._count_checks()
            case Kind.MONEY:
                found += self._money_checks()
            case Kind.CURRENCY:
                found.append((f"{self._value} <> '{self.field.currency}'", "other_currency"))
        return [
            (condition, Problem(self.field.name, code, self._message(code)))
            for condition, code in found
        ]

    def _message(self, code: str) -> str:
        field = self.field
        money = field.kind is Kind.MONEY
        most = to_major_text(MAX_AMOUNT, field.currency) if money else field.most
        return _FIXES[code].format(
            least=field.least, most=most, currency=field.currency, decimals=self._decimals
        )

    def _text_of_column(self) -> str:
        if self.constant is not None:
            return self.constant
        if self.column is None:
            return "CAST(NULL AS VARCHAR)"
        cell = f"c{self.column.index}"
        if self._typed_time:
            return f"CASE WHEN isfinite({cell}) THEN make_timestamp(epoch_us({cell})) END"
        match self.column.cells:
            case CellType.TEXT:
                return f"cell({cell})"
            case CellType.DECIMAL:
                return f"trimmed(CAST({cell} AS VARCHAR))"
            case CellType.FLOAT if self.field.kind is Kind.MONEY:
                return f"rounded({cell}, {self._decimals})"
            case CellType.FLOAT:
                return f"shortest({cell})"
            case CellType.OTHER:
                raise UnreadableFile(
                    "column_type",
                    f"The column {self.column.name[:80]!r} holds no text, numbers or times: "
                    "write it as text.",
                )
            case _:
                return f"CAST({cell} AS VARCHAR)"

    def _too_long(self) -> tuple[str, str]:
        return f"length({self._text}) > {self.field.most}", "too_long"

    def _identifier_checks(self) -> list[tuple[str, str]]:
        return [
            self._too_long(),
            (f"is_control({self._text})", "control_character"),
            (f"is_exponent({self._text})", "digits_lost"),
        ]

    def _time_checks(self) -> list[tuple[str, str]]:
        text, value, year = self._text, self._value, f"year({self._value})"
        broken = f"{value} IS NULL OR abs(o_{self.field.name}) > {_MAX_OFFSET_US}"
        return [
            (f"{text} IS NOT NULL AND ({broken})", "not_a_time"),
            (f"{value} < {_FIRST_TIME} OR {year} > {LAST_YEAR}", "time_out_of_range"),
        ]

    def _day_checks(self) -> list[tuple[str, str]]:
        text, value, year = self._text, self._value, f"year({self._value})"
        return [
            (f"{text} IS NOT NULL AND {value} IS NULL", "not_a_day"),
            (f"{year} < {FIRST_YEAR} OR {year} > {LAST_YEAR}", "time_out_of_range"),
        ]

    def _count_checks(self) -> list[tuple[str, str]]:
        text, value = self._text, self._value
        return [
            (f"{text} IS NOT NULL AND {value} IS NULL", "not_a_whole_number"),
            (f"{value} < 0", "negative"),
            (f"{value} < {self.field.least}", "number_too_small"),
            (f"{value} > {self.field.most}", "number_too_large"),
        ]

    def _money_checks(self) -> list[tuple[str, str]]:
        text, value = self._text, self._value
        return [
            (f"{text} IS NOT NULL AND NOT is_amount({text})", "not_an_amount"),
            (f"is_finer({text}, {self._decimals})", "too_many_decimals"),
            (f"{value} < 0", "negative"),
            (f"{value} > {MAX_AMOUNT}", "amount_too_large"),
        ]


def row_checks() -> list[tuple[str, Problem]]:
    """What may be wrong with a row as a whole, before its cells are looked at."""
    return [
        (f"defect = {defect}", Problem(None, code, _FIXES[code]))
        for defect, code in (
            (BROKEN_QUOTES, "broken_quotes"),
            (WRONG_CELL_COUNT, "wrong_cell_count"),
        )
    ]
