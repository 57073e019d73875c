"""The offer document: what `POST /offers` takes, with every bound of docs/algorithms/pricing.md.

`compiled` turns a stored document into the frozen value that the evaluator reads.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from regulars.infra.http.fields import (
    ExternalId,
    FreeJson,
    Int53,
    null_is,
)

from .eligibility import MOST_CEL, RuleFault, check_cel, check_rule
from .kinds import KINDS, AnyParams, BuyGetParams, PercentOffParams, SpendSaveParams
from .parts import (
    MOST_FUNDERS,
    MOST_SKUS,
    UNIT,
    Code,
    Count,
    FunderCode,
    Minor,
    Part,
    fault,
)
from .strength import PersonalPart, check_band
from .types import (
    DEFAULT_STAGE,
    GOODS_STAGES,
    BudgetTerms,
    FunderShare,
    Kind,
    Limit,
    Offer,
    OnReturn,
    Scope,
    Stage,
    Status,
    Who,
)
from .windows import WhenPart, compiled_when, in_zone

# Empty lists and nulls do not restrict.
_Listed = Annotated[list[ExternalId], Field(max_length=MOST_SKUS)]
_Words = Annotated[_Listed, null_is(list, _Listed)]
HeldOut = Annotated[int, Field(ge=100, le=9_000, json_schema_extra={UNIT: "bps"})]


class ScopePart(Part):
    """Which lines count: any of skus, categories and tags, and none of the excluded."""

    skus: _Words = Field(default_factory=list)
    categories: _Words = Field(default_factory=list)
    tags: _Words = Field(default_factory=list)
    exclude_skus: _Words = Field(default_factory=list)


def _rule(value: Any) -> Any:
    if value is not None:
        try:
            check_rule(value)
        except RuleFault as wrong:
            fault(wrong.where, wrong.code, wrong.detail)
    return value


def _cel(value: Any) -> Any:
    if isinstance(value, str):
        try:
            check_cel(value)
        except RuleFault as wrong:
            fault((), wrong.code, wrong.detail)
    return value


class WhoPart(Part):
    """For whom: every field given must hold, any value in a list is enough."""

    tiers: _Words = Field(default_factory=list)
    segments: _Words = Field(default_factory=list)
    channels: _Words = Field(default_factory=list)
    stores: _Words = Field(default_factory=list)
    members_only: Annotated[bool, null_is(bool, bool)] = False
    rule: Annotated[
        FreeJson,
        BeforeValidator(_rule),
        Field(
            description="A tree of all, any, not and comparisons on the buyer's facts",
            json_schema_extra={"type": ["object", "null"]},
        ),
    ] = None
    cel: Annotated[
        Annotated[str, Field(min_length=1, max_length=MOST_CEL)] | None,
        BeforeValidator(_cel),
        Field(description="A CEL expression on the buyer's facts; an error counts as no"),
    ] = None


class LimitPart(Part):
    per_order: Count | None = None
    per_member: Count | None = None
    total: Count | None = None
    member_period: Annotated[
        Literal["ever", "year"],
        Field(description="Whether per_member counts for ever or per calendar year"),
    ] = "ever"


class FunderSharePart(Part):
    """What of the cost one funder pays."""

    funder: FunderCode
    share_bps: Annotated[int, Field(ge=1, le=10_000, json_schema_extra={UNIT: "bps"})]


_FunderShares = Annotated[list[FunderSharePart], Field(max_length=MOST_FUNDERS)]


class BudgetTermsPart(Part):
    """Who pays and how the budget is kept: one funder, or several with shares of the whole."""

    stop: Literal["hard", "soft"] = "hard"
    per: Literal["all", "store", "day", "month"] = "all"
    funder: FunderCode | None = None
    funders: Annotated[
        _FunderShares,
        null_is(list, _FunderShares),
        Field(description="Shares of several funders; together 10000. Not beside funder"),
    ] = Field(default_factory=list)

    @model_validator(mode="after")
    def _the_whole(self) -> Self:
        if not self.funders:
            return self
        if self.funder is not None:
            fault(("funders",), "one_of_two", "Name one funder, or several with their shares.")
        names = [share.funder for share in self.funders]
        twice = next((at for at, name in enumerate(names) if name in names[:at]), None)
        if twice is not None:
            fault(("funders", twice, "funder"), "twice", "Each funder is named once.")
        if sum(share.share_bps for share in self.funders) != 10_000:
            fault(("funders",), "not_the_whole", "The shares are 10000 together, not more or less.")
        return self


def _params(value: Any, info: ValidationInfo) -> Any:
    spec = KINDS.get(str(info.data.get("kind")))
    if spec is None:
        raise PydanticCustomError("unjudged", "What params hold depends on the kind.")
    if isinstance(value, spec.shape):
        return value
    return spec.shape.model_validate(value)


class OfferDocument(Part):
    """One promise, whole."""

    code: Code
    name: Annotated[ExternalId, Field(description="The code where none is given")] | None = None
    kind: Kind
    params: Annotated[
        AnyParams, BeforeValidator(_params), Field(description="As the kind has them")
    ]
    scope: Annotated[ScopePart, null_is(ScopePart, ScopePart)] = ScopePart()
    when: Annotated[WhenPart, null_is(WhenPart, WhenPart)] = WhenPart()
    who: Annotated[WhoPart, null_is(WhoPart, WhoPart)] = WhoPart()
    stage: Annotated[Stage | None, Field(description="The kind's own where none is given")] = None
    priority: Int53 = 100
    group: Code | None = None
    exclusive: bool = False
    requires_code: bool = False
    limit: Annotated[LimitPart, null_is(LimitPart, LimitPart)] = LimitPart()
    budget: Minor | None = None
    budget_terms: BudgetTermsPart = BudgetTermsPart()
    on_return: OnReturn = "keep"
    held_out_bps: Annotated[
        HeldOut | None,
        Field(
            description="The share of members, picked by chance, who do not get it, so that what "
            "it does can be measured; without one it is a standing promise"
        ),
    ] = None
    personal: Annotated[
        PersonalPart | None,
        Field(description="How the strength varies with what a member did, within a band"),
    ] = None
    status: Status = "active"

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.code == "kinds":
            fault(("code",), "reserved", "This word is an address of its own.", self.code)
        own = DEFAULT_STAGE[self.kind]
        allowed = GOODS_STAGES if own in GOODS_STAGES else (own,)
        if self.stage is not None and self.stage not in allowed:
            fault(("stage",), "unknown_value", f"{self.kind} runs in {', '.join(allowed)}.")
        counts_sets = isinstance(self.params, BuyGetParams) or (
            isinstance(self.params, SpendSaveParams) and self.params.every
        )
        if self.limit.per_order is not None and not counts_sets:
            fault(
                ("limit", "per_order"),
                "not_of_this_kind",
                "Only buy_get, and spend_save with every, count within an order.",
            )
        if self.held_out_bps is not None:
            self._may_hold_out()
        if self.personal is not None:
            params = self.params
            bps = params.bps if isinstance(params, PercentOffParams) else None
            check_band(self.personal, self.kind, bps)
        return self

    def _may_hold_out(self) -> None:
        """A stranger has no place among the arms, and a code in somebody's hand is a promise."""
        who = self.who
        if self.requires_code:
            fault(
                ("held_out_bps",),
                "not_with_a_code",
                "Whoever has its code was promised it; hold out of an offer without a code.",
            )
        if not (who.members_only or who.tiers or who.segments or who.rule or who.cel):
            fault(
                ("held_out_bps",),
                "members_only_required",
                "Only members can be held out, and none may pay more than a stranger: set "
                "who.members_only, or name tiers, segments or a rule.",
            )


