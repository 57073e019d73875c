"""Every member as the merchant knows them, opened: the merchant's own customers, to take along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from regulars.infra.crypto import unseal
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant

from . import queries
from .models import Consent, Identity, Member
from .rules import member_number

_PIECE: Final = 1_000


def exported(merchant_id: int) -> Iterator[dict[str, Any]]:
    """One object for each record, oldest first, with every identity and the whole trail of
    consents. Merged records are among them and name who carries on."""
    rows = Member.objects.of(merchant_id).order_by("id")
    piece = list(rows[:_PIECE])
    while piece:
        ids = [row.id for row in piece]
        identities, consents = _identities(merchant_id, ids), _consents(merchant_id, ids)
        for row in piece:
            yield {**_own(row), "identities": identities[row.id], "consents": consents[row.id]}
        piece = list(rows.filter(id__gt=ids[-1])[:_PIECE])


def _own(row: Member) -> dict[str, Any]:
    born = queries.opened_birthday(row.merchant_id, row.id, row.birthday_sealed)
    return {
        "id": show("mem", row.id),
        "number": member_number(row.id),
        "status": row.status,
        "name": queries.opened_name(row.merchant_id, row.id, row.name_sealed) or None,
        "birthday": born.isoformat() if born else None,
        "joined_at": show_instant(row.joined_at),
        "channel": row.channel,
        "store": row.store,
        "locale": row.locale or None,
        "merged_into": show("mem", row.merged_into) if row.merged_into else None,
    }


def _identities(merchant_id: int, ids: list[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    rows = Identity.objects.of(merchant_id).filter(member_id__in=ids)
    for row in rows.order_by("created_at", "type", "key"):
        value = unseal(
            merchant_id=merchant_id,
            table="members_identity",
            field="value",
            row_id=f"{row.type}:{row.key}",
            sealed=row.value_sealed,
        )
        found[row.member_id].append(
            {"type": row.type, "value": value, "since": show_instant(row.created_at)}
        )
    return found


def _consents(merchant_id: int, ids: list[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in Consent.objects.of(merchant_id).filter(member_id__in=ids).order_by("at", "id"):
        found[row.member_id].append(
            {
                "purpose": row.purpose,
                "granted": row.granted,
                "text_version": row.text_version,
                "channel": row.channel,
                "campaign": row.campaign,
                "at": show_instant(row.at),
            }
        )
    return found
