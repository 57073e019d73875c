"""The books as fact files: what every dataset is made of, and one writing of some of them.

A month of orders at a time, so that memory is bounded by a month. Rows are read inside one
snapshot of the database; who carries on for whom, and what their external identity is, is looked
up for the members that a month names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from regulars.infra.db import Sql, fetch_all
from regulars.kernel.ids import show
from regulars.kernel.periods import add_months, day_start, program_day
from regulars.modules.members.lookup import carriers
from regulars.modules.members.queries import external_ids
from regulars.modules.tiers.types import Ladder

from .extracts import Extract, integer, plain, text
from .facts_schema import Dataset, arrow_schema
from .marks import months_around
from .postings import FILE, Postings
from .statements import DATASETS, PLACED

MEMORY_MB: Final = 512

_IN_MONTH: Final = (
    "FROM orders_order o WHERE o.merchant_id = :merchant_id "
    "AND o.paid_at >= :since AND o.paid_at < :until AND o.status <> 'undone'"
)
_ORDERS: Final = Extract(
    {
        "id": plain("o.id"),
        "member_id": plain("o.member_id"),
        "paid_at": plain("o.paid_at"),
        "channel": text("o.channel"),
        "store": text("o.store"),
        "net_minor": integer("o.net_minor"),
        "refunded_minor": integer("o.refunded_minor"),
        "status": plain("o.status"),
        "lines": integer("o.lines"),
        # Everything that could come back has; a line of quantity 0 never could.
        "gone": integer(
            "CASE WHEN o.units_left = 0 AND EXISTS (SELECT 1 FROM orders_orderline x "
            "WHERE x.merchant_id = o.merchant_id AND x.order_id = o.id AND x.quantity > 0) "
            "THEN 1 ELSE 0 END"
        ),
    },
    _IN_MONTH,
)
_LINES: Final = Extract(
    {
        "order_id": plain("l.order_id"),
        "line": integer("l.line"),
        "sku": text("l.sku"),
        "quantity": integer("l.quantity"),
        "returned": integer("l.returned"),
        "net_minor": integer("l.net_minor"),
    },
    # CROSS: SQLite then goes from the month's orders to their lines, never the other way round.
    _IN_MONTH.replace("orders_order o", "orders_order o CROSS JOIN orders_orderline l")
    + " AND l.merchant_id = o.merchant_id AND l.order_id = o.id",
)
_PRODUCTS: Final = Extract(
    {"sku": text("sku"), "category": text("category"), "type": text("type")},
    "FROM catalog_product WHERE merchant_id = :merchant_id",
)
_MEMBERS: Final = Extract(
    {
        "id": plain("id"),
        "carrier": plain("coalesce(merged_into, id)"),
        "joined_at": plain("joined_at"),
        "channel": text("channel"),
        "store": text("store"),
        "status": plain("status"),
    },
    "FROM members_member WHERE merchant_id = :merchant_id",
)
_STANDINGS: Final = Extract(
    {
        "member_id": plain("member_id"),
        "tier": plain("tier"),
        "floor_tier": plain("floor_tier"),
        "floor_until": plain("floor_until"),
    },
    "FROM tiers_standing WHERE merchant_id = :merchant_id",
)
_CHANGES: Final = Extract(
    {
        "member_id": plain("member_id"),
        "at": plain("at"),
        "from_tier": plain("from_tier"),
        "to_tier": plain("to_tier"),
        "reason": plain("reason"),
        "id": plain("id"),
    },
    "FROM tiers_tierchange WHERE merchant_id = :merchant_id",
)
_LOTS: Final = Extract(
    {
        "member_id": plain("member_id"),
        "asset": integer("asset"),
        "remaining": integer("remaining"),
        "expires_at": plain("expires_at"),
        "earned_at": plain("earned_at"),
    },
    "FROM ledger_lot WHERE merchant_id = :merchant_id AND remaining > 0",
)
_MONTHS: Final = Sql(
    "SELECT DISTINCT substr(paid_at || '', 1, 7) FROM orders_order "
    "WHERE merchant_id = :merchant_id AND paid_at IS NOT NULL"
)


def months_with_orders(merchant_id: int) -> set[str]:
    """Every month that may hold a paid order."""
    rows = fetch_all(_MONTHS, {"merchant_id": merchant_id})
    return months_around(month for (month,) in rows)


class Export:
    """One writing of facts for one merchant: ``with Export(...) as export``.

    ``ladder`` is None where the merchant has no programme yet: then nobody holds a tier.
    """

    def __init__(
        self, *, merchant_id: int, zone: ZoneInfo, ladder: Ladder | None, now: datetime
    ) -> None:
        self._of = {"merchant_id": merchant_id}
        self._merchant_id = merchant_id
        self._zone = zone
        self._today = program_day(now, zone)
        self._ladder = ladder
        self._known: dict[str, tuple[str, str | None]] = {}
        self._products: pa.Table | None = None
        self._running: Future[None] | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        spill = self._open.enter_context(TemporaryDirectory(prefix="regulars-export-"))
        self._duckdb = self._open.enter_context(
            duckdb.connect(
                config={
                    "threads": 2,
                    "memory_limit": f"{MEMORY_MB}MB",
                    "temp_directory": spill,
                    "autoinstall_known_extensions": False,
                }
            )
        )
        self._beside = self._open.enter_context(ThreadPoolExecutor(max_workers=1))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._caught_up()
        finally:
            self._open.close()

    def month(self, month: str, folder: Path) -> None:
        """Orders and lines of ``month`` (YYYY-MM) into ``folder``; no file where there are none.

        They are written while the next month is read.
        """
        first = date.fromisoformat(f"{month}-01")
        bounds = {
            "since": day_start(first, self._zone),
            "until": day_start(add_months(first, 1), self._zone),
        }
        orders = _ORDERS.table({**self._of, **bounds})
        places = {name: folder / name / f"month={month}" / FILE for name in ("orders", "lines")}
        if not orders.num_rows:
            for place in places.values():
                place.unlink(missing_ok=True)
            return
        lines, owners = _LINES.table({**self._of, **bounds}), self._owners(orders)
        if self._products is None:
            self._products = _PRODUCTS.table(self._of)

        def write() -> None:
            self._lay("raw_orders", orders)
            self._lay("raw_lines", lines)
            self._lay("owners", owners)
            self._lay("products", self._products)
            self._lay_days(orders["paid_at"])
            self._duckdb.execute(PLACED)
            self._write("orders", places["orders"])
            self._write("lines", places["lines"])

        self._caught_up()
        self._running = self._beside.submit(write)

    def _caught_up(self) -> None:
        """Wait for what is being written; raises what went wrong there."""
        if self._running is not None:
            running, self._running = self._running, None
            running.result()

    def ledger(self, folder: Path) -> None:
        """Postings and lots into ``folder``, in pieces: there may be very many.

        Months of postings and of their moves that are there already stay as they are.
        """
        self._caught_up()
        members = _MEMBERS.table(self._of)
        self._lay("raw_members", members)
        Postings(folder, self._merchant_id, members).write(self._monthly)
        with self._file("lots", folder / "lots.parquet") as write:
            for lots in _LOTS.tables(self._of):
                self._lay("raw_lots", lots)
                self._lay_days(lots["earned_at"], lots["expires_at"])
                write()

    def _monthly(self, dataset: Dataset, rows: pa.Table) -> pa.Table:
        self._lay("raw_postings" if dataset == "postings" else "raw_moves", rows)
        instants = ("at",) if dataset == "postings" else ("at", "earned_at", "expires_at")
        self._lay_days(*(rows[name] for name in instants))
        return self._duckdb.execute(DATASETS[dataset]).to_arrow_table()

    def people(self, folder: Path) -> None:
        """Members, where they stand and how they came there, into ``folder``."""
        self._caught_up()
        members, changes = _MEMBERS.table(self._of), _CHANGES.table(self._of)
        self._lay("raw_members", members)
        self._lay("raw_standings", _STANDINGS.table(self._of))
        self._lay("raw_changes", changes)
        self._lay("ladder", self._rungs())
        self._lay_days(members["joined_at"], changes["at"])
        self._write("members", folder / "members.parquet")
        self._write("tiers", folder / "tiers.parquet")
        self._write("tier_changes", folder / "tier_changes.parquet")

    def _write(self, dataset: Dataset, path: Path) -> None:
        """The whole of a dataset's file from what is laid out."""
        with self._file(dataset, path) as write:
            write()

    @contextmanager
    def _file(self, dataset: Dataset, path: Path) -> Iterator[Callable[[], None]]:
        """A new file of ``dataset``: each call of what it gives adds what is laid out."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # It may be a link into the export before, which others are reading.
        path.unlink(missing_ok=True)
        schema = arrow_schema(dataset)
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:

            def write() -> None:
                found = self._duckdb.execute(DATASETS[dataset], self._named(dataset))
                writer.write_table(found.to_arrow_table().cast(schema))

            yield write

    def _named(self, dataset: Dataset) -> dict[str, Any]:
        return {"today": self._today} if dataset == "tiers" else {}

    def _lay(self, name: str, table: pa.Table) -> None:
        """Make ``table`` known to the statements under ``name``."""
        self._duckdb.register(name, table)

    def _lay_days(self, *instants: pa.ChunkedArray) -> None:
        """A table ``days`` that tells the program day of each of the instants."""
        bounds = [
            datetime.fromisoformat(written[:19] + "+00:00")
            for column in instants
            for written in _least_and_most(column)
        ]
        self._lay("days", _days(bounds, self._zone))

    def _owners(self, orders: pa.Table) -> pa.Table:
        """For each member id of ``orders`` as written: who carries on, and their external id."""
        written = [owner for owner in orders["member_id"].unique().to_pylist() if owner is not None]
        self._learn([owner for owner in written if owner not in self._known])
        told = [self._known[owner] for owner in written]
        return pa.table(
            {
                "id": pa.array(written, type=pa.string()),
                "shown": pa.array([shown for shown, _ in told], type=pa.string()),
                "key": pa.array([key for _, key in told], type=pa.string()),
            }
        )

    def _learn(self, written: Sequence[str]) -> None:
        for some in _batches(written):
            ids = {owner: UUID(owner) for owner in some}
            carrier_of = carriers(self._merchant_id, list(ids.values()))
            people = {*ids.values(), *carrier_of.values()}
            keys = external_ids(self._merchant_id, people)
            for owner, own in ids.items():
                carrier = carrier_of.get(own, own)
                self._known[owner] = (show("mem", carrier), keys.get(carrier) or keys.get(own))

    def _rungs(self) -> pa.Table:
        codes = [tier.code for tier in self._ladder.tiers] if self._ladder else []
        return pa.table(
            {
                "rank": pa.array(range(len(codes)), type=pa.int32()),
                "code": pa.array(codes, type=pa.string()),
            }
        )


_BATCH: Final = 5_000
_ONE_DAY: Final = timedelta(days=1)
_TICK: Final = timedelta(microseconds=1)
_DAYS: Final = pa.schema(
    {
        "utc_day": pa.date32(),
        "start": pa.timestamp("us"),
        "stop": pa.timestamp("us"),
        "day": pa.date32(),
    }
)


def _days(bounds: Sequence[datetime], zone: ZoneInfo) -> pa.Table:
    """Which program day each stretch of the UTC days from the least to the most bound belongs to.

    A day that the zone skipped whole begins where the next one does, so it has no stretch.
    """
    stretches: list[dict[str, Any]] = []
    if bounds:
        # One day more before: an expiry counts on the day before its instant.
        first = program_day(min(bounds), zone) - _ONE_DAY
        last = program_day(max(bounds), zone)
        for number in range(first.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(number)
            start, stop = day_start(day, zone), day_start(day + _ONE_DAY, zone)
            utc_day = start.date()
            while start < stop and utc_day <= (stop - _TICK).date():
                stretches.append(
                    {
                        "utc_day": utc_day,
                        "start": start.replace(tzinfo=None),
                        "stop": stop.replace(tzinfo=None),
                        "day": day,
                    }
                )
                utc_day += _ONE_DAY
    return pa.Table.from_pylist(stretches, schema=_DAYS)


def _batches(written: Sequence[str]) -> Iterable[Sequence[str]]:
    return (written[start : start + _BATCH] for start in range(0, len(written), _BATCH))


def _least_and_most(column: pa.ChunkedArray) -> list[str]:
    import pyarrow.compute as pc

    if column.null_count == len(column):
        return []
    found = pc.min_max(column)
    return [found["min"].as_py(), found["max"].as_py()]
