"""The rows of segments as they are written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import connection

from regulars.infra.db import Sql, any_of, is_postgres, run
from regulars.infra.recording import Delete, Table, Update
from regulars.kernel.ids import new_id
from regulars.kernel.instants import show_instant

from .types import Cause

FACTS: Final = Table(
    "segments_memberfacts", "merchant_id", "member_id", "facts", "causes", "known_at", "due_at"
)
FACTS_CHANGE: Final = Update(
    "segments_memberfacts",
    key={"merchant_id": "bigint", "member_id": "uuid"},
    sets={
        "facts": "text",
        "causes": "text",
        "known_at": "timestamptz",
        "due_at": "timestamptz",
    },
)
MEMBERSHIP: Final = Table("segments_membership", "merchant_id", "member_id", "segment_id", "since")
MEMBERSHIP_GONE: Final = Delete(
    "segments_membership",
    key={"merchant_id": "bigint", "member_id": "uuid", "segment_id": "uuid"},
    seen={},
)
_FORGET: Final = Sql(
    f"DELETE FROM segments_memberfacts WHERE merchant_id = :merchant_id AND {any_of('member_id')}"
)
_MARK: Final = Sql(
    "INSERT INTO segments_mark (merchant_id, ref, part, topic, about, at, token_id) "
    "VALUES (:merchant_id, :ref, :part, :topic, :about, :at, :token) "
    "ON CONFLICT (merchant_id, ref, part) DO UPDATE SET topic = excluded.topic, "
    "about = excluded.about, at = excluded.at, token_id = excluded.token_id"
)
_UNMARK: Final = Sql(
    "DELETE FROM segments_mark WHERE merchant_id = :merchant_id "
    f"AND {any_of('ref', 'refs')} AND {any_of('token_id', 'tokens')}"
)
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def alone(merchant_id: int) -> None:
    """Let nobody else change memberships of the merchant until the transaction ends.

    Who is in depends on facts and on rules; whoever changes either waits for the other. On
    SQLite the transaction has the one write lock already.
    """
    if not is_postgres():
        return
    digest = sha256(f"segments|{merchant_id}".encode()).digest()[:8]
    number = int.from_bytes(digest, "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def mark(merchant_id: int, ref: str, part: str, cause: Cause) -> None:
    """Note that something is to be read again, in the caller's transaction."""
    run(
        _MARK,
        {
            "merchant_id": merchant_id,
            "ref": ref,
            "part": part,
            "topic": cause.topic,
            "about": cause.about,
            "at": cause.at,
            "token": new_id(),
        },
    )


def unmark(merchant_id: int, seen: Mapping[UUID, str]) -> None:
    """Take marks back (ref by token) that were not set anew since they were seen."""
    refs = sorted(set(seen.values()))
    run(_UNMARK, {"merchant_id": merchant_id, "refs": refs, "tokens": list(seen)})


def forget(merchant_id: int, member_ids: Iterable[UUID]) -> None:
    """Remove the facts of records that are nobody any more."""
    run(_FORGET, {"merchant_id": merchant_id, "ids": list(member_ids)})


def written(value: Mapping[str, Any]) -> str:
    """JSON text of facts or causes, the same for the same content."""
    return _JSON.encode(value)


def cause_json(cause: Cause, known_at: datetime) -> list[str]:
    return [cause.topic, cause.about, show_instant(cause.at), show_instant(known_at)]
