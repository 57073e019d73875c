"""What the console's screens and the member's card are answered with."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from regulars.infra.http.fields import Day, Instant, MemberId, MergeId, OrderId, Strict

Statement = Annotated[dict[str, Any], Field(description="The tier statement of the partner API")]


class PointOut(Strict):
    at: Day
    value: int


class FigureOut(Strict):
    id: str
    value: int | None
    unit: str
    before: int | None
    series: list[PointOut]
    detail: dict[str, int | None]


class TodoOut(Strict):
    id: str
    count: int
    amount: int | None
    unit: str | None
    link: str


class TrendOut(Strict):
    at: Day
    rate_bps: int
    members_active: int
    whole_window: bool


class CohortOut(Strict):
    cohort: str
    size: int
    over: bool
    active: list[int | None]
    returned_by: list[int | None]


class CohortsOut(Strict):
    cohorts: list[CohortOut]


class RungOut(Strict):
    code: str
    name: str
    members: int


class StepOut(Strict):
    id: str
    members: int


class StoryOut(Strict):
    id: str
    figure: dict[str, Any] | int | None
    link: str


class FreshnessOut(Strict):
    as_of: Instant | None
    exported_at: Instant | None
    stale: bool


class HomeOut(Strict):
    as_of: Day
    window_days: int
    figures: list[FigureOut]
    todo: list[TodoOut]
    trend: list[TrendOut]
    cohorts: CohortsOut
    pyramid: list[RungOut]
    funnel: list[StepOut]
    story: list[StoryOut]
    facts: FreshnessOut
    empty: bool


class MaskedOut(Strict):
    type: str
    masked: str


class TierNameOut(Strict):
    code: str
    name: str


class MemberRowOut(Strict):
    id: MemberId
    name: str | None
    number: str
    identities: list[MaskedOut]
    tier: TierNameOut
    points: Annotated[int, Field(description="What can be spent")]
    growth_value: int
    orders: int
    spend_minor: int
    last_order_day: Day | None
    joined_at: Instant
    status: str


class MembersOut(Strict):
    data: list[MemberRowOut]
    has_more: bool
    next_cursor: str | None
    total: int | None


class ConsentOut(Strict):
    purpose: str
    granted: bool
    text_version: str
    channel: str
    at: Instant


class MemberFiguresOut(Strict):
    orders: int
    spend_minor: Annotated[int, Field(description="After refunds")]
    refunded_minor: int
    average_order_minor: int
    days_between_orders: float | None
    last_order_day: Day | None
    points_earned: Annotated[int, Field(description="Net of what refunds took back")]
    points_spent: int
    points_expired: int


class NextStepOut(Strict):
    kind: str
    points: int | None
    amount_minor: int | None
    gap: int | None
    unit: str | None
    at: str | None
    tier: TierNameOut | None


class MergedFromOut(Strict):
    merge_id: MergeId
    member_id: MemberId
    at: Instant


class NoticeOut(Strict):
    """What a member was told in time; figures as of now."""

    kind: Literal["points_expiring", "tier_nearly", "tier_expiring"]
    announced_at: Instant
    until: Annotated[Day | None, Field(description="The last day on which it can be done")]
    points: int | None
    tier: TierNameOut | None
    gap: int | None
    gap_money_minor: int | None
    likely_orders: Annotated[int | None, Field(description="Of their own, at their own rhythm")]


class MemberPageOut(Strict):
    id: MemberId
    number: str
    name: str | None
    status: str
    joined_at: Instant
    channel: str | None
    store: str | None
    identities: list[MaskedOut]
    birthday: Day | None
    birthday_changeable_from: Annotated[
        Day | None, Field(description="Another can be given from then on; null: at any time")
    ]
    tier: Statement
    balances: dict[str, Any]
    consents: list[ConsentOut]
    figures: MemberFiguresOut
    next_step: NextStepOut | None
    notices: list[NoticeOut]
    merged_from: list[MergedFromOut]
    merged_into: MemberId | None


class HappenedOut(Strict):
    at: Instant
    kind: str
    title_key: str
    amount: int | None
    unit: str | None
    link: dict[str, str] | None
    detail: dict[str, str | int]


class TimelineOut(Strict):
    data: list[HappenedOut]
    has_more: bool
    next_cursor: str | None


class RefreshOut(Strict):
    status: str


class CardMerchantOut(Strict):
    name: str
    currency: str
    zone: str
    locale: str
    now: Instant
    source_note: str | None


class CardMemberOut(Strict):
    name: str | None
    number: str
    status: Annotated[str, Field(description="active, shopper or left")]
    joined_at: Instant
    identities: list[MaskedOut]


class CardBenefitOut(Strict):
    tier: str
    tier_name: str
    code: str
    name: str
    text: str
    mine: bool
    gap: int | None


class PointsWorthOut(Strict):
    """Each ``units`` points pay ``minor`` at the till, in whole steps."""

    units: int
    minor: int
    available_minor: Annotated[int, Field(description="What the available points pay")]


class CardOut(Strict):
    merchant: CardMerchantOut
    member: CardMemberOut
    tier: Statement
    balances: dict[str, Any]
    worth: Annotated[
        PointsWorthOut | None, Field(description="None where points pay nothing at the till")
    ]
    coupons: Annotated[int, Field(description="How many may be used now")]
    next_step: NextStepOut | None
    notices: list[NoticeOut]
    qr_svg: Annotated[str, Field(description="The member's number, as tills scan it")]
    benefits: list[CardBenefitOut]


class OwnOrderOut(Strict):
    id: OrderId
    external_id: str
    placed_at: Instant
    status: str
    lines: int
    net_minor: int
    refunded_minor: int
    points: int
    store: str | None


class OwnOrdersOut(Strict):
    data: list[OwnOrderOut]
    has_more: bool
    next_cursor: str | None
