"""The rows with which a number is used up, beside those of what it stood for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from regulars.infra.recording import Row, Table, Target, Update

from .types import Envelope, Fate

ENVELOPE: Final = Table(
    "tills_envelope",
    "merchant_id",
    "till_id",
    "number",
    "digest",
    "kind",
    "external_id",
    "made_at",
    "settled_at",
    "fate",
    "code",
    "subject",
)
#: Lost where another envelope of the till was faster, or it was revoked meanwhile.
TILL_MOVED: Final = Update(
    "tills_till",
    key={"merchant_id": "bigint", "id": "uuid"},
    adds={"last_number": "bigint", "taken": "bigint", "refused": "bigint"},
    seen={"last_number": "bigint", "revoked_at": "timestamptz"},
)
_MOST_SUBJECT: Final = 64


def rows_of(
    merchant_id: int,
    envelope: Envelope,
    *,
    external_id: str,
    fate: Fate,
    code: str,
    subject: str,
    revoked_at: datetime | None,
    now: datetime,
) -> Sequence[tuple[Target, Row]]:
    """The envelope's row, and the till's counter moved to its number."""
    taken = 1 if fate == "taken" else 0
    row = (
        merchant_id,
        envelope.till_id,
        envelope.number,
        envelope.digest,
        envelope.kind,
        external_id,
        envelope.made_at,
        now,
        fate,
        code,
        subject[:_MOST_SUBJECT],
    )
    moved = (
        merchant_id,
        envelope.till_id,
        1,
        taken,
        1 - taken,
        envelope.number - 1,
        revoked_at,
    )
    return [(TILL_MOVED, moved), (ENVELOPE, row)]
