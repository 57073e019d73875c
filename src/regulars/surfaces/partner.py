"""/api/v1: shops, tills and connectors, with an API key."""

from __future__ import annotations

from typing import Final

from regulars.infra.http.api import Api

from . import clock_page
from .doors import ApiKey
from .routers import mount

api: Final = Api(
    name="partner",
    title="Regulars API",
    description=(
        "Money is an integer in the currency's minor unit, points and growth value are integers. "
        "Instants are RFC 3339 in UTC. Every write takes an Idempotency-Key. "
        "Errors are RFC 9457 problem documents."
    ),
    auth=ApiKey(),
    public_schema=True,
)
mount(api, "partner")
api.add_router("", clock_page.router)
