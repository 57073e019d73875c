"""RFM scores as facts: handed over by analytics, written for the members whose scores differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from regulars.infra.db import Sql, as_uuid, fetch_all, retrying, run
from regulars.infra.http.principal import MerchantFacts

from . import recorder
from .settling import Settled, settle
from .types import Cause, Part

Scores = tuple[int, int, int]
"""Recency, frequency and monetary score, 1 to 5."""
SCORE_NAMES: Final = ("recency_score", "frequency_score", "monetary_score")
_BATCH: Final = 500
_STORED: Final = Sql(
    "SELECT member_id, facts FROM segments_memberfacts WHERE merchant_id = :merchant_id"
)
#: Whom segments never saw is read as a whole, too.
_STAMP: Final = Sql(
    "INSERT INTO segments_sweep (merchant_id, number, next_at, running, done, scores_at) "
    "VALUES (:merchant_id, 1, :now, :no, 0, :at) "
    "ON CONFLICT (merchant_id, number) DO UPDATE SET scores_at = excluded.scores_at"
)


def take_scores(
    merchant: MerchantFacts, scores: Mapping[UUID, Scores], *, as_of: datetime, now: datetime
) -> Settled:
    """Keep the scores of everybody who has any; whoever is not named has none any more.

    Only members whose stored scores differ are touched. Safe to cut off and to repeat.
    """
    cause = Cause("report.rfm", "", as_of)
    members, written = 0, 0
    for batch in _batches(_differing(merchant.id, scores)):
        done = retrying(lambda batch=batch: _take(merchant, batch, cause, now))  # type: ignore[misc]
        members, written = members + done.members, written + done.facts_written
    run(_STAMP, {"merchant_id": merchant.id, "at": as_of, "now": now, "no": False})
    return Settled(members, written)


@transaction.atomic
def _take(
    merchant: MerchantFacts, batch: Mapping[UUID, Scores | None], cause: Cause, now: datetime
) -> Settled:
    recorder.alone(merchant.id)
    causes: Mapping[Part, Cause] = {"scores": cause}
    given = {
        member_id: dict(zip(SCORE_NAMES, found, strict=True)) if found else {}
        for member_id, found in batch.items()
    }
    return settle(merchant, dict.fromkeys(batch, causes), now, because=cause.topic, given=given)


def _differing(merchant_id: int, scores: Mapping[UUID, Scores]) -> dict[UUID, Scores | None]:
    stored: dict[UUID, Scores | None] = {}
    for member_id, written in fetch_all(_STORED, {"merchant_id": merchant_id}):
        facts = json.loads(written)
        found = tuple(facts.get(name) for name in SCORE_NAMES)
        stored[as_uuid(member_id)] = None if None in found else found
    wanted = {member_id: scores.get(member_id) for member_id in {*stored, *scores}}
    return {
        member_id: found
        for member_id, found in sorted(wanted.items())
        if stored.get(member_id) != found
    }


def _batches(
    found: Mapping[UUID, Scores | None],
) -> Iterator[dict[UUID, Scores | None]]:
    items = list(found.items())
    for start in range(0, len(items), _BATCH):
        yield dict(items[start : start + _BATCH])
