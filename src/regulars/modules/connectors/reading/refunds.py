"""Refund files: which units of which order lines went back, one refund in one or more rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from .fields import MAX_QUANTITY, Field, Kind
from .profiles import REFUND_PROFILES
from .reader import ReadFile
from .sieve import MAX_LINES, Grouping, Sieve, instant
from .table import damage_told
from .types import RefundPiece, RefundReport

PIECE_REFUNDS = 5_000

_FIELDS = (
    Field("order_id", Kind.IDENTIFIER, filled=True),
    Field("refund_id", Kind.IDENTIFIER, filled=True),
    Field("refunded_at", Kind.TIME, filled=True),
    Field("line", Kind.COUNT, filled=True, least=1, most=MAX_LINES),
    Field("quantity", Kind.COUNT, filled=True, least=1, most=MAX_QUANTITY),
)
_GROUPING = Grouping(
    noun="refund", key="refund_id", time="refunded_at", same=("order_id",), once="line"
)


class RefundFile(ReadFile):
    """A refund file that has been read and judged. Close it: it holds scratch files."""

    report: RefundReport

    def _prepared(self, sieve: Sieve) -> None:
        refunds, orders, first_us, last_us = sieve.one(
            "SELECT count(*), count(DISTINCT order_id), min(at_us), max(at_us) FROM groups"
        )
        lines, quantity = sieve.one("SELECT count(*), coalesce(sum(quantity), 0) FROM lines")
        self.report = RefundReport(
            **self._source_facts(sieve),
            refunds=refunds,
            orders=orders,
            lines=lines,
            quantity=int(quantity),
            first_refunded_at=None if first_us is None else instant(first_us),
            last_refunded_at=None if last_us is None else instant(last_us),
        )

    def pieces(self, start: int = 0) -> Iterator[RefundPiece]:
        """The accepted refunds from piece ``start`` on; the same pieces at every reading."""
        for number in range(start, self.piece_count):
            with damage_told():
                piece = self._piece(number)
            yield piece

    def _piece(self, number: int) -> RefundPiece:
        refunds, lines = self._slice(
            number, groups="first_row, order_id, refund_id, at_us", lines="line, quantity"
        )
        first_row, order_id, refund_id, at_us, line_start = refunds
        line, quantity = lines
        return RefundPiece(
            number=number,
            first_row=first_row,
            order_id=order_id,
            refund_id=refund_id,
            refunded_at=[instant(moment) for moment in at_us],
            line_start=line_start,
            line=line,
            quantity=quantity,
        )


def open_refunds(
    path: Path,
    *,
    profile: str = "auto",
    zone: ZoneInfo,
    piece_refunds: int = PIECE_REFUNDS,
    columns: Mapping[str, str] | None = None,
) -> RefundFile:
    """Read and judge a refund file, as ``open_orders`` does an order file."""
    return RefundFile(
        path,
        profiles=REFUND_PROFILES,
        profile=profile,
        columns=columns,
        fields=_FIELDS,
        grouping=_GROUPING,
        zone=zone,
        piece_groups=piece_refunds,
    )
