"""Hot statements on PostgreSQL: prepared once, few round trips, and as safe as a cursor's."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.db import IntegrityError, connection, transaction
from django.db.utils import DataError

from makers.merchants import make_merchant, unique
from makers.orders import asked, draft, enrol, make_shop, place, uuid
from regulars.infra import prepared
from regulars.infra.db import HotSql, LostRace, fetch_texts, is_postgres
from regulars.infra.recording import Table, Update, Writes
from regulars.modules.orders import gather, placing

pytestmark = pytest.mark.skipif(not is_postgres(), reason="of PostgreSQL alone")

_ECHO = "SELECT $1::text, $2::bigint"
_STORE = Table("merchants_store", "merchant_id", "code", "name")


@pytest.fixture
def driver() -> Iterator[Any]:
    """A connection of the test's own, whose statements nobody else has sent."""
    assert is_postgres()
    connection.close()
    connection.ensure_connection()
    yield connection.connection
    connection.close()


def names(driver: Any) -> set[str]:
    rows = driver.execute("SELECT name FROM pg_prepared_statements", prepare=False).fetchall()
    return {name for (name,) in rows if name.startswith("hot_")}


def trips(driver: Any, act: Callable[[], object]) -> int:
    """How often ``act`` sent something to the server and waited, as libpq itself tells."""
    with tempfile.TemporaryFile("w+") as told:
        driver.pgconn.trace(told.fileno())
        try:
            act()
        finally:
            driver.pgconn.untrace()
        told.seek(0)
        messages = [line.rstrip("\n").split("\t")[1:4] for line in told]
    return sum(who == "F" and kind in ("Sync", "Query") for who, _, kind in messages)


def test_a_settled_order_takes_two_round_trips() -> None:
    shop = make_shop()
    members = [enrol(shop) for _ in range(8)]
    for member in members[:6]:
        place(shop, 10_000, member_id=uuid(member))
    scope = shop.scope
    for member in members[6:]:
        sent, order = asked(shop, "orders.place"), draft(10_000, member_id=uuid(member))
        act = partial(placing.place, scope, sent, order)
        assert trips(connection.connection, act) == 2
    assert shop.faults() == []


def test_an_order_reads_its_own_member_alone(driver: Any) -> None:
    """Also where a table was empty, or has no statistics, when the statement was planned."""
    driver.execute("SET plan_cache_mode = force_generic_plan")
    for number, sql in enumerate(gather.PLACE.values()):
        driver.execute(f"PREPARE plan_{number} AS {sql.numbered}")
        nothing = ",".join(["NULL"] * len(sql.names))
        lines = driver.execute(f"EXPLAIN EXECUTE plan_{number}({nothing})").fetchall()
        plan = "\n".join(line for (line,) in lines)
        scan = re.search(r"Scan (?:using|on) earning_activity_\w+.*\n +Index Cond: (.*)", plan)
        assert scan is not None, plan
        assert "member_id = " in scan[1], plan
    driver.execute("DEALLOCATE ALL")


def test_it_is_prepared_once_it_was_sent_often_enough(driver: Any) -> None:
    for number in range(driver.prepare_threshold + 3):
        expected = [f"{number} 名", str(number)]
        assert prepared.rows_of(prepared.execute(driver, _ECHO, expected)) == [expected]
        assert len(names(driver)) == (number >= driver.prepare_threshold)


def test_every_kind_of_value_arrives_as_it_is(driver: Any) -> None:
    """By a cursor as text, and prepared as the server keeps it."""
    driver.execute("SET TIME ZONE 'UTC'")
    sent = {
        UUID(int=1): ("uuid", "00000000-0000-0000-0000-000000000001"),
        dt.datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=ZoneInfo("Asia/Shanghai")): (
            "timestamptz",
            "2026-01-01 19:04:05.678901+00",
        ),
        dt.datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC): (
            "timestamptz",
            "1999-12-31 23:59:59.999999+00",
        ),
        dt.date(2026, 2, 28): ("date", "2026-02-28"),
        dt.date(1970, 1, 1): ("date", "1970-01-01"),
        2**53: ("bigint", "9007199254740992"),
        True: ("boolean", "t"),
        "名": ("text", "名"),
        None: ("text", None),
    }
    columns = (f"${place}::{kind}" for place, (kind, _) in enumerate(sent.values(), 1))
    text = f"SELECT {','.join(columns)}"
    for _ in range(driver.prepare_threshold + 3):
        [found] = prepared.rows_of(prepared.execute(driver, text, list(sent)))
        assert found == [told for _, told in sent.values()]
    assert len(names(driver)) == 1


def test_behind_a_pooler_nothing_is_prepared(driver: Any) -> None:
    driver.prepare_threshold = None
    for _ in range(8):
        prepared.execute(driver, _ECHO, ["a", None])
    assert names(driver) == set()


