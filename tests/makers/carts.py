"""Random carts and offers: small ones, so that every combination can be tried."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from regulars.modules.earning.types import Crossing, Frozen
from regulars.modules.pricing.types import Cart, CartLine, Context, Tender, Uses
from regulars.modules.promotions import types as promotions
from regulars.modules.promotions.types import DEFAULT_STAGE, Buyer, Kind, Limit, Offer, Scope

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SKUS = ("apple", "bread", "cup", "dates", "egg", "figs")
CATEGORIES = {"apple": "fruit", "dates": "fruit", "figs": "fruit", "bread": "bakery"}
TAGS = {"cup": frozenset({"new"}), "egg": frozenset({"new", "fresh"}), "figs": frozenset({"fresh"})}
GOODS: tuple[Kind, ...] = (
    "member_price",
    "percent_off",
    "percent_off",
    "amount_off",
    "unit_price",
    "buy_get",
    "buy_get",
    "spend_save",
    "spend_save",
    "spend_percent",
)
OTHERS: tuple[Kind, ...] = ("free_shipping", "points_multiplier", "gift")


def line(sku: str, quantity: int, price: int) -> CartLine:
    return CartLine(sku, quantity, price, CATEGORIES.get(sku), None, TAGS.get(sku, frozenset()))


def random_cart(chance: random.Random, *, lines: int = 4) -> Cart:
    most = chance.choice((9, 120, 3_000))
    found = tuple(
        line(chance.choice(SKUS), chance.choice((1, 1, 2, 3, 5)), chance.randint(0, most))
        for _ in range(chance.randint(1, lines))
    )
    return Cart(found, chance.choice((0, 0, 5, 700)))


def random_scope(chance: random.Random) -> Scope:
    draw = chance.random()
    exclude = frozenset(chance.sample(SKUS, 1)) if chance.random() < 0.15 else frozenset()
    if draw < 0.45:
        return Scope(exclude_skus=exclude)
    if draw < 0.7:
        return Scope(
            skus=frozenset(chance.sample(SKUS, chance.randint(1, 4))), exclude_skus=exclude
        )
    if draw < 0.85:
        return Scope(categories=frozenset({"fruit"}), exclude_skus=exclude)
    return Scope(
        skus=frozenset(chance.sample(SKUS, 1)), tags=frozenset({chance.choice(("new", "fresh"))})
    )


def random_params(chance: random.Random, kind: Kind, total: int) -> promotions.Params:
    size = max(1, total)
    rising = sorted({chance.randint(0, size + size // 3) for _ in range(chance.randint(1, 3))})
    saves = sorted(chance.randint(0, size // 3 + 1) for _ in rising)
    shares = sorted(chance.choice((0, 500, 1_000, 3_333, 7_000)) for _ in rising)
    if kind == "member_price":
        skus = chance.sample(SKUS, 3)
        return promotions.MemberPrice({sku: chance.randint(0, size // 3 + 1) for sku in skus})
    if kind == "percent_off":
        return promotions.PercentOff(chance.choice((0, 1, 500, 1_000, 1_500, 3_333, 5_000, 10_000)))
    if kind == "amount_off":
        return promotions.AmountOff(chance.randint(0, size // 6 + 1))
    if kind == "unit_price":
        return promotions.UnitPrice(chance.randint(0, size // 3 + 1))
    if kind == "buy_get":
        return promotions.BuyGet(
            chance.randint(1, 2),
            chance.randint(1, 2),
            chance.choice((10_000, 10_000, 5_000, 3_333)),
            chance.choice(("in_group", "overall")),
            chance.random() < 0.3,
        )
    if kind == "spend_save":
        if chance.random() < 0.3:
            step = promotions.Saving(chance.randint(1, size // 2 + 1), saves[0])
            return promotions.SpendSave((step,), every=True)
        steps = zip(rising, saves, strict=True)
        return promotions.SpendSave(tuple(promotions.Saving(*step) for step in steps))
    if kind == "spend_percent":
        steps = zip(rising, shares, strict=True)
        return promotions.SpendPercent(tuple(promotions.Share(*step) for step in steps))
    if kind == "free_shipping":
        return promotions.FreeShipping(chance.randint(0, size))
    if kind == "points_multiplier":
        return promotions.PointsMultiplier(chance.choice((10_000, 12_500, 15_000, 20_000, 30_000)))
    return promotions.Gift("toy", chance.randint(1, 2), chance.randint(0, size))


def random_offer(chance: random.Random, code: str, total: int) -> Offer:
    kind = chance.choice(GOODS) if chance.random() < 0.75 else chance.choice(OTHERS)
    stage = DEFAULT_STAGE[kind]
    if kind in GOODS and chance.random() < 0.4:
        stage = chance.choice(promotions.GOODS_STAGES)
    params = random_params(chance, kind, total)
    every = isinstance(params, promotions.SpendSave) and params.every
    limited = (kind == "buy_get" or every) and chance.random() < 0.3
    return Offer(
        code=code,
        name=code,
        kind=kind,
        params=params,
        stage=stage,
        scope=random_scope(chance),
        priority=chance.choice((1, 100, 100, 100, 200)),
        group=chance.choice(("a", "b")) if chance.random() < 0.3 else None,
        exclusive=chance.random() < 0.08,
        limit=Limit(per_order=chance.randint(1, 2) if limited else None),
        budget=chance.randint(0, total // 2 + 2) if chance.random() < 0.15 else None,
    )


def random_offers(chance: random.Random, cart: Cart, most: int) -> list[Offer]:
    total = sum(line.gross_minor for line in cart.lines)
    codes = chance.sample([f"{a}{b}" for a in "abcd" for b in "wxyz"], chance.randint(0, most))
    return [random_offer(chance, code, total) for code in codes]


def random_context(chance: random.Random, offers: list[Offer], *, tenders: bool = False) -> Context:
    member = chance.random() < 0.8
    earn = Frozen(
        chance.choice((1, 7, 100)),
        1,
        chance.choice((10_000, 10_000, 12_000)),
        (),
        (Crossing(chance.randint(0, 500), 15_000),) if chance.random() < 0.2 else (),
        chance.randint(0, 30) if chance.random() < 0.1 else None,
    )
    uses = {}
    for offer in offers:
        if offer.budget is not None and chance.random() < 0.5:
            uses[offer.code] = Uses(budget_left_minor=chance.randint(0, offer.budget))
    rates = {}
    if chance.random() < 0.4:
        rates = {sku: chance.choice((0, 5_000, 10_000, 20_000)) for sku in SKUS[:4]}
    return Context(
        at=NOON,
        zone=SHANGHAI,
        buyer=Buyer(tier="silver") if member else promotions.STRANGER,
        uses=uses,
        earn=earn if member else None,
        line_rate_bps=rates,
        points=random_tender(chance) if tenders else Tender(),
        growth_value=random_tender(chance) if tenders else Tender(),
        stored_value=random_tender(chance) if tenders else Tender(),
    )


def random_tender(chance: random.Random) -> Tender:
    units, minor = chance.choice(((1, 1), (1, 1), (100, 1), (1, 100), (3, 7)))
    available = chance.choice((0, 50, 5_000))
    return Tender(
        wanted=chance.choice(("max", 0, chance.randint(0, 3_000))),
        available=available,
        bonus=chance.randint(0, available),
        cap_bps=chance.choice((10_000, 10_000, 5_000, 333)),
        units=units,
        minor=minor,
    )


def random_cap(chance: random.Random) -> int:
    return 10_000 if chance.random() < 0.7 else chance.choice((0, 500, 3_000, 6_000))
