"""Reads of the forecasts that are kept: lists, the calendar, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid
from regulars.modules.analytics.queries import freshness

from . import stored
from .churn.lost import LostAs
from .due.why import Locale, Reason, sentence
from .services import LEAST_LINES, lines_known
from .stored import Stored
from .types import Kind, Level

State = Literal["ready", "waiting", "abstained"]
#: What came may differ from what was expected by so much, in basis points, and still be called met.
_MET_BPS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a kept list, and where the next ones begin."""

    about: dict[str, Any]
    rows: list[dict[str, Any]]
    next_cursor: str | None


def state_of(merchant: MerchantFacts, kept: Stored | None) -> dict[str, Any]:
    """Whether a list is there, and if not why: ``waiting`` for the jobs, or too little to learn."""
    nothing = {"as_of": None, "made_at": None, "abstained": None}
    if kept is None:
        lines = lines_known(freshness(merchant.id))
        if lines >= LEAST_LINES:
            return {"state": "waiting", **nothing}
        few = {"reason": "too_few_lines", "there": lines, "needed": LEAST_LINES}
        return {"state": "abstained", **nothing, "abstained": few}
    abstained = kept.about.get("abstained")
    return {
        "state": "abstained" if abstained else "ready",
        "as_of": kept.about["as_of"],
        "made_at": kept.about["made_at"],
        "abstained": abstained,
    }


def due_list(
    merchant: MerchantFacts,
    *,
    level: Level,
    locale: Locale,
    limit: int,
    after: str | None = None,
    member_id: str | None = None,
    item: str | None = None,
) -> Page:
    """Who is due to buy what again, the likeliest first; of one member or item where asked.

    Raises Invalid for an ``after`` that is of another list.
    """
    kept = stored.read(merchant.id, f"due-{level}")
    about = {**state_of(merchant, kept), "level": level, "horizon_days": None, "backtest": None}
    if kept is None or about["state"] != "ready":
        return Page(about, [], None)
    about |= {"horizon_days": kept.about["horizon_days"], "backtest": backtest_of(kept)}
    rows = _only(kept.rows(), member_id=member_id, item=item)
    shown, cursor = _page(kept, rows, limit, after)
    return Page(about, [_due(row, locale) for row in shown], cursor)


def churn_list(
    merchant: MerchantFacts, *, kind: Kind, limit: int, after: str | None = None
) -> Page:
    """Who is slipping away, the likeliest first."""
    kept = stored.read(merchant.id, f"churn-{kind}")
    about = {**state_of(merchant, kept), "kind": kind, "backtest": None}
    if kept is None or about["state"] != "ready":
        return Page(about, [], None)
    about["backtest"] = backtest_of(kept)
    shown, cursor = _page(kept, kept.rows(), limit, after)
    return Page(about, [_with_bps(row) for row in shown], cursor)


def lost_members(
    merchant: MerchantFacts, *, lost_as: LostAs, limit: int, after: str | None = None
) -> Page:
    """The members who were lost in one of the two ways, the latest first."""
    kept = stored.read(merchant.id, "lost")
    about = {**state_of(merchant, kept), "lost_as": lost_as, "members": 0}
    if kept is None:
        return Page(about, [], None)
    rows = kept.rows()
    rows = rows.filter(pc.equal(rows["lost_as"], lost_as))
    rows = rows.sort_by([("since", "descending"), ("member", "ascending")])
    about["members"] = rows.num_rows
    shown, cursor = _page(kept, rows, limit, after)
    return Page(about, shown, cursor)


def reasons(merchant: MerchantFacts) -> dict[str, Any]:
    """What went before members stopped buying, counted against those who went on."""
    kept = stored.read(merchant.id, "lost")
    told = kept.about["reasons"] if kept else {"days": None, "no_data": [], "lines": []}
    return {**state_of(merchant, kept), **told}


