"""What was decided of sized coupons for next orders: who got which, for how long, and why."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query, Router
from pydantic import Field

from regulars.infra.http.answers import id_after, page
from regulars.infra.http.fields import BatchId, Instant, MemberId, PageQuery, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.coupons.queries import batch_view
from regulars.modules.members.queries import names
from regulars.modules.members.rules import member_number
from regulars.modules.steering import next_orders
from regulars.modules.steering.deciding.next_order import Why
from regulars.modules.steering.next_orders import Decision
from regulars.modules.steering.types import State

WhyOut = Annotated[
    Why,
    Field(
        description="usual: the batch's own offer; stronger: another gains more, proven; "
        "not_personal: as everybody, they refused personalisation; held_out_of_all: as everybody "
        "where that is promised, else none; none to who would buy anyway: due_soon, costs_more, "
        "harms"
    ),
]


class NextCouponsQuery(PageQuery):
    batch: BatchId


class NextCouponOut(Strict):
    order_id: str
    member_id: MemberId
    name: str | None
    number: str
    decided_at: Instant
    why: WhyOut
    offer: Annotated[str | None, Field(description="None: no coupon was given")]
    until: Instant | None
    state: State | None
    days_ago: Annotated[int | None, Field(description="Since the last purchase")]
    usual_days: int | None
    reach_days: Annotated[int | None, Field(description="Nine of ten own gaps are no longer")]
    gain_minor: Annotated[int | None, Field(description="What it gains, where that decided")]


class CountedOut(Strict):
    why: WhyOut
    given: int
    not_given: int


class NextCouponsOut(Strict):
    data: list[NextCouponOut]
    has_more: bool
    next_cursor: str | None
    counts: list[CountedOut]


def add_routes(router: Router) -> None:
    """The same for every audience."""
    router.get("/steering/next-coupons", response=NextCouponsOut, operation_id="list_next_coupons")(
        list_next_coupons
    )


@requires("members.read")
def list_next_coupons(
    request: ApiRequest, query: Annotated[NextCouponsQuery, Query()]
) -> dict[str, Any]:
    """Each order of which the coupon of a sized batch was decided on, newest first, and how many
    by reason."""
    merchant_id = request.auth.merchant_id
    after = id_after("ord", query.starting_after)
    batch = batch_view(merchant_id, query.batch).id
    rows = next_orders.decisions(merchant_id, batch, limit=query.limit, after=after)
    counts = [
        {"why": one.why, "given": one.given, "not_given": one.not_given}
        for one in next_orders.counted(merchant_id, batch)
    ]
    called = names(merchant_id, {row.member_id for row in rows})
    told = page(
        rows,
        query.limit,
        lambda row: _json(row, called.get(row.member_id)),
        lambda row: show("ord", row.order_id),
    )
    return {**told, "counts": counts}


def _json(row: Decision, name: str | None) -> dict[str, Any]:
    return {
        "order_id": show("ord", row.order_id),
        "member_id": show("mem", row.member_id),
        "name": name,
        "number": member_number(row.member_id),
        "decided_at": show_instant(row.decided_at),
        "why": row.why,
        "offer": row.offer,
        "until": show_instant(row.until) if row.until else None,
        "state": row.state,
        "days_ago": row.days_ago,
        "usual_days": row.usual_days,
        "reach_days": row.reach_days,
        "gain_minor": row.gain_minor,
    }
