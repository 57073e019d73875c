"""Reports as they are asked for and given, the same for every audience."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from pydantic import Field

from regulars.infra.clock import now_for
from regulars.infra.http.fields import QueryDay, QueryInt, Strict
from regulars.infra.http.principal import MerchantFacts
from regulars.modules.analytics.liability import Terms
from regulars.modules.analytics.report_shapes import Report
from regulars.modules.analytics.reporting import Answer, Name, Question, ladder_of, tier_names
from regulars.modules.analytics.reports import Table, to_csv
from regulars.modules.analytics.types import CurveGroup, PointValue
from regulars.modules.analytics.windows import MOST_DAYS

Format = Literal["json", "csv"]


class ReportQuery(Strict):
    """Which day, window and format; what a report does not go by is not looked at."""

    format: Format = "json"
    as_of: Annotated[
        QueryDay | None, Field(description="Up to and with this day; today where it is left out")
    ] = None
    window: Annotated[
        QueryInt | None, Field(ge=1, le=MOST_DAYS, description="Days that end with as_of")
    ] = None
    by: Annotated[CurveGroup | None, Field(description="What second_order is split by")] = None

    before: Annotated[
        QueryInt | None,
        Field(ge=1, description="Version that programme_change compares with; the one before"),
    ] = None
    after: Annotated[
        QueryInt | None,
        Field(ge=1, description="Version that is compared; the one in force where it is left out"),
    ] = None

    value_points: Annotated[
        QueryInt,
        Field(
            ge=1,
            le=10**9,
            description="So many points are worth value_minor. Where neither is said, what the "
            "programme in force on as_of redeems points at",
        ),
    ] = 1
    value_minor: Annotated[QueryInt, Field(ge=0, le=10**9)] = 1
    assumed_bps: Annotated[
        QueryInt,
        Field(ge=0, le=10_000, description="Of points held, while history is under a year"),
    ] = 10_000
    tail_bps: Annotated[
        QueryInt, Field(ge=0, le=10_000, description="Of points older than any seen so far")
    ] = 10_000
    expiry_months: Annotated[
        QueryInt | None, Field(ge=1, le=600, description="What if points were good so long")
    ] = None
    breakage_bps: Annotated[
        QueryInt | None,
        Field(ge=0, le=10_000, description="What if so much of what is held were never redeemed"),
    ] = None
    table: Annotated[
        Table | None, Field(description="Which table as CSV, where a report has several")
    ] = None

    def question(self, name: Name, *, locale: str | None = None) -> Question:
        terms = Terms(
            expected_bps=self.assumed_bps,
            tail_bps=self.tail_bps,
            expiry_months=self.expiry_months,
            breakage_bps=self.breakage_bps,
        )
        return Question(
            name=name,
            as_of=self.as_of,
            window_days=self.window,
            by=self.by,
            terms=terms,
            value=self._value(),
            before=self.before,
            after=self.after,
            locale=locale,
        )

    def _value(self) -> PointValue | None:
        """None where nobody said what points are worth."""
        if not {"value_points", "value_minor"} & self.model_fields_set:
            return None
        return PointValue(points=self.value_points, minor=self.value_minor)


def sent(answer: Answer, asked: ReportQuery, **more: Any) -> HttpResponse:
    """A report as it goes out; ``more`` joins it in JSON."""
    if asked.format == "csv":
        text = to_csv(answer.report, asked.table)
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        words = [answer.report["report"], asked.table, answer.report["as_of"]]
        name = "-".join(word for word in words if word) + ".csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    else:
        told = json.dumps({**answer.report, **more}, separators=(",", ":"), ensure_ascii=False)
        response = HttpResponse(told, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


def named_tiers(report: Report, merchant: MerchantFacts, locale: str) -> dict[str, Any]:
    """The lines of the tiers report with the tiers' names."""
    assert report["report"] == "tiers"
    names = tier_names(ladder_of(merchant.id, now_for(merchant)), locale)
    return {
        "tiers": [
            {**line, "name": names.get(line["tier"], line["tier"])} for line in report["tiers"]
        ]
    }
