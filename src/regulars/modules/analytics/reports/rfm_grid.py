"""The RFM report: means, quintiles, all 125 cells, and the named segments of the R x F grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product
from typing import Any, Final, Literal

from ibis import _

from regulars.modules.analytics.expressions.purchases import purchases
from regulars.modules.analytics.expressions.rfm import (
    revenue_by_rank,
    rfm_cells,
    rfm_scores,
    rfm_values,
)
from regulars.modules.analytics.facts import Facts, Row
from regulars.modules.analytics.report_shapes import (
    RfmCut,
    RfmGridCell,
    RfmReport,
    RfmSegment,
)
from regulars.modules.analytics.rounding import mean_4, share_bps

_SCORES: Final = range(1, 6)
_TOP_PERCENT: Final = (1, 5, 10, 20)
_Letter = Literal["r", "f", "m"]
_COLUMNS: Final[dict[_Letter, tuple[str, str]]] = {
    "r": ("recency_score", "recency_days"),
    "f": ("frequency_score", "frequency"),
    "m": ("monetary_score", "monetary_minor"),
}
# Read as the grid is drawn: recency 5 in the first row, frequency 1 in the first column.
_SEGMENTS: Final = {
    5: ("new", "new", "potential_loyal", "champions", "champions"),
    4: ("promising", "promising", "potential_loyal", "loyal", "champions"),
    3: ("needs_attention", "needs_attention", "needs_attention", "loyal", "loyal"),
    2: ("lapsed", "lapsed", "at_risk", "at_risk", "at_risk"),
    1: ("lapsed", "lapsed", "at_risk", "cannot_lose", "cannot_lose"),
}


def segment_of(*, recency: int, frequency: int) -> str:
    """The named segment of two scores from 1 to 5."""
    return _SEGMENTS[recency][frequency - 1]


def cells_of(segment: str) -> list[tuple[int, int]]:
    """The cells (recency, frequency) of a named segment; none of a name that is not there."""
    return [
        (recency, frequency)
        for recency, row in _SEGMENTS.items()
        for frequency, name in enumerate(row, 1)
        if name == segment
    ]


def rule_of(cells: Iterable[tuple[int, int]]) -> dict[str, Any]:
    """The rule of segments that follows some cells of the grid: row by row, each stretch of
    neighbours as one comparison."""
    rows: dict[int, list[int]] = {}
    for recency, frequency in sorted(set(cells), reverse=True):
        rows.setdefault(recency, []).insert(0, frequency)
    nodes = [
        {
            "all": [
                {"fact": "recency_score", "op": "=", "value": recency},
                *_between(first, last),
            ]
        }
        for recency, scores in rows.items()
        for first, last in _stretches(scores)
    ]
    return nodes[0] if len(nodes) == 1 else {"any": nodes}


def _stretches(scores: Sequence[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for score in scores:
        if found and found[-1][1] == score - 1:
            found[-1] = (found[-1][0], score)
        else:
            found.append((score, score))
    return found


def _between(first: int, last: int) -> list[dict[str, Any]]:
    if first == last:
        return [{"fact": "frequency_score", "op": "=", "value": first}]
    return [
        {"fact": "frequency_score", "op": ">=", "value": first},
        {"fact": "frequency_score", "op": "<=", "value": last},
    ]


def scores_of_members(facts: Facts, *, as_of: date) -> dict[str, tuple[int, int, int]]:
    """Recency, frequency and monetary score of every member with a purchase, as of a day."""
    with facts.open() as tables:
        bought = purchases(tables.table("orders"), as_of=as_of)
        scored = rfm_scores(tables.keep("rfm_values", rfm_values(bought, as_of=as_of)))
        rows = tables.rows(
            scored.select("member_id", "recency_score", "frequency_score", "monetary_score")
        )
    return {
        row["member_id"]: (row["recency_score"], row["frequency_score"], row["monetary_score"])
        for row in rows
    }


def rfm(facts: Facts, *, as_of: date) -> RfmReport:
    """Every member with a purchase, scored against the others as of the end of ``as_of``."""
    with facts.open() as tables:
        bought = purchases(tables.table("orders"), as_of=as_of)
        values = tables.keep("rfm_values", rfm_values(bought, as_of=as_of))
        cells = tables.rows(rfm_cells(rfm_scores(values)))
        members = sum(row["members"] for row in cells)
        top = {percent: max(members * percent // 100, 1) for percent in _TOP_PERCENT}
        ranked = revenue_by_rank(values)
        sums = {
            str(percent): _.monetary_minor.sum(where=_.rank <= most).fill_null(0)
            for percent, most in top.items()
        }
        top_revenue = tables.rows(ranked.agg(**sums))[0]
    revenue = _total(cells, "monetary_minor")
    grid = _grid(cells)
    return {
        "report": "rfm",
        "as_of": as_of.isoformat(),
        "members": members,
        "means": {
            "recency_days": mean_4(_total(cells, "recency_days"), members),
            "frequency": mean_4(_total(cells, "frequency"), members),
            "monetary_minor": mean_4(revenue, members),
        },
        "quintiles": {"r": _sizes(cells, "r"), "f": _sizes(cells, "f"), "m": _sizes(cells, "m")},
        "cells": _all_cells(cells),
        "cuts": {letter: _cuts(cells, letter) for letter in _COLUMNS},
        "grid": grid,
        "segments": _segments(grid),
        "revenue_of_top_percent_bps": {
            percent: share_bps(minor, revenue) for percent, minor in top_revenue.items()
        },
    }


def rfm_members(
    facts: Facts, *, as_of: date, recency: Sequence[int], frequency: Sequence[int]
) -> list[str]:
    """The members behind cells of the grid: whose two scores are among those given."""
    with facts.open() as tables:
        bought = purchases(tables.table("orders"), as_of=as_of)
        scored = rfm_scores(tables.keep("rfm_values", rfm_values(bought, as_of=as_of)))
        chosen = scored.filter(
            _.recency_score.isin(list(recency)), _.frequency_score.isin(list(frequency))
        )
        rows = tables.rows(chosen.select("member_id").order_by("member_id"))
    return [row["member_id"] for row in rows]


def _total(cells: Sequence[Row], column: str) -> int:
    return sum(row[f"total_{column}"] for row in cells)


def _sizes(cells: Sequence[Row], letter: _Letter) -> list[int]:
    return [cut["members"] for cut in _cuts(cells, letter)]


def _cuts(cells: Sequence[Row], letter: _Letter) -> list[RfmCut]:
    score_column, value = _COLUMNS[letter]
    cuts: list[RfmCut] = []
    for score in _SCORES:
        with_score = [row for row in cells if row[score_column] == score]
        cuts.append(
            {
                "score": score,
                "members": sum(row["members"] for row in with_score),
                "least": min((row[f"least_{value}"] for row in with_score), default=None),
                "most": max((row[f"most_{value}"] for row in with_score), default=None),
            }
        )
    return cuts


def _all_cells(cells: Sequence[Row]) -> dict[str, int]:
    members = {f"{r}{f}{m}": 0 for r, f, m in product(_SCORES, repeat=3)}
    for row in cells:
        name = f"{row['recency_score']}{row['frequency_score']}{row['monetary_score']}"
        members[name] = row["members"]
    return members


def _grid(cells: Sequence[Row]) -> list[RfmGridCell]:
    grid: list[RfmGridCell] = []
    for recency, frequency in product(_SCORES, repeat=2):
        here = [
            row
            for row in cells
            if (row["recency_score"], row["frequency_score"]) == (recency, frequency)
        ]
        grid.append(
            {
                "r": recency,
                "f": frequency,
                "segment": segment_of(recency=recency, frequency=frequency),
                "members": sum(row["members"] for row in here),
                "revenue_minor": _total(here, "monetary_minor"),
            }
        )
    return grid


def _segments(grid: Sequence[RfmGridCell]) -> list[RfmSegment]:
    members = sum(cell["members"] for cell in grid)
    revenue = sum(cell["revenue_minor"] for cell in grid)
    segments: list[RfmSegment] = []
    for name in dict.fromkeys(name for row in _SEGMENTS.values() for name in row):
        own = [cell for cell in grid if cell["segment"] == name]
        own_members = sum(cell["members"] for cell in own)
        own_revenue = sum(cell["revenue_minor"] for cell in own)
        segments.append(
            {
                "segment": name,
                "members": own_members,
                "members_bps": share_bps(own_members, members),
                "revenue_minor": own_revenue,
                "revenue_bps": share_bps(own_revenue, revenue),
            }
        )
    return segments
