"""What every event has, how it is written as JSON, and how it is read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ClassVar, Final
from uuid import UUID

from pydantic import TypeAdapter

from regulars.kernel.instants import show_instant

_by_topic: dict[str, type[Event]] = {}
_shapes: dict[type[Event], tuple[tuple[str, ...], Callable[[Event], tuple[Any, ...]]]] = {}
_adapters: dict[type[Event], TypeAdapter[Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at a merchant, told once it is committed.

    A subclass names its ``topic`` (dot, past tense) and raises ``version`` when a field changes
    its meaning or goes away; a new field with a default needs no new version.
    """

    topic: ClassVar[str] = ""
    version: ClassVar[int] = 1

    merchant_id: int
    happened_at: datetime

    def __init_subclass__(cls) -> None:
        # With slots the decorator makes the class anew; the second one, which stays, wins.
        _by_topic[cls.topic] = cls

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: ids as UUID text, instants in RFC 3339, integers as they are."""
        kind = type(self)
        written: dict[str, Any] = {"topic": kind.topic, "version": kind.version}
        names, values_of = _shape(kind)
        for name, value in zip(names, values_of(self), strict=True):
            write = _WRITERS.get(type(value), _plain)
            written[name] = value if write is None else write(value)
        return written


def from_json(written: Mapping[str, Any]) -> Event | None:
    """The event that ``to_json`` wrote; None for a topic or version nobody here knows."""
    kind = kind_of(written["topic"])
    if kind is None or kind.version != written["version"]:
        return None
    told = {name: written[name] for name in _names(kind) if name in written}
    event: Event = _adapter(kind).validate_python(told)
    return event


def kind_of(topic: str) -> type[Event] | None:
    """The class of a topic, also where nothing in this process has named it before: whoever hears a
    topic need not import its class. None for a topic nobody here knows."""
    if topic not in _by_topic:
        load()
    return _by_topic.get(topic)


def load() -> None:
    """Import every module of events."""
    for module in iter_modules([str(Path(__file__).parent)]):
        if module.name != "schemas":
            import_module(f"{__package__}.{module.name}")


def known_events() -> dict[str, type[Event]]:
    """Every event class that has been loaded, by topic."""
    return dict(sorted(_by_topic.items()))


def schema_of(kind: type[Event]) -> dict[str, Any]:
    """The JSON Schema of what ``to_json`` of this kind writes."""
    shape = TypeAdapter(kind).json_schema()
    head: Final[dict[str, Any]] = {
        "topic": {"const": kind.topic},
        "version": {"const": kind.version},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.topic,
        "description": " ".join((kind.__doc__ or "").split()),
        "type": "object",
        "properties": {**head, **shape["properties"]},
        "required": [*head, *shape.get("required", [])],
        "additionalProperties": False,
        **({"$defs": shape["$defs"]} if "$defs" in shape else {}),
    }


def _names(kind: type[Event]) -> tuple[str, ...]:
    return _shape(kind)[0]


def _shape(kind: type[Event]) -> tuple[tuple[str, ...], Callable[[Event], tuple[Any, ...]]]:
    """The names of all fields, and what gets all their values in one go: every event has two at
    least, so it gives a tuple."""
    known = _shapes.get(kind)
    if known is None:
        names = tuple(field.name for field in fields(kind))
        known = _shapes[kind] = (names, attrgetter(*names))
    return known


def _adapter(kind: type[Event]) -> TypeAdapter[Any]:
    known = _adapters.get(kind)
    if known is None:
        known = _adapters[kind] = TypeAdapter(kind)
    return known


@lru_cache(maxsize=1_024)
def _id_text(number: int) -> str:
    """The text of the id of this number: the events of one write are about the same few."""
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return _id_text(value.int)
    if isinstance(value, datetime):
        return show_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


#: How values of a type are written, None: as they are. Of other types ``_plain`` finds out.
_WRITERS: Final[dict[type, Callable[[Any], Any] | None]] = {
    **dict.fromkeys((int, str, type(None), bool)),
    UUID: lambda id_: _id_text(id_.int),
    datetime: show_instant,
}
