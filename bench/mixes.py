"""Carts and offers as a shop has them, for the figures of the evaluator. Seeded, made up."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from regulars.modules.earning.types import Frozen
from regulars.modules.pricing.book import OfferBook, compile_offers
from regulars.modules.pricing.types import Cart, CartLine, Context
from regulars.modules.promotions import types as promotions
from regulars.modules.promotions.types import DEFAULT_STAGE, Buyer, Kind, Offer, Scope

CONTEXT = Context(
    at=datetime(2026, 3, 10, 12, tzinfo=UTC),
    zone=ZoneInfo("Asia/Shanghai"),
    buyer=Buyer(tier="gold"),
    earn=Frozen(100, 1, 10_000),
)
CATEGORIES = ("tea", "bakery", "fruit", "home", "care")
ALL = Scope()


def cart(chance: random.Random) -> Cart:
    """Ten lines of 50 products in five categories, a few units each, with shipping."""
    lines = []
    for number in sorted(chance.sample(range(50), 10)):
        price = chance.randint(4, 80) * 100 - chance.choice((0, 1, 10, 50))
        category = CATEGORIES[number % 5]
        tags = frozenset({"new"} if number % 4 == 0 else ())
        sku = f"sku-{number:02}"
        lines.append(CartLine(sku, chance.choice((1, 1, 2, 3)), price, category, None, tags))
    return Cart(tuple(lines), 900)


def _offer(code: str, kind: Kind, params: promotions.Params, **more: object) -> Offer:
    given = {"name": code, "stage": DEFAULT_STAGE[kind], **more}
    return Offer(code=code, kind=kind, params=params, **given)  # type: ignore[arg-type]


def _of(*categories: str) -> Scope:
    return Scope(categories=frozenset(categories))


def _steps(chance: random.Random, total: int) -> promotions.SpendSave:
    """Three steps around what the cart costs: two of them near enough to be fought for."""
    first = total * chance.randint(40, 70) // 10_000 * 100
    second = total * chance.randint(75, 95) // 10_000 * 100
    steps = ((first, first // 12), (second, second // 8), (total * 2, total // 3))
    return promotions.SpendSave(tuple(promotions.Saving(*step) for step in steps))


def merchant_mix(chance: random.Random, count: int) -> tuple[Cart, OfferBook]:
    """What a shop runs at once: member prices, offers by category, one of two coupons, steps on
    the order, free shipping, a day of points, a gift; with 16, an exclusive sale and rivals."""
    bought = cart(chance)
    total = sum(line.gross_minor for line in bought.lines)
    prices = {line.sku: line.unit_price_minor * 9 // 10 for line in bought.lines[:4]}

    def percent() -> promotions.PercentOff:
        return promotions.PercentOff(chance.choice((500, 800, 1_000, 1_500)))

    offers = [
        _offer("member-price", "member_price", promotions.MemberPrice(prices)),
        _offer("a-tea", "percent_off", percent(), scope=_of("tea", "bakery")),
        _offer("b-two-get-one", "buy_get", promotions.BuyGet(2, 1), scope=_of("fruit", "home")),
        _offer("c-each", "amount_off", promotions.AmountOff(150), scope=_of("care", "tea")),
        _offer("full-save", "spend_save", _steps(chance, total)),
        _offer("coupon-ten", "percent_off", percent(), stage="coupon", group="coupon"),
        _offer(
            "coupon-save",
            "spend_save",
            promotions.SpendSave((promotions.Saving(total * 6 // 10, total // 11),)),
            stage="coupon",
            group="coupon",
        ),
        _offer("free-shipping", "free_shipping", promotions.FreeShipping(total * 7 // 10)),
        _offer("gift", "gift", promotions.Gift("toy", 1, total * 8 // 10)),
        _offer(
            "double", "points_multiplier", promotions.PointsMultiplier(20_000), scope=_of("tea")
        ),
    ]
    offers += [
        _offer("d-new", "percent_off", percent(), scope=Scope(tags=frozenset({"new"}))),
        _offer("e-sale", "percent_off", promotions.PercentOff(2_200), exclusive=True, scope=ALL),
        _offer("f-flat", "unit_price", promotions.UnitPrice(990), scope=_of("bakery"), group="x"),
        _offer("g-half", "buy_get", promotions.BuyGet(1, 1, 5_000), scope=_of("care"), group="x"),
        _offer(
            "order-percent",
            "spend_percent",
            promotions.SpendPercent(
                (promotions.Share(total // 2, 300), promotions.Share(total * 9 // 10, 600))
            ),
        ),
        _offer("coupon-five", "spend_save", _steps(chance, total), stage="coupon", group="coupon"),
    ]
    return bought, compile_offers(offers[:count])


def combinable_mix(chance: random.Random, count: int) -> tuple[Cart, OfferBook]:
    """Offers on goods that all go together, no groups: each may spoil the threshold of another."""
    bought = cart(chance)
    total = sum(line.gross_minor for line in bought.lines)
    offers = []
    for number in range(count):
        scope = ALL if chance.random() < 0.3 else _of(*chance.sample(CATEGORIES, 2))
        share = total if scope is ALL else total * 2 // 5
        spend = share * chance.randint(50, 95) // 100
        kind: Kind = chance.choice(
            ("percent_off", "percent_off", "amount_off", "buy_get", "spend_save", "spend_percent")
        )
        params: dict[Kind, promotions.Params] = {
            "percent_off": promotions.PercentOff(chance.choice((300, 500, 800, 1_000))),
            "amount_off": promotions.AmountOff(chance.choice((50, 100, 150))),
            "buy_get": promotions.BuyGet(
                chance.choice((2, 3)), 1, chance.choice((5_000, 10_000)), "overall"
            ),
            "spend_save": promotions.SpendSave((promotions.Saving(spend, spend // 12),)),
            "spend_percent": promotions.SpendPercent((promotions.Share(spend, 700),)),
        }
        offers.append(_offer(f"o{number:02}", kind, params[kind], scope=scope))
    return bought, compile_offers(offers)


def crowd_mix(chance: random.Random, count: int) -> tuple[Cart, OfferBook]:
    """Far more relevant offers than can be proved in time: the search stops and states its gap."""
    bought, book = combinable_mix(chance, count)
    offers = [entry.offer for entry in book.entries]
    grouped = [
        replace(offer, group=f"g{place % 8}") if place % 3 == 0 else offer
        for place, offer in enumerate(offers)
    ]
    return bought, compile_offers(grouped)


Mix = Callable[[random.Random, int], tuple[Cart, OfferBook]]
