"""Coupons as they come in and go out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from regulars.infra.http.fields import (
    BatchId,
    ExternalId,
    Instant,
    MemberId,
    PageQuery,
    PositiveInt53,
    Strict,
)
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.coupons.types import BatchView, Sized, Terms, WalletEntry
from regulars.modules.promotions.parts import Code, Part, fault

MOST_WRITTEN = 10_000
MOST_GENERATED = 10_000_000
MOST_STRONGER = 5
Effects = Annotated[
    list[dict[str, Any]], Field(description="What changed: event names and their particulars")
]
PublicCode = Annotated[ExternalId, Field(max_length=100)]
Days = Annotated[int, Field(ge=0, le=3_660)]
Uses = PositiveInt53


class SizedPart(Part):
    """How strong and how long it is for whom, within a band: what everybody gets is the batch's
    own offer for its valid_days."""

    most_days: Annotated[
        int,
        Field(ge=1, le=366, description="Longest validity: until nine of ten own gaps are over"),
    ]
    stronger: Annotated[
        list[Code],
        Field(
            max_length=MOST_STRONGER,
            description="Offers like the batch's own that take off more, each at least as much as "
            "the one before; given where trials prove that they gain more",
        ),
    ] = Field(default_factory=list)
    margin_bps: Annotated[
        Annotated[int, Field(ge=1, le=10_000)] | None,
        Field(description="What is left of a purchase; needed for stronger, and for spare"),
    ] = None
    spare: Annotated[
        bool,
        Field(description="Whoever would buy anyway gets none; false: everybody gets at least one"),
    ] = False

    @model_validator(mode="after")
    def _margin(self) -> Self:
        if self.margin_bps is None and (self.stronger or self.spare):
            fault(("margin_bps",), "required", "Say which share of a purchase is left.")
        if len(set(self.stronger)) < len(self.stronger):
            fault(("stronger",), "repeated", "Name an offer once.")
        return self


class IssuePart(Part):
    """A coupon for each member, after each paid order."""

    on: Literal["order_paid"]
    after: Annotated[
        Literal["return_window"] | Days,
        Field(description="Days after payment, or once the programme's pending days are over"),
    ] = "return_window"
    sized: SizedPart | None = None


class CouponsIn(Part):
    """``codes`` as written, or ``count`` generated ones (1 where none is said), or ``issue``."""

    offer: Code
    codes: Annotated[list[PublicCode], Field(min_length=1, max_length=MOST_WRITTEN)] | None = None
    count: Annotated[int, Field(ge=1, le=MOST_GENERATED)] | None = None
    issue: IssuePart | None = None
    member_id: Annotated[
        MemberId | None, Field(description="Whose they are; anybody's where left out")
    ] = None
    begins: Annotated[Instant | None, Field(alias="from")] = None
    ends: Annotated[Instant | None, Field(alias="until")] = None
    valid_days: Annotated[
        Annotated[int, Field(ge=1, le=3_660)] | None,
        Field(description="Instead of until: good through so many days after the day of issue"),
    ] = None
    max_uses: Annotated[
        Uses | None,
        Field(description="Of each code. Public codes: no limit; others: once, where left out"),
    ] = None
    max_uses_per_member: Uses | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.codes is not None and self.count is not None:
            fault(("count",), "not_together", "Codes as written are as many as they are.")
        if self.issue is not None:
            for name in ("codes", "count", "member_id"):
                if getattr(self, name) is not None:
                    fault((name,), "not_together", "Issue gives each member a code of their own.")
            self._check_sized(self.issue.sized)
        if self.ends is not None and self.valid_days is not None:
            fault(("valid_days",), "not_together", "Give until, or valid_days.")
        if self.begins and self.ends and self.begins >= self.ends:
            fault(("until",), "too_small", "It ends after it begins.")
        return self

    def _check_sized(self, sized: SizedPart | None) -> None:
        if sized is None:
            return
        if self.valid_days is None:
            fault(("valid_days",), "required", "Say how long it is good for everybody.")
        if sized.most_days < self.valid_days:
            fault(
                ("issue", "sized", "most_days"),
                "too_small",
                "The band begins at valid_days, which everybody gets.",
            )
        if self.offer in sized.stronger:
            fault(("issue", "sized", "stronger"), "repeated", "Name an offer once.")


class BatchOut(Strict):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: BatchId
    offer: str
    kind: Annotated[str, Field(description="public, generated, personal, issued or given")]
    state: Annotated[str, Field(description="making, done, issuing or withdrawn")]
    count: int
    made: int
    member_id: MemberId | None
    begins: Annotated[Instant | None, Field(alias="from")]
    ends: Annotated[Instant | None, Field(alias="until")]
    valid_days: int | None
    max_uses: int | None
    max_uses_per_member: int | None
    issue: IssuePart | None
    created_at: Instant


class BatchMadeOut(BatchOut):
    codes: Annotated[
        list[str] | None,
        Field(description="Up to 1,000; more are read from /coupons/batches/{batch_id}/codes"),
    ]
    effects: Effects


class BatchChangedOut(BatchOut):
    effects: Effects


class BatchesOut(Strict):
    data: list[BatchOut]
    has_more: bool
    next_cursor: str | None


class BatchesQuery(PageQuery):
    """Newest first; of one offer where it is named."""

    offer: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class CodesQuery(Strict):
    format: Literal["csv", "ndjson"] = "csv"


class WalletEntryOut(Strict):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    code: str
    offer: Annotated[str, Field(description="The offer's code")]
    offer_name: str
    state: Annotated[str, Field(description="available, upcoming, used or expired")]
    begins: Annotated[Instant | None, Field(alias="from")]
    ends: Annotated[Instant | None, Field(alias="until")]


class WalletOut(Strict):
    data: list[WalletEntryOut]
    has_more: bool
    next_cursor: str | None


def terms_of(body: CouponsIn) -> Terms:
    """The terms a request asks for; once each, where they are not public and nothing is said."""
    usual = 1 if body.codes is None or body.member_id is not None else None
    return Terms(
        offer=body.offer,
        member_id=body.member_id,
        begins_at=body.begins,
        ends_at=body.ends,
        valid_days=body.valid_days,
        max_uses=body.max_uses if body.max_uses is not None else usual,
        max_uses_per_member=body.max_uses_per_member,
    )


def sized_of(body: CouponsIn) -> Sized | None:
    """How the coupons for next orders hang on the member, where they do."""
    if body.issue is None or body.issue.sized is None:
        return None
    told = body.issue.sized
    return Sized(told.most_days, tuple(told.stronger), told.margin_bps, told.spare)


def batch_json(batch: BatchView) -> dict[str, Any]:
    terms, after = batch.terms, batch.issue_after
    issue = None
    if after is not None:
        issue = {
            "on": "order_paid",
            "after": int(after) if after.isdecimal() else after,
            "sized": _sized_json(batch.sized) if batch.sized else None,
        }
    return {
        "id": show("bat", batch.id),
        "offer": terms.offer,
        "kind": batch.kind,
        "state": batch.state,
        "count": batch.count,
        "made": batch.made,
        "member_id": show("mem", terms.member_id) if terms.member_id else None,
        "from": show_instant(terms.begins_at) if terms.begins_at else None,
        "until": show_instant(terms.ends_at) if terms.ends_at else None,
        "valid_days": terms.valid_days,
        "max_uses": terms.max_uses,
        "max_uses_per_member": terms.max_uses_per_member,
        "issue": issue,
        "created_at": show_instant(batch.created_at),
    }


def _sized_json(sized: Sized) -> dict[str, Any]:
    return {**asdict(sized), "stronger": list(sized.stronger)}


def wallet_json(entry: WalletEntry, offer_name: str) -> dict[str, Any]:
    return {
        "code": entry.code,
        "offer": entry.offer,
        "offer_name": offer_name,
        "state": entry.state,
        "from": show_instant(entry.begins_at) if entry.begins_at else None,
        "until": show_instant(entry.ends_at) if entry.ends_at else None,
    }
