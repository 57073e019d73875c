"""What a report runs on is a setting, and a wrong one is refused before anything is served."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from makers.orders import buy, enrol, make_shop
from regulars.config import analytics
from regulars.modules.analytics import reports
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.reporting import Question, answer


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_a_report_asked_by_name_runs_on_the_engine_that_is_set(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.ANALYTICS_ENGINE", engine)
    asked: list[Facts] = []

    def rfm(facts: Facts, **_how: Any) -> dict[str, Any]:
        asked.append(facts)
        return {"report": "rfm"}

    monkeypatch.setattr(reports, "rfm", rfm)
    shop = make_shop(now=datetime(2026, 4, 20, tzinfo=UTC))
    buy(shop, enrol(shop), 100)
    answer(shop.merchant, Question(name="rfm"))
    assert [facts.engine for facts in asked] == [engine]
    assert [facts.root.is_dir() for facts in asked] == [True]


def test_without_a_word_it_is_duckdb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGULARS_ANALYTICS_ENGINE", raising=False)
    assert analytics.analytics_engine() == "duckdb"


@pytest.mark.parametrize(
    ("named", "there", "told"),
    [("sparc", True, "not 'sparc'"), ("spark", False, r"pip install 'regulars\[spark\]'")],
)
def test_an_engine_that_is_none_or_not_installed_is_refused(
    named: str, there: bool, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_ANALYTICS_ENGINE", named)
    monkeypatch.setattr(analytics, "find_spec", lambda _name: object() if there else None)
    with pytest.raises(RuntimeError, match=told):
        analytics.analytics_engine()


def test_spark_is_taken_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_ANALYTICS_ENGINE", "spark")
    monkeypatch.setattr(analytics, "find_spec", lambda _name: object())
    assert analytics.analytics_engine() == "spark"
