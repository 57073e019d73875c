"""The set-based path: thousands of orders gathered, decided and recorded together.

One piece is one transaction. The rules are the same as at the till: each person's orders are
settled in the order of time, and what fell due in between (expiry, pending points, reviews) falls
due in between here too, so a year of history leaves the ledger that the year would have left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from django.db import transaction

from regulars.infra.db import retrying
from regulars.infra.pen import Pen, Unit
from regulars.infra.recording import Writes
from regulars.modules.ledger.services import brought_up_to_date

from .pieces import BulkOptions, P, PieceResult, collector_paused
from .piecework import PieceWork
from .register import Register
from .settlement import Scope

Also = Callable[[Writes, PieceResult], None]
#: Purses brought up to date in one unit: other writers wait as long as for a piece.
_DUE_AT_A_TIME: Final = 2_000


class BulkSettler:
    """Settles the pieces of one run, keeping the persons it has met in memory in between."""

    def __init__(self, scope: Scope, options: BulkOptions) -> None:
        self._known = Register(scope, options)

    def settle(self, piece: P, *, also: Also = lambda writes, result: None) -> PieceResult:
        """Settle one piece in one transaction; ``also`` may add rows to it (a run's progress).

        Orders that came before with the same content count as repeated; with other content, or
        from the future, they are refused one by one. Raises Contention.
        """

        def attempt() -> PieceResult:
            try:
                # Decided before the transaction: on SQLite that holds the one write lock, and the
                # rows carry what was seen.
                with collector_paused():
                    work = self._decided(piece, also)
                    with transaction.atomic():
                        work.writes.record()
            except BaseException:
                self._known.forget()
                raise
            return work.result

        return retrying(attempt)

    def settle_ahead(
        self, pieces: Iterable[P], pen: Pen, *, also: Callable[[P], Also]
    ) -> Iterator[tuple[P, PieceResult]]:
        """As ``settle`` for each piece; while ``pen`` records one, the next is decided.

        Yields what is recorded, in turn. What was decided meanwhile stands on a piece that is not
        in the books yet: where that one is beaten by another writer, both are decided anew.

        At last what fell due since the persons' last orders is posted while they are still known.
        Where another writer is faster that is left to whoever looks for what is due.
        """
        under_way: tuple[P, PieceResult] | None = None
        for piece in pieces:
            result, unit = self._ready(piece, pen, also)
            if under_way is not None:
                landed = pen.landed()
                if not landed:
                    under_way = self._beaten(under_way[0], also)
                    result, unit = self._ready(piece, pen, also)
                yield under_way
            pen.record(unit)
            under_way = piece, result
        if under_way is not None:
            due = self._due(pen)
            waiting = next(due, None)
            if not pen.landed():
                yield self._beaten(under_way[0], also)
                return
            yield under_way
            while waiting is not None:
                pen.record(waiting)
                waiting = next(due, None)
                if not pen.landed():
                    self._known.forget()

    def _due(self, pen: Pen) -> Iterator[Unit]:
        scope = self._known.scope
        purses = self._known.due_purses(scope.now)
        for first in range(0, len(purses), _DUE_AT_A_TIME):
            some = purses[first : first + _DUE_AT_A_TIME]
            writes = brought_up_to_date(some, merchant_id=scope.merchant_id, now=scope.now)
            yield pen.unit(writes)

    def _ready(self, piece: P, pen: Pen, also: Callable[[P], Also]) -> tuple[PieceResult, Unit]:
        """A piece decided, and packed: the pen is not to wait for that."""
        work = self._decided(piece, also(piece))
        return work.result, pen.unit(work.writes)

    def _beaten(self, piece: P, also: Callable[[P], Also]) -> tuple[P, PieceResult]:
        self._known.forget()
        return piece, self.settle(piece, also=also(piece))

    def _decided(self, piece: P, also: Also) -> PieceWork:
        """Rows and result; from here on memory takes them for recorded."""
        work = PieceWork(self._known, piece)
        work.decide()
        also(work.writes, work.result)
        work.believe()
        return work
