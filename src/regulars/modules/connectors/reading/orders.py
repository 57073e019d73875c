"""Order files: one call opens a file, judges every row, and hands its orders over in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from .fields import MAX_NAME, MAX_QUANTITY, Field, Kind
from .profiles import ORDER_PROFILES
from .reader import ReadFile
from .sieve import Grouping, Sieve, instant
from .table import damage_told
from .types import FileReport, OrderPiece, Product

PIECE_ORDERS = 8_000
"""Orders of one piece: what one write transaction takes without stopping other writers long."""

_PLAIN_FIELDS = (
    Field("order_id", Kind.IDENTIFIER, filled=True),
    Field("member", Kind.IDENTIFIER),
    Field("placed_at", Kind.TIME, filled=True),
    Field("sku", Kind.IDENTIFIER, filled=True),
    Field("quantity", Kind.COUNT, filled=True, most=MAX_QUANTITY),
    Field("store", Kind.IDENTIFIER),
    Field("channel", Kind.IDENTIFIER),
    Field("product_name", Kind.TEXT, most=MAX_NAME),
    Field("category", Kind.TEXT),
    Field("type", Kind.TEXT),
)
_GROUPING = Grouping(
    noun="order",
    key="order_id",
    time="placed_at",
    same=("member", "store", "channel"),
    total="line_total",
)
_COVERAGE_WHOLE_BPS = 10_000
_PRODUCT_FIELDS = ("product_name", "category", "type")


class OrderFile(ReadFile):
    """An order file that has been read and judged. Close it: it holds scratch files."""

    report: FileReport

    def _prepared(self, sieve: Sieve) -> None:
        self._gather_products(sieve)
        self.report = self._reported(sieve)

    def pieces(self, start: int = 0) -> Iterator[OrderPiece]:
        """The accepted orders from piece ``start`` on; the same pieces at every reading."""
        for number in range(start, self.piece_count):
            with damage_told():
                piece = self._piece(number)
            yield piece

    def products(self, *, batch: int = 5_000) -> Iterator[list[Product]]:
        """Every sku of the accepted rows once, by sku, in lists of up to ``batch``."""
        for rows in self._batches(
            "SELECT sku, product_name, category, type FROM products ORDER BY sku", batch
        ):
            yield [Product(*row) for row in rows]

    def stores(self) -> list[str]:
        """The stores that accepted orders name."""
        with damage_told():
            rows = self._sieve.connection.execute(
                "SELECT DISTINCT store FROM groups WHERE store IS NOT NULL ORDER BY store"
            ).fetchall()
        return [store for (store,) in rows]

    def _piece(self, number: int) -> OrderPiece:
        orders, lines = self._slice(
            number,
            groups="first_row, order_id, member, at_us, channel, store",
            lines="sku, quantity, unit_price, line_total",
        )
        first_row, external_id, member, at_us, channel, store, line_start = orders
        sku, quantity, unit_price, total = lines
        return OrderPiece(
            number=number,
            first_row=first_row,
            external_id=external_id,
            member=member,
            placed_at=[instant(moment) for moment in at_us],
            channel=channel,
            store=store,
            line_start=line_start,
            sku=sku,
            quantity=quantity,
            unit_price_minor=unit_price,
            total_minor=total,
        )

    def _gather_products(self, sieve: Sieve) -> None:
        """One row a sku; a later row's text wins, an empty cell never does."""
        columns = sieve.found.columns
        texts = {name: f"cell(CAST(c{columns[name]} AS VARCHAR))" for name in _PRODUCT_FIELDS
                 if name in columns}  # fmt: skip
        if not texts:
            empty = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in _PRODUCT_FIELDS)
            query = f"SELECT DISTINCT sku, {empty} FROM lines"
        else:
            latest = ", ".join(
                f"arg_max({texts.get(name, 'CAST(NULL AS VARCHAR)')}, row) AS {name}"
                for name in _PRODUCT_FIELDS
            )
            query = f"SELECT sku, {latest} FROM lines JOIN raw USING (row) GROUP BY sku"
        sieve.connection.execute(f"CREATE TABLE products AS {query}")

    def _reported(self, sieve: Sieve) -> FileReport:
        orders, members, stores, first_us, last_us = sieve.one(
            "SELECT count(*), count(DISTINCT member), count(DISTINCT store), min(at_us), "
            "max(at_us) FROM groups"
        )
        lines, empty, off_price, total, named = sieve.one(
            "SELECT count(*), count(*) FILTER (quantity = 0), "
            "count(*) FILTER (CAST(quantity AS HUGEINT) * unit_price <> line_total), "
            "coalesce(sum(line_total), 0), "
            "(SELECT coalesce(sum(lines), 0) FROM groups WHERE member IS NOT NULL) FROM lines"
        )
        return FileReport(
            **self._source_facts(sieve),
            orders=orders,
            lines=lines,
            members=members,
            stores=stores,
            first_placed_at=None if first_us is None else instant(first_us),
            last_placed_at=None if last_us is None else instant(last_us),
            zero_quantity_lines=empty,
            lines_off_unit_price=off_price,
            total_minor=int(total),
            identity_coverage_bps=int(named) * _COVERAGE_WHOLE_BPS // lines if lines else 0,
        )


def open_orders(
    path: Path,
    *,
    profile: str = "auto",
    zone: ZoneInfo,
    currency: str,
    piece_orders: int = PIECE_ORDERS,
    columns: Mapping[str, str] | None = None,
) -> OrderFile:
    """Read and judge an order file; its report says what importing it would bring.

    ``zone`` is the merchant's, for times without an offset; ``currency`` its ISO code.
    ``columns`` maps fields to the file's column names where a person decided. Raises
    UnreadableFile when the file as a whole cannot be read, and no other exception for what is
    in the file; ValueError for an unknown currency.
    """
    money_fields = (
        Field("line_total", Kind.MONEY, filled=True, currency=currency),
        Field("unit_price", Kind.MONEY, currency=currency),
        Field("currency", Kind.CURRENCY, currency=currency),
    )
    return OrderFile(
        path,
        profiles=ORDER_PROFILES,
        profile=profile,
        columns=columns,
        fields=(*_PLAIN_FIELDS, *money_fields),
        grouping=_GROUPING,
        zone=zone,
        piece_groups=piece_orders,
    )
