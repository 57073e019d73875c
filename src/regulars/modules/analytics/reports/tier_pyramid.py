"""The tier pyramid, and who moved between its steps since an earlier day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from regulars.modules.analytics.expressions.tiers import standings, tier_flow
from regulars.modules.analytics.facts import Facts, FactTables
from regulars.modules.analytics.report_shapes import TierFlow, TierLine, TiersReport
from regulars.modules.analytics.rounding import share_bps
from regulars.modules.analytics.windows import window_start

_LAST_PERIOD_DAYS = 30


def tiers(
    facts: Facts, *, as_of: date, since: date | None = None, ladder: Sequence[str] = ()
) -> TiersReport:
    """Members per tier at the end of ``as_of``, and the flow from the end of ``since``.

    ``since`` is 30 days earlier unless given. ``ladder`` names the tiers from the lowest up: it
    gives their order, shows those nobody holds, and tells upgrades from downgrades. Raises
    ValueError where ``since`` is after ``as_of``.
    """
    start = since or window_start(as_of, _LAST_PERIOD_DAYS)
    if start > as_of:
        raise ValueError("since must not be after as_of")
    with facts.open() as tables:
        flow = flow_between(tables, start, as_of)
    return pyramid_of(flow, as_of=as_of, since=start, ladder=ladder)


def flow_between(tables: FactTables, since: date, as_of: date) -> list[TierFlow]:
    """Who went from where to where between the ends of two days."""
    read = [tables.table("tiers"), tables.table("tier_changes"), tables.table("members")]
    earlier, later = (standings(*read, on=day) for day in (since, as_of))
    return [
        {"from_tier": row["from_tier"], "to_tier": row["to_tier"], "members": row["members"]}
        for row in tables.rows(tier_flow(earlier, later))
    ]


def pyramid_of(
    flow: list[TierFlow], *, as_of: date, since: date, ladder: Sequence[str]
) -> TiersReport:
    """The pyramid that a flow ends in."""
    held = {tier for move in flow for tier in (move["from_tier"], move["to_tier"]) if tier}
    names = [*ladder, *sorted(held - set(ladder))]
    members = _count(flow, lambda move: move["to_tier"] is not None)
    ranks = {tier: rank for rank, tier in enumerate(ladder)}
    return {
        "report": "tiers",
        "as_of": as_of.isoformat(),
        "since": since.isoformat(),
        "members": members,
        "joined": _count(flow, lambda move: move["from_tier"] is None),
        "left": _count(flow, lambda move: move["to_tier"] is None),
        "upgraded": _count(flow, lambda move: _climbed(move, ranks) > 0) if ladder else None,
        "downgraded": _count(flow, lambda move: _climbed(move, ranks) < 0) if ladder else None,
        "tiers": [_line(tier, flow, members=members) for tier in names],
        "flow": flow,
    }


def _count(flow: Sequence[TierFlow], wanted: Callable[[TierFlow], bool]) -> int:
    return sum(move["members"] for move in flow if wanted(move))


def _climbed(move: TierFlow, ranks: dict[str, int]) -> int:
    """Steps up (or down, negative); 0 for who joined or left, or where a tier has no rank."""
    start, end = ranks.get(move["from_tier"] or ""), ranks.get(move["to_tier"] or "")
    return 0 if start is None or end is None else end - start


def _line(tier: str, flow: Sequence[TierFlow], *, members: int) -> TierLine:
    own = _count(flow, lambda move: move["to_tier"] == tier)
    before = _count(flow, lambda move: move["from_tier"] == tier)
    stayed = _count(flow, lambda move: move["from_tier"] == tier == move["to_tier"])
    joined = _count(flow, lambda move: move["from_tier"] is None and move["to_tier"] == tier)
    left = _count(flow, lambda move: move["from_tier"] == tier and move["to_tier"] is None)
    return {
        "tier": tier,
        "members": own,
        "members_bps": share_bps(own, members),
        "members_before": before,
        "joined": joined,
        "left": left,
        "arrived": own - stayed - joined,
        "gone": before - stayed - left,
    }
