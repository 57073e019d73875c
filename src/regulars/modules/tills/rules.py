"""Pure rules of tills: what is signed, whose turn it is, what came too late or too early."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID

from regulars.kernel.canonical import canonical_json
from regulars.kernel.ids import show

from .types import VERSION, Fate, Verdict

#: Letters and digits that nobody mistakes for one another, as codes are typed.
CODE_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH: Final = 12
CODE_LASTS: Final = timedelta(days=1)
Turn = Literal["next", "ahead", "repeated", "reused", "given_up"]
Timing = Literal["in_the_future", "too_long_offline", "after_signing"]


def signed_text(
    *, till_id: UUID, number: int, made_at: str, kind: str, body: Mapping[str, Any]
) -> bytes:
    """What a till signs. Raises ValueError or TypeError for what has no canonical JSON."""
    return canonical_json(
        {
            "version": VERSION,
            "till": show("till", till_id),
            "number": number,
            "made_at": made_at,
            "kind": kind,
            "body": body,
        }
    )


def registration_text(*, code: str, public_key: str) -> bytes:
    """What a device signs to show that it has the key it registers."""
    return canonical_json({"version": VERSION, "code": code, "public_key": public_key})


def digest_of(signed: bytes) -> str:
    """What tells one envelope from another: its content, not its signature."""
    return sha256(signed).hexdigest()


def typed_code(text: str) -> str:
    """A code as it was made, however it was typed."""
    return "".join(letter for letter in text.upper() if letter in CODE_LETTERS)


def shown_code(code: str) -> str:
    """A code in groups of four, as it is read aloud."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def turn_of(number: int, digest: str, *, last_number: int, known: tuple[str, Fate] | None) -> Turn:
    """Whether an envelope is the next one, or what else it is. ``known`` is the digest and the fate
    that its number was used up with."""
    if number > last_number + 1:
        return "ahead"
    if number == last_number + 1:
        return "next"
    if known is None or known[1] == "given_up":
        return "given_up"
    return "repeated" if known[0] == digest else "reused"


def still_trusted(made_at: datetime, *, revoked_at: datetime | None, takes_unsent: bool) -> bool:
    """Whether what a till made then is still looked at."""
    return revoked_at is None or (takes_unsent and made_at <= revoked_at)


def untimely(
    made_at: datetime,
    instants: Iterable[datetime],
    *,
    now: datetime,
    slack: timedelta,
    most_days_offline: int,
) -> Timing | None:
    """What is wrong with when something was done, if anything is.

    ``instants`` are those of its body. Ahead of the clock comes first, since that passes.
    """
    told = list(instants)
    everything = [made_at, *told]
    if max(everything) > now + slack:
        return "in_the_future"
    if min(everything) < now - timedelta(days=most_days_offline):
        return "too_long_offline"
    if any(at > made_at + slack for at in told):
        return "after_signing"
    return None


def first_verdict(number: int, *, fate: Fate, code: str, answer: str, repeated: bool) -> Verdict:
    """The verdict that was remembered when the number was used up."""
    if fate == "given_up":
        return Verdict("refused", number, repeated, code="given_up", detail=GIVEN_UP)
    told = json.loads(answer)
    changed = tuple(told["effects"])
    if fate == "taken":
        return Verdict("taken", number, repeated, answer=told, effects=changed)
    return Verdict(
        "refused",
        number,
        repeated,
        code=code,
        detail=told["detail"],
        errors=tuple(told.get("errors", ())),
        effects=changed,
    )


GIVEN_UP: Final = (
    "Somebody gave this number up when it did not come. Sign what is in it anew, under another "
    "number."
)
