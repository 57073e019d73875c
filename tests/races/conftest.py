"""Races are between processes, which share nothing but the database."""

from __future__ import annotations

import pytest

from regulars.modules.orders import placing


@pytest.fixture(autouse=True)
def _as_of_many_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads of one process would place orders in company, and race no more."""
    if "test_company_races" not in request.node.nodeid:
        monkeypatch.setattr(placing, "place_in_company", lambda wanted, alone: alone())
