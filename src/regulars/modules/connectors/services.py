"""Import runs: prepared, run piece by piece, gone on with after a kill, undone."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.text import get_valid_filename

from regulars.events.connectors import ImportCompleted, ImportUndone
from regulars.infra.clock import real_now
from regulars.infra.outbox import publish
from regulars.infra.recording import Writes
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_id
from regulars.modules.catalog.services import learn_products
from regulars.modules.merchants.services.stores import learn_stores
from regulars.modules.orders.parking import apply_all_parked
from regulars.modules.orders.pieces import Refused, collector_paused
from regulars.modules.orders.settlement import Scope
from regulars.modules.orders.undoing import undo_orders
from regulars.modules.programmes.services import run_due

from .bringing import brought_pieces, foretold, region_of
from .errors import FileRefused, RunBusy
from .marching import mark, settled_pieces
from .models import ImportRun
from .queries import rejected_path, run_folder, view_of
from .reading.members import MemberFile, open_members
from .reading.orders import OrderFile, open_orders
from .reading.reader import ReadFile
from .reading.refunds import RefundFile, open_refunds
from .reading.types import UnreadableFile
from .refunding import settle_refunds
from .taking_back import take_back_run
from .types import Progress, RunView

_MOST_REFUSED_TOLD: Final = 1_000
_UNDOABLE: Final = ("orders", "members")
_ONLY_ENDED: Final = "Only a run of orders or members that has ended is undone."
_ERROR_KEYS: Final = ("row", "column", "code", "message")
Watch = Callable[[Progress], None]


def _silent(progress: Progress) -> None:
    """Nobody watches."""


def prepare_run(
    scope: Scope, *, kind: str, source: Path, file_name: str, profile: str = "auto"
) -> RunView:
    """Take a copy of the file, judge all of it, and note what importing it would bring.

    Nothing is imported yet: this is the dry run. Raises FileRefused, with the fix.
    """
    row, file = open_run(scope, kind=kind, source=source, file_name=file_name, profile=profile)
    file.close()
    return view_of(row)


def import_file(
    scope: Scope,
    *,
    kind: str,
    source: Path,
    file_name: str,
    profile: str = "auto",
    watch: Watch = _silent,
) -> RunView:
    """Prepare and run in one go, judging the file once. Raises FileRefused, Contention."""
    row, file = open_run(scope, kind=kind, source=source, file_name=file_name, profile=profile)
    with file:
        return run_import(scope, row.id, watch=watch, opened=file)


def open_run(
    scope: Scope, *, kind: str, source: Path, file_name: str, profile: str = "auto"
) -> tuple[ImportRun, ReadFile]:
    """As ``prepare_run``, with the file left open for ``run_import``: it is judged once. Whoever
    calls closes it. Raises FileRefused."""
    run_id = new_id()
    folder = run_folder(scope.merchant_id, run_id)
    folder.mkdir(mode=0o700, parents=True)
    path = folder / (get_valid_filename(Path(file_name).name) or "file")
    try:
        shutil.copyfile(source, path)
        file = _opened(scope, kind, path, profile)
    except UnreadableFile as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise FileRefused(error.message, reason=error.code) from error
    try:
        row = _noted(scope, run_id, kind, path, file_name, file)
    except BaseException:
        file.close()
        raise
    return row, file


def _noted(
    scope: Scope, run_id: UUID, kind: str, path: Path, file_name: str, file: ReadFile
) -> ImportRun:
    report = _plain(dataclasses.asdict(file.report))  # type: ignore[attr-defined]
    errors = [_plain(dataclasses.asdict(error)) for error in file.errors(_MOST_REFUSED_TOLD)]
    if isinstance(file, MemberFile):
        report["foretold"] = foretold(scope, file)
    row = ImportRun(
        merchant_id=scope.merchant_id,
        id=run_id,
        kind=kind,
        file_name=Path(file_name).name[:255],
        file_path=str(path),
        sha256=report["sha256"],
        profile=report["profile"],
        status="ready",
        pieces=file.piece_count,
        rejected=file.write_rejected(rejected_path(scope.merchant_id, run_id)),
        report={
            **report,
            "preview": _plain(dataclasses.asdict(file.preview)),
            "errors": errors,
        },
        created_at=real_now(),
        created_by=scope.actor,
    )
    row.save(force_insert=True)
    return row


def forget_run(scope: Scope, run_id: UUID) -> None:
    """Drop a run that was only judged, with its copy of the file."""
    ImportRun.objects.of(scope.merchant_id).filter(id=run_id, status="ready").delete()
    shutil.rmtree(run_folder(scope.merchant_id, run_id), ignore_errors=True)


def queue_run(scope: Scope, run_id: UUID) -> RunView:
    """Let the jobs run it. Raises RunBusy unless it is ready or has failed."""
    changed = (
        ImportRun.objects.of(scope.merchant_id)
        .filter(id=run_id, status__in=["ready", "failed"])
        .update(status="queued", error="")
    )
    return _view_or_busy(scope, run_id, changed, "It has been started before.")


def run_import(
    scope: Scope, run_id: UUID, *, watch: Watch = _silent, opened: ReadFile | None = None
) -> RunView:
    """Run it to its end, from the piece it had reached. Raises RunBusy, Contention.

    Every piece is one transaction that also moves the run's mark, so a run that was killed goes
    on where it stood and nothing comes twice.
    """
    row = _row(scope.merchant_id, run_id)
    if row.status not in ("ready", "queued", "running", "failed"):
        raise RunBusy(f"The run is {row.status}.")
    claimed = (
        ImportRun.objects.of(scope.merchant_id)
        .filter(id=run_id, status=row.status, heartbeat_at=row.heartbeat_at)
        .update(
            status="running",
            heartbeat_at=real_now(),
            started_at=row.started_at or real_now(),
            error="",
        )
    )
    if not claimed:
        raise RunBusy("Another process runs it.")
    # By name within the home, not as it was noted: a restored home may stand elsewhere.
    path = run_folder(scope.merchant_id, run_id) / Path(row.file_path).name
    try:
        if opened is not None:
            _import(scope, row, opened, watch)
        else:
            with _opened(scope, row.kind, path, row.profile) as file:
                _import(scope, row, file, watch)
    except Exception as error:
        _failed(scope, run_id, error)
        raise
    return _complete(scope, run_id)


def _import(scope: Scope, row: ImportRun, file: ReadFile, watch: Watch) -> None:
    if file.piece_count != row.pieces and not isinstance(file, RefundFile):
        # It was cut by another version of this program: from the first piece on, what came then
        # counts as repeated.
        row.pieces, row.pieces_done = file.piece_count, 0
        row.save(update_fields=["pieces", "pieces_done"])
    if isinstance(file, OrderFile):
        _import_orders(scope, row, file, watch)
    elif isinstance(file, MemberFile):
        _import_members(scope, row, file, watch)
    else:
        _import_refunds(scope, row, file, watch)


def _failed(scope: Scope, run_id: UUID, error: Exception) -> None:
    ImportRun.objects.of(scope.merchant_id).filter(id=run_id).update(
        status="failed", error=f"{type(error).__name__}: {error}"[:2_000]
    )


def _import_members(scope: Scope, row: ImportRun, file: MemberFile, watch: Watch) -> None:
    learn_stores(scope.merchant_id, file.stores())
    done = Progress(row.pieces_done, file.piece_count, row.orders, row.lines)
    watch(done)
    for piece, result in brought_pieces(scope, row.id, file, row.pieces_done):
        people, lines = done.orders + result.orders, done.lines + result.lines
        done = Progress(piece.number + 1, file.piece_count, people, lines)
        watch(done)


def _import_orders(scope: Scope, row: ImportRun, file: OrderFile, watch: Watch) -> None:
    if row.pieces_done == 0:
        learn_products(
            scope.merchant_id,
            ((p.sku, p.name, p.category, p.type) for batch in file.products() for p in batch),
        )
        learn_stores(scope.merchant_id, file.stores())
    done = Progress(row.pieces_done, file.piece_count, row.orders, row.lines)
    watch(done)
    with collector_paused():
        for piece, result in settled_pieces(scope, row, file):
            _tell_refused(scope.merchant_id, row.id, result.refused)
            done = Progress(
                piece.number + 1,
                file.piece_count,
                done.orders + result.orders,
                done.lines + result.lines,
            )
            watch(done)


def _import_refunds(scope: Scope, row: ImportRun, file: Any, watch: Watch) -> None:
    total = Progress(row.pieces_done, file.piece_count, row.orders, row.lines)
    for piece in file.pieces(row.pieces_done):
        result = settle_refunds(scope, row.id, piece)
        writes = Writes()
        mark(writes, scope.merchant_id, row.id, piece.number, result)
        with transaction.atomic():
            writes.record()
        _tell_refused(scope.merchant_id, row.id, result.refused)
        total = Progress(
            piece.number + 1,
            file.piece_count,
            total.orders + result.orders,
            total.lines + result.lines,
        )
        watch(total)


def _tell_refused(merchant_id: int, run_id: UUID, refused: list[Refused]) -> None:
    """Keep the first refusals with the run, so that the screen can name rows and reasons."""
    if not refused:
        return
    with transaction.atomic():
        row = _row(merchant_id, run_id)
        told = row.report.setdefault("refused", [])
        for item in refused[: _MOST_REFUSED_TOLD - len(told)]:
            told.append(
                {
                    "row": item.row,
                    "column": "order_id",
                    "code": item.code,
                    "message": f"{item.external_id}: {item.detail}",
                }
            )
        row.save(update_fields=["report"])


def _complete(scope: Scope, run_id: UUID) -> RunView:
    if _row(scope.merchant_id, run_id).kind != "members":
        run_due(scope.merchant_id, scope.now)
        apply_all_parked(scope)
    with transaction.atomic():
        ImportRun.objects.of(scope.merchant_id).filter(id=run_id).update(
            status="done", finished_at=real_now()
        )
        row = _row(scope.merchant_id, run_id)
        publish(
            aggregate=run_id.hex,
            events=[
                ImportCompleted(
                    merchant_id=scope.merchant_id,
                    happened_at=scope.now,
                    run_id=run_id,
                    orders=row.orders,
                    rejected=row.rejected,
                )
            ],
            at=scope.now,
        )
    return view_of(row)


def queue_undo(scope: Scope, run_id: UUID) -> RunView:
    """Let the jobs undo it. Raises RunBusy unless it has ended (well or not)."""
    changed = (
        ImportRun.objects.of(scope.merchant_id)
        .filter(id=run_id, kind__in=_UNDOABLE, status__in=["done", "failed"])
        .update(status="undoing")
    )
    return _view_or_busy(scope, run_id, changed, _ONLY_ENDED)


def undo_run(
    scope: Scope, run_id: UUID, *, watch: Callable[[int], None] = lambda done: None
) -> RunView:
    """Give back everything the run brought; safe to call again after a kill."""
    row = _row(scope.merchant_id, run_id)
    if row.kind not in _UNDOABLE or row.status not in ("done", "failed", "undoing"):
        raise RunBusy(_ONLY_ENDED)
    ImportRun.objects.of(scope.merchant_id).filter(id=run_id).update(status="undoing")
    try:
        if row.kind == "members":
            undone, kept = take_back_run(scope, run_id, progress=watch)
            row.report["taken_back"] = {"removed": undone, "kept": kept}
            row.save(update_fields=["report"])
        else:
            undone = undo_orders(scope, run_id, progress=watch)
    except Exception as error:
        _failed(scope, run_id, error)
        raise
    with transaction.atomic():
        ImportRun.objects.of(scope.merchant_id).filter(id=run_id).update(
            status="undone", finished_at=real_now()
        )
        publish(
            aggregate=run_id.hex,
            events=[
                ImportUndone(
                    merchant_id=scope.merchant_id,
                    happened_at=scope.now,
                    run_id=run_id,
                    orders=undone,
                )
            ],
            at=scope.now,
        )
    return view_of(_row(scope.merchant_id, run_id))


def row_errors(merchant_id: int, run_id: UUID, *, limit: int) -> list[dict[str, Any]]:
    """The first rows that were not taken: those the file's judging rejected, then the refused."""
    row = _row(merchant_id, run_id)
    told: list[dict[str, Any]] = row.report.get("errors", []) + row.report.get("refused", [])
    return [{key: item[key] for key in _ERROR_KEYS} for item in told[:limit]]


