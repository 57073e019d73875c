"""Refusals of insight."""

from __future__ import annotations

from regulars.kernel.errors import Conflict


class Running(Conflict):
    """All forecasts are being worked out already."""

    code = "forecasts_running"
    title = "The forecasts are being worked out already"
