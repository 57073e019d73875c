"""RFC 8785 (JSON Canonicalization Scheme) for what the hash chain and the seals are made of."""

from __future__ import annotations

from json.encoder import encode_basestring

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader takes exactly."""


def canonical_text(text: str) -> str:
    """The JSON string literal of ``text``, quotes included, as RFC 8785 writes it.

    Made for hot code that assembles a known object by hand. A lone surrogate passes here and
    is refused where the bytes are made: ``encode`` raises UnicodeEncodeError, a ValueError.
    """
    return encode_basestring(text)


def canonical_json(value: object) -> bytes:
    """The one byte string that stands for ``value``, whoever writes it.

    Takes dict (text keys), list, tuple, str, int, bool and None, nested. Floats and all else
    raise TypeError: nothing of value is a float, and RFC 8785 numbers stay out with them.
    Raises ValueError for an integer past 2^53 - 1 and for a lone surrogate.
    """
    return _written(value).encode()


def _written(value: object) -> str:
    if isinstance(value, str):
        return canonical_text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, dict):
        members = [f"{canonical_text(key)}:{_written(value[key])}" for key in _in_order(value)]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([_written(item) for item in value]) + "]"
    raise TypeError(
        f"{type(value).__name__} has no canonical JSON: write amounts as integers, "
        "ids and instants as text"
    )


def _integer(value: int) -> str:
    if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        raise ValueError("an integer past 2^53 - 1 is not exact in every JSON reader")
    return int.__repr__(value)  # an IntEnum is written as its number


def _in_order(members: dict[object, object]) -> list[str]:
    keys: list[str] = []
    plain = True
    for key in members:
        if not isinstance(key, str):
            raise TypeError(f"a key is {type(key).__name__}: the keys of a JSON object are text")
        plain = plain and key.isascii()
        keys.append(key)
    # RFC 8785 sorts by UTF-16 code units; only outside ASCII can that differ from code points.
    keys.sort(key=None if plain else _utf16)
    return keys


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be")
