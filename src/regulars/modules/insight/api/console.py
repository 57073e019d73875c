"""Console API: insight, and having it worked out now."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse

from regulars.infra.http.answers import answer_once
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.modules.insight import running

from .routes import routes
from .shapes import RunOut, run_json

router = routes()


@router.post("/insight/runs", response={202: RunOut}, operation_id="work_forecasts_out")
@requires("reports.refresh")
def work_forecasts_out(request: ApiRequest) -> HttpResponse:
    """Have all forecasts worked out now, by the jobs; refused while that is being done."""

    def act(_now: datetime) -> Outcome:
        told = run_json(running.ask(request.auth.merchant_id, by=request.auth.actor))
        return Outcome(status=202, body=told, subject=told["id"])

    return answer_once(request, "insight.run", act)
