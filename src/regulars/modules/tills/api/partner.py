"""Partner API: what an outside till needs."""

from __future__ import annotations

from .routes import routes

router = routes()
