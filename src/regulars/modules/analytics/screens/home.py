"""The first screen: what is, what calls for somebody today, and how it went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from regulars.infra.clock import now_for, real_now
from regulars.infra.db import Sql, as_json, as_uuid, fetch_one
from regulars.infra.http.principal import MerchantFacts, Principal
from regulars.kernel.ids import show
from regulars.kernel.periods import program_day
from regulars.modules.analytics import services
from regulars.modules.analytics.parts import counted_above
from regulars.modules.analytics.queries import Freshness
from regulars.modules.analytics.reporting import (
    WINDOW_DAYS,
    freshness_shown,
    programme_of,
    tier_names,
)
from regulars.modules.members.tokens import card_token
from regulars.modules.merchants.queries import source_note
from regulars.modules.programmes.types import Programme

from . import figures

#: What is exported at once so that a small shop sees its latest order; more is left to the jobs.
AT_ONCE_ROWS: Final = 20_000
_CARD_LASTS: Final = timedelta(hours=12)
#: The order of the list: what is lost soonest comes first.
_TO_DO: Final = (
    ("tiers_at_risk", "at_risk", "minor", "/members?filter=at_risk"),
    ("points_expiring", "expiring", "points", "/members?filter=expiring"),
    ("lapsing", "lapsing", "minor", "/members?filter=lapsing"),
    ("debts", "debts", "points", "/members?filter=debt"),
    ("import_faults", "faults", None, "/imports"),
    ("parked_refunds", "parked", None, "/imports"),
)
_NOW: Final = Sql(
    """SELECT
  (SELECT json_array(count(*), coalesce(sum(a.debt), 0)) FROM ledger_account a
     WHERE a.merchant_id = :merchant_id AND a.asset = 1 AND a.debt > 0),
  (SELECT count(*) FROM orders_parkedrefund p WHERE p.merchant_id = :merchant_id)
    + (SELECT count(*) FROM orders_parkedstep p WHERE p.merchant_id = :merchant_id),
  EXISTS (SELECT 1 FROM orders_order o WHERE o.merchant_id = :merchant_id)"""
)
_RECENT: Final = timedelta(days=30)
#: A good order to try a refund with: paid lately, worth something, and a member's.
_EXAMPLE: Final = Sql(
    "SELECT o.id, o.member_id, o.net_minor FROM orders_order o "
    "WHERE o.merchant_id = :merchant_id AND o.member_id = ("
    "SELECT s.member_id FROM tiers_standing s WHERE s.merchant_id = :merchant_id "
    "AND s.tier = :tier ORDER BY s.member_id LIMIT 1) "
    "AND o.status = 'paid' AND o.refunded_minor = 0 "
    "ORDER BY o.paid_at DESC LIMIT 1"
)


def home(principal: Principal, *, locale: str) -> dict[str, Any]:
    """The first screen of a merchant, for whoever asks."""
    merchant = principal.merchant
    now = now_for(merchant)
    today = program_day(now, ZoneInfo(merchant.zone))
    programme = programme_of(merchant.id, now)
    fresh = services.fresh(merchant.id, now, at_most_rows=AT_ONCE_ROWS)
    told = figures.figures(fresh, merchant, programme, today)
    row = fetch_one(_NOW, {"merchant_id": merchant.id})
    assert row is not None
    debts, parked, any_order = row
    above = counted_above(merchant.id, real_now() - _RECENT)
    names = tier_names(programme.ladder if programme else None, locale)
    return {
        "as_of": today.isoformat(),
        "window_days": WINDOW_DAYS,
        "figures": told["figures"],
        "todo": _todo(told["watched"], debts, parked, above),
        "trend": told["trend"],
        "cohorts": {"cohorts": told["cohorts"]},
        "pyramid": [
            {**line, "name": names.get(line["code"], line["code"])} for line in told["pyramid"]
        ],
        "funnel": told["funnel"],
        "story": _story(principal, told, programme),
        "facts": freshness_shown(fresh, stale=fresh.is_stale()),
        "empty": not any_order,
    }


def warm(fresh: Freshness, merchant: MerchantFacts, now: datetime) -> None:
    """Work the figures out ahead of whoever opens the screen."""
    today = program_day(now, ZoneInfo(merchant.zone))
    figures.figures(fresh, merchant, programme_of(merchant.id, now), today)


def _todo(
    watched: dict[str, dict[str, int]], debts: Any, parked: int, above: dict[str, int]
) -> list[dict[str, Any]]:
    """What calls for somebody; what nobody has to do is left out."""
    owing, owed = as_json(debts)
    found = {
        **watched,
        "debts": {"count": owing, "amount": owed},
        "parked": {"count": parked, "amount": 0},
        **{name: {"count": count, "amount": 0} for name, count in above.items()},
    }
    return [
        {
            "id": id,
            "count": found[name]["count"],
            "amount": (found[name]["amount"] or None) if unit else None,
            "unit": unit,
            "link": link,
        }
        for id, name, unit, link in _TO_DO
        if found.get(name, {}).get("count")
    ]


def _story(
    principal: Principal, told: dict[str, Any], programme: Programme | None
) -> list[dict[str, Any]]:
    """Six steps through a demo shop; elsewhere none."""
    if programme is None or not source_note(principal.merchant_id):
        return []
    tiers = programme.ladder.tiers
    shown = tiers[min(len(tiers) - 1, max(1, len(tiers) - 2))].code
    example = fetch_one(_EXAMPLE, {"merchant_id": principal.merchant_id, "tier": shown})
    steps = [
        ("repurchase", _value(told["figures"][0]["value"], "bps"), "/reports/repurchase"),
        ("cohorts", _value(told["second_purchase_bps"], "bps"), "/reports/cohorts"),
        ("at_risk", told["watched"].get("at_risk", {}).get("count"), "/members?filter=at_risk"),
        ("preview", None, "/programme"),
    ]
    if example is not None:
        order_id, member_id, net_minor = example
        steps.append(("refund", _value(net_minor, "minor"), f"/orders/{_shown('ord', order_id)}"))
        steps.append(("card", None, _card(principal, member_id)))
    return [{"id": id, "figure": figure, "link": link} for id, figure, link in steps]


def _card(principal: Principal, member_id: Any) -> str:
    """The example member's card, for those who may hand cards out; for others their page here."""
    if "cards.link" not in principal.permissions:
        return f"/members/{_shown('mem', member_id)}"
    token = card_token(
        merchant_id=principal.merchant_id,
        member_id=as_uuid(member_id),
        expires_at=real_now() + _CARD_LASTS,
    )
    return f"/m/#{token}"


def _value(value: int | None, unit: str) -> dict[str, Any] | None:
    return None if value is None else {"value": value, "unit": unit}


def _shown(prefix: str, id_: Any) -> str:
    return show(prefix, as_uuid(id_))
