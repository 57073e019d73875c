"""One member with everything behind them, exact as of now, in a handful of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.clock import now_for
from regulars.infra.db import Sql, as_day, as_instant, as_json, as_uuid, fetch_one
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.analytics.rounding import half_up
from regulars.modules.ledger.queries import balances
from regulars.modules.ledger.types import DEBT_OF, POINTS, AssetBalance
from regulars.modules.members.describing import birthday_told
from regulars.modules.members.enrolment import WHO_BY_ID
from regulars.modules.members.queries import opened_birthday, opened_name
from regulars.modules.members.rules import member_number
from regulars.modules.notices.queries import NOTICES_OF_WHO, fresh_since, standing_of
from regulars.modules.programmes.queries import programme_at
from regulars.modules.programmes.statements import money_for, shown
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.queries import Stand, stand
from regulars.modules.unions.queries import merged_into

from .next_step import Expiring, next_step
from .noticed import still_so

_EARNED: Final = (
    (POINTS, "earn"),
    (POINTS, "adjust"),
    (POINTS, "clawback"),
    (POINTS + DEBT_OF, "debt"),
    (POINTS + DEBT_OF, "debt_repaid"),
    (POINTS, "repay"),
)
#: All records of the person, also where one of them was merged into another.
_CIRCLE: Final = f"""{WHO_BY_ID}, circle AS (
  SELECT c.id FROM members_member c WHERE c.merchant_id = :merchant_id
    AND (c.id = (SELECT carrier FROM who) OR c.merged_into = (SELECT carrier FROM who)))"""
_GATHER: Final = Sql(
    f"""WITH {_CIRCLE} SELECT
  (SELECT json_array(m.id, m.name_sealed, m.status, m.joined_at, m.channel, m.store,
      m.birthday_sealed, m.birthday_changed_on, m.merged_into, (SELECT count(*) FROM circle))
     FROM members_member m WHERE m.merchant_id = :merchant_id AND m.id = :member_id),
  (SELECT json_group_array(json_array(i.type, i.masked)) FROM (
     SELECT type, masked FROM members_identity WHERE merchant_id = :merchant_id
       AND member_id IN (SELECT id FROM circle) ORDER BY created_at, type, key) i),
  (SELECT json_group_array(json_array(c.purpose, c.granted, c.text_version, c.channel, c.at))
     FROM (SELECT purpose, granted, text_version, channel, at FROM members_consent
       WHERE merchant_id = :merchant_id AND member_id IN (SELECT id FROM circle)
       ORDER BY at, id) c),
  (SELECT json_array(coalesce(sum(v.orders), 0), coalesce(sum(v.spend_minor), 0),
      count(DISTINCT CASE WHEN v.orders > 0 THEN v.day END),
      min(CASE WHEN v.orders > 0 THEN v.day END), max(CASE WHEN v.orders > 0 THEN v.day END))
     FROM earning_activity v WHERE v.merchant_id = :merchant_id
       AND v.member_id IN (SELECT id FROM circle)),
  (SELECT coalesce(sum(o.refunded_minor), 0) FROM orders_order o
     WHERE o.merchant_id = :merchant_id AND o.member_id IN (SELECT id FROM circle)
       AND o.status = 'paid'),
  (SELECT json_group_array(json_array(p.account, p.kind, p.total)) FROM (
     SELECT account, kind, sum(amount) AS total FROM ledger_posting
     WHERE merchant_id = :merchant_id AND member_id IN (SELECT id FROM circle)
     GROUP BY account, kind) p), {NOTICES_OF_WHO}"""
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a member: plain JSON but for what the screens still reckon with."""

    carrier: UUID
    merged_into: UUID | None
    records: int
    programme: Programme
    stand: Stand
    basics: dict[str, Any]
    birthday: dict[str, str | None]
    tier: dict[str, Any]
    balances: dict[str, Any]
    consents: list[dict[str, Any]]
    figures: dict[str, Any]
    next_step: dict[str, Any] | None
    notices: list[dict[str, Any]]


def member(merchant: MerchantFacts, member_id: UUID, *, locale: str) -> dict[str, Any]:
    """The member's page of the console. Raises NotFound.

    Who was merged is told as the record they are; points, tier and figures are those of who
    carries on.
    """
    known = known_of(merchant, member_id, locale=locale)
    whole = known.merged_into is None and known.records > 1
    merges = merged_into(merchant.id, known.carrier) if whole else []
    return {
        **known.basics,
        "birthday": known.birthday["birthday"],
        "birthday_changeable_from": known.birthday["changeable_from"],
        "tier": known.tier,
        "balances": known.balances,
        "consents": known.consents,
        "figures": known.figures,
        "next_step": known.next_step,
        "notices": known.notices,
        "merged_from": [
            {
                "merge_id": show("mrg", merge.merge_id),
                "member_id": show("mem", merge.member_id),
                "at": show_instant(merge.at),
            }
            for merge in merges
        ],
        "merged_into": show("mem", known.merged_into) if known.merged_into else None,
    }


