"""Reads of import runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q

from regulars.kernel.errors import NotFound
from regulars.modules.members.lookup import Someone, people
from regulars.modules.members.matching import proposal
from regulars.modules.members.types import MERGED

from .models import BroughtRow, ImportRun
from .types import BroughtCounts, BroughtView, RunView


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


def brought(merchant_id: int, run_id: UUID) -> BroughtCounts:
    """What the rows of a run of members came to so far. Raises NotFound."""
    run(merchant_id, run_id)
    rows = (
        BroughtRow.objects.of(merchant_id)
        .filter(run_id=run_id)
        .values_list("outcome", "recognised_by")
        .annotate(rows=Count("row"))
    )
    outcomes: dict[str, int] = {}
    by: dict[str, int] = {}
    for outcome, recognised_by, count in rows:
        outcomes[outcome] = outcomes.get(outcome, 0) + count
        for kind in filter(None, recognised_by.split(",")):
            by[kind] = by.get(kind, 0) + count
    return BroughtCounts(outcomes, by)


def brought_rows(
    merchant_id: int, run_id: UUID, *, outcome: str, limit: int, after: int
) -> list[BroughtView]:
    """The rows that came to ``outcome``, by row number from past ``after`` on. Raises NotFound."""
    run(merchant_id, run_id)
    rows = list(
        BroughtRow.objects.of(merchant_id)
        .filter(run_id=run_id, outcome=outcome, row__gt=after)
        .order_by("row")[:limit]
    )
    named = {UUID(other) for row in rows for other in row.others}
    known = people(merchant_id, list(named))
    return [_brought(row, known) for row in rows]


def _brought(row: BroughtRow, known: Mapping[UUID, Someone]) -> BroughtView:
    others = [UUID(other) for other in row.others]
    there = [(o, known[o].status, known[o].joined_at) for o in others if o in known]
    apart = [one for one in there if one[1] != MERGED]
    into, merge = proposal(apart) if len(apart) > 1 else (None, ())
    by = tuple(filter(None, row.recognised_by.split(",")))
    return BroughtView(row.row, row.outcome, row.member_id, by, into, merge)
