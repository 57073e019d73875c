"""Partner API: offers and pricing settings."""

from __future__ import annotations

from ninja import Router

from .funders import add_funder_routes
from .routes import add_routes
from .supplies import add_supply_routes

router = Router(tags=["offers"])
add_routes(router)
add_funder_routes(router)
add_supply_routes(router)
