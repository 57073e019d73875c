"""Reads of goods."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Max

from regulars.infra.db import Sql, any_of, as_instant, as_json, fetch_all
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import NotFound
from regulars.modules.members.rules import phone_region

from .models import PricePoint, Product, StrikePolicy
from .reference_price import EU, RULES, Region, reference_price
from .reference_price import PricePoint as Price

_FACTS: Final = Sql(
    "SELECT sku, category, type FROM catalog_product "
    f"WHERE merchant_id = :merchant_id AND {any_of('sku', 'skus')}"
)
_NAMES: Final = Sql(
    "SELECT sku, name, category FROM catalog_product "
    f"WHERE merchant_id = :merchant_id AND {any_of('sku', 'skus')}"
)


_GOODS: Final = Sql(
    "SELECT sku, category, type, tags, list_price_minor FROM catalog_product "
    f"WHERE merchant_id = :merchant_id AND ({any_of('sku', 'skus')} "
    f"OR {any_of('category', 'categories')}) ORDER BY sku LIMIT :most"
)
_SOME_GOODS: Final = Sql(
    "SELECT sku, category, type, tags, list_price_minor FROM catalog_product "
    "WHERE merchant_id = :merchant_id ORDER BY sku LIMIT :most"
)
_SEARCH: Final = Sql(
    "SELECT sku, name, category, type, tags, list_price_minor FROM catalog_product "
    "WHERE merchant_id = :merchant_id AND (lower(sku) LIKE :begins ESCAPE '\\' "
    "OR lower(name) LIKE :within ESCAPE '\\') "
    "ORDER BY CASE WHEN sku = :text THEN 0 ELSE 1 END, sku LIMIT :most"
)


class ListPrice(NamedTuple):
    """A list price in minor units, and since when it holds."""

    minor: int
    since: datetime


_DEALS: Final = Sql(
    "SELECT sku, hour, unit_minor FROM catalog_deal WHERE merchant_id = :merchant_id "
    f"AND {any_of('sku', 'skus')} AND hour >= :start AND hour < :end UNION ALL "
    "SELECT d.sku, d.hour, d.unit_minor FROM catalog_deal d JOIN (SELECT sku, max(hour) AS hour "
    f"FROM catalog_deal WHERE merchant_id = :merchant_id AND {any_of('sku', 'skus')} "
    "AND hour < :start GROUP BY sku) f ON f.sku = d.sku AND f.hour = d.hour "
    "WHERE d.merchant_id = :merchant_id"
)
_HOUR: Final = timedelta(hours=1)
_TICK: Final = timedelta(microseconds=1)
Article = tuple[str, str | None, str | None, frozenset[str], int | None]
"""Sku, category, type, tags and list price in minor units."""


def articles(
    merchant_id: int, *, skus: Sequence[str], categories: Sequence[str], most: int
) -> list[Article]:
    """Articles of these skus and categories, then any others, at most ``most`` of each."""
    params = {"merchant_id": merchant_id, "most": most}
    named = {**params, "skus": list(skus), "categories": list(categories)}
    found = [*fetch_all(_GOODS, named), *fetch_all(_SOME_GOODS, params)]
    return [
        (sku, category, kind, frozenset(as_json(tags) or ()), price)
        for sku, category, kind, tags, price in dict.fromkeys(map(tuple, map(_hashable, found)))
    ]


def _hashable(row: Sequence[Any]) -> tuple[Any, ...]:
    sku, category, kind, tags, price = row
    return sku, category, kind, json.dumps(as_json(tags) or []), price


def product_facts(
    merchant_id: int, skus: Sequence[str]
) -> dict[str, tuple[str | None, str | None]]:
    """Category and type of the known among ``skus``."""
    rows = fetch_all(_FACTS, {"merchant_id": merchant_id, "skus": sorted(set(skus))})
    return {sku: (category, kind) for sku, category, kind in rows}


def product(merchant_id: int, sku: str) -> dict[str, Any]:
    """What is known of a sku, as the API shows it. Raises NotFound where nothing is."""
    row = Product.objects.of(merchant_id).filter(sku=sku).first()
    if row is None:
        raise NotFound
    return shown(row)


def search(merchant_id: int, text: str, *, most: int) -> list[dict[str, Any]]:
    """Products whose sku begins with ``text`` or whose name has it, as ``product`` shows them;
    the one of exactly that sku first, then by sku."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = fetch_all(
        _SEARCH,
        {
            "merchant_id": merchant_id,
            "text": text,
            "begins": escaped.lower() + "%",
            "within": f"%{escaped.lower()}%",
            "most": most,
        },
    )
    return [
        {
            "sku": sku,
            "name": name,
            "category": category,
            "type": kind,
            "tags": as_json(tags) or [],
            "list_price": price,
        }
        for sku, name, category, kind, tags, price in rows
    ]


