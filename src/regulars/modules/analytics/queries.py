"""Reads of facts: how fresh they are and where they lie."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pyarrow.parquet as pq

from regulars.infra.db import Sql, any_of, as_instant, as_json, as_uuid, fetch_all, fetch_one
from regulars.kernel.periods import add_months

from . import folders
from .facts import Facts
from .facts_schema import PATTERNS
from .marks import EVERYTHING, LEDGER, Part, Stale, months_around, part_of, stale_after

_WAITING_TEXT: Final = (
    "SELECT json_group_array(json_array(w.id, w.events)) FROM infra_outboxrow w "
    "WHERE w.relayed_at IS NULL AND w.merchant_id = :merchant_id"
)
_WAITING: Final = Sql(_WAITING_TEXT)
_FRESHNESS: Final = Sql(
    f"""SELECT
  (SELECT json_array(f.as_of, f.exported_at) FROM analytics_factsstamp f
     WHERE f.merchant_id = :merchant_id),
  (SELECT json_group_array(json_array(s.month, s.since)) FROM analytics_stalemonth s
     WHERE s.merchant_id = :merchant_id),
  ({_WAITING_TEXT})"""
)
_EXPORTED_AT: Final = Sql(
    "SELECT exported_at FROM analytics_factsstamp WHERE merchant_id = :merchant_id"
)
_MONTHS_OF: Final = Sql(
    "SELECT DISTINCT substr(o.paid_at || '', 1, 7) FROM orders_order o "
    "WHERE o.merchant_id = :merchant_id AND o.paid_at IS NOT NULL AND o.member_id IN ("
    "SELECT m.id FROM members_member m WHERE m.merchant_id = :merchant_id "
    f"AND ({any_of('m.id')} OR {any_of('m.merged_into')}))"
)
_LINES_BETWEEN: Final = Sql(
    "SELECT coalesce(sum(lines), 0) FROM orders_order WHERE merchant_id = :merchant_id "
    "AND paid_at >= :since AND paid_at < :until"
)
_AT_MOST: Final = Sql(
    """SELECT
  (SELECT count(*) FROM (SELECT 1 FROM orders_orderline WHERE merchant_id = :merchant_id
     LIMIT :most) l),
  (SELECT count(*) FROM (SELECT 1 FROM ledger_posting WHERE merchant_id = :merchant_id
     LIMIT :most) p)"""
)
_LEDGER_FILES: Final = (PATTERNS["postings"], "lots.parquet")
_PEOPLE_FILES: Final = ("members.parquet", "tier_changes.parquet")


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a merchant's facts tell, and what they do not tell yet.

    ``folder`` is None where nothing was exported yet, and then everything is stale. ``marks``
    are stored, with the instant each was set; ``untold`` come from events that are still to be
    relayed and that no export has seen. ``waiting`` are the outbox rows of all events still to be
    relayed.
    """

    merchant_id: int
    folder: Path | None
    as_of: datetime | None
    exported_at: datetime | None
    marks: Mapping[str, datetime]
    untold: frozenset[str]
    waiting: frozenset[str]

    def stale(self, parts: Iterable[Part] = EVERYTHING) -> frozenset[str]:
        """The marks of ``parts``; not all there are where nothing was exported yet."""
        wanted = set(parts)
        return frozenset(m for m in (*self.marks, *self.untold) if part_of(m) in wanted)

    def is_stale(self, parts: Iterable[Part] = EVERYTHING) -> bool:
        return self.folder is None or bool(self.stale(parts))

    @property
    def facts(self) -> Facts:
        """The files as they are; a merchant without any has reports of zeros."""
        return Facts(self.folder or folders.merchant_folder(self.merchant_id) / "none")


