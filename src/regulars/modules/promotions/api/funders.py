"""Funders: caps over all offers that one of them pays for, and how far they are used."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once, part
from regulars.infra.http.fields import PartQuery, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.periods import program_day
from regulars.modules.promotions import funders
from regulars.modules.promotions.parts import FunderCode, Minor
from regulars.modules.promotions.types import Funder

from .shapes import Effects, TakenOut, taken_json

Name = Annotated[FunderCode, Field(description="The funder as offers name it, percent-encoded")]


class FunderCapIn(Strict):
    """The most that one funder pays for all of its offers together."""

    cap: Annotated[Minor | None, Field(description="None: no cap any more")]
    per: Annotated[
        Literal["all", "day", "month"],
        Field(description="One cap in all, or one for each calendar day or month of the shop"),
    ] = "all"
    stop: Annotated[
        Literal["hard", "soft"], Field(description="hard: never passed; soft: only warns")
    ] = "hard"


class FunderOfferOut(Strict):
    code: str
    name: str
    share_bps: Annotated[int, Field(description="What of its cost this funder pays")]


class FunderOut(Strict):
    funder: str
    cap: int | None
    per: str | None
    stop: str | None
    taken: Annotated[TakenOut | None, Field(description="Of the cap, in the period of now")]
    passed: Annotated[bool, Field(description="Whether the cap is reached")]
    offers: list[FunderOfferOut]


class FundersOut(Strict):
    data: list[FunderOut]
    has_more: bool
    next_cursor: str | None


class FunderCapOut(Strict):
    funder: str
    cap: int | None
    per: str
    stop: str
    effects: Effects


def add_funder_routes(router: Router) -> None:
    """The same for every audience that may write offers."""
    router.get("/funders", response=FundersOut, operation_id="list_funders")(list_funders)
    router.put("/funders/{path:funder}", response=FunderCapOut, operation_id="put_funder_cap")(
        put_funder_cap
    )


@requires("offers.read")
def list_funders(request: ApiRequest, query: Annotated[PartQuery, Query()]) -> dict[str, Any]:
    """Everybody who pays for an offer or has a cap, what of it is used, and for what they pay."""
    merchant = request.auth.merchant
    now = now_for(merchant)
    day = program_day(now, ZoneInfo(merchant.zone))
    standings = funders.standings(merchant.id, day=day, now=now)
    return part(standings, query, _shown, lambda one: one.code)


@requires("offers.write")
def put_funder_cap(request: ApiRequest, funder: Name, body: FunderCapIn) -> HttpResponse:
    """Cap what a funder pays for all of its offers together, from the next quote on.

    What is counted begins when the cap is first set; other caps of one funder count anew.
    """
    cap = None if body.cap is None else Funder(funder, body.cap, body.per, body.stop)

    def act(now: datetime) -> Outcome:
        events = funders.put_cap(
            merchant_id=request.auth.merchant_id, cap=cap, code=funder, now=now
        )
        told = {
            "funder": funder,
            "cap": body.cap,
            "per": body.per,
            "stop": body.stop,
            "effects": effects(events),
        }
        return Outcome(status=200, body=told, subject=f"funder:{funder}"[:64])

    return answer_once(request, "funders.put", act, funder)


def _shown(one: funders.FunderStanding) -> dict[str, Any]:
    cap = one.cap
    return {
        "funder": one.code,
        "cap": cap.cap_minor if cap else None,
        "per": cap.per if cap else None,
        "stop": cap.stop if cap else None,
        "taken": taken_json(one.taken) if one.taken else None,
        "passed": one.passed,
        "offers": [
            {"code": offer.code, "name": offer.name, "share_bps": offer.share_bps}
            for offer in one.offers
        ],
    }
