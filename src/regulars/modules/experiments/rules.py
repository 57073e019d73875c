"""Who is held out, whether the arms are as planned, when to look, and what the figures say."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from regulars.kernel.chance import STANDING_SALT, WHOLE_BPS, is_held_out

from .types import Arm, Effect, Look, Looking, SampleRatio, Share, Verdict

STOP_BELOW: Final = 0.001
"""A sample ratio this unlikely means that the assignment or the counting is broken."""

REFUSED_COMPARISONS: Final[dict[str, str]] = {
    "redeemers": (
        "Who redeems buys more anyway: the same members were as far ahead before the campaign "
        "began. Read the effect of being offered it (the held out are the comparison), and per "
        "redeemer as that effect divided by the share who redeemed."
    ),
    "exposed": (
        "Who was picked to be reached differs from who was not, also where the pick is adjusted "
        "for: only members held out by chance are a fair comparison."
    ),
    "before_after": (
        "Before and after differ by season and by what else was going on: the held out lived "
        "through the same weeks."
    ),
}


def arms_of(
    merchant_id: int,
    salt: str,
    member_ids: Iterable[UUID],
    *,
    held_out_bps: int,
    global_bps: int = 0,
) -> dict[UUID, Arm]:
    """The arm of each member; members of the merchant's global holdout are in neither.

    They get no campaign at all, so in a campaign's arms they would only blur what it does.
    """
    arms: dict[UUID, Arm] = {}
    for member_id in member_ids:
        if global_bps and is_held_out(merchant_id, STANDING_SALT, member_id, global_bps):
            continue
        out = is_held_out(merchant_id, salt, member_id, held_out_bps)
        arms[member_id] = "held_out" if out else "treated"
    return arms


def sample_ratio(*, treated: int, held_out: int, held_out_bps: int) -> SampleRatio:
    """The chi-square test of the arms' sizes against the plan (one degree of freedom)."""
    everybody = treated + held_out
    expected = everybody * held_out_bps / WHOLE_BPS
    if 0 < expected < everybody:
        square = (held_out - expected) ** 2 * (1 / expected + 1 / (everybody - expected))
        p_value = math.erfc(math.sqrt(square / 2))
    else:
        p_value = 1.0
    return SampleRatio(
        treated=treated,
        held_out=held_out,
        expected_held_out=expected,
        p_value=p_value,
        stop=p_value < STOP_BELOW,
    )


def look_days(begins: date, *, days: int, looks: int) -> list[date]:
    """The last day of each look: ``looks`` equal parts of the ``days`` from ``begins`` on."""
    return [begins + timedelta(days=days * number // looks - 1) for number in range(1, looks + 1)]


def look_on(as_of: date, *, begins: date, days: int, looks: int) -> Look | None:
    """The latest planned look whose days are over at the end of ``as_of``; None before any."""
    over = [day for day in look_days(begins, days=days, looks=looks) if day <= as_of]
    return Look(number=len(over), planned=looks, day=over[-1]) if over else None


def verdict(effect: Effect, ratio: SampleRatio) -> Verdict:
    """What the interval says; nothing where the arms are not what they should be."""
    if ratio.stop:
        return "not_proven"
    if effect.low > 0:
        return "works"
    return "harms" if effect.high < 0 else "not_proven"


def per_redeemer(effect: Effect, *, redemption: float) -> Share | None:
    """The effect on those who redeemed because they were offered it: the effect of the offer over
    the share who took it. None where nobody did."""
    if not 0 < redemption <= 1:
        return None
    return Share(
        value=effect.difference / redemption,
        low=effect.low / redemption,
        high=effect.high / redemption,
    )


def may_decide(looking: Looking, look: Look | None) -> bool:
    """Whether the figures may be turned into a verdict now without spoiling its error rate."""
    if looking == "always":
        return True
    if look is None:
        return False
    return looking == "planned" or look.number == look.planned
