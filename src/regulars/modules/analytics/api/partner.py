"""Partner API: the reports, right up to the latest write."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from ninja import Query, Router

from regulars.infra.http.language import language_of
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.modules.analytics.report_shapes import Report
from regulars.modules.analytics.reporting import Name, answer

from .funders import add_statement
from .shapes import ReportQuery, sent

router = Router(tags=["reports"])
add_statement(router)


@router.get("/reports/{name}", response=Report, operation_id="read_report")
@requires("reports.read")
def read_report(
    request: ApiRequest, name: Name, asked: Annotated[ReportQuery, Query()]
) -> HttpResponse:
    """A report on everything that is committed, as JSON or CSV."""
    return sent(
        answer(request.auth.merchant, asked.question(name, locale=language_of(request))), asked
    )
