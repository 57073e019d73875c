"""Writing facts: keeping the files in step with the books."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from regulars.infra.clock import real_now
from regulars.infra.db import Sql, retrying, run
from regulars.infra.snapshots import one_snapshot
from regulars.kernel.errors import NotFound
from regulars.kernel.instants import show_instant
from regulars.modules.merchants.queries import merchant_of_id
from regulars.modules.programmes.queries import programme_at
from regulars.modules.tiers.types import Ladder

from . import folders, queries, resuming
from .export import Export, months_with_orders
from .marks import EVERYTHING, LEDGER, PEOPLE, Part, part_of
from .queries import Freshness

_MARK: Final = Sql(
    "INSERT INTO analytics_stalemonth (merchant_id, month, since) "
    "VALUES (:merchant_id, :month, :since) "
    "ON CONFLICT (merchant_id, month) DO UPDATE SET since = excluded.since"
)
_UNMARK: Final = Sql(
    "DELETE FROM analytics_stalemonth "
    "WHERE merchant_id = :merchant_id AND month = :month AND since = :since"
)
_STAMP: Final = Sql(
    "INSERT INTO analytics_factsstamp (merchant_id, as_of, exported_at) "
    "VALUES (:merchant_id, :as_of, :exported_at) ON CONFLICT (merchant_id) "
    "DO UPDATE SET as_of = excluded.as_of, exported_at = excluded.exported_at"
)


def mark_stale(merchant_id: int, marks: Iterable[str]) -> None:
    """Note that facts no longer tell the books, in the caller's transaction."""
    for mark in sorted(marks):
        run(_MARK, {"merchant_id": merchant_id, "month": mark, "since": real_now()})


def mark_all_stale(merchant_id: int) -> None:
    """Have the jobs write all of a merchant's facts anew, in the caller's transaction."""
    mark_stale(merchant_id, _all_marks(merchant_id))


def refresh_facts(
    merchant_id: int, now: datetime, full: bool = False, parts: Iterable[Part] = EVERYTHING
) -> Freshness:
    """Write the facts of a merchant that are stale (``full``: all of them), of ``parts`` at least.

    One export at a time per merchant; readers see the one before until this one is whole.
    ``now`` is the merchant's programme time. Must not run inside a transaction.
    """
    with folders.alone(merchant_id):
        return _export(merchant_id, now, full=full, parts=frozenset(parts))


def fresh(
    merchant_id: int,
    now: datetime,
    parts: Iterable[Part] = EVERYTHING,
    *,
    at_most_rows: int | None = None,
) -> Freshness:
    """Facts whose ``parts`` tell everything committed so far.

    With ``at_most_rows`` an export that would read more than about so many rows is left to the
    jobs, and the answer says what is stale.
    """
    wanted = frozenset(parts)
    found = queries.freshness(merchant_id)
    if not found.is_stale(wanted):
        return found
    if at_most_rows is not None:
        rows = queries.rows_to_export(found, wanted, most=at_most_rows)
        if rows > at_most_rows:
            return found
    with folders.alone(merchant_id):
        # Whoever was here before may have done it.
        found = queries.freshness(merchant_id)
        return _export(merchant_id, now, parts=wanted) if found.is_stale(wanted) else found


def _export(
    merchant_id: int, now: datetime, *, parts: frozenset[Part], full: bool = False
) -> Freshness:
    zone = ZoneInfo(merchant_of_id(merchant_id).zone)
    with one_snapshot():
        before = queries.freshness(merchant_id)
        based_on = None if full else before.folder
        stale = before.stale() if based_on else _all_marks(merchant_id)
        done = frozenset(mark for mark in stale if part_of(mark) in parts)
        export = Export(
            merchant_id=merchant_id, zone=zone, ladder=_ladder(merchant_id, now), now=now
        )
        with folders.building(merchant_id, based_on=based_on) as building:
            progress = resuming.begun(building, before, zone.key)
            taken = frozenset() if full else resuming.take_over(progress, before)
            with export:
                _write(export, done - taken, building, progress)
            progress.forget()
            folders.note_seen(building, before.waiting)
            folders.note_as_of(building, as_of=show_instant(now), zone=zone.key)
            exported_at = real_now()
            folder = folders.export_folder(merchant_id, exported_at)
            folders.finish(building, folder)
    retrying(lambda: _record(before, done, stale - done, folder_of=exported_at, as_of=now))
    if before.folder is not None:
        # From now on nobody begins to read it.
        os.utime(before.folder)
    folders.sweep(merchant_id, keep=folder)
    return queries.freshness(merchant_id)


def _all_marks(merchant_id: int) -> frozenset[str]:
    return frozenset({LEDGER, PEOPLE, *months_with_orders(merchant_id)})


def _write(export: Export, marks: Iterable[str], folder: Path, progress: resuming.Progress) -> None:
    handed_in: list[str] = []
    for mark in sorted(marks):
        if mark == LEDGER:
            export.ledger(folder)
        elif mark == PEOPLE:
            export.people(folder)
        else:
            export.month(mark, folder)
        # A month is written while the next is read, so it is whole when the next call is over.
        handed_in.append(mark)
        still_in_hand = 1 if part_of(mark) == "orders" else 0
        while len(handed_in) > still_in_hand:
            progress.note(handed_in.pop(0))


@transaction.atomic
def _record(
    before: Freshness,
    done: frozenset[str],
    left: frozenset[str],
    *,
    folder_of: datetime,
    as_of: datetime,
) -> None:
    """Point to the new export and take back the marks it dealt with, unless they were set anew."""
    of = {"merchant_id": before.merchant_id}
    run(_STAMP, {**of, "as_of": as_of, "exported_at": folder_of})
    for mark in sorted(done & before.marks.keys()):
        run(_UNMARK, {**of, "month": mark, "since": before.marks[mark]})
    mark_stale(before.merchant_id, left - before.marks.keys())


def _ladder(merchant_id: int, now: datetime) -> Ladder | None:
    try:
        return programme_at(merchant_id, now).ladder
    except NotFound:
        return None
