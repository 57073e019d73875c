"""What a price costs: one given combination, and the exact best, beside the floor of a quote.

`python -m bench.quoting`: one JSON line of figures. Times are those of the processor, so that a
busy machine disturbs them less; each is given beside limits.quote_floor of the same minutes. The
best is measured over many carts, with its certificate and a reason for each offer left out.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from regulars.modules.pricing.book import OfferBook, compile_offers
from regulars.modules.pricing.engine import apply_combination, evaluate
from regulars.modules.pricing.search import ALWAYS_EXACT
from regulars.modules.pricing.types import Cart, CartLine, Tender
from regulars.modules.promotions.types import (
    BuyGet,
    Limit,
    MemberPrice,
    Offer,
    PercentOff,
    Saving,
    Scope,
    SpendSave,
)

from .limits import quote_floor
from .mixes import CONTEXT, Mix, combinable_mix, crowd_mix, merchant_mix

CARTS = 200
SUGGESTING = 60
GIVEN = (5, 20, 100)


def floor_book(count: int) -> OfferBook:
    """The offers of the floor as offers of ours, with its member prices and its coupon."""
    offers = []
    for i in range(count):
        name = f"o{i:03}"
        scope = Scope(skus=frozenset(f"p{sku:02}" for sku in quote_floor.reach(i % 20)))
        turn = (
            Offer(
                code=name,
                name=name,
                kind="percent_off",
                params=PercentOff(500),
                stage="item",
                priority=i,
                scope=scope,
            ),
            Offer(
                code=name,
                name=name,
                kind="buy_get",
                params=BuyGet(2, 1),
                stage="item",
                priority=i,
                scope=scope,
                limit=Limit(per_order=1),
            ),
            Offer(
                code=name,
                name=name,
                kind="spend_save",
                params=SpendSave((Saving(10_000 + 100 * i, 500),)),
                stage="item",
                priority=i,
            ),
        )
        offers.append(turn[i % 3])
    prices = {f"p{sku:02}": price for sku, price in quote_floor.MEMBER_PRICES.items()}
    member = Offer(
        code="member", name="member", kind="member_price", params=MemberPrice(prices), stage="price"
    )
    coupon = Offer(
        code="coupon",
        name="coupon",
        kind="percent_off",
        params=PercentOff(1_000),
        stage="coupon",
        requires_code=True,
    )
    return compile_offers([*offers, member, coupon])


def given(count: int) -> tuple[float, float]:
    """One given combination of ``count`` offers and the floor, in microseconds."""
    lines = [CartLine(f"p{li.sku:02}", li.quantity, li.price) for li in quote_floor.LINES]
    cart, book = Cart(tuple(lines)), floor_book(count)
    points = Tender(wanted=quote_floor.POINTS, available=1_000, cap_bps=5_000)
    context = replace(CONTEXT, given={"coupon": "TEN"}, points=points)
    codes = list(book.by_code)
    floor_offers = quote_floor.offers(count)
    ours, floor = [], []
    for _ in range(5):
        floor.append(_microseconds(lambda: quote_floor.quote(quote_floor.LINES, floor_offers)))
        ours.append(_microseconds(lambda: apply_combination(book, cart, context, codes)))
    return min(ours), min(floor)


def best(mix: Mix, count: int) -> tuple[list[float], list[int]]:
    """The exact best over many carts: microseconds and gaps, sorted."""
    chance = random.Random(count)
    times, gaps = [], []
    for _ in range(CARTS):
        cart, book = mix(chance, count)
        taken = []
        for _ in range(2):
            begun = time.process_time()
            found = evaluate(book, cart, CONTEXT)
            taken.append((time.process_time() - begun) * 1e6)
        times.append(min(taken))
        gaps.append(found.certificate.gap_minor)
    return sorted(times), sorted(gaps)


def suggesting(mix: Mix, count: int) -> tuple[list[float], int]:
    """The best with what a little more would bring: microseconds, sorted, and how many carts were
    told something."""
    chance = random.Random(count)
    times, told = [], 0
    for _ in range(SUGGESTING):
        cart, book = mix(chance, count)
        begun = time.process_time()
        found = evaluate(book, cart, CONTEXT, suggest=True)
        times.append((time.process_time() - begun) * 1e6)
        told += bool(found.suggestions)
    return sorted(times), told


def _microseconds(work: Callable[[], object]) -> float:
    rounds = 30
    times = []
    for _ in range(8):
        begun = time.process_time()
        for _ in range(rounds):
            work()
        times.append((time.process_time() - begun) / rounds * 1e6)
    return statistics.median(times)


def main() -> None:
    told: dict[str, object] = {}
    for count in GIVEN:
        ours, floor = given(count)
        told[f"given {count}"] = {"us": round(ours), "floor_us": round(floor, 1)}
    for name, mix, count in (
        ("merchant 10", merchant_mix, 10),
        ("merchant 16", merchant_mix, 16),
        ("combinable 16", combinable_mix, 16),
        ("crowd 60", crowd_mix, 60),
    ):
        floor_offers = quote_floor.offers(count)
        floor = _microseconds(
            lambda offers=floor_offers: quote_floor.quote(quote_floor.LINES, offers)
        )
        times, gaps = best(mix, count)
        if count <= ALWAYS_EXACT and gaps[-1]:
            raise SystemExit(f"{name}: a gap of {gaps[-1]} with {count} offers")
        told[name] = {
            "p50_us": round(times[len(times) // 2]),
            "p99_us": round(times[len(times) * 99 // 100]),
            "floor_us": round(floor, 1),
            "proved": sum(gap == 0 for gap in gaps),
            "carts": len(gaps),
        }
        times, suggested = suggesting(mix, count)
        told[f"{name}, suggesting"] = {
            "p50_us": round(times[len(times) // 2]),
            "most_us": round(times[-1]),
            "suggested": suggested,
            "carts": len(times),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
