"""Offers as documents, written over the API."""

from __future__ import annotations

from typing import Any

from makers.merchants import unique
from makers.orders import Shop

#: One of each kind, with bounds that hold.
PARAMS: dict[str, dict[str, Any]] = {
    "member_price": {"prices": {"tea": 900}},
    "percent_off": {"bps": 1_000},
    "amount_off": {"each": 50},
    "unit_price": {"price": 500},
    "buy_get": {"buy": 2, "get": 1},
    "spend_save": {"steps": [{"spend": 20_000, "save": 3_000}]},
    "spend_percent": {"steps": [{"spend": 10_000, "bps": 500}, {"spend": 20_000, "bps": 800}]},
    "free_shipping": {"spend": 5_000},
    "points_multiplier": {"bps": 20_000},
    "gift": {"sku": "cup", "quantity": 1, "spend": 9_900},
}


def offer_body(kind: str = "percent_off", **given: Any) -> dict[str, Any]:
    return {"code": unique("offer"), "kind": kind, "params": PARAMS[kind], **given}


def make_offer(shop: Shop, kind: str = "percent_off", **given: Any) -> dict[str, Any]:
    """The answer to a new offer."""
    answer = shop.api.post("/offers", offer_body(kind, **given))
    assert answer.status_code == 201, answer.content
    return dict(answer.json())
