"""What one funder paid of a stretch of days, to be shown to that funder: nobody else's part is in
it."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from regulars.infra.clock import now_for
from regulars.infra.http.fields import QueryDay, ShortText, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest, MerchantFacts
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.periods import day_start, program_day
from regulars.modules.analytics.reports.csv_text import cell_text
from regulars.modules.orders.funded import FundedLine, statement

MOST_DAYS = 400
_COLUMNS = ("day", "offer", "orders", "part_minor", "given_back_minor", "cost_minor")


class StatementQuery(Strict):
    """Of whom, and of which days; both are in it."""

    funder: Annotated[ShortText, Field(min_length=1, max_length=100)]
    since: Annotated[
        QueryDay | None, Field(alias="from", description="The first of this month if left out")
    ] = None
    until: Annotated[QueryDay | None, Field(description="Today if left out")] = None
    format: Literal["json", "csv"] = "json"


class FundedLineOut(Strict):
    day: Annotated[str, Field(description="Of the purchase, in the merchant's zone")]
    offer: str
    orders: int
    part: Annotated[int, Field(description="What this funder pays of the discounts as sold")]
    given_back: Annotated[int, Field(description="What of it went back with returns up to now")]
    cost: Annotated[int, Field(description="part less given_back")]


class StatementOut(Strict):
    funder: str
    since: str
    until: str
    currency: str
    orders: Annotated[int, Field(description="Counted once for each offer that it used")]
    part: int
    given_back: int
    cost: int
    lines: list[FundedLineOut]


def add_statement(router: Router) -> None:
    router.get("/funder-statement", response=StatementOut, operation_id="read_funder_statement")(
        read_funder_statement
    )


@requires("reports.read")
def read_funder_statement(
    request: ApiRequest, query: Annotated[StatementQuery, Query()]
) -> HttpResponse | dict[str, Any]:
    """What a funder paid, by day of purchase and offer: its own part alone, as JSON or CSV."""
    merchant = request.auth.merchant
    since, until = _days(merchant, query)
    zone = ZoneInfo(merchant.zone)
    lines = statement(
        merchant.id,
        query.funder,
        since=day_start(since, zone),
        until=day_start(until + timedelta(days=1), zone),
        zone=zone,
    )
    if query.format == "csv":
        response = HttpResponse(_csv(lines), content_type="text/csv; charset=utf-8")
        name = f"funder-statement-{since}-{until}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response
    return {
        "funder": query.funder,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "currency": merchant.currency,
        "orders": sum(line.orders for line in lines),
        "part": sum(line.part_minor for line in lines),
        "given_back": sum(line.given_back_minor for line in lines),
        "cost": sum(line.cost_minor for line in lines),
        "lines": [
            {
                "day": line.day,
                "offer": line.offer,
                "orders": line.orders,
                "part": line.part_minor,
                "given_back": line.given_back_minor,
                "cost": line.cost_minor,
            }
            for line in lines
        ],
    }


def _days(merchant: MerchantFacts, query: StatementQuery) -> tuple[date, date]:
    until = query.until or program_day(now_for(merchant), ZoneInfo(merchant.zone))
    since = query.since or until.replace(day=1)
    if since > until:
        detail = "It begins before it ends."
        raise Invalid(detail, errors=[FieldError("/from", "too_large", detail)])
    if (until - since).days >= MOST_DAYS:
        detail = f"At most {MOST_DAYS} days at once."
        raise Invalid(detail, errors=[FieldError("/from", "too_small", detail)])
    return since, until


def _csv(lines: list[FundedLine]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for line in lines:
        writer.writerow([cell_text(getattr(line, column)) for column in _COLUMNS])
    return text.getvalue()
