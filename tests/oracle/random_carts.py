"""Carts, offers and circumstances by chance: from a seed for thousands, from Hypothesis to shrink.

Figures are drawn so that edges are met often: thresholds at exactly what the scope comes to, equal
prices, prices of zero, budgets and caps that cut, and names whose order of code points differs
from that of a dictionary.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from regulars.modules.earning.types import Crossing, Frozen
from regulars.modules.pricing.types import Cart, CartLine, Context, Tender, Uses
from regulars.modules.promotions.types import Buyer, NthWeekday, Offer, When

from .random_offers import random_offer

T = TypeVar("T")


class Chance(Protocol):
    def pick(self, values: Sequence[T]) -> T: ...
    def number(self, low: int, high: int) -> int: ...


class Seeded:
    """Chance from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, values: Sequence[T]) -> T:
        return self.random.choice(values)

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)


class Drawn:
    """Chance that Hypothesis draws, and shrinks."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def pick(self, values: Sequence[T]) -> T:
        return self.draw(st.sampled_from(values))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))


@dataclass(frozen=True)
class Case:
    offers: tuple[Offer, ...]
    cart: Cart
    context: Context
    max_discount_bps: int


def random_case(chance: Chance, *, most_offers: int = 8, most_lines: int = 7) -> Case:
    """Half of the cases have offers that combine freely, half have every restriction."""
    cart = random_cart(chance, most_lines)
    free = chance.pick((True, False))
    number = chance.pick((most_offers, chance.number(0, most_offers)))
    offers = tuple(random_offer(chance, cart, place, free) for place in range(number))
    cap = chance.pick((10_000,) * 9 + (5_000, 3_333, 1_000, 0))
    return Case(offers, cart, random_context(chance, offers, cart), cap)


@st.composite
def cases(draw: st.DrawFn, most_offers: int = 6, most_lines: int = 5) -> Case:
    return random_case(Drawn(draw), most_offers=most_offers, most_lines=most_lines)


ARTICLES: tuple[tuple[str, str | None, frozenset[str]], ...] = (
    ("tea", "drinks", frozenset({"new"})),
    ("Tea", "drinks", frozenset()),
    ("bread", "food", frozenset({"daily", "new"})),
    ("cake", "food", frozenset({"sweet"})),
    ("mug", None, frozenset({"gift-idea"})),
    ("红茶", "drinks", frozenset({"sweet", "daily"})),
)


def random_cart(chance: Chance, most_lines: int) -> Cart:
    """Few articles and few prices, so that lines are equal often."""
    highest = chance.pick((3, 30, 999, 20_000, 3_000_000))
    prices = [chance.number(0, highest) for _ in range(3)]
    lines = []
    for _ in range(chance.number(1, most_lines)):
        sku, category, tags = chance.pick(ARTICLES)
        quantity = chance.pick((1, 1, 1, 2, 3, 5, 12, 40))
        lines.append(CartLine(sku, quantity, chance.pick(prices), category, None, tags))
    return Cart(tuple(lines), chance.pick((0, 0, 1, 600, 1_299)))


#: A Friday, the last of its month, and the edges of a day in Shanghai.
MOMENTS = (
    datetime(2026, 3, 27, 4, 30, tzinfo=UTC),
    datetime(2026, 3, 27, 15, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 27, 16, tzinfo=UTC),
    datetime(2026, 3, 8, 2, tzinfo=UTC),
)
ZONES = (ZoneInfo("Asia/Shanghai"), ZoneInfo("UTC"), ZoneInfo("America/New_York"))


def random_when(chance: Chance) -> When:
    at = chance.pick(MOMENTS)
    second = timedelta(seconds=1)
    return When(
        begins=chance.pick((None, None, at, at + second)),
        ends=chance.pick((None, None, at + second, at)),
        weekdays=chance.pick((frozenset(), frozenset(), frozenset({5}), frozenset({6, 7}))),
        days_of_month=chance.pick((frozenset(), frozenset(), frozenset({8, 27, 28}))),
        nth_weekdays=chance.pick(
            ((), (), (NthWeekday(-1, 5), NthWeekday(2, 7)), (NthWeekday(4, 6),))
        ),
        hours=chance.pick((None, None, (0, 1_440), (600, 1_440), (0, 751), (750, 751))),
        except_days=chance.pick((frozenset(), frozenset(), frozenset({date(2026, 3, 27)}))),
    )


def random_context(chance: Chance, offers: Sequence[Offer], cart: Cart) -> Context:
    tier = chance.pick((None, "basic", "gold"))
    member = tier is not None
    segments = chance.pick((frozenset(), frozenset({"loyal"}), frozenset({"loyal", "student"})))
    gross = sum(line.gross_minor for line in cart.lines)
    plain = chance.pick((True, True, True, False))
    rates = {line.sku: chance.pick((0, 5_000, 15_000, 20_000)) for line in cart.lines[:2]}
    return Context(
        at=chance.pick(MOMENTS),
        zone=chance.pick(ZONES),
        buyer=Buyer(tier=tier, segments=segments if member else frozenset()),
        channel=chance.pick((None, "app", "shop")),
        store=chance.pick((None, "s1", "s2")),
        given={
            offer.code: f"coupon-{offer.code}"
            for offer in offers
            if chance.pick((True, True, offer.requires_code, False))
        },
        uses={
            offer.code: Uses(
                by_member=chance.pick((0, 0, 1, 2)) if member else 0,
                in_all=chance.pick((2, 5, 9)),
                budget_left_minor=None if offer.budget is None else chance.number(0, offer.budget),
            )
            for offer in offers
            if chance.pick((True, False))
        },
        held_out=frozenset(
            offer.code for offer in offers if member and chance.pick((False, False, False, True))
        ),
        earn=random_terms(chance, gross, plain) if member else None,
        line_rate_bps=rates if member and not plain else {},
        points=random_tender(chance, gross, member),
        growth_value=random_tender(chance, gross, member),
        stored_value=random_tender(chance, gross, member),
        stock=chance.pick(
            ({}, {}, {"present": 3}, {"present": 1}, {"present": 0, "spare": 1}, {"spare": 0})
        ),
    )


def random_terms(chance: Chance, gross: int, plain: bool) -> Frozen:
    if plain:
        return Frozen(per_minor=100, amount=1, tier_bps=10_000)
    crossing = Crossing(chance.number(0, gross), 30_000)
    return Frozen(
        per_minor=chance.pick((1, 7, 100)),
        amount=chance.pick((1, 3)),
        tier_bps=chance.pick((10_000, 12_500)),
        crossings=chance.pick(((), (crossing,))),
        most=chance.pick((None, None, chance.number(0, gross // 50 + 1))),
    )


def random_tender(chance: Chance, gross: int, member: bool) -> Tender:
    units, minor = chance.pick(((1, 1), (1, 1), (100, 100), (100, 1), (3, 2)))
    return Tender(
        wanted=chance.pick((0, 0, "max", chance.number(0, gross + 1) * units // minor)),
        available=chance.number(0, gross + gross // 3 + 3) * units // minor if member else 0,
        cap_bps=chance.pick((10_000, 10_000, 5_000, 3_333, 0)),
        units=units,
        minor=minor,
    )