def test_a_connection_keeps_so_many_and_no_more(driver: Any) -> None:
    driver.prepare_threshold, driver.prepared_max = 1, 3
    for number in range(9):
        for _ in range(3):
            text = f"SELECT $1::text, {number}"
            assert prepared.rows_of(prepared.execute(driver, text, ["a"])) == [["a", str(number)]]
    assert 1 <= len(names(driver)) <= 3


def test_what_the_server_forgot_is_prepared_again(driver: Any) -> None:
    for _ in range(5):
        prepared.execute(driver, _ECHO, ["a", "1"])
        prepared.execute(driver, "SELECT $1::date", ["2026-01-01"])
    before = names(driver)
    driver.execute("DEALLOCATE ALL", prepare=False)
    for _ in range(2):
        assert prepared.rows_of(prepared.execute(driver, _ECHO, ["b", "2"])) == [["b", "2"]]
        found = prepared.execute(driver, "SELECT $1::date", ["2026-01-02"])
        assert prepared.rows_of(found) == [["2026-01-02"]]
    assert len(names(driver)) == 2
    assert names(driver).isdisjoint(before)


def test_a_table_may_change_beneath_it(driver: Any) -> None:
    driver.execute("CREATE TEMP TABLE changing (a int); INSERT INTO changing VALUES (1)")
    text = "SELECT * FROM changing WHERE a = $1"
    for _ in range(5):
        prepared.execute(driver, text, ["1"])
    driver.execute("ALTER TABLE changing ADD b int DEFAULT 7", prepare=False)
    for _ in range(2):
        assert prepared.rows_of(prepared.execute(driver, text, ["1"])) == [["1", "7"]]
    assert len(names(driver)) == 1


def test_inside_a_transaction_it_is_undone_with_it(driver: Any) -> None:
    shop = make_merchant()
    code = unique("store")

    def write(name: str) -> None:
        writes = Writes()
        writes.add(_STORE, (shop.id, name, name))
        writes.record()

    for number in range(5):
        write(f"{code}-{number}")
    with transaction.atomic():
        write(code)
        transaction.set_rollback(True)
    sql = HotSql("SELECT count(*) FROM merchants_store WHERE merchant_id = :id AND code = :code")
    for _ in range(5):
        assert fetch_texts(sql, {"id": shop.id, "code": code}) == ["0"]
    assert fetch_texts(sql, {"id": shop.id, "code": f"{code}-4"}) == ["1"]


def test_errors_are_told_as_everywhere(driver: Any) -> None:
    shop = make_merchant()
    change = Update(
        "merchants_store",
        key={"merchant_id": "bigint", "code": "text"},
        sets={"name": "text"},
        seen={"name": "text"},
    )

    def write(target: Table | Update, *rows: tuple[object, ...]) -> None:
        writes = Writes()
        writes.extend(target, rows)
        writes.record()

    for number in range(5):
        write(_STORE, (shop.id, f"s{number}", "as seen"))
    for number in range(5):
        write(change, (shop.id, f"s{number}", "changed", "as seen"))
    with pytest.raises(LostRace):
        write(change, (shop.id, "s1", "again", "as seen"))
    with pytest.raises(LostRace):
        write(change, (shop.id, "s1", "again", "changed"), (shop.id, "nowhere", "again", "changed"))
    with pytest.raises(IntegrityError):
        write(_STORE, (shop.id, "s1", "twice"))
    with pytest.raises(DataError):
        write(_STORE, (shop.id, "cut\0off", "name"))
    rows = driver.execute(
        "SELECT code, name FROM merchants_store WHERE merchant_id = %s ORDER BY code", [shop.id]
    ).fetchall()
    assert rows == [(f"s{number}", "changed") for number in range(5)]


def test_inside_an_event_loop_a_hot_statement_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)
    sql = HotSql("SELECT CAST(:number AS bigint)")
    assert fetch_texts(sql, {"number": 5}) == ["5"]

    async def inside() -> object:
        return fetch_texts(sql, {"number": 5})

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(inside())


def test_a_connection_that_was_closed_is_opened_by_the_next_statement(driver: Any) -> None:
    merchant_id, code = make_merchant().id, unique("closed")
    connection.close()
    assert fetch_texts(HotSql("SELECT CAST(:number AS bigint)"), {"number": 5}) == ["5"]
    connection.close()
    writes = Writes()
    writes.add(_STORE, (merchant_id, code, "A shop"))
    writes.record()
    stored = HotSql("SELECT name FROM merchants_store WHERE merchant_id = :merchant AND code = :c")
    assert fetch_texts(stored, {"merchant": merchant_id, "c": code}) == ["A shop"]
