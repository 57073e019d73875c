"""Working lists out: asked for at once, or kept for the API by the jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa

from regulars.infra.clock import real_now
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.analytics.queries import freshness
from regulars.modules.insight import stored
from regulars.modules.insight.gathering import Gathered
from regulars.modules.insight.learning.learner import Watch
from regulars.modules.insight.services import (
    LEAST_LINES,
    is_old,
    known_at,
    lines_known,
    yesterday,
)
from regulars.modules.insight.types import Level
from regulars.modules.members.queries import refused

from . import tables
from .ranking.listing import Recommended, recommend_new, recommend_next
from .types import KEPT_LENGTH, KEPT_LEVELS, MODES, PERSONALISATION, Mode


@dataclass(frozen=True, slots=True)
class Answer:
    """Lists, what they were made from, and the ids of those who want nothing personal."""

    told: Gathered
    found: Recommended
    refused: frozenset[str]


def recommend(
    merchant: MerchantFacts,
    *,
    mode: Mode,
    as_of: date,
    level: Level,
    length: int,
    watch: Watch | None = None,
) -> Answer:
    """Lists of ``length`` items, learnt afresh from what was known at the end of ``as_of``.

    From those who took back their consent to personalisation, as it stands now, nothing is learnt.
    """
    told = known_at(merchant, as_of, level)
    unwilling = frozenset(show("mem", id_) for id_ in refused(merchant.id, PERSONALISATION))
    history = told.history
    if unwilling:
        codes = [told.member_ids[str(member)] in unwilling for member in history.members]
        history = history.only(~np.array(codes, dtype=bool)[history.member])
    if mode == "next_basket":
        found = recommend_next(history, told.as_of, length=length, watch=watch)
    else:
        found = recommend_new(history, told.as_of, length=length, watch=watch)
    return Answer(told, found, unwilling)


NAMES: Final = tuple((mode, level) for level in KEPT_LEVELS for mode in MODES)


def name_of(mode: Mode, level: Level) -> str:
    """What the kept lists are called."""
    return f"recommend-{mode}-{level}"


def refresh_next(merchant: MerchantFacts) -> str | None:
    """Make the first lists of a merchant that are missing or old; their name, None if none are."""
    lines = lines_known(freshness(merchant.id))
    if lines < LEAST_LINES:
        return None
    as_of = yesterday(merchant)
    for mode, level in NAMES:
        name = name_of(mode, level)
        kept = stored.read(merchant.id, name)
        if kept is None or is_old(kept, as_of, lines):
            _refresh(merchant, mode, level, as_of, lines)
            return name
    return None


def _refresh(merchant: MerchantFacts, mode: Mode, level: Level, as_of: date, lines: int) -> None:
    answer = recommend(merchant, mode=mode, as_of=as_of, level=level, length=KEPT_LENGTH)
    about = {
        "as_of": as_of.isoformat(),
        "made_at": show_instant(real_now()),
        "lines": lines,
        "mode": mode,
        "level": level,
        "popular": tables.popular_rows(answer.told, answer.found),
        **tables.about(answer.found),
    }
    # In the order of the ids, so that one member's list is found in one group of rows.
    parts = (tables.personal_table, tables.left_out_table)
    rows = pa.concat_tables([part(answer.told, answer.found) for part in parts])
    rows = rows.sort_by([("member_id", "ascending"), ("rank", "ascending")])
    stored.write(merchant.id, name_of(mode, level), rows, about)
