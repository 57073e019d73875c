"""Lifetime values as they go out: CSV, Parquet, and what to know about them as JSON."""

from __future__ import annotations

import csv
import io
import math
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa

from regulars.modules.analytics.reports.csv_text import cell_text

from .scoring import Calibration, Scores
from .types import Integers, TooFewBuyers

COLUMNS: Final = ("member", "expected_purchases", "expected_value_minor", "probability_alive")
_DIGITS: Final = 6


def to_csv(scores: Scores | None) -> str:
    """One line per buyer by external identity; no probability for one-time buyers. Of None there
    is the head alone."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    if scores is None:
        return text.getvalue()
    for member, purchases, value, alive in zip(
        scores.member.to_pylist(),
        scores.expected_purchases.tolist(),
        scores.expected_value_minor.tolist(),
        scores.probability_alive.tolist(),
        strict=True,
    ):
        told = "" if math.isnan(alive) else f"{alive:.{_DIGITS}f}"
        writer.writerow((cell_text(member), f"{purchases:.{_DIGITS}f}", value, told))
    return text.getvalue()


def kept_table(scores: Scores) -> pa.Table:
    """One row per buyer, the most valuable first, as it is kept for the screens."""
    alive = scores.probability_alive
    table = pa.table(
        {
            "member_id": scores.member_id,
            "member": scores.member,
            "purchases": scores.purchases,
            "days_ago": scores.days_ago,
            "expected_purchases": scores.expected_purchases,
            "expected_value_minor": scores.expected_value_minor,
            "probability_alive": pa.array(alive, mask=np.isnan(alive)),
            "tenth": tenths(scores.expected_value_minor),
        }
    )
    return table.sort_by([("expected_value_minor", "descending"), ("member", "ascending")])


def tenths(value: Integers) -> Integers:
    """Which tenth of all each is in, 1 for those with most; equals share the middle of theirs."""
    order = np.sort(-value)
    before, until = (np.searchsorted(order, -value, side=side) for side in ("left", "right"))
    # The mean rank of equals, doubled to stay whole: (before + 1 + until) / 2 x 10 / n, upwards.
    return np.asarray(-((before + 1 + until) * 10 // (-2 * len(value))), dtype=np.int64)


def to_parquet(scores: Scores | None) -> bytes:
    """The same as a Parquet file."""
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(_nobody() if scores is None else _table(scores), sink, compression="zstd")
    return bytes(sink.getvalue())


def _nobody() -> pa.Table:
    """Made when it is asked for: PyArrow's first array of a process brings pandas along."""
    kinds = (pa.string(), pa.float64(), pa.int64(), pa.float64())
    return pa.schema(list(zip(COLUMNS, kinds, strict=True))).empty_table()


def _table(scores: Scores) -> pa.Table:
    alive = scores.probability_alive
    columns = (
        scores.member,
        scores.expected_purchases,
        scores.expected_value_minor,
        pa.array(alive, mask=np.isnan(alive)),
    )
    return pa.table(dict(zip(COLUMNS, columns, strict=True)))


def facts_of(scores: Scores, held: Calibration | None) -> dict[str, Any]:
    """What the expectations were made with, and how the same fared before; for people and JSON."""
    buying, spending = scores.models.buying, scores.models.spending
    return {
        "report": "clv",
        "as_of": scores.as_of.isoformat(),
        "horizon_days": scores.horizon_days,
        "members": len(scores.member),
        "expected_purchases": round(float(scores.expected_purchases.sum()), 4),
        "expected_value_minor": int(scores.expected_value_minor.sum()),
        "buying": {name: _short(getattr(buying, name)) for name in ("r", "alpha", "a", "b")},
        "spending": {name: _short(getattr(spending, name)) for name in ("p", "q", "gamma")},
        "frequency_worth_correlation": _short(scores.models.correlation),
        "calibration": None if held is None else calibration_shown(held),
        "abstained": None,
    }


def facts_of_none(few: TooFewBuyers, *, as_of: date, horizon_days: int) -> dict[str, Any]:
    """The same where too few came back: what there was too little of, and nothing else."""
    nothing = dict.fromkeys(("buying", "spending", "frequency_worth_correlation", "calibration"))
    return {
        "report": "clv",
        "as_of": as_of.isoformat(),
        "horizon_days": horizon_days,
        "members": 0,
        "expected_purchases": 0.0,
        "expected_value_minor": 0,
        **nothing,
        "abstained": few.told,
    }


def calibration_shown(held: Calibration) -> dict[str, Any]:
    """How far the totals were off the last time, told as it was."""
    return {
        "horizon_days": held.horizon_days,
        "members": held.buyers,
        "predicted_purchases": round(held.predicted_purchases, 4),
        "actual_purchases": held.actual_purchases,
        "off_bps": held.off_bps,
        "predicted_value_minor": held.predicted_value_minor,
        "actual_value_minor": held.actual_value_minor,
        "correlation": _short(held.correlation),
        "mean_absolute_error": _short(held.mean_absolute_error),
        "top_tenth_value_share": _short(held.top_tenth_share),
        "by_purchases": [
            {
                "least": group.least,
                "most": group.most,
                "members": group.buyers,
                "predicted_purchases": round(group.predicted_purchases, 4),
                "actual_purchases": group.actual_purchases,
                "predicted_value_minor": group.predicted_value_minor,
                "actual_value_minor": group.actual_value_minor,
            }
            for group in held.groups
        ],
    }


def _short(value: float) -> float:
    return float(f"{value:.6g}")
