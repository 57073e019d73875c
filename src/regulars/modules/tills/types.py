"""What tills speak of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

Kind = Literal["order", "refund"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
#: What an envelope's number was used up for.
Fate = Literal["taken", "refused", "given_up"]
#: What became of an envelope that was sent: the first two are final.
Status = Literal["taken", "refused", "waits", "rejected"]
#: The form of what is signed; another form will have another number.
VERSION: Final = 1
MOST_ENVELOPES: Final = 100
MOST_NUMBER: Final = 2**53 - 1
MOST_DAYS_OFFLINE: Final = 90


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a till signed: one thing it did, under one number."""

    till_id: UUID
    number: int
    made_at: datetime
    kind: Kind
    body: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an envelope. ``answer`` is that of the order or refund that was taken;
    ``effects`` are what it changed."""

    status: Status
    number: int | None = None
    repeated: bool = False
    waits_for: int | None = None
    code: str | None = None
    detail: str | None = None
    errors: tuple[Mapping[str, str], ...] = ()
    answer: Mapping[str, Any] | None = None
    effects: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class TillView:
    """A till as it may be shown. Numbers up to ``last_number`` are settled; ``seen_number`` is the
    highest that was signed and sent."""

    id: UUID
    name: str
    store: str
    created_at: datetime
    created_by: str
    code_until: datetime | None
    registered_at: datetime | None
    revoked_at: datetime | None
    takes_unsent: bool
    last_number: int
    seen_number: int
    taken: int
    refused: int
    last_seen_at: datetime | None

    @property
    def waits_for(self) -> int | None:
        """The number that is missing, where later ones were seen."""
        return self.last_number + 1 if self.seen_number > self.last_number else None


@dataclass(frozen=True, slots=True)
class EnvelopeView:
    """An envelope whose number is used up."""

    number: int
    kind: str
    external_id: str
    made_at: datetime | None
    settled_at: datetime
    fate: Fate
    code: str
    subject: str