def calendar(merchant: MerchantFacts, *, level: Level) -> dict[str, Any]:
    """How many of the due items are expected on each of the coming days, and what they are worth.

    Each candidate is counted once, on the day of its first purchase.
    """
    kept = stored.read(merchant.id, f"due-{level}")
    told = {
        **state_of(merchant, kept),
        "level": level,
        "horizon_days": None,
        "currency": merchant.currency,
        "expected": 0,
        "expected_minor": 0,
        "days": [],
        "backtest": None,
    }
    if kept is None or told["state"] != "ready":
        return told
    rows = kept.rows(["probability", "worth_minor"])
    probability = rows["probability"].to_numpy()
    purchases = float(probability.sum())
    worth = float((probability * rows["worth_minor"].to_numpy()).sum())
    shares = np.array(kept.about["day_shares"])
    return told | {
        "horizon_days": kept.about["horizon_days"],
        "expected": round(purchases),
        "expected_minor": round(worth),
        "days": [
            {
                "day": (kept.as_of + timedelta(days=number)).isoformat(),
                "expected": round(purchases * share),
                "expected_minor": round(worth * share),
            }
            for number, share in enumerate(shares, start=1)
        ],
        "backtest": backtest_of(kept),
    }


def backtest_of(kept: Stored) -> dict[str, Any] | None:
    """The badge: the last windows foretold as if they lay ahead, and what came.

    ``met`` where the two differ by less than a tenth. None where no window could be foretold.
    """
    windows = kept.about["backtests"]
    if not windows:
        return None
    expected = sum(window["expected"] for window in windows)
    happened = sum(window["happened"] for window in windows)
    off_bps = round(10_000 * (happened - expected) / max(expected, 1.0))
    return {
        "from_day": min(_day_after(window["known_until"]) for window in windows),
        "until": max(window["until"] for window in windows),
        "expected": round(expected),
        "happened": happened,
        "off_bps": off_bps,
        "met": abs(off_bps) < _MET_BPS,
    }


def _due(row: dict[str, Any], locale: Locale) -> dict[str, Any]:
    reason = Reason(row["every_days"], row["days_ago"], row["times_lately"], row["variation"])
    return {
        "member_id": row["member_id"],
        "item": row["item"],
        "probability_bps": round(10_000 * row["probability"]),
        "expected_minor": round(row["probability"] * row["worth_minor"]),
        "worth_minor": row["worth_minor"],
        "every_days": max(1, int(row["every_days"] + 0.5)),
        "days_ago": row["days_ago"],
        "purchases": row["purchases"],
        "why": sentence(reason, locale),
    }


def _with_bps(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "member_id": row["member_id"],
        "probability_bps": round(10_000 * row["probability"]),
        "days_ago": row["days_ago"],
        "usual_days": round(row["usual_days"], 1),
        "longest_days": round(row["longest_days"], 1),
        "trips_28": row["trips_28"],
        "trips_112": row["trips_112"],
        "spend_112_minor": row["spend_112_minor"],
    }


def _only(rows: pa.Table, *, member_id: str | None, item: str | None) -> pa.Table:
    for name, wanted in (("member_id", member_id), ("item", item)):
        if wanted is not None:
            rows = rows.filter(pc.equal(rows[name], wanted))
    return rows


def _page(
    kept: Stored, rows: pa.Table, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """The rows behind the place ``after`` names; a place is good for one making of the list."""
    stamp = kept.about["made_at"]
    first = 0
    if after is not None:
        made, _, place = after.rpartition("@")
        if made != stamp or not place.isdecimal():
            detail = "The list was made anew: read it from its beginning."
            raise Invalid(detail, errors=[FieldError("?starting_after", "unknown_cursor", detail)])
        first = int(place)
    shown: list[dict[str, Any]] = rows.slice(first, limit).to_pylist()
    more = first + limit < rows.num_rows
    return shown, f"{stamp}@{first + limit}" if more else None


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
