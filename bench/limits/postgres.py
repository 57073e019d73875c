"""What a perfect writer reaches on PostgreSQL, order by order and in bulk.

`one`: one statement per order and commit (order, three lines, three ledger rows with running
balances, a burnt coupon, a member's balances and tier): seven rows inserted, two updated, five
indexes. `bulk`: COPY into staging, then INSERT ... SELECT with window functions, in one
transaction. No product: nothing is refused. The DSN names an empty database of the bench's own.
"""

from __future__ import annotations

import json
import multiprocessing as mp
import random
import sys
import time
import uuid
from typing import Any

import psycopg

ROWS_PER_ORDER = 7
MEMBERS = 100_000
COUPONS = 1_000_000
SCHEMA = """
DROP TABLE IF EXISTS l_ledger, l_line, l_orders, l_coupon, l_member, l_staging CASCADE;
CREATE TABLE l_member (id int PRIMARY KEY, points bigint NOT NULL DEFAULT 0,
  growth bigint NOT NULL DEFAULT 0, stored bigint NOT NULL DEFAULT 0,
  tier smallint NOT NULL DEFAULT 0) WITH (fillfactor = 70);
CREATE TABLE l_orders (id uuid PRIMARY KEY, member_id int NOT NULL, total bigint NOT NULL,
  paid_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE l_line (order_id uuid NOT NULL, n smallint NOT NULL, sku int NOT NULL,
  quantity int NOT NULL, price bigint NOT NULL, discount bigint NOT NULL,
  PRIMARY KEY (order_id, n));
CREATE TABLE l_coupon (id bigint PRIMARY KEY, member_id int, used_by uuid)
  WITH (fillfactor = 80);
CREATE TABLE l_ledger (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id uuid NOT NULL, member_id int NOT NULL, kind smallint NOT NULL,
  amount bigint NOT NULL, balance bigint NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON l_ledger (member_id, id);
"""
TIER = """CASE WHEN growth + {e} >= 100000 THEN 3 WHEN growth + {e} >= 10000 THEN 2
  WHEN growth + {e} >= 1000 THEN 1 ELSE 0 END"""
ONE = f"""
WITH placed AS (
  INSERT INTO l_orders (id, member_id, total) VALUES (%(id)s, %(member)s, %(total)s)
  ON CONFLICT DO NOTHING RETURNING id, member_id, total),
lines AS (
  INSERT INTO l_line SELECT placed.id, x.n, x.n + 10, 1, placed.total / 3, 10
  FROM placed, unnest(%(numbers)s::smallint[]) AS x (n)),
burnt AS (
  UPDATE l_coupon SET used_by = placed.id FROM placed
  WHERE l_coupon.id = %(coupon)s AND l_coupon.used_by IS NULL),
known AS (
  UPDATE l_member SET points = points + placed.total / 100 - 5,
    growth = growth + placed.total / 100, stored = stored + 7,
    tier = {TIER.format(e="placed.total / 100")}
  FROM placed WHERE l_member.id = placed.member_id
  RETURNING l_member.id, points, growth, stored)
INSERT INTO l_ledger (order_id, member_id, kind, amount, balance)
SELECT placed.id, placed.member_id, v.kind, v.amount, v.balance
FROM placed JOIN known ON known.id = placed.member_id,
  LATERAL (VALUES (1::smallint, placed.total / 100 - 5, known.points),
    (2::smallint, placed.total / 100, known.growth),
    (3::smallint, 7::bigint, known.stored)) AS v (kind, amount, balance)
"""  # fmt: skip
BULK = (
    "ANALYZE l_staging",
    "INSERT INTO l_orders (id, member_id, total) SELECT id, m, t FROM l_staging "
    "ON CONFLICT DO NOTHING",
    "INSERT INTO l_line SELECT id, g, 100 + g, 1, t / 3, 10 "
    "FROM l_staging, generate_series(1, 3) AS g",
    """INSERT INTO l_ledger (order_id, member_id, kind, amount, balance)
    SELECT s.id, s.m, v.kind, v.amount, v.balance
    FROM (SELECT l_staging.*, sum(t / 100) OVER (PARTITION BY m ORDER BY id) AS run
          FROM l_staging) AS s
    JOIN l_member ON l_member.id = s.m,
      LATERAL (VALUES (1::smallint, t / 100, (points + run)::bigint),
        (2::smallint, t / 100, (growth + run)::bigint),
        (3::smallint, 0::bigint, stored)) AS v (kind, amount, balance)""",
    f"""UPDATE l_member SET points = points + x.e, growth = growth + x.e,
      tier = {TIER.format(e="x.e")}
    FROM (SELECT m, sum(t / 100) AS e FROM l_staging GROUP BY m) AS x WHERE x.m = l_member.id""",
)


def prepare(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)  # type: ignore[arg-type]
        connection.execute(
            "INSERT INTO l_member (id) SELECT generate_series(1, %s::int)", [MEMBERS]
        )
        connection.execute("INSERT INTO l_coupon (id) SELECT generate_series(1, %s)", [COUPONS])
        connection.execute("VACUUM ANALYZE")


def _client(dsn: str, seed: int, seconds: float, start: Any, told: Any) -> None:
    chance = random.Random(seed ^ time.time_ns())
    done = 0
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=1) as connection:
        start.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            connection.execute(
                ONE,  # type: ignore[arg-type]
                {
                    "id": uuid.UUID(int=chance.getrandbits(128)),
                    "member": chance.randint(1, MEMBERS),
                    "total": chance.randint(1_000, 90_000),
                    "numbers": [1, 2, 3],
                    "coupon": chance.randint(1, COUPONS),
                },
            )
            done += 1
    told.put(done)


def one(dsn: str, clients: int, seconds: float) -> dict[str, object]:
    start, told = mp.Event(), mp.Queue()  # type: ignore[var-annotated]
    workers = [
        mp.Process(target=_client, args=(dsn, n, seconds, start, told)) for n in range(clients)
    ]
    for worker in workers:
        worker.start()
    time.sleep(0.5)
    start.set()
    total = sum(told.get() for _ in workers)
    for worker in workers:
        worker.join()
    return {"limit": "pg_one", "clients": clients, "orders_s": round(total / seconds, 1)}


def bulk(dsn: str, orders: int) -> dict[str, object]:
    chance = random.Random(time.time_ns())
    base = time.time_ns() // 1_000_000 << 80
    made = [
        (
            str(uuid.UUID(int=base + (n << 40) + chance.getrandbits(40))),
            chance.randint(1, MEMBERS),
            chance.randint(1_000, 90_000),
        )
        for n in range(orders)
    ]
    with psycopg.connect(dsn) as connection:
        begun = time.perf_counter()
        connection.execute("DROP TABLE IF EXISTS l_staging")
        connection.execute("CREATE UNLOGGED TABLE l_staging (id uuid, m int, t bigint)")
        with connection.cursor().copy("COPY l_staging FROM STDIN") as copy:
            for row in made:
                copy.write_row(row)
        for statement in BULK:
            connection.execute(statement)  # type: ignore[arg-type]
        connection.commit()
        seconds = time.perf_counter() - begun
    return {
        "limit": "pg_bulk",
        "orders": orders,
        "seconds": round(seconds, 2),
        "table_rows_s": round(orders * ROWS_PER_ORDER / seconds),
    }


if __name__ == "__main__":
    name, mode, *rest = sys.argv[1:]
    prepare(name)
    found = one(name, int(rest[0]), float(rest[1])) if mode == "one" else bulk(name, int(rest[0]))
    print(json.dumps(found))
