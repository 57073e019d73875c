"""What tills announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TillEnrolled(Event):
    """Staff made a till; its device may now register a key."""

    topic: ClassVar[str] = "till.enrolled"
    version: ClassVar[int] = 1

    till_id: UUID
    store: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TillRegistered(Event):
    """A till's device registered its public key; what it signs is looked at from now on."""

    topic: ClassVar[str] = "till.registered"
    version: ClassVar[int] = 1

    till_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TillRevoked(Event):
    """A till was put away. ``takes_unsent`` says whether what it had sold by then is taken."""

    topic: ClassVar[str] = "till.revoked"
    version: ClassVar[int] = 1

    till_id: UUID
    takes_unsent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TillEnvelopeRefused(Event):
    """Something a till did without a line could not be taken; a person has to look."""

    topic: ClassVar[str] = "till.envelope_refused"
    version: ClassVar[int] = 1

    till_id: UUID
    number: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TillNumberGivenUp(Event):
    """Staff gave up a number that did not come; those after it go on."""

    topic: ClassVar[str] = "till.number_given_up"
    version: ClassVar[int] = 1

    till_id: UUID
    number: int
