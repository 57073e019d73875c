"""JSON as text, made by the serializer that comes with pydantic.

The same compact text as the standard library writes without ASCII escapes (fractions apart, of
which some are spelt otherwise), in a third of the time: an order is told twice, to its caller and
to whoever hears it.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json, to_json

__all__ = ["from_json", "json_bytes", "json_text"]


def json_text(value: Any) -> str:
    return to_json(value).decode()


def json_bytes(value: Any) -> bytes:
    """The text in UTF-8."""
    return to_json(value)
