"""Partner API: balances, the ledger, adjustments, holds, the export and its seals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from ninja import Query, Router

from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import PageQuery, ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.ledger import queries, seals, services
from regulars.modules.ledger.signing import seal_line

from .shapes import (
    AdjustmentIn,
    AdjustmentOut,
    BalancesOut,
    CaptureIn,
    EntryPage,
    HoldChangedOut,
    HoldIn,
    HoldOut,
    LedgerQuery,
    SealOut,
    SealPage,
    adjusted,
    balances_json,
    entries_page,
    hold_changed,
    hold_json,
    seals_page,
)

router = Router(tags=["points"])
MemberInPath = Annotated[UUID, ShownId("mem")]
HoldInPath = Annotated[UUID, ShownId("hold")]
_LINES_AT_ONCE: Final = 200


@router.get(
    "/members/{member_id}/balances", response=BalancesOut, operation_id="read_member_balances"
)
@requires("members.read")
def read_member_balances(request: ApiRequest, member_id: MemberInPath) -> dict[str, Any]:
    """What a member holds now, whether or not what fell due was posted yet."""
    merchant = request.auth.merchant
    return balances_json(merchant.id, member_id, now_for(merchant))


@router.get("/members/{member_id}/ledger", response=EntryPage, operation_id="list_member_entries")
@requires("members.read")
def list_member_entries(
    request: ApiRequest, member_id: MemberInPath, query: Annotated[LedgerQuery, Query()]
) -> dict[str, Any]:
    """Entries, newest first. A debt is an account of its own (..._pd), at or below zero."""
    return entries_page(request.auth.merchant_id, member_id, query)


@router.post(
    "/members/{member_id}/points/adjust",
    response={201: AdjustmentOut},
    operation_id="adjust_points",
)
@requires("points.adjust")
def adjust_points(request: ApiRequest, member_id: MemberInPath, body: AdjustmentIn) -> HttpResponse:
    """Give or take points by hand; below zero is 409 insufficient_points."""

    def act(now: datetime) -> Outcome:
        view, events = services.adjust(
            merchant_id=request.auth.merchant_id,
            member_id=member_id,
            amount=body.amount,
            reason=body.reason,
            available_at=body.available_at,
            expires_at=body.expires_at,
            actor=request.auth.actor,
            now=now,
        )
        return adjusted(view, events)

    return answer_once(request, "points.adjust", act, show("mem", member_id))


@router.post("/points/holds", response={201: HoldChangedOut}, operation_id="hold_points")
@requires("points.hold")
def hold_points(request: ApiRequest, body: HoldIn) -> HttpResponse:
    """Set points aside until they are captured, released, or the hold runs out."""

    def act(now: datetime) -> Outcome:
        view, events = services.hold(
            merchant_id=request.auth.merchant_id,
            member_id=body.member_id,
            amount=body.amount,
            expires_in_seconds=body.expires_in,
            now=now,
        )
        return hold_changed(view, events, status=201)

    return answer_once(request, "points.hold", act)


@router.get("/points/holds/{hold_id}", response=HoldOut, operation_id="read_hold")
@requires("points.hold")
def read_hold(request: ApiRequest, hold_id: HoldInPath) -> dict[str, Any]:
    """A hold as it stands now; one that ran out reads "expired"."""
    merchant = request.auth.merchant
    view = queries.hold_view(merchant_id=merchant.id, hold_id=hold_id, now=now_for(merchant))
    return hold_json(view)


@router.post(
    "/points/holds/{hold_id}/capture",
    response={200: HoldChangedOut},
    operation_id="capture_hold",
)
@requires("points.hold")
def capture_hold(
    request: ApiRequest, hold_id: HoldInPath, body: CaptureIn | None = None
) -> HttpResponse:
    """Spend a hold or a part of it, once; the rest is released. An ended hold: 409 hold_ended."""

    def act(now: datetime) -> Outcome:
        view, events = services.capture(
            merchant_id=request.auth.merchant_id,
            hold_id=hold_id,
            amount=body.amount if body else None,
            now=now,
        )
        return hold_changed(view, events, status=200)

    return answer_once(request, "points.capture", act, show("hold", hold_id))


@router.post(
    "/points/holds/{hold_id}/release",
    response={200: HoldChangedOut},
    operation_id="release_hold",
)
@requires("points.hold")
def release_hold(request: ApiRequest, hold_id: HoldInPath) -> HttpResponse:
    """Free a hold; what it had pinned of an expired lot expires."""

    def act(now: datetime) -> Outcome:
        view, events = services.release(
            merchant_id=request.auth.merchant_id, hold_id=hold_id, now=now
        )
        return hold_changed(view, events, status=200)

    return answer_once(request, "points.release", act, show("hold", hold_id))


@router.get("/export/entries", operation_id="export_entries")
@requires("ledger.export")
def export_entries(request: ApiRequest) -> StreamingHttpResponse:
    """Every posting up to the latest seal as NDJSON, by account and version, then the seals."""
    lines = queries.export_entries(request.auth.merchant_id)
    response = StreamingHttpResponse(_together(lines), content_type="application/x-ndjson")
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = 'attachment; filename="entries.ndjson"'
    return response


def _together(lines: Iterator[str]) -> Iterator[bytes]:
    """Many lines a piece: each piece costs the server a call."""
    while piece := "".join(islice(lines, _LINES_AT_ONCE)):
        yield piece.encode()


@router.get("/seals", response=SealPage, operation_id="list_seals")
@requires("ledger.export")
def list_seals(request: ApiRequest, query: Annotated[PageQuery, Query()]) -> dict[str, Any]:
    """Seals as the export tells them, the last one first, and who signed each (Ed25519).

    What is signed is the RFC 8785 JSON of {accounts, at, previous, root, seal}.
    """
    return seals_page(request.auth.merchant_id, query)


@router.post("/seals", response={201: SealOut}, operation_id="seal_ledger")
@requires("ledger.seal")
def seal_ledger(request: ApiRequest) -> HttpResponse:
    """Seal now: a root over the heads of all accounts that names the seal before."""

    def act(now: datetime) -> Outcome:
        sealed = seals.seal(merchant_id=request.auth.merchant_id, now=now)
        told = effects([seals.sealed_event(request.auth.merchant_id, sealed)])
        body = {**seal_line(sealed), "effects": told}
        return Outcome(status=201, body=body, subject=f"seal_{sealed.number}")

    return answer_once(request, "ledger.seal", act)
