"""Pure: forecasts as tables of rows that are kept, shown and exported."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .churn.forecast import ChurnForecast
from .due.forecast import Forecast
from .due.why import days_until
from .gathering import Gathered
from .history import Floats
from .types import Abstained, Backtest


def due_table(told: Gathered, forecast: Forecast) -> pa.Table:
    """One row per candidate, the likeliest first, with the numbers that tell why."""
    features, pairs = forecast.features, forecast.features.pairs
    order = np.lexsort((pairs.item, pairs.member, -forecast.probability))
    members = told.history.members[pairs.member[order]]

    def column(name: str) -> Floats:
        return features.column(name)[order].astype(np.float64)

    days_ago, worth = column("recency").astype(np.int64), np.rint(column("value_mean"))
    ahead = days_until(column("gap_median"), days_ago, column("gap_variation"))
    today = np.datetime64(told.date_of(told.as_of), "D")
    return pa.table(
        {
            "member_id": _texts([told.member_ids[member] for member in members]),
            "member": _texts(members),
            "item": _texts(told.history.items[pairs.item[order]]),
            "probability": forecast.probability[order],
            "every_days": column("gap_median"),
            "days_ago": days_ago.astype(np.int32),
            "purchases": column("purchases").astype(np.int32),
            "times_lately": column("in_56").astype(np.int32),
            "variation": column("gap_variation"),
            "worth_minor": worth.astype(np.int64),
            "expected": forecast.probability[order] * worth,
            "expected_day": pa.array(today + ahead, mask=ahead == 0),
        }
    )


def churn_table(told: Gathered, forecast: ChurnForecast) -> pa.Table:
    """One row per watched member, the likeliest to slip away first."""
    features, member = forecast.features, forecast.features.watched.member
    order = np.lexsort((member, -forecast.probability))
    members = told.history.members[member[order]]

    def column(name: str) -> Floats:
        return features.column(name)[order]

    return pa.table(
        {
            "member_id": _texts([told.member_ids[one] for one in members]),
            "member": _texts(members),
            "probability": forecast.probability[order],
            "days_ago": column("recency").astype(np.int32),
            "usual_days": column("gap_median"),
            "longest_days": column("gap_90"),
            "trips_28": column("trips_28").astype(np.int32),
            "trips_112": column("trips_112").astype(np.int32),
            "spend_112_minor": np.rint(column("spend_112")).astype(np.int64),
        }
    )


def without(rows: pa.Table, gone: Collection[str]) -> pa.Table:
    """The rows of all but those who are ``gone`` (ids of members)."""
    if not gone:
        return rows
    return rows.filter(pc.invert(pc.is_in(rows["member_id"], value_set=_texts(sorted(gone)))))


def about(told: Gathered, found: Forecast | ChurnForecast | Abstained) -> dict[str, Any]:
    """What a forecast was learnt from and how it would have gone, in plain JSON."""
    if isinstance(found, Abstained):
        return {"abstained": {"reason": found.reason, "there": found.there, "needed": found.needed}}
    spread: dict[str, Any] = {}
    if isinstance(found, Forecast):
        spread = {
            "day_shares": [round(share, 6) for share in found.day_shares.tolist()],
            "day_buyers": [round(buyers, 6) for buyers in found.day_buyers.tolist()],
            "buyers": round(found.buyers, 6),
        }
    return {
        "abstained": None,
        "using": found.learner.using,
        "examples": found.learner.examples,
        "events": found.learner.events,
        **spread,
        "backtests": [_backtest(told, one) for one in found.backtests],
    }


def _backtest(told: Gathered, one: Backtest) -> dict[str, Any]:
    return {
        "known_until": told.date_of(one.anchor).isoformat(),
        "until": told.date_of(one.anchor + one.days).isoformat(),
        "asked": one.asked,
        "expected": round(one.expected, 1),
        "happened": one.happened,
    }


def _texts(texts: Sequence[Any] | Any) -> pa.Array:
    return pa.array(list(texts), type=pa.string())
