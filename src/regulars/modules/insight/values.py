"""Reads of the kept lifetime values: the totals, how such totals fared before, and by member."""

from __future__ import annotations

from typing import Any, Final

from .people import valued_people
from .queries import Listed, Look, nothing, some_of, state_of
from .services import is_possible
from .stored import Rows, Stored

_TOTALS: Final = ("members", "one_time", "expected_purchases", "expected_value_minor")


def value_summary(look: Look) -> dict[str, Any]:
    """What all members together may still bring, and how far off the same was the last time."""
    kept = look.kept("clv")
    told = _about(look, kept)
    if kept is None or told["state"] != "ready":
        return told | {**dict.fromkeys(_TOTALS, 0), "calibration": None}
    held = kept.about["calibration"]
    if held is not None:
        held = {name: held[name] for name in held if name not in _UNSHOWN}
    return told | {name: kept.about[name] for name in _TOTALS} | {"calibration": held}


#: Told on the command line and not to everybody.
_UNSHOWN: Final = frozenset({"correlation", "mean_absolute_error"})


def value_list(look: Look, *, member_id: str | None = None, tenth: int | None = None) -> Listed:
    """What each member may still bring, the most valuable first; all, or one tenth of them."""
    kept = look.kept("clv")
    about = {**_about(look, kept), "people": None}
    if kept is None or about["state"] != "ready":
        return nothing(about)
    if member_id is None:
        about["people"] = valued_people(tenth)
        rows: Rows = kept.unread() if tenth is None else kept.rows(tenth=tenth)
    else:
        rows = some_of(kept, member_id=member_id)
    stamp = f"{kept.about['made_at']}{tenth or ''}"
    return Listed(about, stamp, rows, lambda some: [_value(row) for row in some])


def _about(look: Look, kept: Stored | None) -> dict[str, Any]:
    about = {**state_of(look, kept), "horizon_days": None, "currency": look.merchant.currency}
    if kept is None and not is_possible("clv"):
        missing = {"reason": "not_installed", "there": 0, "needed": 1}
        return about | {"state": "abstained", "abstained": missing}
    if about["state"] == "ready" and kept is not None:
        about["horizon_days"] = kept.about["horizon_days"]
    return about


def _value(row: dict[str, Any]) -> dict[str, Any]:
    alive = row["probability_alive"]
    return {
        "member_id": row["member_id"],
        "expected_value_minor": row["expected_value_minor"],
        "expected_purchases": round(row["expected_purchases"], 2),
        "probability_alive_bps": None if alive is None else round(10_000 * alive),
        "purchases": row["purchases"],
        "days_ago": row["days_ago"],
    }
