"""From a golden cart, as people write it, to the types that price it, and back to what is told.

A file of ``carts/`` holds several carts, separated by ``---``. Offers are in the JSON form of
docs/algorithms/pricing.md; what a cart does not name does not restrict. Every unknown word is an
error, so that a misspelt field cannot pass for a missing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from regulars.modules.earning.types import Frozen
from regulars.modules.pricing.types import Cart, CartLine, Context, Evaluation, Tender, Uses
from regulars.modules.promotions.types import STRANGER, Buyer, Offer

from .offers import known, read_offer

CARTS = Path(__file__).parent / "carts"
NOON = "2026-03-10T12:00:00Z"
#: Template ``plain``: one point for each whole 1.00.
PLAIN: dict[str, Any] = {
    "per_minor": 100,
    "amount": 1,
    "tier_bps": 10_000,
    "most": None,
    "line_rates": {},
}
#: The reader in C where there is one: ten times as fast, and it reads the same.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TENDERS = ("points", "growth_value", "stored_value")


@dataclass(frozen=True)
class GoldenCart:
    name: str
    why: str
    offers: tuple[Offer, ...]
    cart: Cart
    context: Context
    max_discount_bps: int
    returns: tuple[Mapping[int, int], ...]
    expect: Mapping[str, Any] = field(default_factory=dict)


@cache
def golden_carts() -> list[GoldenCart]:
    return [
        read_cart(written)
        for path in sorted(CARTS.glob("*.yaml"))
        for written in yaml.load_all(path.read_text(encoding="utf-8"), LOADER)
        if written is not None
    ]


def read_cart(written: Mapping[str, Any]) -> GoldenCart:
    words = "name why offers cart catalogue buyer at zone channel store given uses held_out stock"
    known(written, f"{words} redeem has worth settings earn returns expect")
    settings = written.get("settings", {})
    known(settings, "max_discount_bps points_max_bps growth_max_bps")
    return GoldenCart(
        name=written["name"],
        why=written["why"],
        offers=tuple(read_offer(offer) for offer in written.get("offers", [])),
        cart=read_lines(written["cart"], written.get("catalogue", {})),
        context=read_context(written, settings),
        max_discount_bps=settings.get("max_discount_bps", 10_000),
        returns=tuple(written.get("returns", [])),
        expect=written.get("expect", {}),
    )


def read_lines(written: Mapping[str, Any], catalogue: Mapping[str, Any]) -> Cart:
    known(written, "lines shipping_minor")
    lines = []
    for line in written["lines"]:
        known(line, "sku quantity unit_price")
        article = catalogue.get(line["sku"], {})
        known(article, "category tags")
        lines.append(
            CartLine(
                line["sku"],
                line["quantity"],
                line["unit_price"],
                article.get("category"),
                None,
                frozenset(article.get("tags", [])),
            )
        )
    return Cart(tuple(lines), written.get("shipping_minor", 0))


def read_context(written: Mapping[str, Any], settings: Mapping[str, int]) -> Context:
    buyer, terms = STRANGER, None
    if "buyer" in written:
        known(written["buyer"], "tier segments")
        buyer = Buyer(
            tier=written["buyer"]["tier"], segments=frozenset(written["buyer"].get("segments", []))
        )
        known(written.get("earn", {}), " ".join(PLAIN))
        earn = PLAIN | written.get("earn", {})
        terms = Frozen(earn["per_minor"], earn["amount"], earn["tier_bps"], most=earn["most"])
    caps = {
        "points": settings.get("points_max_bps", 10_000),
        "growth_value": settings.get("growth_max_bps", 10_000),
        "stored_value": 10_000,
    }
    return Context(
        at=instant(written.get("at", NOON)),
        zone=ZoneInfo(written.get("zone", "UTC")),
        buyer=buyer,
        channel=written.get("channel"),
        store=written.get("store"),
        given=written.get("given", {}),
        held_out=frozenset(written.get("held_out", [])),
        uses={code: read_uses(uses) for code, uses in written.get("uses", {}).items()},
        stock=written.get("stock", {}),
        earn=terms,
        line_rate_bps=written.get("earn", {}).get("line_rates", {}),
        **{name: read_tender(written, name, caps[name]) for name in TENDERS},
    )


def instant(written: str | datetime | date) -> datetime:
    if isinstance(written, str):
        written = datetime.fromisoformat(written)
    assert isinstance(written, datetime)
    return written if written.tzinfo else written.replace(tzinfo=UTC)


def read_uses(written: Mapping[str, Any]) -> Uses:
    known(written, "by_member in_all budget_left")
    return Uses(
        by_member=written.get("by_member", 0),
        in_all=written.get("in_all", 0),
        budget_left_minor=written.get("budget_left"),
    )


def read_tender(written: Mapping[str, Any], name: str, cap_bps: int) -> Tender:
    for part in ("redeem", "has", "worth"):
        known(written.get(part, {}), " ".join(TENDERS))
    worth = written.get("worth", {}).get(name, {"units": 1, "minor": 1})
    known(worth, "units minor")
    return Tender(
        wanted=written.get("redeem", {}).get(name, 0),
        available=written.get("has", {}).get(name, 0),
        cap_bps=cap_bps,
        units=worth["units"],
        minor=worth["minor"],
    )


def as_told(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation in the words of a golden cart."""
    told: dict[str, Any] = {
        "gross": evaluation.gross_minor,
        "discount": evaluation.discount_minor,
        "payable": evaluation.payable_minor,
        "due": evaluation.due_minor,
        "points": evaluation.points_to_earn,
        "applied": [f"{one.offer}: {one.amount_minor}" for one in evaluation.applied],
        "rejected": {},
        "lines": [],
    }
    for one in sorted(evaluation.rejected, key=lambda one: (one.offer or "", one.code)):
        missing = "" if one.missing_minor is None else f", {one.missing_minor} missing"
        told["rejected"][one.offer or one.code] = f"{one.code}{missing}"
    for line in evaluation.lines:
        shown: dict[str, Any] = {
            "line": line.line,
            "discounts": {one.offer: one.amount_minor for one in line.discounts},
            "net": line.net_minor,
            "paid_by": {n: u for n in TENDERS if (u := getattr(line.tenders, n))},
            "points": line.points_to_earn,
        }
        told["lines"].append({name: value for name, value in shown.items() if value != {}})
    if evaluation.shipping_discounts:
        told["shipping_discounts"] = {
            d.offer: d.amount_minor for d in evaluation.shipping_discounts
        }
    if evaluation.gifts:
        told["gifts"] = [f"{g.offer}: {g.quantity} x {g.sku}" for g in evaluation.gifts]
    return told
