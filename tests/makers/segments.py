"""Segments in shops: made, kept up, and answered by a naive oracle that reads the books anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from makers.merchants import unique
from makers.orders import Shop
from makers.telling import tell
from regulars.kernel.periods import program_day
from regulars.modules.catalog.models import Product
from regulars.modules.ledger.models import Account
from regulars.modules.members.models import Consent, Member
from regulars.modules.orders.models import Order, OrderLine
from regulars.modules.segments import refreshing, services, sweeping
from regulars.modules.segments.models import Entry, Membership, Segment, Tag
from regulars.modules.segments.settling import Settled
from regulars.modules.tiers.models import Standing

Rule = dict[str, Any]


def make_segment(shop: Shop, rule: Rule, *, code: str | None = None) -> str:
    """The code of a new segment that a rule follows; still to be built."""
    draft = services.Draft(code=code or unique("s"), name="A segment", rule=rule)
    return _written(lambda: services.create(shop.merchant, draft, by="test", now=shop.now))


def make_list(
    shop: Shop,
    members: Iterable[UUID] = (),
    *,
    code: str | None = None,
    exclusion: bool = False,
) -> str:
    draft = services.Draft(
        code=code or unique("l"), name="A list", members=tuple(members), exclusion=exclusion
    )
    return _written(lambda: services.create(shop.merchant, draft, by="test", now=shop.now))


def _written(act: Any) -> str:
    with transaction.atomic():
        return str(act().code)


def keep_up(shop: Shop) -> Settled:
    """Tell every event and do all there is to do; what reading marked members came to."""
    tell(shop)
    merchant, now = shop.merchant, shop.now
    sweeping.sweep(merchant, now)
    settled = refreshing.refresh(merchant, now)
    sweeping.build(merchant, now)
    refreshing.refresh_due(merchant, now)
    return settled


def members_in(shop: Shop, code: str) -> set[UUID]:
    segment = Segment.objects.of(shop.merchant_id).get(code=code)
    rows = Membership.objects.of(shop.merchant_id).filter(segment_id=segment.id)
    return set(rows.values_list("member_id", flat=True))


# ── the oracle ────────────────────────────────────────────────────────────────────────────


def everybody(shop: Shop) -> dict[UUID, dict[str, Any]]:
    """The facts of every member who carries on, worked out from all rows there are."""
    zone = ZoneInfo(shop.merchant.zone)
    today = program_day(shop.now, zone)
    records = list(Member.objects.of(shop.merchant_id))
    category = dict(Product.objects.of(shop.merchant_id).values_list("sku", "category"))
    lines: dict[UUID, list[OrderLine]] = {}
    for line in OrderLine.objects.of(shop.merchant_id):
        lines.setdefault(line.order_id, []).append(line)
    found: dict[UUID, dict[str, Any]] = {}
    for record in records:
        if record.merged_into is not None:
            continue
        circle = {r.id for r in records if r.id == record.id or r.merged_into == record.id}
        orders = [
            order
            for order in Order.objects.of(shop.merchant_id).order_by("paid_at", "id")
            if order.member_id in circle and order.status == "paid" and order.paid_at
        ]
        found[record.id] = {
            **_person(shop, record, zone),
            **_bought(orders, lines, category, zone, today),
            "tags": set(_words(Tag, shop, circle)),
            "lists": _lists(shop, circle),
        }
    return found


def _person(shop: Shop, record: Member, zone: ZoneInfo) -> dict[str, Any]:
    said = Consent.objects.of(shop.merchant_id).filter(member_id=record.id).order_by("at", "id")
    latest = {consent.purpose: consent.granted for consent in said}
    standing = Standing.objects.of(shop.merchant_id).filter(member_id=record.id).first()
    account = Account.objects.of(shop.merchant_id).filter(member_id=record.id, asset=1).first()
    return {
        "joined_day": program_day(record.joined_at, zone),
        "status": record.status,
        "store": record.store,
        "consents": {purpose for purpose, granted in latest.items() if granted},
        "tier": standing.tier if standing else "basic",
        "points": account.balance - account.held if account else 0,
    }


def _bought(
    orders: list[Order],
    lines: dict[UUID, list[OrderLine]],
    category: dict[str, str | None],
    zone: ZoneInfo,
    today: date,
) -> dict[str, Any]:
    kept = [o for o in orders if any(ln.returned < ln.quantity for ln in lines[o.id])]
    free = [o for o in orders if all(line.quantity == 0 for line in lines[o.id])]
    counted = [o for o in orders if o in kept or o in free]
    days = [(program_day(o.paid_at, zone), o.net_minor - o.refunded_minor) for o in counted]
    facts: dict[str, Any] = {
        "orders": len(counted),
        "spend": sum(worth for _, worth in days),
        "first_purchase_day": min((day for day, _ in days), default=None),
        "last_purchase_day": max((day for day, _ in days), default=None),
        "refunded": sum(o.refunded_minor for o in orders),
        "categories": {
            category[line.sku]
            for o in orders
            for line in lines[o.id]
            if line.returned < line.quantity and category.get(line.sku)
        },
    }
    for window in (30, 60, 90, 180, 365):
        inside = [(day, worth) for day, worth in days if (today - day).days < window]
        facts[f"purchase_days_{window}"] = len({day for day, _ in inside})
        facts[f"spend_{window}"] = sum(worth for _, worth in inside)
    stores = [o.store for o in counted if o.store]
    most = max((stores.count(store) for store in stores), default=0)
    favourites = [store for store in stores if stores.count(store) == most]
    facts["favourite_store"] = favourites[-1] if favourites else None
    return facts


def _words(model: Any, shop: Shop, circle: set[UUID]) -> list[str]:
    rows = model.objects.of(shop.merchant_id).filter(member_id__in=list(circle))
    return list(rows.values_list("tag", flat=True))


def _lists(shop: Shop, circle: set[UUID]) -> set[str]:
    codes = dict(Segment.objects.of(shop.merchant_id).values_list("id", "code"))
    rows = Entry.objects.of(shop.merchant_id).filter(member_id__in=list(circle))
    return {codes[segment_id] for segment_id in rows.values_list("segment_id", flat=True)}


def fits(rule: Rule, facts: dict[str, Any], today: date) -> bool:
    """A rule read aloud, word by word."""
    if "all" in rule:
        return all(fits(one, facts, today) for one in rule["all"])
    if "any" in rule:
        return any(fits(one, facts, today) for one in rule["any"])
    if "not" in rule:
        return not fits(rule["not"], facts, today)
    value, op, given = facts[rule["fact"]], rule["op"], rule["value"]
    if op == "known":
        return (value is not None) == given
    if value is None:
        return False
    if op == "due":
        pairs = (
            value.items() if "item" not in given else [(given["item"], value.get(given["item"]))]
        )
        return any(
            pair is not None
            and pair[0] >= given.get("chance", 0)
            and (
                "days" not in given
                or (pair[1] is not None and today <= pair[1] <= today + timedelta(given["days"]))
            )
            for _, pair in pairs
        )
    if op == "within_next_days":
        return bool((value - today).days <= given)
    if op == "more_than_days_ago":
        return bool((today - value).days > given)
    if op == "within_days":
        return bool((today - value).days < given)
    if op in ("before", "on_or_after"):
        return bool(value < date.fromisoformat(given)) == (op == "before")
    return bool(
        {
            "=": lambda: value == given,
            "!=": lambda: value != given,
            ">": lambda: value > given,
            ">=": lambda: value >= given,
            "<": lambda: value < given,
            "<=": lambda: value <= given,
            "in": lambda: value in given,
            "not_in": lambda: value not in given,
            "includes": lambda: given in value,
            "excludes": lambda: given not in value,
        }[op]()
    )
