"""Reads of goods."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from regulars.infra.db import Sql, any_of, as_json, fetch_all
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


def lawful_reference(
    merchant: MerchantFacts, sku: str, *, begins: datetime, deals: Sequence[Price] = ()
) -> int | None:
    """What a reduction of ``sku`` that ``begins`` may be compared with, in minor units.

    ``deals`` are the sales of it that the caller knows; without any, a region that goes by deals
    knows no base. Where no rule holds it is the list price of then. None: nothing may be struck
    through.
    """
    region = strike_region(merchant, begins)
    rows = PricePoint.objects.of(merchant.id).filter(sku=sku, at__lt=begins)
    listed = [Price(at, minor) for at, minor in rows.values_list("at", "list_price_minor")]
    if region == "none":
        return max(listed, key=lambda price: price.at).minor if listed else None
    return reference_price(RULES[region], begins=begins, listed=listed, deals=deals)
