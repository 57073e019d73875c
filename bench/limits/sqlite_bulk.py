"""What a perfect set-based writer reaches on SQLite: the least rows an order can have.

One order is an order row, three lines, three ledger rows with running balances, and its share of
the balance updates: seven inserted rows, integers and one 16-byte key, no constraint checked and
no chain kept. Prints one JSON line. Weaker than a product on purpose; no weaker than any limit.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator

MEMBERS = 100_000
ROWS_PER_ORDER = 7
SCHEMA = """
CREATE TABLE member (id INTEGER PRIMARY KEY, points INT DEFAULT 0, growth INT DEFAULT 0);
CREATE TABLE orders (id BLOB PRIMARY KEY, member_id INT, total INT, at REAL) WITHOUT ROWID;
CREATE TABLE line (order_id BLOB, n INT, sku INT, quantity INT, price INT, discount INT,
  PRIMARY KEY (order_id, n)) WITHOUT ROWID;
CREATE TABLE ledger (id INTEGER PRIMARY KEY, order_id BLOB, member_id INT, kind INT, amount INT,
  balance INT, at REAL);
CREATE INDEX ledger_of_member ON ledger (member_id, id);
"""


def run(orders: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(os.path.join(folder, "limit.sqlite3"), isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.executescript(SCHEMA)
        db.execute("BEGIN")
        db.executemany("INSERT INTO member (id) VALUES (?)", ((n + 1,) for n in range(MEMBERS)))
        db.execute("COMMIT")
        before = time.process_time()
        seconds = _write(db, orders)
        processor_s = time.process_time() - before
        db.close()
    rows = orders * ROWS_PER_ORDER
    return {
        "limit": "sqlite_bulk",
        "orders": orders,
        "seconds": round(seconds, 2),
        "processor_s": round(processor_s, 2),
        "table_rows_s": round(rows / seconds),
    }


def _write(db: sqlite3.Connection, orders: int) -> float:
    chance = random.Random(7)
    balances: dict[int, int] = {}
    begun = time.perf_counter()
    made = [
        (chance.randbytes(16), chance.randint(1, MEMBERS), chance.randint(1_000, 90_000))
        for _ in range(orders)
    ]

    def ledger() -> Iterator[tuple[bytes, int, int, int, int]]:
        for key, member, total in made:
            earned = total // 100
            balances[member] = balances.get(member, 0) + earned
            yield key, member, 1, earned, balances[member]
            yield key, member, 2, earned, balances[member]
            yield key, member, 3, 0, 0

    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO orders VALUES (?, ?, ?, 0)", made)
    keys = sorted(key for key, _, _ in made)
    db.executemany(
        "INSERT INTO line VALUES (?, ?, 11, 1, 1000, 10)", ((k, n) for k in keys for n in (1, 2, 3))
    )
    db.executemany(
        "INSERT INTO ledger (order_id, member_id, kind, amount, balance, at) "
        "VALUES (?, ?, ?, ?, ?, 0)",
        ledger(),
    )
    db.executemany(
        "UPDATE member SET points = points + ?, growth = growth + ? WHERE id = ?",
        ((earned, earned, member) for member, earned in balances.items()),
    )
    db.execute("COMMIT")
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)))
