"""Facts that are made of everybody at once, scores and forecasts: handed over, written for those
whose facts differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from regulars.infra.db import Sql, as_instant, as_uuid, fetch_all, retrying, run
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import stopping

from . import recorder
from .facts import stored_of
from .settling import Given, Settled, settle
from .types import PARTS, Cause, Handover, Part

Facts = Mapping[str, Any]
_BATCH: Final = 500
_PAGE: Final = 1_000
_STORED: Final = Sql(
    "SELECT member_id, facts FROM segments_memberfacts WHERE merchant_id = :merchant_id "
    "AND member_id > :after ORDER BY member_id LIMIT :most"
)
_STAMP: Final = Sql(
    "INSERT INTO segments_handover (merchant_id, part, about, at) "
    "VALUES (:merchant_id, :part, :about, :at) "
    "ON CONFLICT (merchant_id, part) DO UPDATE SET about = excluded.about, at = excluded.at"
)
_STAMPS: Final = Sql(
    "SELECT part, about, at FROM segments_handover WHERE merchant_id = :merchant_id"
)


def hand_over(
    merchant: MerchantFacts,
    part: Part,
    told: Iterable[tuple[UUID, Facts]],
    cause: Cause,
    now: datetime,
) -> Settled:
    """Keep what is known of a part, by member in the order of their ids; of whoever is not named
    nothing is known any more.

    Only members whose stored facts differ are touched. Safe to cut off and to repeat.
    """
    members, written = 0, 0
    differing = _differing(merchant.id, part, told)
    while found := dict(islice(differing, _BATCH)):
        if stopping():
            return Settled(members, written)
        done = retrying(lambda found=found: _take(merchant, part, found, cause, now))  # type: ignore[misc]
        members, written = members + done.members, written + done.facts_written
    run(_STAMP, {"merchant_id": merchant.id, "part": part, "about": cause.about, "at": cause.at})
    return Settled(members, written)


def handovers(merchant_id: int) -> dict[Part, Handover]:
    """What was handed over last of each part."""
    found: dict[Part, Handover] = {}
    for name, about, at in fetch_all(_STAMPS, {"merchant_id": merchant_id}):
        made_at = as_instant(at)
        assert made_at is not None
        for part in PARTS:
            if part == name:
                found[part] = Handover(part, about, made_at)
    return found


@transaction.atomic
def _take(
    merchant: MerchantFacts, part: Part, found: Mapping[UUID, Facts], cause: Cause, now: datetime
) -> Settled:
    recorder.alone(merchant.id)
    causes: Mapping[Part, Cause] = {part: cause}
    wanted = dict.fromkeys(found, causes)
    return settle(merchant, wanted, now, because=cause.topic, given=Given(part, found))


def _differing(
    merchant_id: int, part: Part, told: Iterable[tuple[UUID, Facts]]
) -> Iterator[tuple[UUID, Facts]]:
    """Both run through in the order of the ids; nobody's facts are all in memory."""
    nobody: tuple[UUID | None, Facts] = (None, {})
    ours, theirs = _stored(merchant_id, part), iter(told)
    (kept_id, kept), (told_id, found) = next(ours, nobody), next(theirs, nobody)
    while kept_id is not None or told_id is not None:
        if told_id is None or (kept_id is not None and kept_id < told_id):
            assert kept_id is not None
            if kept:
                yield kept_id, {}
            kept_id, kept = next(ours, nobody)
        elif kept_id is None or told_id < kept_id:
            yield told_id, found
            told_id, found = next(theirs, nobody)
        else:
            if kept != found:
                yield told_id, found
            (kept_id, kept), (told_id, found) = next(ours, nobody), next(theirs, nobody)


def _stored(merchant_id: int, part: Part) -> Iterator[tuple[UUID, Facts]]:
    after = UUID(int=0)
    while rows := fetch_all(_STORED, {"merchant_id": merchant_id, "after": after, "most": _PAGE}):
        for member_id, written in rows:
            yield as_uuid(member_id), stored_of(part, json.loads(written))
        after = as_uuid(rows[-1][0])
