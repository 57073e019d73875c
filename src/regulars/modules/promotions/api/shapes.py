"""Offers and pricing settings as they come in and go out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from regulars.infra.http.fields import ExternalId, FreeJson, Instant, Int53, PageQuery, Strict
from regulars.kernel.instants import show_instant
from regulars.modules.promotions.document import (
    BudgetTermsPart,
    HeldOut,
    LimitPart,
    OfferDocument,
    ScopePart,
    WhoPart,
    stage_of,
)
from regulars.modules.promotions.parts import Bps, Code, Minor, Part
from regulars.modules.promotions.queries import OfferView
from regulars.modules.promotions.standing import Taken
from regulars.modules.promotions.strength import PersonalPart
from regulars.modules.promotions.types import Kind, OnReturn, Stage, Status
from regulars.modules.promotions.windows import WhenPart

Effects = Annotated[
    list[dict[str, Any]], Field(description="What changed: event names and their particulars")
]
OfferCode = Annotated[str, Field(description="The offer's code, percent-encoded where it must be")]


class OfferPatchIn(Part):
    """What is given replaces that field whole; what is left out stays as it is."""

    code: Annotated[Code | None, Field(description="The same as before, or left out")] = None
    name: ExternalId | None = None
    kind: Kind | None = None
    params: Annotated[
        FreeJson, Field(description="As the kind has them", json_schema_extra={"type": "object"})
    ] = None
    scope: ScopePart | None = None
    when: WhenPart | None = None
    who: WhoPart | None = None
    stage: Stage | None = None
    priority: Int53 | None = None
    group: Code | None = None
    exclusive: bool | None = None
    requires_code: bool | None = None
    limit: LimitPart | None = None
    budget: Minor | None = None
    budget_terms: BudgetTermsPart | None = None
    on_return: OnReturn | None = None
    held_out_bps: Annotated[
        HeldOut | None, Field(description="None takes it off: everybody it is for gets the offer")
    ] = None
    personal: Annotated[
        PersonalPart | None, Field(description="None takes it off: one strength for everybody")
    ] = None
    status: Status | None = None


class OfferOut(OfferDocument):
    """An offer with every default written out; the stage is the one it runs in."""

    version: Annotated[int, Field(description="How often it was written, from 1")]
    created_at: Instant
    changed_at: Instant


class OfferWrittenOut(OfferOut):
    effects: Effects


class OffersOut(Strict):
    data: list[OfferOut]
    has_more: bool
    next_cursor: str | None


class OffersQuery(PageQuery):
    """Of all offers by code, or of those of one status."""

    status: Literal["draft", "active", "paused", "archived"] | None = None


class PricingSettingsIn(Strict):
    """What is left out stays as it is. Shares in bps, 10000 = the whole."""

    max_discount_bps: Annotated[
        Bps | None, Field(description="The most that all discounts on goods may be of the gross")
    ] = None
    points_max_bps: Annotated[
        Bps | None, Field(description="The most of the goods' net that points may pay")
    ] = None
    growth_max_bps: Annotated[
        Bps | None, Field(description="The most of the goods' net that growth value may pay")
    ] = None


class PricingSettingsOut(Strict):
    max_discount_bps: int
    points_max_bps: int
    growth_max_bps: int


class PricingSettingsChangedOut(PricingSettingsOut):
    effects: Effects


class FactOut(Strict):
    name: str
    type: str
    title: str
    operators: list[str]


class KindOut(Strict):
    kind: str
    title: str
    stage: str
    params_schema: Annotated[dict[str, Any], Field(description="JSON Schema of its params")]


class PresetOut(Strict):
    name: str
    rule: dict[str, Any]


class KindsOut(Strict):
    kinds: list[KindOut]
    facts: list[FactOut]
    presets: list[PresetOut]
    festivals: Annotated[
        dict[str, dict[str, list[str]]], Field(description="Days by region and festival")
    ]
    document_schema: Annotated[dict[str, Any], Field(description="JSON Schema of an offer")]


class TakenOut(Strict):
    most: int
    used: Annotated[int, Field(description="By orders")]
    held: Annotated[int, Field(description="By quotes that are still open")]
    left: int


class PotOut(TakenOut):
    store: Annotated[str | None, Field(description="Where the budget is kept by store")]


class StandingOut(Strict):
    code: str
    uses: TakenOut | None
    budgets: list[PotOut]


class StandingsOut(Strict):
    data: list[StandingOut]


def taken_json(taken: Taken) -> dict[str, int]:
    return {"most": taken.most, "used": taken.used, "held": taken.held, "left": taken.left}


def offer_json(view: OfferView) -> dict[str, Any]:
    document = OfferDocument.model_validate(view.document)
    return {
        **view.document,
        "stage": stage_of(document),
        "version": view.version,
        "created_at": show_instant(view.created_at),
        "changed_at": show_instant(view.changed_at),
    }