def known_of(merchant: MerchantFacts, member_id: UUID, *, locale: str) -> Known:
    """Everything the member screens are made of. Raises NotFound."""
    now, zone = now_for(merchant), ZoneInfo(merchant.zone)
    told = _gathered(merchant.id, member_id, now)
    record, identities, consents, activity, refunded_minor, sums, notices = told
    if record is None:
        raise NotFound
    programme = programme_at(merchant.id, now)
    found = stand(
        merchant_id=merchant.id,
        member_id=member_id,
        ladder=programme.ladder,
        number=programme.number,
        zone=zone,
        now=now,
    )
    held = balances(merchant_id=merchant.id, member_id=found.member_id, now=now)
    tier = shown(found, programme, locale=locale)
    figures = _figures(activity, int(refunded_minor), sums or [])
    *_, born_sealed, born_changed_on, merged, records = record
    return Known(
        carrier=found.member_id,
        merged_into=as_uuid(merged) if merged else None,
        records=int(records),
        programme=programme,
        stand=found,
        basics=_basics(merchant.id, record, identities or []),
        birthday=birthday_told(
            opened_birthday(merchant.id, member_id, born_sealed), as_day(born_changed_on)
        ),
        tier=tier,
        balances=_balances(held),
        consents=_consents(consents or []),
        figures=figures,
        next_step=next_step(
            tier,
            expiring=[Expiring(one.at, one.amount) for one in held["points"].expiring],
            keep_money_minor=_keep_money(found, programme),
            has_bought=figures["orders"] > 0,
            now=now,
            zone=zone,
        ),
        notices=still_so(
            standing_of(notices, now),
            programme=programme,
            stand=found,
            balances=_balances(held),
            zone=zone,
            locale=locale,
        ),
    )


def _gathered(merchant_id: int, member_id: UUID, now: datetime) -> list[Any]:
    asked = {
        "merchant_id": merchant_id,
        "member_id": member_id,
        "now": now,
        "notices_since": fresh_since(now),
    }
    row = fetch_one(_GATHER, asked)
    assert row is not None
    return [as_json(part) for part in row]


def _basics(
    merchant_id: int, record: Sequence[Any], identities: Sequence[Sequence[str]]
) -> dict[str, Any]:
    own, sealed, status, joined_at, channel, store, *_ = record
    member_id, joined = as_uuid(own), as_instant(joined_at)
    assert joined is not None
    return {
        "id": show("mem", member_id),
        "number": member_number(member_id),
        "name": opened_name(merchant_id, member_id, sealed) if sealed else None,
        "status": status,
        "joined_at": show_instant(joined),
        "channel": channel,
        "store": store,
        "identities": [{"type": type, "masked": masked} for type, masked in identities],
    }


def _keep_money(found: Stand, programme: Programme) -> int | None:
    """What one order must cost at least so that the tier stays."""
    gap = found.statement.keep_gap
    return money_for(gap, found.statement.tier, programme) if gap else None


def _figures(
    activity: Sequence[Any], refunded_minor: int, sums: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    orders, spend_minor, days, first, last = activity
    first_day, last_day = as_day(first), as_day(last)
    total = {(account, kind): int(amount) for account, kind, amount in sums}
    return {
        "orders": int(orders),
        "spend_minor": int(spend_minor),
        "refunded_minor": refunded_minor,
        "average_order_minor": half_up(int(spend_minor), int(orders)) if orders > 0 else 0,
        "days_between_orders": _days_between(days, first_day, last_day),
        "last_order_day": last_day.isoformat() if last_day else None,
        # Net of what refunds took back, whether it was still there or became a debt.
        "points_earned": sum(total.get(key, 0) for key in _EARNED),
        "points_spent": -sum(total.get((POINTS, kind), 0) for kind in ("redeem", "redeem_return")),
        "points_expired": -total.get((POINTS, "expire"), 0),
    }


def _days_between(days: int, first: date | None, last: date | None) -> float | None:
    """The mean number of days from one purchase day to the next, to one decimal."""
    if first is None or last is None or days < 2:
        return None
    return half_up((last - first).days * 10, days - 1) / 10


def _consents(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """The latest word on each purpose; ``rows`` are in the order they were given."""
    latest: dict[str, dict[str, Any]] = {}
    for purpose, granted, text_version, channel, at in rows:
        given_at = as_instant(at)
        assert given_at is not None
        latest[purpose] = {
            "purpose": purpose,
            "granted": bool(granted),
            "text_version": text_version,
            "channel": channel,
            "at": show_instant(given_at),
        }
    return [latest[purpose] for purpose in sorted(latest)]


def _balances(held: Mapping[str, AssetBalance]) -> dict[str, Any]:
    return {asset: _balance(one) for asset, one in held.items()} | {
        "stored_value": {"principal": 0, "bonus": 0, "held": 0, "available": 0}
    }


def _balance(one: AssetBalance) -> dict[str, Any]:
    return {
        "posted": one.posted,
        "held": one.held,
        "pending": one.pending,
        "available": one.available,
        "debt": one.debt,
        "expiring": [{"at": show_instant(soon.at), "amount": soon.amount} for soon in one.expiring],
    }
