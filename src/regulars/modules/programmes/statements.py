"""Where a member stands, as every face of the product tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.instants import show_instant
from regulars.modules.earning.rules import BPS
from regulars.modules.tiers.queries import Move, Stand, stand
from regulars.modules.tiers.statement import spend_for
from regulars.modules.tiers.types import Ladder, Tier

from .queries import programme_at
from .types import Programme


def statement(
    merchant: MerchantFacts, member_id: UUID, now: datetime, *, locale: str | None = None
) -> dict[str, Any]:
    """A member's tier statement in plain JSON, right as of ``now``. Raises NotFound.

    Names are in ``locale``, else in the merchant's language.
    """
    programme = programme_at(merchant.id, now)
    found = _stand(merchant, programme, member_id, now)
    return shown(found, programme, locale=locale or merchant.locale)


def tier_part(merchant: MerchantFacts, member_id: UUID, now: datetime) -> dict[str, Any]:
    """What a member's document tells of their tier."""
    found = _stand(merchant, programme_at(merchant.id, now), member_id, now)
    return {"tier": named(found.statement.tier, merchant.locale)}


def _stand(merchant: MerchantFacts, programme: Programme, member_id: UUID, now: datetime) -> Stand:
    return stand(
        merchant_id=merchant.id,
        member_id=member_id,
        ladder=programme.ladder,
        number=programme.number,
        zone=ZoneInfo(merchant.zone),
        now=now,
    )


def shown(found: Stand, programme: Programme, *, locale: str) -> dict[str, Any]:
    """A statement in plain JSON. Days are the last on which something holds."""
    told, ladder = found.statement, programme.ladder
    return {
        "tier": named(told.tier, locale),
        "counter": {"name": ladder.counter, "value": told.counter},
        "window": {
            "span": ladder.window.span,
            "count": ladder.window.count,
            "from": told.window_from.isoformat() if told.window_from else None,
            "until": told.window_until.isoformat() if told.window_until else None,
        },
        "next": named(told.next, locale) if told.next else None,
        "threshold_next": told.next.threshold if told.next else None,
        "gap": told.gap,
        "gap_money_minor": money_for(told.gap, told.tier, programme),
        "keep_until": told.keep_until.isoformat() if told.keep_until else None,
        "keep_from": told.keep_from,
        "keep_gap": told.keep_gap,
        "grace_until": told.grace_until.isoformat() if told.grace_until else None,
        "floor": _floor(found),
        "history": [_move(move) for move in found.history],
        "ladder": rungs(ladder, locale),
    }


def rungs(ladder: Ladder, locale: str) -> list[dict[str, Any]]:
    return [{**named(tier, locale), "from": tier.threshold} for tier in ladder.tiers]


def named(tier: Tier, locale: str) -> dict[str, str]:
    return {"code": tier.code, "name": in_locale(tier.name, locale) or tier.code}


def in_locale(texts: Mapping[str, str], locale: str) -> str:
    """A text in a language, else in English, else in any; empty where there is none."""
    return texts.get(locale) or texts.get("en") or next(iter(texts.values()), "")


def money_for(gap: int | None, tier: Tier, programme: Programme) -> int | None:
    """What one order more must cost, at the plain rate of the member's tier, to close the gap."""
    if gap is None or programme.ladder.counter == "orders":
        return None
    if programme.ladder.counter == "spend":
        return gap
    rule = programme.earning.growth_value
    return spend_for(
        gap,
        per_minor=rule.per_minor,
        amount=rule.amount,
        tier_bps=rule.tier_bps.get(tier.code, BPS),
    )


def _floor(found: Stand) -> dict[str, Any] | None:
    floor, day = found.statement.floor, found.statement.day
    if floor is None or floor.until <= day:
        return None
    last = floor.until - timedelta(days=1)
    return {"tier": floor.tier, "until": last.isoformat(), "reason": floor.reason}


def _move(move: Move) -> dict[str, Any]:
    return {
        "at": show_instant(move.at),
        "from": move.from_tier,
        "to": move.to_tier,
        "reason": move.reason,
        "counter": move.counter,
        "threshold": move.threshold,
        "cause": {"type": move.cause_type, "id": move.cause_id},
    }
