"""Console: the programme and its preview, the ladder with everybody on it, manual floors."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from ninja import Router
from pydantic import ConfigDict, Field

from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import Day, ExternalId, ShownId, Strict
from regulars.infra.http.language import language_of
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import show
from regulars.kernel.periods import program_day
from regulars.modules.earning.rules import BPS
from regulars.modules.members.lookup import carriers
from regulars.modules.programmes.document import ProgrammeDocument, compiled
from regulars.modules.programmes.queries import programme_at, versions
from regulars.modules.programmes.statements import in_locale, named, statement
from regulars.modules.programmes.templates import names, template
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.queries import at_risk, members_by_tier, moves_since, outlook
from regulars.modules.tiers.services import Board, set_floor
from regulars.modules.tiers.statement import window_of

from .leaving import add_routes
from .publishing import publish
from .shapes import (
    Effects,
    ProgrammeIn,
    ProgrammeOut,
    PublishedOut,
    StatementOut,
    WindowOut,
    programme_json,
)

router = Router(tags=["programme"])
_RECENT: Final = timedelta(days=90)
_DRAFT_NUMBER: Final = 0


class TemplateOut(Strict):
    name: str
    title: str


class ConsoleProgrammeOut(ProgrammeOut):
    document_schema: Annotated[
        dict[str, Any], Field(alias="schema", description="JSON Schema of the document")
    ]
    templates: list[TemplateOut]

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class DraftIn(Strict):
    document: ProgrammeDocument


class PreviewTierOut(Strict):
    code: str
    members_now: int
    members_then: int


class PreviewMovesOut(Strict):
    up: int
    down: int
    same: int


class PreviewOut(Strict):
    tiers: list[PreviewTierOut]
    moves: PreviewMovesOut


class BenefitOut(Strict):
    code: str
    name: str
    text: str


class LadderRungOut(Strict):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    code: str
    name: str
    threshold: Annotated[int, Field(alias="from")]
    points_bps: int
    benefits: list[BenefitOut]
    members: int


class AtRiskOut(Strict):
    count: int


class FlowOut(Strict):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    before: Annotated[str, Field(alias="from")]
    to: str
    members: int


class TiersOut(Strict):
    ladder: list[LadderRungOut]
    counter: str
    window: WindowOut
    keep: dict[str, Any]
    at_risk: AtRiskOut
    moves: list[FlowOut]


class FloorIn(Strict):
    tier: Annotated[str, Field(min_length=1, max_length=40)]
    until: Annotated[Day, Field(description="The last day on which it holds")]
    reason: Annotated[ExternalId, Field(max_length=200)]


class FloorSetOut(Strict):
    tier: StatementOut
    effects: Effects


@router.get(
    "/programme", response=ConsoleProgrammeOut, operation_id="read_programme", by_alias=True
)
@requires("programme.read")
def read_programme(request: ApiRequest) -> dict[str, Any]:
    """The versions of the programme, and what the form is drawn from."""
    merchant = request.auth.merchant
    return {
        **programme_json(versions(merchant.id), now_for(merchant)),
        "schema": ProgrammeDocument.model_json_schema(by_alias=True),
        "templates": [{"name": name, "title": template(name)["name"]} for name in names()],
    }


@router.put("/programme", response=PublishedOut, operation_id="put_programme")
@requires("programme.write")
def put_programme(request: ApiRequest, body: ProgrammeIn) -> HttpResponse:
    """Publish a version from an instant on."""
    return publish(request, body)


@router.post("/programme/preview", response=PreviewOut, operation_id="preview_programme")
@requires("programme.read", writes=False)
def preview_programme(request: ApiRequest, body: DraftIn) -> dict[str, Any]:
    """Where every member would stand under a draft, were it published now; nothing is written."""
    merchant = request.auth.merchant
    now, zone = now_for(merchant), ZoneInfo(merchant.zone)
    draft = compiled(_DRAFT_NUMBER, body.document.model_dump(mode="json", by_alias=True))
    current = programme_at(merchant.id, now)
    found = outlook(
        merchant.id,
        current=current.ladder,
        draft=draft.ladder,
        zone=zone,
        day=program_day(now, zone),
    )
    codes = dict.fromkeys((*found.members_then, *found.members_now))
    return {
        "tiers": [
            {
                "code": code,
                "members_now": found.members_now.get(code, 0),
                "members_then": found.members_then.get(code, 0),
            }
            for code in codes
        ],
        "moves": {"up": found.up, "down": found.down, "same": found.same},
    }


@router.get("/tiers", response=TiersOut, operation_id="read_tiers", by_alias=True)
@requires("programme.read")
def read_tiers(request: ApiRequest) -> dict[str, Any]:
    """The ladder with how many stand where, who is about to drop, and who moved lately."""
    merchant = request.auth.merchant
    now, zone = now_for(merchant), ZoneInfo(merchant.zone)
    day = program_day(now, zone)
    programme = programme_at(merchant.id, now)
    ladder = programme.ladder
    first, last = window_of(ladder, day)
    return {
        "ladder": _rungs(
            programme,
            members_by_tier(merchant.id, ladder=ladder, day=day),
            language_of(request),
        ),
        "counter": ladder.counter,
        "window": {
            "span": ladder.window.span,
            "count": ladder.window.count,
            "from": first.isoformat() if first else None,
            "until": last.isoformat() if last else None,
        },
        "keep": asdict(ladder.keep),
        "at_risk": {"count": len(at_risk(merchant.id, ladder=ladder, zone=zone, day=day))},
        "moves": [
            {"from": before, "to": after, "members": members}
            for before, after, members in moves_since(merchant.id, now - _RECENT)
        ],
    }


@router.post(
    "/members/{member_id}/floor",
    response=FloorSetOut,
    operation_id="set_tier_floor",
    by_alias=True,
)
@requires("tiers.floor")
def set_tier_floor(
    request: ApiRequest, member_id: Annotated[UUID, ShownId("mem")], body: FloorIn
) -> HttpResponse:
    """Lift a member to at least a tier until the end of a day, for a stated reason."""
    merchant = request.auth.merchant

    def act(now: datetime) -> Outcome:
        carrier = carriers(merchant.id, [member_id]).get(member_id)
        if carrier is None:
            raise NotFound
        programme = programme_at(merchant.id, now)
        board = Board(merchant.id, programme.ladder, programme.number, ZoneInfo(merchant.zone))
        told = set_floor(
            board,
            member_id=carrier,
            tier=body.tier,
            until=body.until + timedelta(days=1),
            reason=body.reason,
            now=now,
        )
        answer = {"tier": statement(merchant, carrier, now), "effects": effects(told)}
        return Outcome(status=200, body=answer, subject=show("mem", carrier))

    return answer_once(request, "tiers.floor", act, show("mem", member_id))


def _rungs(programme: Programme, members: dict[str, int], locale: str) -> list[dict[str, Any]]:
    return [
        {
            **named(tier, locale),
            "from": tier.threshold,
            "points_bps": programme.earning.points.tier_bps.get(tier.code, BPS),
            "benefits": [
                {
                    "code": benefit.code,
                    "name": in_locale(benefit.name, locale),
                    "text": in_locale(benefit.text, locale),
                }
                for benefit in tier.benefits
            ],
            "members": members[tier.code],
        }
        for tier in programme.ladder.tiers
    ]


add_routes(router)
