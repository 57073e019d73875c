"""Field types of what comes in and goes out, the same on every page of the API.

`Strict` refuses what a schema does not name and never converts: no text for a number, no float or
boolean for an integer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from regulars.kernel.canonical import MAX_SAFE_INTEGER
from regulars.kernel.ids import parse, show
from regulars.kernel.instants import parse_instant, reads_back, show_instant

from .strict_json import Unreadable

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS: Final = re.compile(r"0|[1-9][0-9]{0,8}")
#: Never given to anything, so whoever looks for it finds nothing.
_NOBODY: Final = UUID(int=0)
_MAX_DEPTH: Final = 32
#: Days that begin in a year that is kept, whatever the zone.
_FIRST_MOMENT, _LAST_MOMENT = date(1901, 1, 2), date(9998, 12, 30)


class Strict(BaseModel):
    """The base of every schema."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        found = handler(schema)
        for field in handler.resolve_ref_schema(found).get("properties", {}).values():
            for part in (field, *field.get("anyOf", ())):
                _name_limits(part)
        return found


#: Behind a validator of ours pydantic leaves limits under its own names.
_LIMITS: Final = {"ge": "minimum", "le": "maximum", "multiple_of": "multipleOf"}


def _name_limits(schema: dict[str, Any]) -> None:
    """Limits of numbers by the names of JSON Schema."""
    for ours, standard in _LIMITS.items():
        if ours in schema:
            schema[standard] = schema.pop(ours)


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("instant_required", "Write an instant as RFC 3339 text.")
    try:
        found = parse_instant(value)
    except ValueError as error:
        raise PydanticCustomError("instant_required", "{why}", {"why": str(error)}) from None
    if not reads_back(found):  # it would be stored, and no page could show it again
        raise PydanticCustomError("instant_required", "In UTC the year is within 1901 to 9998.")
    return found


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValueError
        found = date.fromisoformat(value)
        if not 1901 <= found.year <= 9998:
            raise ValueError
    except ValueError:
        raise PydanticCustomError("day_required", "Write a day as 2018-01-02.") from None
    return found


def _moment(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return _instant(value)
    day = _day(value)
    if not _FIRST_MOMENT <= day <= _LAST_MOMENT:
        raise PydanticCustomError("day_required", "Write a day from 1901-01-02 to 9998-12-30.")
    return day


def _show_moment(value: date) -> str:
    return show_instant(value) if isinstance(value, datetime) else value.isoformat()


def _no_control(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise PydanticCustomError("control_character", "Text may not hold control characters.")
    return text


def _one_line(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "Text may not be blank.")
    return _no_control(text)


def _whole_number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        raise PydanticCustomError("integer_required", "Write a whole number in plain digits.")
    return int(value)


def _free_json(value: Any, depth: int = 0) -> Any:
    if depth > _MAX_DEPTH:
        raise PydanticCustomError("too_deep", "JSON is nested too deeply here.")
    if isinstance(value, Unreadable):
        raise PydanticCustomError("repeated_key", "A key stands twice in one object.")
    if isinstance(value, float):
        raise PydanticCustomError("integer_required", "Numbers are whole numbers here.")
    if isinstance(value, int) and not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        raise PydanticCustomError("too_large", "A number is past 2^53 - 1.")
    if isinstance(value, dict):
        for item in value.values():
            _free_json(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _free_json(item, depth + 1)
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(show_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant: RFC 3339 with an offset coming in, UTC going out."""

Day = Annotated[
    date,
    BeforeValidator(_day),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A day of the merchant's zone, as 2018-01-02."""

Moment = Annotated[
    date,
    PlainValidator(_moment),
    PlainSerializer(_show_moment, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string", "format": f} for f in ("date-time", "date")]}),
]
"""An instant (a datetime), or a day of the merchant's zone (a date that is none)."""

Int53 = Annotated[int, Field(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)]
"""Any integer that every JSON reader takes exactly."""

PositiveInt53 = Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
MinorAmount = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
"""Money in the currency's minor unit, never negative."""

ExternalId = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_one_line)]
"""Somebody else's id of something: text as it came, 1 to 255 characters, none of them control."""

ShortText = Annotated[str, Field(max_length=255), AfterValidator(_no_control)]
FreeJson = Annotated[Any, BeforeValidator(_free_json)]
"""JSON whose shape another check knows: whole numbers, no repeated keys, not too deep."""


def null_is(empty: Callable[[], Any], written: Any) -> BeforeValidator:
    """Reads null as the field left out; ``written`` is the type of what stands there else."""
    return BeforeValidator(
        lambda value: empty() if value is None else value, json_schema_input_type=written | None
    )


QueryInt = Annotated[int, BeforeValidator(_whole_number)]
"""A whole number in the address: plain digits, no sign, no point, no underscore."""

QueryDay = Day
QueryInstant = Instant


class ShownId:
    """``Annotated[UUID, ShownId("mem")]``: an id as people and programs see it.

    Text that shows no id is taken for an id that was never given: the answer is the 404 of any
    unknown object, and tells nothing more. What is not text is refused.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def _read(self, value: Any) -> UUID:
        if isinstance(value, UUID):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError("id_required", "Write an id as text.")
        return parse(self.prefix, value) or _NOBODY

    def _show(self, value: UUID) -> str:
        return show(self.prefix, value)

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self._show, return_schema=core_schema.str_schema()
            ),
        )

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.prefix}_[0-9a-f]{{32}}$"}


MemberId = Annotated[UUID, ShownId("mem")]
OrderId = Annotated[UUID, ShownId("ord")]
RefundId = Annotated[UUID, ShownId("ref")]
QuoteId = Annotated[UUID, ShownId("quo")]
HoldId = Annotated[UUID, ShownId("hold")]
RunId = Annotated[UUID, ShownId("run")]
MergeId = Annotated[UUID, ShownId("mrg")]
BatchId = Annotated[UUID, ShownId("bat")]


class PageQuery(Strict):
    """Which part of a list: ``?limit=1..100&starting_after=ID``."""

    limit: Annotated[QueryInt, Field(ge=1, le=100)] = 20
    starting_after: Annotated[str, Field(min_length=1, max_length=120)] | None = None


class PartQuery(Strict):
    """Which part of a list of few: all of it where no limit is asked for."""

    limit: Annotated[QueryInt, Field(ge=1, le=100)] | None = None
    starting_after: Annotated[str, Field(min_length=1, max_length=255)] | None = None