def shown(row: Product) -> dict[str, Any]:
    return {
        "sku": row.sku,
        "name": row.name,
        "category": row.category,
        "type": row.type,
        "tags": row.tags,
        "list_price": row.list_price_minor,
    }


def product_names(
    merchant_id: int, skus: Sequence[str]
) -> dict[str, tuple[str | None, str | None]]:
    """Name and category of the known among ``skus``."""
    rows = fetch_all(_NAMES, {"merchant_id": merchant_id, "skus": sorted(set(skus))})
    return {sku: (name, category) for sku, name, category in rows}


def strike_region(merchant: MerchantFacts, at: datetime) -> Region:
    """Whose rule for struck-through prices holds at an instant: as set, else the country's own."""
    set_ = StrikePolicy.objects.of(merchant.id).filter(effective_at__lte=at)
    region: Region | None = (
        set_.order_by("-effective_at").values_list("region", flat=True).first()  # type: ignore[assignment]
    )
    if region is not None:
        return region
    country = phone_region(merchant.zone, merchant.locale)
    return "cn" if country == "CN" else "eu" if country in EU else "none"


def list_prices(merchant_id: int, skus: Sequence[str]) -> dict[str, ListPrice]:
    """The list prices of those among ``skus`` that have one."""
    rows = Product.objects.of(merchant_id).filter(sku__in=sorted(set(skus)))
    priced = dict(rows.values_list("sku", "list_price_minor"))
    points = PricePoint.objects.of(merchant_id).filter(sku__in=sorted(set(skus)))
    since = dict(points.values_list("sku").annotate(since=Max("at")))
    return {sku: ListPrice(minor, since[sku]) for sku, minor in priced.items() if minor is not None}


def lawful_references(
    merchant: MerchantFacts,
    begins: Mapping[str, datetime],
    offered: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """What a reduction of each sku that begins then may be compared with, in minor units, from the
    list prices and the sales on record.

    ``offered`` are prices at which skus were offered until then, where it was not the list price.
    Where no rule holds it is the list price of then. A sku that is left out has no base: nothing
    may be struck through.
    """
    regions = {at: strike_region(merchant, at) for at in set(begins.values())}
    listed = _listed(merchant.id, begins)
    sold = _sold(merchant.id, begins) if set(regions.values()) != {"none"} else {}
    found = {}
    for sku, at in begins.items():
        region, prices = regions[at], listed.get(sku, [])
        if offered and sku in offered:
            prices = [*prices, Price(at - _TICK, offered[sku])]
        if region == "none":
            before = [price for price in listed.get(sku, []) if price.at < at]
            base = max(before, key=lambda price: price.at).minor if before else None
        else:
            deals = [_within(deal, at) for deal in sold.get(sku, []) if deal.at < at]
            base = reference_price(RULES[region], begins=at, listed=prices, deals=deals)
        if base is not None:
            found[sku] = base
    return found


def _listed(merchant_id: int, begins: Mapping[str, datetime]) -> dict[str, list[Price]]:
    rows = PricePoint.objects.of(merchant_id).filter(sku__in=list(begins))
    found: dict[str, list[Price]] = {}
    for sku, at, minor in rows.values_list("sku", "at", "list_price_minor"):
        found.setdefault(sku, []).append(Price(at, minor))
    return found


def _sold(merchant_id: int, begins: Mapping[str, datetime]) -> dict[str, list[Price]]:
    """The sales of the longest window, and the last ones before it."""
    longest = timedelta(days=max(rule.days for rule in RULES.values()))
    start, end = min(begins.values()) - longest - _HOUR, max(begins.values())
    params = {"merchant_id": merchant_id, "skus": sorted(begins), "start": start, "end": end}
    found: dict[str, list[Price]] = {}
    for sku, hour, minor in fetch_all(_DEALS, params):
        at = as_instant(hour)
        assert at is not None
        found.setdefault(sku, []).append(Price(at, minor))
    return found


def _within(deal: Price, begins: datetime) -> Price:
    """A sale as late in its hour as it can have been before ``begins``: rather counted once too
    often than left out."""
    return Price(min(deal.at + _HOUR, begins) - _TICK, deal.minor)
