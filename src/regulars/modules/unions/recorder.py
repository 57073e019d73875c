"""The rows that a merge changes beside the ledger's: people, identities, holds, standings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from regulars.infra.recording import Delete, Update, Writes
from regulars.modules.ledger.types import Hold

MEMBER_CARRIER: Final = Update(
    "members_member",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={"merged_into": "uuid", "status": "text"},
    seen={"merged_into": "uuid"},
)
MEMBER_FACTS: Final = Update(
    "members_member",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={
        "status": "text",
        "name_sealed": "text",
        "birthday_sealed": "text",
        "joined_at": "timestamptz",
    },
    seen={"merged_into": "uuid"},
)
IDENTITY_OWNER: Final = Update(
    "members_identity",
    key={"merchant_id": "bigint", "type": "text", "key": "text"},
    sets={"member_id": "uuid"},
    seen={"member_id": "uuid"},
)
HOLD_OWNER: Final = Update(
    "ledger_hold",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={"member_id": "uuid", "parts": "text"},
    seen={"member_id": "uuid", "status": "text"},
)
STANDING_GONE: Final = Delete(
    "tiers_standing",
    key={"merchant_id": "bigint", "member_id": "uuid"},
    seen={"revision": "integer"},
)


def add_holds(
    writes: Writes, merchant_id: int, holds: Iterable[Hold], *, source: UUID, target: UUID
) -> None:
    """Open holds that are now another member's, pinned in that member's lots."""
    for hold in holds:
        parts = json.dumps(hold.parts, separators=(",", ":"))
        writes.add(HOLD_OWNER, (merchant_id, hold.id, target, parts, source, "open"))