def dated(document: OfferDocument, zone: ZoneInfo) -> OfferDocument:
    """The document with instants alone: days are read in the merchant's ``zone``."""
    return document.model_copy(update={"when": in_zone(document.when, zone)})


def stage_of(document: OfferDocument) -> Stage:
    """Where it runs: as named, else coupon for goods with a code, else the kind's own."""
    if document.stage is not None:
        return document.stage
    own = DEFAULT_STAGE[document.kind]
    return "coupon" if document.requires_code and own in GOODS_STAGES else own


def compiled(document: OfferDocument) -> Offer:
    """The offer that a document promises."""
    limit = document.limit
    return Offer(
        code=document.code,
        name=document.name or document.code,
        kind=document.kind,
        params=document.params.compiled(),
        stage=stage_of(document),
        scope=_scope(document.scope),
        when=compiled_when(document.when),
        who=_who(document.who),
        priority=document.priority,
        group=document.group,
        exclusive=document.exclusive,
        requires_code=document.requires_code,
        limit=Limit(limit.per_order, limit.per_member, limit.total, limit.member_period),
        budget=document.budget,
        budget_terms=_budget_terms(document.budget_terms),
        on_return=document.on_return,
        held_out_bps=document.held_out_bps,
        personal=document.personal.compiled() if document.personal else None,
        status=document.status,
    )


def _budget_terms(part: BudgetTermsPart) -> BudgetTerms:
    funders = tuple(FunderShare(share.funder, share.share_bps) for share in part.funders)
    return BudgetTerms(part.stop, part.per, part.funder, funders)


def _scope(part: ScopePart) -> Scope:
    return Scope(
        skus=frozenset(part.skus),
        categories=frozenset(part.categories),
        tags=frozenset(part.tags),
        exclude_skus=frozenset(part.exclude_skus),
    )


def _who(part: WhoPart) -> Who:
    return Who(
        tiers=frozenset(part.tiers),
        segments=frozenset(part.segments),
        channels=frozenset(part.channels),
        stores=frozenset(part.stores),
        members_only=part.members_only,
        rule=part.rule,
        cel=part.cel,
    )
