"""Reads of import runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from regulars.kernel.errors import NotFound

from .models import ImportRun
from .types import RunView


def run(merchant_id: int, run_id: UUID) -> RunView:
    """One run; raises NotFound."""
    found = ImportRun.objects.of(merchant_id).filter(id=run_id).first()
    if found is None:
        raise NotFound
    return view_of(found)


def runs(merchant_id: int, *, limit: int, after: UUID | None = None) -> list[RunView]:
    """The latest runs, newest first; ids rise with time."""
    rows = ImportRun.objects.of(merchant_id).order_by("-id")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [view_of(row) for row in rows[:limit]]


def faulty_runs(merchant_id: int, since: datetime) -> int:
    """How many runs since then failed or had rows rejected."""
    recent = ImportRun.objects.of(merchant_id).filter(created_at__gte=since)
    return recent.filter(Q(status="failed") | Q(rejected__gt=0)).count()


def rejected_path(merchant_id: int, run_id: UUID) -> Path:
    """Where the rejected rows of a run are kept, original columns and the reason."""
    return run_folder(merchant_id, run_id) / "rejected.csv"


def run_folder(merchant_id: int, run_id: UUID) -> Path:
    return Path(settings.HOME) / "imports" / str(merchant_id) / run_id.hex


def view_of(row: ImportRun) -> RunView:
    return RunView(
        id=row.id,
        kind=row.kind,
        file_name=row.file_name,
        profile=row.profile,
        status=row.status,
        pieces_done=row.pieces_done,
        pieces=row.pieces,
        orders=row.orders,
        lines=row.lines,
        repeated=row.repeated,
        rejected=row.rejected,
        report=row.report,
        error=row.error,
        created_at=row.created_at,
        created_by=row.created_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        heartbeat_at=row.heartbeat_at,
    )
