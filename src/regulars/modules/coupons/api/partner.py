"""Partner API: coupons."""

from __future__ import annotations

from ninja import Router

from .routes import add_routes

router = Router(tags=["coupons"])
add_routes(router)
