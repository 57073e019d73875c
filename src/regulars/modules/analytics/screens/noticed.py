"""What a member was told in time, as far as it is still so: figures as of now, not as of then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.kernel.instants import parse_instant, show_instant
from regulars.kernel.periods import program_day
from regulars.modules.notices.types import NoticeView
from regulars.modules.programmes.statements import money_for, named
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.queries import Stand

_ONE_DAY = timedelta(days=1)


def still_so(
    told: Sequence[NoticeView],
    *,
    programme: Programme,
    stand: Stand,
    balances: Mapping[str, Any],
    zone: ZoneInfo,
    locale: str,
) -> list[dict[str, Any]]:
    """The notices that hold as of now. What was spent meanwhile does not expire, and a tier that
    was reached is nearly reached no more."""
    going = {
        program_day(parse_instant(one["at"]), zone) - _ONE_DAY: one["amount"]
        for one in balances["points"]["expiring"]
    }
    found = []
    for one in told:
        now_is = _now(one, programme, stand, going)
        if now_is is not None:
            tier = _tier(one, programme, locale)
            found.append({**_plain(one), **now_is, "tier": tier})
    return found


def _now(
    one: NoticeView, programme: Programme, stand: Stand, going: Mapping[date, int]
) -> dict[str, Any] | None:
    """The figures as of now; None where there is nothing to tell any more."""
    statement, ladder = stand.statement, programme.ladder
    if one.kind == "points_expiring":
        points = going.get(one.until, 0) if one.until else 0
        return {"points": points} if points else None
    gap = statement.gap
    if one.kind == "tier_nearly":
        if statement.next is None or statement.next.code != one.tier:
            return None
    else:
        if statement.tier.code != one.tier or one.tier not in {t.code for t in ladder.tiers}:
            return None
        gap = statement.keep_gap
    if not gap:
        return None
    return {"gap": gap, "gap_money_minor": money_for(gap, statement.tier, programme)}


def _tier(one: NoticeView, programme: Programme, locale: str) -> dict[str, Any] | None:
    found = next((tier for tier in programme.ladder.tiers if tier.code == one.tier), None)
    return named(found, locale) if found else None


def _plain(one: NoticeView) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "announced_at": show_instant(one.announced_at),
        "until": one.until.isoformat() if one.until else None,
        "points": None,
        "gap": None,
        "gap_money_minor": None,
        "likely_orders": one.likely_orders,
    }
