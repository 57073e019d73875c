"""One migrated database for each process, without rollbacks: every test makes its own merchant.

That is how the product lives too (many merchants beside each other), it lets races use real
connections and commits, and it costs nothing per test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

#: A slow machine is no fault of the code: speed is measured by `make bench`, never by a test.
settings.register_profile("regulars", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("regulars")

#: Tests that stay together where several processes share them: they use a thing costly to make.
TOGETHER = {
    "tests/api/test_insight_api.py": "a shop with rhythms and its forecasts",
    "tests/architecture/test_tidy.py": "every file of the sources, parsed",
    "tests/browser/test_access.py": "a served shop with its forecasts",
    "tests/browser/test_campaign_story.py": "a served shop",
    "tests/browser/test_faces.py": "the browser",
    "tests/browser/test_offline_till.py": "a served shop",
    "tests/browser/test_insight_screens.py": "a served shop with its forecasts",
    "tests/browser/test_offering_screens.py": "a served shop with funders and stock",
    "tests/browser/test_prices.py": "a served shop with offers",
    "tests/browser/test_programme_changes_screen.py": "a served shop with two versions",
    "tests/browser/test_spending_screens.py": "a served shop that tried an offer",
    "tests/browser/test_survey_screens.py": "a served shop that asked its members",
    "tests/services/test_backup.py": "a small shop",
    "tests/services/test_cli.py": "the command line",
    "tests/services/test_clv_command.py": "a public year and a half of orders",
    "tests/services/test_doctor.py": "a small shop",
    "tests/services/test_insight.py": "a shop with rhythms and its days asked for",
    "tests/services/test_published_figures.py": "a public year of orders",
}


@pytest.fixture(scope="session", autouse=True)
def _database(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    if not _needs_database(request):
        yield
        return
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        config = setup_databases(verbosity=0, interactive=False)
        yield
        connection.close()
        teardown_databases(config, verbosity=0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests the long ones go first, or one works on alone."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whoever is free takes the next test, or the next tests that stay together."""
    from xdist.scheduler import LoadScopeScheduling

    class Shared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER.get(nodeid.partition("::")[0], nodeid)

    return Shared(config, log)


def _needs_database(request: pytest.FixtureRequest) -> bool:
    pure = ("tests/rules/", "tests/golden/", "tests/architecture/")
    return any(not item.nodeid.startswith(pure) for item in request.session.items)
