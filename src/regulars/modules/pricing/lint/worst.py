"""The dearest order: carts built at every edge of the offers, each priced by the engine itself.

Nothing is guessed: a figure told here is the price of the cart beside it. That no dearer cart
exists is not proved; the bound says how far it could be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from regulars.modules.earning.rules import BPS
from regulars.modules.earning.types import Frozen
from regulars.modules.pricing.book import OfferBook, compile_offers
from regulars.modules.pricing.engine import evaluate
from regulars.modules.pricing.types import Cart, CartLine, Context, Evaluation, Uses
from regulars.modules.promotions.types import (
    STRANGER,
    Buyer,
    BuyGet,
    FreeShipping,
    Gift,
    Offer,
    SpendPercent,
    SpendSave,
)

from .moments import first_open
from .types import Plan, Worst

MOST_CARTS: Final = 400
MOST_CIRCUMSTANCES: Final = 12
ORDERS_A_DAY: Final = 5
_SHIPPING_MINOR: Final = 1_000
_OTHERWISE_MINOR: Final = 10_000


class Search:
    """Prices carts under a plan as if everything were published, and keeps the dearest."""

    def __init__(self, plan: Plan, offers: Sequence[Offer]) -> None:
        self._plan = plan
        self._offers = [replace(offer, status="active") for offer in offers]
        asked = [o for o in self._offers if o.who.rule is not None or o.who.cel is not None]
        self._book: OfferBook = compile_offers(
            self._offers,
            max_discount_bps=plan.max_discount_bps,
            # Somebody may meet any rule: the dearest buyer meets them all.
            predicates={offer.code: lambda facts: True for offer in asked},
        )
        self._given = {offer.code: offer.code for offer in self._offers if offer.requires_code}
        self._segments = frozenset(s for offer in self._offers for s in offer.who.segments)
        self.carts = 0
        self.dearest: Worst | None = None
        self.deepest: Worst | None = None

    def run(self) -> None:
        circumstances = list(islice(self._circumstances(), MOST_CIRCUMSTANCES))
        for cart in islice(candidates(self._plan, self._offers), MOST_CARTS):
            for context in circumstances:
                self._keep(cart, context)
            self.carts += 1

    def again(self) -> tuple[int, ...]:
        """What the dearest cart costs, order after order of one member on one day."""
        worst = self.dearest
        if worst is None:
            return ()
        uses: dict[str, Uses] = {}
        costs = []
        for _ in range(ORDERS_A_DAY):
            context = replace(self._context(worst.tier, worst.at, worst.channel, worst.store),
                              uses=uses)  # fmt: skip
            told = evaluate(self._book, worst.cart, context)
            costs.append(self._cost(told))
            for applied in told.applied:
                before = uses.get(applied.offer, Uses())
                budget = self._book.by_code[applied.offer].offer.budget
                left = before.budget_left_minor if before.budget_left_minor is not None else budget
                uses[applied.offer] = Uses(
                    by_member=before.by_member + 1,
                    in_all=before.in_all + 1,
                    budget_left_minor=None if left is None else left - applied.amount_minor,
                )
        return tuple(costs)

    def capped(self) -> bool:
        """Whether the ceiling on discounts cuts the deepest cart."""
        deepest = self.deepest
        if deepest is None or self._plan.max_discount_bps == BPS:
            return False
        goods = sum(d.amount_minor for line in deepest.evaluation.lines for d in line.discounts)
        return goods == deepest.evaluation.gross_minor * self._plan.max_discount_bps // BPS

    # ── pricing ───────────────────────────────────────────────────────────────────────────

    def _keep(self, cart: Cart, context: Context) -> None:
        told = evaluate(self._book, cart, context)
        cost, paid_for = self._cost(told), told.gross_minor + cart.shipping_minor
        if not cost or not paid_for:
            return
        found = Worst(
            cart, context.buyer.tier, context.at, context.channel, context.store,
            told, cost, paid_for,
        )  # fmt: skip
        if self.dearest is None or cost > self.dearest.cost_minor:
            self.dearest = found
        deepest = self.deepest
        if deepest is None or cost * deepest.of_minor > deepest.cost_minor * paid_for:
            self.deepest = found

    def _cost(self, told: Evaluation) -> int:
        worth = self._plan.programme.redeeming.points
        points = told.points_to_earn // worth.units * worth.minor
        return told.discount_minor + points

    def _context(
        self, tier: str | None, at: datetime, channel: str | None, store: str | None
    ) -> Context:
        rule = self._plan.programme.earning.points
        buyer, earn = STRANGER, None
        if tier is not None:
            buyer = Buyer(tier=tier, segments=self._segments)
            bps = rule.tier_bps.get(tier, BPS)
            earn = Frozen(rule.per_minor, rule.amount, bps, most=rule.per_order_max)
        return Context(
            at=at, zone=self._plan.zone, buyer=buyer, channel=channel, store=store,
            given=self._given, earn=earn,
        )  # fmt: skip

    def _circumstances(self) -> Iterator[Context]:
        """Highest tiers first, at each instant at which an offer opens, where it is meant for."""
        tiers = [tier.code for tier in reversed(self._plan.programme.ladder.tiers)]
        places: list[tuple[str | None, str | None]] = [(None, None)]
        opens = {self._plan.now: None}
        for offer in self._offers:
            at = first_open(offer.when, zone=self._plan.zone, from_at=self._plan.now)
            if at is not None:
                opens[at] = None
            place = (min(offer.who.channels, default=None), min(offer.who.stores, default=None))
            if place not in places:
                places.append(place)
        wanted = {tier for offer in self._offers for tier in offer.who.tiers}
        order = [*tiers[:1], *(tier for tier in tiers[1:] if tier in wanted), *tiers[1:]]
        for at in opens:
            for channel, store in places:
                for tier in dict.fromkeys(order):
                    yield self._context(tier, at, channel, store)


def candidates(plan: Plan, offers: Sequence[Offer]) -> Iterator[Cart]:
    """Carts at the edges: each article alone and with each other, at prices and in numbers where
    an offer's step, set or price turns."""
    goods, most = articles(plan, offers), plan.most_minor
    prices = sorted({*edges(offers), most})
    numbers = sorted({1, *(o.params.buy + o.params.get for o in offers
                           if isinstance(o.params, BuyGet))})  # fmt: skip
    lines = [
        replace(one, quantity=number, unit_price_minor=price)
        for one in goods
        for number in numbers
        for price in ([one.unit_price_minor] if one.unit_price_minor else prices)
        # As many as fill a set of what the shop sells are tried whatever they cost.
        if one.unit_price_minor or number * price <= most
    ]
    for line in lines:
        yield Cart((line,), _SHIPPING_MINOR)
        for total in prices:
            # As many as pass a step, where the price is the article's own.
            number = -(-total // line.unit_price_minor) if line.unit_price_minor else 0
            if number > 1 and number * line.unit_price_minor <= most:
                yield Cart((replace(line, quantity=number),), _SHIPPING_MINOR)
    for place, line in enumerate(lines):
        for other in lines[place + 1 :]:
            if line.sku != other.sku and line.gross_minor + other.gross_minor <= most:
                yield Cart((line, other), _SHIPPING_MINOR)


def articles(plan: Plan, offers: Sequence[Offer]) -> list[CartLine]:
    """One article for each way to lie in the scopes: of the catalogue first, else made up."""
    by_place: dict[tuple[bool, ...], CartLine] = {}
    named = [CartLine(sku, 1, 0) for o in offers for sku in sorted(o.scope.skus)]
    named += [CartLine(f"any of {c}", 1, 0, category=c) for o in offers for c in o.scope.categories]
    named += [
        CartLine(f"any with {t}", 1, 0, tags=frozenset({t})) for o in offers for t in o.scope.tags
    ]
    for one in (*plan.goods, *named, CartLine("anything", 1, 0)):
        by_place.setdefault(_place(one, offers), one)
    return list(by_place.values())


def _place(one: CartLine, offers: Sequence[Offer]) -> tuple[bool, ...]:
    return tuple(_inside(one, offer) for offer in offers)


def _inside(one: CartLine, offer: Offer) -> bool:
    scope = offer.scope
    if one.sku in scope.exclude_skus:
        return False
    if not (scope.skus or scope.categories or scope.tags):
        return True
    return one.sku in scope.skus or one.category in scope.categories or bool(one.tags & scope.tags)


def edges(offers: Sequence[Offer]) -> Iterator[int]:
    """Amounts at which an offer turns."""
    yield _OTHERWISE_MINOR
    for offer in offers:
        match offer.params:
            case SpendSave(steps) | SpendPercent(steps):
                yield from (step.spend for step in steps if step.spend)
            case FreeShipping(spend) | Gift(spend=spend) if spend:
                yield spend
            case _:
                pass
