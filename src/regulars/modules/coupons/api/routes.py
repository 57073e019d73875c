"""What both the partner API and the console offer: coupons, their codes, a member's wallet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpResponse, StreamingHttpResponse
from ninja import Query, Router

from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import asked, id_after, page, part, sent
from regulars.infra.http.fields import BatchId, MemberId, PartQuery
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest, MerchantFacts
from regulars.infra.writes import Answer, Outcome, once
from regulars.kernel.ids import parse, show
from regulars.kernel.periods import program_day
from regulars.modules.coupons import queries, services
from regulars.modules.coupons.rules import end_of_validity
from regulars.modules.coupons.types import Terms
from regulars.modules.promotions.queries import offer_names

from .shapes import (
    BatchChangedOut,
    BatchesOut,
    BatchesQuery,
    BatchMadeOut,
    BatchOut,
    CodesQuery,
    CouponsIn,
    WalletOut,
    batch_json,
    sized_of,
    terms_of,
    wallet_json,
)

_LINES_AT_ONCE: Final = 2_000
# A spreadsheet takes a text that starts with one of these for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@")


def add_routes(router: Router) -> None:
    """Coupons, the same for every audience that may make them."""
    router.post(
        "/coupons",
        response={201: BatchMadeOut, 202: BatchMadeOut},
        operation_id="create_coupons",
        by_alias=True,
    )(create_coupons)
    router.get(
        "/coupons/batches", response=BatchesOut, operation_id="list_coupon_batches", by_alias=True
    )(list_batches)
    router.get(
        "/coupons/batches/{batch_id}",
        response=BatchOut,
        operation_id="read_coupon_batch",
        by_alias=True,
    )(read_batch)
    router.get("/coupons/batches/{batch_id}/codes", operation_id="export_coupon_codes")(
        export_codes
    )
    router.post(
        "/coupons/batches/{batch_id}/withdraw",
        response=BatchChangedOut,
        operation_id="withdraw_coupons",
        by_alias=True,
    )(withdraw_coupons)
    router.get(
        "/members/{member_id}/coupons",
        response=WalletOut,
        operation_id="list_member_coupons",
        by_alias=True,
    )(list_member_coupons)


@requires("coupons.write")
def create_coupons(request: ApiRequest, body: CouponsIn) -> HttpResponse:
    """Make coupons of an offer: public codes as written, or generated ones, each of its own.

    Above 1,000 the answer is 202 and a job makes them; read how far it is at the batch, and the
    codes that are made at its codes, also meanwhile. Public codes are compared without regard to
    case and width; one that is taken is 409 code_exists.
    """
    merchant = request.auth.merchant
    count = 0 if body.codes or body.issue else body.count or 1
    many = max(count, len(body.codes or ())) > services.AT_ONCE

    def act(now: datetime) -> Outcome:
        made = services.create_coupons(
            merchant_id=merchant.id,
            terms=_dated(terms_of(body), merchant, now) if not body.issue else terms_of(body),
            now=now,
            codes=body.codes or (),
            count=count,
            issue_after=str(body.issue.after) if body.issue else None,
            sized=sized_of(body),
        )
        told = {**batch_json(made.batch), "effects": effects(made.events)}
        return Outcome(status=202 if many else 201, body=told, subject=told["id"])

    wanted = asked(request, "coupons.create")
    answer = once(wanted, lambda: act(wanted.now))
    return sent(_with_codes(merchant.id, answer))


@requires("coupons.read")
def list_batches(request: ApiRequest, query: Query[BatchesQuery]) -> dict[str, Any]:
    """Batches of coupons, newest first."""
    after = id_after("bat", query.starting_after)
    rows = queries.batch_views(
        request.auth.merchant_id, limit=query.limit, after=after, offer=query.offer
    )
    return page(rows, query.limit, batch_json, lambda batch: show("bat", batch.id))


@requires("coupons.read")
def read_batch(request: ApiRequest, batch_id: BatchId) -> dict[str, Any]:
    """A batch, and how many of its coupons are made."""
    return batch_json(queries.batch_view(request.auth.merchant_id, batch_id))


@requires("coupons.write")
def export_codes(
    request: ApiRequest, batch_id: BatchId, query: Query[CodesQuery]
) -> StreamingHttpResponse:
    """Every code that is made so far, one a line: CSV with a header, or NDJSON."""
    batch = queries.batch_view(request.auth.merchant_id, batch_id)
    codes = queries.written_codes(request.auth.merchant_id, batch)
    csv = query.format == "csv"
    lines = _csv(codes) if csv else (json.dumps({"code": code}) + "\n" for code in codes)
    response = StreamingHttpResponse(
        _together(lines), content_type="text/csv" if csv else "application/x-ndjson"
    )
    response["Cache-Control"] = "no-store"
    name = f"coupons-{show('bat', batch.id)}.{query.format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@requires("coupons.write")
def withdraw_coupons(request: ApiRequest, batch_id: BatchId) -> HttpResponse:
    """Take the coupons of a batch back; what was used stays used."""

    def act(now: datetime) -> Outcome:
        made = services.withdraw(merchant_id=request.auth.merchant_id, batch_id=batch_id, now=now)
        told = {**batch_json(made.batch), "effects": effects(made.events)}
        return Outcome(status=200, body=told, subject=told["id"])

    wanted = asked(request, "coupons.withdraw", show("bat", batch_id))
    return sent(once(wanted, lambda: act(wanted.now)))


@requires("members.read")
def list_member_coupons(
    request: ApiRequest, member_id: MemberId, query: Annotated[PartQuery, Query()]
) -> dict[str, Any]:
    """A member's own coupons: usable ones first, soonest to end first."""
    return wallet(request.auth.merchant, member_id, query)


def wallet(merchant: MerchantFacts, member_id: Any, query: PartQuery) -> dict[str, Any]:
    """A member's own coupons as they are shown. Raises NotFound."""
    entries = queries.wallet(merchant.id, member_id, now_for(merchant))
    names = offer_names(merchant.id, {entry.offer for entry in entries})
    return part(
        entries,
        query,
        lambda entry: wallet_json(entry, names.get(entry.offer, "")),
        lambda entry: entry.code,
    )


def _dated(terms: Terms, merchant: MerchantFacts, now: datetime) -> Terms:
    """``valid_days`` count from the day of making."""
    if terms.valid_days is None:
        return terms
    zone = ZoneInfo(merchant.zone)
    ends_at = end_of_validity(program_day(now, zone), terms.valid_days, zone)
    return replace(terms, ends_at=ends_at)


def _with_codes(merchant_id: int, answer: Answer) -> Answer:
    """The answer with its codes, first time and replayed alike: what is remembered holds none."""
    told = json.loads(answer.text)
    batch_id = parse("bat", told["id"])
    assert batch_id is not None
    told["codes"] = None
    if 0 < told["count"] <= services.AT_ONCE:
        batch = queries.batch_view(merchant_id, batch_id)
        told["codes"] = list(queries.written_codes(merchant_id, batch))
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return replace(answer, text=text)


def _csv(codes: Iterator[str]) -> Iterator[str]:
    yield "code\n"
    for code in codes:
        yield _csv_field(code) + "\n"


def _csv_field(text: str) -> str:
    shown = f"'{text}" if text.startswith(_FORMULA_STARTS) else text
    if any(character in shown for character in ',"'):
        return '"' + shown.replace('"', '""') + '"'
    return shown


def _together(lines: Iterator[str]) -> Iterator[bytes]:
    """Many lines a piece: each piece costs the server a call."""
    while piece := "".join(islice(lines, _LINES_AT_ONCE)):
        yield piece.encode()
