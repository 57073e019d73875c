"""Reads of goods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from regulars.infra.db import Sql, any_of, fetch_all
from regulars.kernel.errors import NotFound

from .models import Product

_FACTS: Final = Sql(
    "SELECT sku, category, type FROM catalog_product "
    f"WHERE merchant_id = :merchant_id AND {any_of('sku', 'skus')}"
)
_NAMES: Final = Sql(
    "SELECT sku, name, category FROM catalog_product "
    f"WHERE merchant_id = :merchant_id AND {any_of('sku', 'skus')}"
)


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
