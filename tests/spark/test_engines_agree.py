"""DuckDB and Spark tell the same figures: asked in this process, where Spark is installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from regulars.modules.analytics import reports
from spark import trades
from spark.cluster import defaults
from spark.comparing import compared, questions

_MISSING = [
    why
    for why, there in (
        ("pyspark is not installed", find_spec("pyspark") is not None),
        ("there is no Java", shutil.which("java") is not None),
    )
    if not there
]
pytestmark = [
    pytest.mark.slow,
    # Spark's own client warns of its own doings.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(bool(_MISSING), reason=f"{' and '.join(_MISSING)}: make spark has both"),
]


@pytest.fixture(scope="module", autouse=True)
def _spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from regulars.modules.analytics.engines.spark import application

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(defaults(tmp_path_factory.mktemp("conf"))))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setattr("django.conf.settings.SPARK_MASTER", "local[2]")
        yield
        application().stop()
        application.cache_clear()


@pytest.mark.parametrize("trade_of", [trades.nothing, trades.nasty, trades.cdnow])
def test_every_figure_is_the_same(trade_of: Callable[[Path], trades.Trade], tmp_path: Path) -> None:
    trade = trade_of(tmp_path)
    for day in trade.days:
        for name, ask in questions(day, trade.ladder).items():
            differ = [figure for figure in compared(ask, trade.facts) if not figure.equal]
            assert not differ, (name, day, differ[:5])


def test_an_application_that_its_cluster_ended_is_begun_anew(tmp_path: Path) -> None:
    from regulars.modules.analytics.engines.spark import application

    trade = trades.nothing(tmp_path)
    day = trade.days[0]
    before = reports.coverage(trade.facts.on("spark"), as_of=day)
    application().stop()
    assert reports.coverage(trade.facts.on("spark"), as_of=day) == before


def test_a_sum_past_64_bits_is_refused_there_too(tmp_path: Path) -> None:
    from pyspark.errors import PySparkException

    day = trades.FIRST
    orders = [trades.order("mem_a", day, 2**62), trades.order("mem_a", day, 2**62)]
    with pytest.raises(PySparkException, match="overflow"):
        reports.rfm(trades.write_facts(tmp_path, orders=orders).on("spark"), as_of=day)


def test_what_one_report_kept_is_gone_for_the_next(tmp_path: Path) -> None:
    facts = trades.nasty(tmp_path).facts.on("spark")
    with facts.open() as tables:
        kept = tables.keep("orders_kept", tables.table("orders"))
        assert tables.rows(kept.count().as_table())
        session = tables.connection._session
        assert session.catalog.isCached("orders_kept")
    assert not session.catalog.listTables()
    assert session.sparkContext._jsc.getPersistentRDDs().isEmpty()
