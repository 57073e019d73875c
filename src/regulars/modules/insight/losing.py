"""Reads who was lost and what went before, and lays it out as rows."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
from ibis import _

from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.modules.analytics.facts import Facts, FactTables
from regulars.modules.analytics.reporting import ladder_of

from .churn.lost import WON_BACK_BY, Fall, Lost, lost_members
from .churn.reasons import NO_DATA, SIGNAL_DAYS, SIGNALS, Signal, SignalCount, reasons_of
from .gathering import ZERO, Gathered, gather
from .history import Ints, Trips, trips_of

Days = dict[str, list[int]]
_LEAST_TRIPS: Final = 3


def lost_table(
    merchant: MerchantFacts, facts: Facts, as_of: date
) -> tuple[pa.Table, dict[str, Any]]:
    """The lost members as rows, and the reasons report in plain JSON."""
    told = gather(facts, as_of=as_of, level="sku")
    trips = trips_of(told.history)
    ladder = ladder_of(merchant.id, now_for(merchant))
    ranks = {tier.code: rank for rank, tier in enumerate(ladder.tiers)} if ladder else {}
    with facts.open() as tables:
        changes = _changes(tables, as_of)
        days: dict[Signal, Days] = {
            "tier_fell": _fall_days(changes, ranks),
            "returned_goods": _days(tables, _returned(tables), as_of),
            "points_expired": _days(tables, _expired(tables), as_of),
        }
    falls = _falls(changes, ranks)
    lost = lost_members(trips, _by_code(falls, told), told.as_of)
    stopped = {one.member for one in lost if one.lost_as == "buying"}
    return _rows(told, lost), {"reasons": _reasons(told, trips, stopped, days)}


def _rows(told: Gathered, lost: list[Lost]) -> pa.Table:
    names = [told.history.members[one.member] for one in lost]
    return pa.table(
        {
            "member_id": pa.array([told.member_ids[name] for name in names], type=pa.string()),
            "member": pa.array(names, type=pa.string()),
            "lost_as": pa.array([one.lost_as for one in lost], type=pa.string()),
            "since": pa.array([told.date_of(one.since) for one in lost], type=pa.date32()),
            "last_day": pa.array(
                [None if one.last_trip is None else told.date_of(one.last_trip) for one in lost],
                type=pa.date32(),
            ),
            "usual_days": pa.array([one.usual_days for one in lost], type=pa.float64()),
            "longest_days": pa.array([one.longest_days for one in lost], type=pa.float64()),
            "tier": pa.array([one.tier for one in lost], type=pa.string()),
            "won_back_by": pa.array([WON_BACK_BY[one.lost_as] for one in lost], type=pa.string()),
        }
    )


def _codes(told: Gathered) -> dict[str, int]:
    """The code of each member id."""
    return {told.member_ids[name]: code for code, name in enumerate(told.history.members)}


def _changes(tables: FactTables, as_of: date) -> list[dict[str, Any]]:
    changes = tables.table("tier_changes").filter(_.day <= as_of, _.from_tier.notnull())
    return tables.rows(changes.order_by("at").select("member_id", "day", "from_tier", "to_tier"))


def _is_fall(change: dict[str, Any], ranks: dict[str, int]) -> bool:
    """Down the ladder as it is now, or off it."""
    return ranks.get(change["to_tier"], -1) < ranks.get(change["from_tier"], -1)


def _falls(changes: list[dict[str, Any]], ranks: dict[str, int]) -> dict[str, Fall]:
    """Per member id the fall that still stands: a later rise ends it."""
    found: dict[str, Fall] = {}
    for change in changes:
        member_id = change["member_id"]
        if _is_fall(change, ranks):
            found[member_id] = Fall((change["day"] - ZERO).days, change["from_tier"])
        else:
            found.pop(member_id, None)
    return found


def _by_code(falls: dict[str, Fall], told: Gathered) -> dict[int, Fall]:
    codes = _codes(told)
    return {codes[member_id]: fall for member_id, fall in falls.items() if member_id in codes}


def _fall_days(changes: list[dict[str, Any]], ranks: dict[str, int]) -> Days:
    found: Days = {}
    for change in changes:
        if _is_fall(change, ranks):
            found.setdefault(change["member_id"], []).append((change["day"] - ZERO).days)
    return found


def _returned(tables: FactTables) -> Any:
    """Days on which something was bought that later came back."""
    return tables.table("lines").filter(_.kept_quantity < _.quantity)


def _expired(tables: FactTables) -> Any:
    return tables.table("postings").filter(_.asset == "points", _.kind == "expire")


def _days(tables: FactTables, rows: Any, as_of: date) -> Days:
    told = rows.filter(_.day <= as_of, _.member_id.notnull()).select("member_id", "day").distinct()
    found: Days = {}
    for row in tables.rows(told):
        found.setdefault(row["member_id"], []).append((row["day"] - ZERO).days)
    return found


def _reasons(
    told: Gathered, trips: Trips, stopped: set[int], days: dict[Signal, Days]
) -> dict[str, Any]:
    """The signals of those who stopped against those who have a rhythm and did not."""
    last = np.full(trips.members, -1, dtype=np.int64)
    last[trips.member] = trips.day
    many = np.flatnonzero(np.bincount(trips.member, minlength=trips.members) > _LEAST_TRIPS)
    went_on = [code for code in many.tolist() if code not in stopped]
    codes = _codes(told)
    counts = []
    for signal in SIGNALS:
        had = {codes[one]: at for one, at in days[signal].items() if one in codes}
        counts.append(
            SignalCount(
                signal,
                _with_signal(sorted(stopped), had, last),
                len(stopped),
                _with_signal(went_on, had, last),
                len(went_on),
            )
        )
    return {
        "days": SIGNAL_DAYS,
        "no_data": list(NO_DATA),
        "lines": [
            {
                "signal": line.count.signal,
                "stopped": line.count.stopped,
                "of_stopped": line.count.of_stopped,
                "went_on": line.count.went_on,
                "of_went_on": line.count.of_went_on,
                "difference_bps": line.difference_bps if line.told else None,
                "low_bps": line.low_bps if line.told else None,
                "high_bps": line.high_bps if line.told else None,
            }
            for line in reasons_of(counts)
        ],
    }


def _with_signal(members: list[int], had: dict[int, list[int]], last: Ints) -> int:
    """How many had the signal in the days up to their last trip."""
    return sum(
        any(last[code] - SIGNAL_DAYS < day <= last[code] for day in had.get(code, ()))
        for code in members
    )
