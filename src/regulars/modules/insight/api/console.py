"""Console API: insight."""

from __future__ import annotations

from .routes import routes

router = routes()
