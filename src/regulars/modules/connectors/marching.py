"""How a run goes through its pieces: each is one unit of work that also moves the run's mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from regulars.infra.clock import real_now
from regulars.infra.pen import Pen
from regulars.infra.recording import Update, Writes
from regulars.modules.orders.bulk import Also, BulkSettler
from regulars.modules.orders.pieces import BulkOptions, PieceResult
from regulars.modules.orders.settlement import Scope

from .models import ImportRun
from .reading.orders import OrderFile
from .reading.types import OrderPiece

RUN_CHANGE: Final = Update(
    "connectors_importrun",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={"pieces_done": "integer", "heartbeat_at": "timestamptz"},
    adds={
        "orders": "bigint",
        "lines": "bigint",
        "repeated": "bigint",
        "rejected": "bigint",
    },
    seen={"pieces_done": "integer"},
)
#: From how many pieces on a second process records them; starting it costs a tenth of a second.
_WORTH_A_PEN: Final = 4


def settled_pieces(
    scope: Scope, row: ImportRun, file: OrderFile
) -> Iterator[tuple[OrderPiece, PieceResult]]:
    """The pieces that are left, one after the other, each once it is in the books."""
    settler = BulkSettler(scope, BulkOptions(run_id=row.id))

    def also(piece: OrderPiece) -> Also:
        return lambda writes, result: mark(writes, scope.merchant_id, row.id, piece.number, result)

    pieces = file.pieces(row.pieces_done)
    if file.piece_count - row.pieces_done < _WORTH_A_PEN:
        for piece in pieces:
            yield piece, settler.settle(piece, also=also(piece))
        return
    with Pen() as pen:
        yield from settler.settle_ahead(pieces, pen, also=also)


def mark(writes: Writes, merchant_id: int, run_id: UUID, number: int, result: PieceResult) -> None:
    writes.add(
        RUN_CHANGE,
        (
            merchant_id,
            run_id,
            number + 1,
            real_now(),
            result.orders,
            result.lines,
            result.repeated,
            len(result.refused),
            number,
        ),
    )
