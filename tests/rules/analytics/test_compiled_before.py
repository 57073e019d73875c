"""SQL kept under its expression: the same text for the same question, another for any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.engines import compiled
from regulars.modules.analytics.engines.tables import FactTables
from regulars.modules.analytics.expressions.purchases import purchases
from regulars.modules.analytics.expressions.rfm import rfm_scores, rfm_values
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.facts_schema import arrow_schema

DAY = date(2026, 3, 1)
Asked = Callable[[Table], Table]


@pytest.fixture
def compilings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was compiled from now on, with nothing kept of before."""
    done: list[str] = []
    own = compiled.Backend.compile

    def noted(self: object, expr: Table, /, **more: object) -> str:
        done.append(own(self, expr, **more))
        return done[-1]

    monkeypatch.setattr(compiled.Backend, "compile", noted)
    monkeypatch.setattr(compiled, "_kept", compiled._Kept())
    return done


def shop_of(root: Path, *worth: int) -> Facts:
    """Orders of as many members, one each, worth so much."""
    rows = [
        {
            "order_id": f"ord_{n}", "member_id": f"mem_{n}", "member_key": None, "day": DAY,
            "paid_at": None, "channel": None, "store": None, "net_minor": minor,
            "kept_minor": minor, "counted": True, "lines": 1,
        }
        for n, minor in enumerate(worth)
    ]  # fmt: skip
    folder = root / "orders/month=2026-03"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema("orders")), folder / "a.parquet")
    return Facts(root)


def sums(orders: Table) -> Table:
    return purchases(orders, as_of=DAY).agg(sum=_.value_minor.sum())


def test_one_compiling_serves_every_merchant_and_each_gets_its_own_rows(
    tmp_path: Path, compilings: list[str]
) -> None:
    found = []
    for name, worth in (("a", (100, 23)), ("b's", (7,))):
        with shop_of(tmp_path / name, *worth).open() as tables:
            found.append(tables.rows(sums(tables.table("orders"))))
    assert found == [[{"sum": 123}], [{"sum": 7}]]
    assert len(compilings) == 1


ASKED: dict[str, Asked] = {
    "plain": sums,
    "another day": lambda orders: purchases(orders, as_of=date(2026, 2, 28)).agg(
        sum=_.value_minor.sum()
    ),
    "another name": lambda orders: purchases(orders, as_of=DAY).agg(total=_.value_minor.sum()),
    "another buyer": lambda orders: purchases(orders, as_of=DAY, buyer="member_key").agg(
        sum=_.value_minor.sum()
    ),
    "a whole number": lambda orders: orders.select(v=ibis.literal(1)),
    "the same as a float": lambda orders: orders.select(v=ibis.literal(1.0)),
    "the same as a boolean": lambda orders: orders.select(v=ibis.literal(True)),
    "the same as a text": lambda orders: orders.select(v=ibis.literal("1")),
    "nothing": lambda orders: orders.select(v=ibis.null("int64")),
    "up": lambda orders: orders.order_by("day").limit(3),
    "down": lambda orders: orders.order_by(ibis.desc("day")).limit(3),
    "fewer": lambda orders: orders.order_by("day").limit(2),
    "later": lambda orders: orders.order_by("day").limit(3, offset=1),
    "cast": lambda orders: orders.select(v=_.lines.cast("string")),
    "cast otherwise": lambda orders: orders.select(v=_.lines.cast("float64")),
    "left join": lambda orders: orders.left_join(orders.view(), "order_id").select("day"),
    "inner join": lambda orders: orders.join(orders.view(), "order_id").select("day"),
    "joined by another": lambda orders: orders.join(orders.view(), "member_id").select("day"),
    "least": lambda orders: orders.agg(v=_.net_minor.min()),
    "most": lambda orders: orders.agg(v=_.net_minor.max()),
    "month": lambda orders: orders.select(v=_.day.truncate("M")),
    "week": lambda orders: orders.select(v=_.day.truncate("W")),
    "scores": lambda orders: rfm_scores(rfm_values(purchases(orders, as_of=DAY), as_of=DAY)),
}


def test_whatever_differs_is_compiled_for_itself(tmp_path: Path, compilings: list[str]) -> None:
    """Each question twice, on tables opened anew: the text is the one Ibis itself writes."""
    texts = {}
    for _again in range(2):
        with shop_of(tmp_path / str(_again), 5).open() as tables:
            orders = tables.table("orders")
            for name, asked in ASKED.items():
                expression = asked(orders)
                text = tables.connection.compile(expression)
                assert text == ibis.to_sql(expression, dialect="duckdb", pretty=False), name
                assert texts.setdefault(name, text) == text
    same = [name for name, text in texts.items() if list(texts.values()).count(text) > 1]
    assert same == []
    assert len(compilings) == len(ASKED)


def test_rows_from_memory_are_told_apart(tmp_path: Path, compilings: list[str]) -> None:
    """A table by the same name with another column, or the same column of another kind."""

    def total(tables: FactTables, column: pa.Array) -> object:
        there = tables.given("some", pa.table({"v": column}))
        return tables.rows(there.agg(sum=_.v.sum()))[0]["sum"]

    with shop_of(tmp_path / "a", 5).open() as tables:
        assert total(tables, pa.array([1, 2], pa.int64())) == 3
        assert total(tables, pa.array([1.5], pa.float64())) == 1.5
        assert total(tables, pa.array([4], pa.int64())) == 4
    assert len(compilings) == 2
    assert compiled.spelled(ibis.memtable({"v": [1]})) is None, "its name is by chance"


def test_what_was_asked_longest_ago_is_forgotten(
    tmp_path: Path, compilings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "KEPT", 2)
    with shop_of(tmp_path / "a", 5).open() as tables:
        orders = tables.table("orders")
        for most in (1, 2, 1, 3, 1, 2):
            assert len(tables.rows(orders.limit(most))) == 1
    # 1 is asked again and again and stays; 2 had to go for 3.
    assert len(compilings) == 4
