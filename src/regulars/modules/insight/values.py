"""Reads of the kept lifetime values: the totals, how such totals fared before, and by member."""

from __future__ import annotations

from typing import Any, Final

from regulars.infra.http.principal import MerchantFacts

from . import stored
from .queries import Listed, nothing, some_of, state_of
from .services import is_possible
from .stored import Stored

_TOTALS: Final = ("members", "one_time", "expected_purchases", "expected_value_minor")


def value_summary(merchant: MerchantFacts) -> dict[str, Any]:
    """What all members together may still bring, and how far off the same was the last time."""
    kept = stored.read(merchant.id, "clv")
    told = _about(merchant, kept)
    if kept is None or told["state"] != "ready":
        return told | {**dict.fromkeys(_TOTALS, 0), "calibration": None}
    held = kept.about["calibration"]
    if held is not None:
        held = {name: held[name] for name in held if name not in _UNSHOWN}
    return told | {name: kept.about[name] for name in _TOTALS} | {"calibration": held}


#: Told on the command line and not to everybody.
_UNSHOWN: Final = frozenset({"correlation", "mean_absolute_error"})


def value_list(merchant: MerchantFacts, *, member_id: str | None = None) -> Listed:
    """What each member may still bring, the most valuable first."""
    kept = stored.read(merchant.id, "clv")
    about = _about(merchant, kept)
    if kept is None or about["state"] != "ready":
        return nothing(about)
    rows = some_of(kept, member_id=member_id)
    return Listed(about, kept.about["made_at"], rows, lambda some: [_value(row) for row in some])


def _about(merchant: MerchantFacts, kept: Stored | None) -> dict[str, Any]:
    about = {**state_of(merchant, kept), "horizon_days": None, "currency": merchant.currency}
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
