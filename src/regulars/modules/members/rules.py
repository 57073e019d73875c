"""How identities are written one way, so that a person is found however a shop wrote them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from uuid import UUID

import phonenumbers
from babel.core import get_global

from regulars.kernel.errors import FieldError, Invalid

_NUMBER_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_DIGITS: Final = 12
_NUMBER_GROUP: Final = 4
_MAX_EMAIL: Final = 254


@lru_cache(maxsize=1024)
def phone_region(zone: str, locale: str) -> str:
    """The country a phone number without one is read in: the zone's, else the language's."""
    # Some zones belong to no country; "001" is the world.
    territory: str | None = get_global("zone_territories").get(zone)
    if territory is not None and len(territory) == 2:
        return territory
    language, _, script = locale.partition("-")
    subtags = get_global("likely_subtags")
    likely = subtags.get(f"{language}_{script.title()}") or subtags.get(language) or ""
    return str(likely).rpartition("_")[2] or "US"


def normalised(*, type: str, value: str, region: str, pointer: str = "/identity") -> str:
    """The one spelling of an identity: E.164 for phones, lower case for email, else as written.

    Raises Invalid, with ``pointer``/value at fault, for what cannot be a phone number or address.
    """
    if type == "phone":
        found = _phone(value, region)
        if found is None:
            raise _fault(pointer, "invalid_phone", "Write a phone number as +8613800138000.")
        return found
    if type == "email":
        found = _email(value)
        if found is None:
            raise _fault(pointer, "invalid_email", "Write an email address as name@example.com.")
        return found
    return value


def member_number(member_id: UUID) -> str:
    """A member's number as printed on a card: twelve characters without 0/O or 1/I mix-ups.

    The low 60 bits of the id, so it needs no counter and tells nothing of how many there are.
    """
    low = member_id.int & (1 << 5 * _NUMBER_DIGITS) - 1
    digits = [_NUMBER_ALPHABET[low >> 5 * place & 31] for place in reversed(range(_NUMBER_DIGITS))]
    text = "".join(digits)
    groups = range(0, _NUMBER_DIGITS, _NUMBER_GROUP)
    return " ".join(text[at : at + _NUMBER_GROUP] for at in groups)


def _phone(value: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _email(value: str) -> str | None:
    text = value.strip().lower()
    name, at, domain = text.rpartition("@")
    if not at or not name or not domain or len(text) > _MAX_EMAIL:
        return None
    if any(character.isspace() for character in text) or "@" in name:
        return None
    return text


def _fault(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldError(f"{pointer}/value", code, detail)])
