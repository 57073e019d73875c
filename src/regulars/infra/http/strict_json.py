"""JSON read strictly. The reader never raises: it gives what no schema accepts, and why.

(The web framework turns whatever a parser raises into a bare 400 without a reason.)
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Final

_MAX_DIGITS: Final = 19


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where a value would: nothing validates it. Tells why it could not be read."""

    code: str
    detail: str


def read(raw: bytes) -> Any:
    """The value that UTF-8 JSON text names.

    Integers of more than 19 digits and minus zero come as NaN, which no integer field takes.
    A repeated key, a NUL, other bytes than UTF-8 and malformed JSON come as Unreadable, in place.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Unreadable("not_utf8", "Send JSON as UTF-8.")
    if text.startswith("\ufeff"):
        return Unreadable("malformed_json", "Send JSON without a byte order mark.")
    try:
        value = json.loads(text, parse_int=_integer, object_pairs_hook=_object)
    except ValueError:
        return Unreadable("malformed_json", "The body is not JSON.")
    except RecursionError:
        return Unreadable("malformed_json", "The body is nested too deeply.")
    # NUL can only be written escaped; the quick look spares the walk to all but its users.
    if "\\u0000" in text and _has_nul(value):
        return Unreadable("nul_in_text", "Text may not hold NUL.")
    return value


def _integer(digits: str) -> int | float:
    if len(digits) > _MAX_DIGITS or digits == "-0":
        return math.nan
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Unreadable:
    found = dict(pairs)
    if len(found) != len(pairs):
        return Unreadable("repeated_key", "A key stands twice in one object.")
    return found


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_has_nul(item) for item in value)
