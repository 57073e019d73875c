"""The answer to a publication, for every audience that may publish."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpResponse

from regulars.events.effects import effects
from regulars.infra.http.answers import answer_once
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.modules.programmes import services

from .shapes import ProgrammeIn, version_json

#: How far "now" of whoever publishes may lie behind ours.
_SKEW: Final = timedelta(minutes=5)


def publish(request: ApiRequest, body: ProgrammeIn) -> HttpResponse:
    """Publish a version once. Raises Invalid (a document that does not hold together, the past)."""
    merchant = request.auth.merchant

    def act(now: datetime) -> Outcome:
        effective_at = body.effective_at or now
        if now - _SKEW <= effective_at < now:
            effective_at = now
        view = services.put_programme(
            merchant_id=merchant.id,
            document=body.document.model_dump(mode="json", by_alias=True),
            effective_at=effective_at,
            now=now,
            by=request.auth.actor,
        )
        told: dict[str, Any] = {
            **version_json(view),
            "effects": effects(
                [services.published(merchant.id, view.number, view.effective_at, now)]
            ),
        }
        return Outcome(status=200, body=told, subject=f"programme:{view.number}")

    return answer_once(request, "programme.put", act)