def stale_runs(before: datetime) -> list[ImportRun]:
    """Runs that wait, and runs whose process has not been heard of since ``before``."""
    return list(
        ImportRun.objects.across_merchants()
        .filter(Q(status__in=["queued", "undoing"]) | Q(status="running", heartbeat_at__lt=before))
        .order_by("id")
    )


def _opened(scope: Scope, kind: str, path: Path, profile: str) -> ReadFile:
    if kind == "orders":
        return open_orders(path, profile=profile, zone=scope.zone, currency=scope.currency)
    if kind == "members":
        region = region_of(scope.merchant_id)
        return open_members(path, profile=profile, zone=scope.zone, region=region, now=scope.now)
    return open_refunds(path, profile=profile, zone=scope.zone)


def _row(merchant_id: int, run_id: UUID) -> ImportRun:
    row = ImportRun.objects.of(merchant_id).filter(id=run_id).first()
    if row is None:
        raise NotFound
    return row


def _view_or_busy(scope: Scope, run_id: UUID, changed: int, detail: str) -> RunView:
    row = _row(scope.merchant_id, run_id)
    if not changed:
        raise RunBusy(f"{detail} It is {row.status}.")
    return view_of(row)


def _plain(value: Any) -> Any:
    """Dataclass dictionaries as JSON keeps them."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
