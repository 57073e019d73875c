"""Merges as they come in and go out, the same for every audience."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from pydantic import ConfigDict, Field

from regulars.events.effects import effects
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import Instant, MemberId, MergeId, Strict
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.orders.services import scope_of
from regulars.modules.unions import services
from regulars.modules.unions.services import Done


class MergeIn(Strict):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=False)

    source: Annotated[
        MemberId, Field(alias="from", description="Who goes on as the member in the address")
    ]


class MergeOut(Strict):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: MergeId
    into: MemberId
    source: Annotated[MemberId, Field(alias="from")]
    at: Instant
    effects: Annotated[
        list[dict[str, Any]], Field(description="What changed: event names and their particulars")
    ]


def merge(request: ApiRequest, member_id: UUID, body: MergeIn) -> HttpResponse:
    """Merge once. Raises as services.merge."""

    def act(now: datetime) -> Outcome:
        scope = scope_of(request.auth.merchant, actor=request.auth.actor, now=now)
        return _told(services.merge(scope, into=member_id, source=body.source), now, status=201)

    return answer_once(request, "members.merge", act, show("mem", member_id))


def undo(request: ApiRequest, merge_id: UUID) -> HttpResponse:
    """Undo a merge once. Raises as services.undo."""

    def act(now: datetime) -> Outcome:
        scope = scope_of(request.auth.merchant, actor=request.auth.actor, now=now)
        return _told(services.undo(scope, merge_id), now, status=200)

    return answer_once(request, "members.unmerge", act, show("mrg", merge_id))


def _told(done: Done, now: datetime, *, status: int) -> Outcome:
    body = {
        "id": show("mrg", done.merge_id),
        "into": show("mem", done.into),
        "from": show("mem", done.source),
        "at": show_instant(now),
        "effects": effects(done.events),
    }
    return Outcome(status=status, body=body, subject=show("mrg", done.merge_id))
