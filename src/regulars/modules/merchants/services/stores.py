"""Stores, as orders name them."""

from __future__ import annotations

from collections.abc import Iterable

from regulars.modules.merchants.models import Store


def learn_stores(merchant_id: int, codes: Iterable[str | None]) -> None:
    """Note the stores that orders named and nobody had; known ones stay as they are."""
    fresh = [Store(merchant_id=merchant_id, code=code) for code in sorted({c for c in codes if c})]
    if fresh:
        Store.objects.bulk_create(fresh, ignore_conflicts=True)
