"""All forecasts at once, because somebody asked: step by step, gone on with after a kill.

A step is over where its forecast was made since the run was asked for, whoever made it: the daily
job goes on beside a run, and neither does again what the other did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from regulars.infra.clock import now_for, real_now
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import stopping
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_id
from regulars.kernel.instants import parse_instant
from regulars.modules.analytics import services as analytics
from regulars.modules.analytics.queries import freshness

from . import stored
from .errors import Running
from .models import Run
from .services import LEAST_LINES, NAMES, is_possible, lines_known, refresh, yesterday
from .telling import tell_segments

Status = Literal["waiting", "running", "done", "failed"]
Watch = Callable[[int, int], None]
#: The first step: what the forecasts are learnt from.
FACTS: Final = "facts"
#: A run whose process told nothing for so long is gone on with by another.
SILENT_FOR: Final = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as people watch it: ``done`` of ``of`` steps are over, ``step`` is at work."""

    id: UUID
    status: Status
    done: int
    of: int
    step: str | None
    error: str
    created_at: datetime
    created_by: str
    finished_at: datetime | None


def steps() -> tuple[str, ...]:
    """What a run does, in order: the facts, then each forecast that can be worked out here."""
    return (FACTS, *(name for name in NAMES if is_possible(name)))


def ask(merchant_id: int, *, by: str) -> RunView:
    """Have the jobs work all forecasts out now, in the caller's transaction.

    Raises Running while that is being done.
    """
    row = Run(merchant_id=merchant_id, id=new_id(), created_at=real_now(), created_by=by)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Running from None
    return _view(row)


def latest(merchant_id: int) -> RunView | None:
    """The run that was asked for last."""
    row = Run.objects.of(merchant_id).order_by("-created_at", "-id").first()
    return None if row is None else _view(row)


def waiting_runs() -> list[tuple[int, UUID]]:
    """Merchant and id of every run that waits, or whose process is gone."""
    silent = Q(heartbeat_at=None) | Q(heartbeat_at__lt=real_now() - SILENT_FOR)
    rows = Run.objects.across_merchants().filter(silent, finished_at=None)
    return list(rows.order_by("created_at", "id").values_list("merchant_id", "id"))


def work(merchant: MerchantFacts, run_id: UUID, *, watch: Watch = lambda done, of: None) -> RunView:
    """Take a run to its end, from wherever it is; left open where the process is to stop.

    Raises NotFound; where a step fails the run ends with it, and the error goes on.
    """
    own = Run.objects.of(merchant.id).filter(id=run_id)
    row = own.first()
    if row is None:
        raise NotFound
    names = steps()
    own.filter(started_at=None).update(started_at=real_now())
    for number, name in enumerate(names):
        watch(number, len(names))
        if number < row.done:
            continue
        if stopping():
            return _view(own.get())
        own.update(step=name, heartbeat_at=real_now())
        try:
            _do(merchant, name, since=row.created_at)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"[:300]
            own.update(error=told, finished_at=real_now())
            raise
        own.filter(done__lt=number + 1).update(done=number + 1, heartbeat_at=real_now())
    own.filter(finished_at=None).update(step="", finished_at=real_now())
    watch(len(names), len(names))
    return _view(own.get())


def _do(merchant: MerchantFacts, name: str, *, since: datetime) -> None:
    if name == FACTS:
        analytics.refresh_facts(merchant.id, now_for(merchant))
        return
    lines = lines_known(freshness(merchant.id))
    if lines < LEAST_LINES:
        return
    with stored.alone(merchant.id):
        as_of, kept = yesterday(merchant), stored.read(merchant.id, name)
        made_at = parse_instant(kept.about["made_at"]) if kept else None
        if kept is None or made_at is None or made_at < since or kept.as_of != as_of:
            refresh(merchant, name, as_of, lines)
    tell_segments(merchant)


def _view(row: Run) -> RunView:
    status: Status = "running" if row.started_at else "waiting"
    if row.finished_at is not None:
        status = "failed" if row.error else "done"
    of = max(row.done, len(steps()))
    return RunView(
        id=row.id,
        status=status,
        done=row.done,
        of=of,
        step=row.step or None,
        error=row.error,
        created_at=row.created_at,
        created_by=row.created_by,
        finished_at=row.finished_at,
    )
