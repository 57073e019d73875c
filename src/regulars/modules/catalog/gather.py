"""Scalars for other gathers."""

from __future__ import annotations

from typing import Final

from regulars.infra.db import any_of

#: What is known of :skus: (sku, category, type, tags) of each that the catalogue has.
PRODUCTS: Final = f"""(SELECT json_group_array(json_array(p.sku, p.category, p.type, p.tags))
  FROM catalog_product p WHERE p.merchant_id = :merchant_id AND {any_of("p.sku", "skus")})"""
