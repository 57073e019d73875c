"""Partner API: offers and pricing settings."""

from __future__ import annotations

from ninja import Router

from .routes import add_routes

router = Router(tags=["offers"])
add_routes(router)
