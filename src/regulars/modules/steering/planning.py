"""Working a plan out: everybody, with whom something is sent to, and the reason for the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.chance import is_held_out, place_of
from regulars.kernel.ids import show
from regulars.modules.analytics.facts import Facts
from regulars.modules.insight import stored
from regulars.modules.promotions.queries import offer_view

from . import evidence, leaving_out, reading
from .deciding.choosing import choose
from .deciding.sampling import sample
from .deciding.weighing import weighed, why_nothing
from .types import (
    MILLI,
    REASONS,
    STATES,
    WINDOW_DAYS,
    Asked,
    Choice,
    Flags,
    Floats,
    Integers,
    LeftOut,
    Lift,
    Reason,
    Standing,
)

#: Where a trial has to guess what a use may cost: this share of what a purchase is worth.
_TRIAL_SHARE: Final = 0.2
_SURE: Final = 0.999


@dataclass(frozen=True, slots=True)
class Found:
    """A plan: one row for everybody, and what it comes to in plain JSON."""

    rows: pa.Table
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Decided:
    """Of the candidates (``at`` in everybody's order): the choice and what it was made from."""

    at: Integers
    choice: Choice
    cost: Integers
    gain: Integers
    lift: Floats
    chance: Floats
    reason: list[Reason]


def plan(
    merchant: MerchantFacts,
    facts: Facts,
    asked: Asked,
    plan_id: UUID,
    *,
    as_of: date,
    now: datetime,
    moved: Callable[[], None] = lambda: None,
) -> Found:
    """Whom to send what at the end of ``as_of``; the lots are drawn with the plan's id.

    ``moved`` is called once everybody's standing is known, and once the trials were read.
    """
    members = leaving_out.everybody(merchant)
    stands = reading.standing(facts, [show("mem", one) for one in members], as_of=as_of)
    out = leaving_out.left_out(merchant, asked, members, stands, now)
    moved()
    lifts = evidence.lifts(merchant, facts, asked, as_of=as_of)
    moved()
    candidates = np.array([at for at, why in enumerate(out) if why is None], dtype=np.int64)
    pays = np.array(
        [
            not is_held_out(merchant.id, plan_id.hex, members[at], asked.held_out_bps)
            for at in candidates
        ],
        dtype=bool,
    )
    chance = chances(merchant.id, stands, lifts)[candidates]
    if asked.aim == "learn":
        lots = np.array([_lot(merchant.id, plan_id, members[at]) for at in candidates], np.int64)
        decided = _by_lot(merchant, asked, stands, candidates, pays, chance, lots)
    else:
        decided = _by_worth(asked, stands, candidates, pays, chance, lifts)
    rows = _table(asked, stands, out, decided, _items(merchant.id))
    return Found(rows, _told(asked, stands, decided, pays, lifts, rows))


def _by_worth(
    asked: Asked,
    stands: Standing,
    at: Integers,
    pays: Flags,
    chance: Floats,
    lifts: Sequence[Sequence[Lift]],
) -> _Decided:
    state, worth = stands.state[at], stands.worth_minor[at]
    cost, gain, lift = weighed(state, worth, chance, lifts, margin_bps=asked.margin_bps)
    choice = choose(cost, gain, budget=asked.budget_minor * MILLI, pays=pays)
    nothing = why_nothing(state, choice.arm, gain, lifts)
    reason: list[Reason] = [
        why or ("chosen" if pay else "held_out")
        for why, pay in zip(nothing, pays.tolist(), strict=True)
    ]
    return _Decided(at, choice, cost, gain, lift, chance, reason)


def _by_lot(
    merchant: MerchantFacts,
    asked: Asked,
    stands: Standing,
    at: Integers,
    pays: Flags,
    chance: Floats,
    lots: Integers,
) -> _Decided:
    each = max(_most_off(merchant.id, arm, stands.worth_minor[at]) for arm in asked.arms) * MILLI
    choice = sample(
        stands.state[at], lots, budget=asked.budget_minor * MILLI, each=each, pays=pays,
        arms=len(asked.arms),
    )  # fmt: skip
    shape = (len(at), len(asked.arms))
    cost = np.full(shape, each, dtype=np.int64)
    reason: list[Reason] = [
        ("chosen" if pay else "held_out") if arm >= 0 else "over_budget"
        for arm, pay in zip(choice.arm.tolist(), pays.tolist(), strict=True)
    ]
    none = np.zeros(shape, dtype=np.int64)
    return _Decided(at, choice, cost, none, np.zeros(shape), chance, reason)


def chances(merchant_id: int, stands: Standing, lifts: Sequence[Sequence[Lift]]) -> Floats:
    """How likely each buys within the window anyway: by the forecast of silence where there is
    one, else by the share of those in the same state who were held out."""
    chance = np.zeros(len(stands.member))
    for state in range(len(STATES)):
        bases = [one[state].base for one in lifts if one[state].own is not None]
        chance[stands.state == state] = max(bases, default=0.0)
    kept = stored.read(merchant_id, "churn-silent")
    if kept is not None and not kept.about.get("abstained"):
        rows = kept.rows(["member_id", "probability"])
        place = reading.placed(stands.member, rows["member_id"].to_pylist())
        known = place >= 0
        silent = rows["probability"].to_numpy().astype(np.float64)
        chance[place[known]] = 1.0 - silent[known]
    return np.minimum(chance, _SURE)


def _most_off(merchant_id: int, offer: str, worth: Floats) -> int:
    """What one use may take off: what the offer says in money, else a share of a purchase."""
    params = offer_view(merchant_id, offer).document["params"]
    usual = float(np.quantile(worth, 0.9)) if len(worth) else 0.0
    steps = [params, *params.get("steps", [])] if isinstance(params, dict) else []
    amounts = [int(one["save"]) for one in steps if isinstance(one.get("save"), int)]
    shares = [int(one["bps"]) for one in steps if isinstance(one.get("bps"), int)]
    if amounts:
        return max(amounts)
    share = min(max(shares) / 10_000, 1.0) if shares else _TRIAL_SHARE
    return max(1, round(share * usual))


def _lot(merchant_id: int, plan_id: UUID, member_id: UUID) -> int:
    """A member's lot in a trial: another hash than the one that holds out, or all who are taken
    first would be held out."""
    return place_of(merchant_id, f"lot:{plan_id.hex}", member_id)


def _items(merchant_id: int) -> dict[str, str]:
    """The usual item that each is likeliest to buy next, where that is foretold."""
    kept = stored.read(merchant_id, "due-type")
    if kept is None or kept.about.get("abstained"):
        return {}
    # The list comes with the likeliest first; read backwards that one stays.
    rows = kept.rows(["member_id", "item"])
    both = zip(rows["member_id"].to_pylist(), rows["item"].to_pylist(), strict=True)
    return dict(reversed(list(both)))


def _table(
    asked: Asked,
    stands: Standing,
    out: Sequence[LeftOut | None],
    decided: _Decided,
    items: Mapping[str, str],
) -> pa.Table:
    """One row for everybody: who gets something first, what is worth most of it at the top."""
    size = len(stands.member)
    reason: list[Reason | LeftOut] = [why or "no_trial" for why in out]
    arm = np.full(size, -1, dtype=np.int64)
    numbers = {name: np.zeros(size, dtype=np.int64) for name in ("cost", "gain")}
    shares = {name: np.zeros(size) for name in ("lift", "chance")}
    for own_reason, there in zip(decided.reason, decided.at.tolist(), strict=True):
        reason[there] = own_reason
    arm[decided.at] = decided.choice.arm
    some = np.flatnonzero(decided.choice.arm >= 0)
    at, own = decided.at[some], decided.choice.arm[some]
    numbers["cost"][at] = decided.cost[some, own]
    numbers["gain"][at] = decided.gain[some, own]
    shares["lift"][at] = decided.lift[some, own]
    shares["chance"][decided.at] = decided.chance
    rank = np.array([REASONS.index(one) for one in reason])
    order = np.lexsort((np.arange(size), -numbers["gain"], rank))
    until = [_until(stands, int(one)) if arm[one] >= 0 else None for one in order]
    begins = stands.as_of + timedelta(days=1)
    return pa.table(
        {
            "member_id": [stands.member[one] for one in order],
            "reason": [reason[one] for one in order],
            "offer": pa.array(
                [asked.arms[arm[one]] if arm[one] >= 0 else None for one in order], pa.string()
            ),
            "state": [STATES[stands.state[one]] for one in order],
            "days_ago": pa.array(
                [int(one) if one >= 0 else None for one in stands.days_ago[order]], pa.int64()
            ),
            "usual_days": np.rint(stands.usual[order]).astype(np.int64),
            "chance_bps": np.rint(10_000 * shares["chance"][order]).astype(np.int64),
            "item": pa.array([items.get(stands.member[one]) for one in order], pa.string()),
            "lift_bps": np.rint(10_000 * shares["lift"][order]).astype(np.int64),
            "worth_minor": np.rint(stands.worth_minor[order]).astype(np.int64),
            "cost_milli": numbers["cost"][order],
            "gain_milli": numbers["gain"][order],
            "from_day": pa.array([begins if day else None for day in until], pa.date32()),
            "until": pa.array(until, pa.date32()),
        }
    )


def _until(stands: Standing, at: int) -> date:
    """How long the coupon is good: for the window, but not beyond the day on which the member is
    expected anyway: bringing that day forward is all that it could do."""
    ahead = int(stands.ahead[at])
    days = min(WINDOW_DAYS, ahead - 1) if ahead else WINDOW_DAYS
    return stands.as_of + timedelta(days=days)


def _told(
    asked: Asked,
    stands: Standing,
    decided: _Decided,
    pays: Flags,
    lifts: Sequence[Sequence[Lift]],
    rows: pa.Table,
) -> dict[str, Any]:
    choice = decided.choice
    counts = Counter(rows["reason"].to_pylist())
    used = np.flatnonzero((choice.arm >= 0) & pays)
    arms, costs = choice.arm[used], decided.cost[used, choice.arm[used]]
    low, high = _between(asked, stands, decided, used, lifts)
    return {
        "members": len(stands.member),
        "reasons": {name: counts[name] for name in REASONS if counts[name]},
        "cost_minor": -(-choice.cost // MILLI),
        "value_minor": choice.value // MILLI,
        "bound_minor": -(-choice.bound // MILLI),
        "least_minor": low,
        "most_minor": high,
        "price": round(choice.price, 6),
        "curve": [[cost // MILLI, value // MILLI] for cost, value in choice.curve],
        "arms": [
            {
                "offer": offer,
                "members": int((arms == arm).sum()),
                "cost_minor": -(-int(costs[arms == arm].sum()) // MILLI),
                "lifts": [_lift(state, one) for state, one in zip(STATES, lifts[arm], strict=True)],
            }
            for arm, offer in enumerate(asked.arms)
        ],
    }


def _between(
    asked: Asked,
    stands: Standing,
    decided: _Decided,
    used: Integers,
    lifts: Sequence[Sequence[Lift]],
) -> tuple[int, int]:
    """What the choice gains where every lift is as low, or as high, as its interval goes."""
    ends = []
    for end in ("low", "high"):
        told = [[replace(one, mean=getattr(one, end)) for one in arm] for arm in lifts]
        _, gain, _ = weighed(
            stands.state[decided.at], stands.worth_minor[decided.at], decided.chance, told,
            margin_bps=asked.margin_bps,
        )  # fmt: skip
        ends.append(int(gain[used, decided.choice.arm[used]].sum()) // MILLI if len(used) else 0)
    return ends[0], ends[1]


def _lift(state: str, one: Lift) -> dict[str, Any]:
    known = one.own is not None
    return {
        "state": state,
        "proof": one.proof,
        "lift_bps": round(10_000 * one.mean) if known else None,
        "low_bps": round(10_000 * one.low) if known else None,
        "high_bps": round(10_000 * one.high) if known else None,
        "own_bps": None if one.own is None else round(10_000 * one.own),
        "base_bps": round(10_000 * one.base) if known else None,
        "use_bps": round(10_000 * one.use) if known else None,
        "cost_minor": one.cost_minor if known else None,
        "treated": one.treated,
        "held_out": one.held_out,
    }
