"""Member pages: the words that the shop has put on a member, and having them taken off."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from regulars.events.effects import effects
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import ExternalId, Instant, Strict
from regulars.infra.http.permissions import own_id, requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.segments import tagging

from .shapes import EffectOut, tags_json

router = Router(tags=["card"])


class OwnTagOut(Strict):
    tag: str
    at: Instant


class OwnTagsOut(Strict):
    data: list[OwnTagOut]


class OwnTagsChangedOut(OwnTagsOut):
    effects: list[EffectOut]


@router.get("/tags", response=OwnTagsOut, operation_id="list_own_tags")
@requires("self.read")
def list_own_tags(request: ApiRequest) -> dict[str, Any]:
    """The words that staff put on the member, and since when."""
    return {"data": _own(request.auth.merchant_id, own_id(request))}


@router.delete("/tags/{tag}", response=OwnTagsChangedOut, operation_id="remove_own_tag")
@requires("self.write")
def remove_own_tag(request: ApiRequest, tag: ExternalId) -> HttpResponse:
    """Have a word taken off; what rules make of it changes with it."""
    member_id = own_id(request)

    def act(now: datetime) -> Outcome:
        merchant = request.auth.merchant
        events = tagging.untag(merchant, member_id, tag=tag, now=now)
        told = {"data": _own(merchant.id, member_id), "effects": effects(events)}
        return Outcome(status=200, body=told, subject=show("mem", member_id))

    return answer_once(request, "tags.remove_own", act, show("mem", member_id), tag)


def _own(merchant_id: int, member_id: UUID) -> list[dict[str, Any]]:
    return [{"tag": one["tag"], "at": one["at"]} for one in tags_json(merchant_id, member_id)]