def freshness(merchant_id: int) -> Freshness:
    """How fresh the facts are, with everything that is committed: one statement, seldom two."""
    row = fetch_one(_FRESHNESS, {"merchant_id": merchant_id})
    assert row is not None
    stamp, stored, waiting = (as_json(part) for part in row)
    as_of, exported_at = (as_instant(at) for at in stamp or (None, None))
    folder = folders.export_folder(merchant_id, exported_at) if exported_at else None
    marks: dict[str, datetime] = {}
    for month, since in stored or ():
        at = as_instant(since)
        assert at is not None
        marks[month] = at
    folder = folder if folder is not None and folder.is_dir() else None
    seen = folders.seen_in(folder) if folder is not None else frozenset()
    rows = _by_row(waiting)
    untold = _marks_told(merchant_id, rows, seen)
    if folder is not None and folders.is_from_before(folder):
        untold = untold | {LEDGER}
    return Freshness(
        merchant_id=merchant_id,
        folder=folder,
        as_of=as_of,
        exported_at=exported_at,
        marks=marks,
        untold=frozenset(untold),
        waiting=frozenset(rows),
    )


def untold(merchant_id: int, *, seen: frozenset[str]) -> set[str]:
    """The marks of events that are still to be relayed, but for the outbox rows ``seen``."""
    row = fetch_one(_WAITING, {"merchant_id": merchant_id})
    assert row is not None
    return _marks_told(merchant_id, _by_row(as_json(row[0])), seen)


def _by_row(waiting: Any) -> dict[str, str]:
    """The events of each outbox row that is still to be relayed, as written."""
    return {as_uuid(id_).hex: events for id_, events in waiting or ()}


def _marks_told(merchant_id: int, rows: Mapping[str, str], seen: frozenset[str]) -> set[str]:
    told = (e for id_, events in rows.items() if id_ not in seen for e in json.loads(events))
    return marks_of(merchant_id, stale_after(told))


def was_seen(merchant_id: int, outbox_row: str) -> bool:
    """Whether the latest export has seen what the events of an outbox row tell of."""
    row = fetch_one(_EXPORTED_AT, {"merchant_id": merchant_id})
    exported_at = as_instant(row[0]) if row else None
    if exported_at is None:
        return False
    return outbox_row in folders.seen_in(folders.export_folder(merchant_id, exported_at))


def marks_of(merchant_id: int, stale: Stale) -> set[str]:
    """The marks of what is stale, the months in which its members bought among them."""
    if not stale.members:
        return stale.marks
    ids = [UUID(member_id) for member_id in sorted(stale.members)]
    rows = fetch_all(_MONTHS_OF, {"merchant_id": merchant_id, "ids": ids})
    return stale.marks | months_around(month for (month,) in rows)


def rows_to_export(fresh: Freshness, parts: Iterable[Part], *, most: int) -> int:
    """About how many rows an export of what is stale would read; past ``most`` it stops counting.

    What was exported before is taken from the files' own counts.
    """
    if fresh.folder is None:
        row = fetch_one(_AT_MOST, {"merchant_id": fresh.merchant_id, "most": most + 1})
        assert row is not None
        return int(sum(row))
    rows = 0
    unseen: list[str] = []
    for mark in fresh.stale(parts):
        if part_of(mark) == "ledger":
            rows += _written(fresh.folder, _LEDGER_FILES)
        elif part_of(mark) == "people":
            rows += _written(fresh.folder, _PEOPLE_FILES)
        elif found := _written(fresh.folder, (f"lines/month={mark}/*.parquet",)):
            rows += found
        else:
            unseen.append(mark)
    return rows + (_lines_in(fresh.merchant_id, unseen) if unseen else 0)


def _written(folder: Path, patterns: Iterable[str]) -> int:
    return sum(
        pq.read_metadata(path).num_rows for pattern in patterns for path in folder.glob(pattern)
    )


def _lines_in(merchant_id: int, months: list[str]) -> int:
    first, last = (date.fromisoformat(f"{month}-01") for month in (min(months), max(months)))
    params: dict[str, Any] = {
        "merchant_id": merchant_id,
        "since": datetime.fromisoformat(f"{first}T00:00:00+00:00"),
        "until": datetime.fromisoformat(f"{add_months(last, 1)}T00:00:00+00:00"),
    }
    row = fetch_one(_LINES_BETWEEN, params)
    assert row is not None
    return int(row[0])
