"""Partner API: surveys."""

from __future__ import annotations

from .routes import routes

router = routes()
