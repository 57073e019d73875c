"""Console: merges and their undoing."""

from __future__ import annotations

from .routes import routes

router = routes()
