"""Group commit: orders that many callers of one process place at once are placed as one unit.

Each is decided as it would be alone, from what it would find alone; what is shared is the question,
the statement that records and the flush to disk (docs/adr/0040-orders-in-company.md). Whatever
does not fit into the company of that moment is placed alone by its own caller, who then also
finds out for themselves what is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db.utils import DatabaseError

from regulars.infra.db import HotSql, connected, fetch_texts_of_each, is_postgres
from regulars.infra.grouping import Group
from regulars.infra.recording import LostRace, Writes
from regulars.kernel.errors import Refusal

from .deciding import Decided, Placed, Wanted, decide, question_of
from .gather import Gathered

#: So few threads of a process hardly stand in each other's way.
_ALONE: Final = 6
#: More would let the first of them wait longer than they save.
_MOST: Final = 8
#: Some dozen companies would have gone by.
_PATIENCE_SECONDS: Final = 0.25


def place_in_company(wanted: Wanted, alone: Callable[[], Placed]) -> Placed:
    """Place an order, ``alone`` or together with those that others place just now. SQLite has one
    writer, who has no company."""
    if not is_postgres() or wanted.asked.beside is not None or connected().in_atomic_block:
        return alone()
    return _company.do(wanted, alone)


def _place(group: Sequence[Wanted]) -> list[Placed | None]:
    """One order of each person; all in the order of whose they are, so that two companies that
    meet wait for each other in one direction only."""
    first = {wanted.who: place for place, wanted in reversed(list(enumerate(group)))}
    places = [first[who] for who in sorted(first, key=str)]
    found: list[Placed | None] = [None] * len(group)
    writes = Writes()
    try:
        for place, decided in _decided(group, places):
            found[place] = decided.placed
            if decided.writes is not None:
                writes.absorb(decided.writes)
        writes.record()
    except (LostRace, DatabaseError):
        return [None] * len(group)
    return found


def _decided(group: Sequence[Wanted], places: Sequence[int]) -> list[tuple[int, Decided]]:
    asked: dict[HotSql, list[tuple[int, dict[str, Any]]]] = {}
    for place in places:
        sql, params = question_of(group[place])
        asked.setdefault(sql, []).append((place, params))
    gathered: dict[int, Gathered] = {}
    for sql, each in asked.items():
        rows = fetch_texts_of_each(sql, [params for _, params in each])
        gathered |= {place: Gathered(row) for (place, _), row in zip(each, rows, strict=True)}
    found = []
    for place in places:
        try:
            found.append((place, decide(group[place], gathered[place])))
        except Refusal:
            continue
    return found


_company: Final = Group(_place, alone=_ALONE, most=_MOST, patience=_PATIENCE_SECONDS)
