"""Codes: made from keys alone, and told from typos and guesses without a read.

docs/algorithms/coupons.md says why they look as they do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from regulars.infra.crypto import blind_index

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM: Final = 15
_LENGTH: Final = 20
_FORM: Final = re.compile(r"[0-9A-Z]{20}|[0-9A-Z]{5}(?:[- ][0-9A-Z]{5}){3}")
_ALIKE: Final = str.maketrans("OIL", "011", "- ")
_KEY_DIGITS: Final = 32
#: Every triple and pair of characters by its number: a code is five look-ups, not twenty.
_TRIPLES: Final = [a + b + c for a in ALPHABET for b in ALPHABET for c in ALPHABET]
_PAIRS: Final = [a + b for a in ALPHABET for b in ALPHABET]


def generated(merchant_id: int, batch_id: UUID, number: int) -> str:
    """The code of a batch's coupon ``number``, in fives. Only the merchant's keys can make it."""
    return in_fives(_generated(merchant_id, batch_id.hex, number))


def generated_keys(
    merchant_id: int, batch_id: UUID, numbers: Iterable[int]
) -> Iterator[tuple[int, str]]:
    """Each number with the keyed index of its code: what is stored."""
    batch = batch_id.hex
    for number in numbers:
        yield number, _key(merchant_id, "g", _generated(merchant_id, batch, number))


def key_of(merchant_id: int, code: str) -> str | None:
    """The keyed index of a code as somebody wrote it; None where its check fails."""
    plain = _plain_form(code)
    if plain is None:
        return public_key(merchant_id, code)
    if plain[_RANDOM:] != _check(merchant_id, plain[:_RANDOM]):
        return None
    return _key(merchant_id, "g", plain)


def public_key(merchant_id: int, code: str) -> str:
    """The keyed index of a public code: one for all ways to write it."""
    return _key(merchant_id, "p", unicodedata.normalize("NFKC", code).casefold().strip())


def has_generated_form(code: str) -> bool:
    """Whether a code would be asked for its check."""
    return _plain_form(code) is not None


def canonical(code: str) -> str:
    """A code of the generated form in its one spelling."""
    plain = _plain_form(code)
    return code if plain is None else in_fives(plain)


def in_fives(plain: str) -> str:
    return f"{plain[:5]}-{plain[5:10]}-{plain[10:15]}-{plain[15:]}"


def _plain_form(code: str) -> str | None:
    text = code.strip()
    if not text.isascii():
        return None
    text = text.upper()
    return text.translate(_ALIKE) if _FORM.fullmatch(text) else None


def _generated(merchant_id: int, batch: str, number: int) -> str:
    digest = blind_index(merchant_id=merchant_id, type="coupon-code", value=f"{batch}:{number}")
    bits = int(digest[:20], 16) >> 5
    head = "".join([_TRIPLES[bits >> shift & 0x7FFF] for shift in (60, 45, 30, 15, 0)])
    return head + _check(merchant_id, head)


def _check(merchant_id: int, head: str) -> str:
    digest = blind_index(merchant_id=merchant_id, type="coupon-check", value=head)
    bits = int(digest[:7], 16) >> 3
    return _TRIPLES[bits >> 10] + _PAIRS[bits & 0x3FF]


def _key(merchant_id: int, form: str, text: str) -> str:
    return blind_index(merchant_id=merchant_id, type="coupon", value=form + text)[:_KEY_DIGITS]
