"""No combination passes the bound: from any place of the search, on carts made to strain it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from makers.carts import NOON, SHANGHAI, line, random_offer
from regulars.modules.pricing.basket import Basket, merged
from regulars.modules.pricing.book import compile_offers
from regulars.modules.pricing.earning import Earner
from regulars.modules.pricing.kinds import Play
from regulars.modules.pricing.playing import Table
from regulars.modules.pricing.problem import Problem, State
from regulars.modules.pricing.search import Search
from regulars.modules.pricing.types import Cart, Context
from regulars.modules.promotions.types import (
    BuyGet,
    FreeShipping,
    Kind,
    Offer,
    Params,
    PercentOff,
    Saving,
    Scope,
    Share,
    SpendPercent,
    SpendSave,
    UnitPrice,
)

CONTEXT = Context(at=NOON, zone=SHANGHAI)
SKUS = ("apple", "bread", "cup", "dates", "egg")
Maker = Callable[[random.Random, str, int], Offer]


def offer(code: str, kind: Kind, params: Params, **more: object) -> Offer:
    stage = "shipping" if kind == "free_shipping" else "item"
    return Offer(code=code, name=code, kind=kind, params=params, stage=stage, **more)  # type: ignore[arg-type]


def some(chance: random.Random) -> Scope:
    return Scope(skus=frozenset(chance.sample(SKUS, chance.randint(1, 4))))


def small_percent(chance: random.Random, code: str, total: int) -> Offer:
    """Percentages on a few cents: rounding is as large as the discount."""
    bps = chance.choice((2_000, 3_333, 5_000, 9_000, 10_000))
    return offer(code, "percent_off", PercentOff(bps), scope=some(chance))


def of_a_group(chance: random.Random, code: str, total: int) -> Offer:
    """Rivals before and after what takes a fixed amount."""
    if chance.random() < 0.5:
        bps = chance.choice((1_000, 5_000, 8_000))
        scope = some(chance) if chance.random() < 0.5 else Scope(exclude_skus=frozenset({"egg"}))
        return offer(code, "percent_off", PercentOff(bps), scope=scope, group=chance.choice("ab"))
    if chance.random() < 0.5:
        return offer(code, "buy_get", BuyGet(1, 1), scope=some(chance))
    saving = Saving(total // chance.randint(2, 9), total // 5)
    return offer(code, "spend_save", SpendSave((saving,)), scope=some(chance))


def of_the_chain(chance: random.Random, code: str, total: int) -> Offer:
    """Whole-cart offers whose thresholds lie close together."""
    spend = chance.randint(total // 2, total)
    save = chance.randint(0, total // 4)
    draw = chance.random()
    group = "g" if chance.random() < 0.2 else None
    if draw < 0.3:
        return offer(
            code, "percent_off", PercentOff(chance.choice((500, 1_500, 4_000))), group=group
        )
    if draw < 0.6:
        steps = (Saving(spend // 2, save // 2), Saving(spend, save))
        return offer(code, "spend_save", SpendSave(steps), group=group)
    if draw < 0.7:
        every = SpendSave((Saving(max(1, spend // 4), save // 4),), every=True)
        return offer(code, "spend_save", every)
    if draw < 0.8:
        return offer(code, "spend_percent", SpendPercent((Share(spend, 2_000),)), budget=save)
    return offer(code, "free_shipping", FreeShipping(spend), budget=chance.choice((None, 40)))


def of_prices(chance: random.Random, code: str, total: int) -> Offer:
    """Unit prices and percentages before and after them."""
    if chance.random() < 0.5:
        return offer(code, "unit_price", UnitPrice(chance.randint(0, 60)), scope=some(chance))
    return small_percent(chance, code, total)


def anything(chance: random.Random, code: str, total: int) -> Offer:
    return random_offer(chance, code, total)


MAKERS: tuple[tuple[Maker, int], ...] = (
    (small_percent, 7),
    (of_a_group, 300),
    (of_the_chain, 900),
    (of_prices, 90),
    (anything, 400),
)


def most_off(plays: list[Play], table: Table, groups: int) -> int:
    """The most that any combination of ``plays`` takes off, tried one by one."""
    if not plays:
        return 0
    play, rest = plays[0], plays[1:]
    most = most_off(rest, table, groups)
    if play.group & groups:
        return most
    before = table.left, table.room, table.shipping
    step = table.apply(play)
    if step is not None:
        most = max(most, step.amount + most_off(rest, table, groups | play.group))
        table.left, table.room, table.shipping = before
    return most


def begun(
    chance: random.Random, problem: Problem, basket: Basket, room: int
) -> tuple[int, State, int]:
    """Some offers from the front on, taken or left by chance."""
    plays = problem.goods + problem.shipping
    at = chance.randint(0, len(plays))
    wanted = sum(play.bit for play in plays[:at] if chance.random() < 0.5)
    state = State(basket.gross, basket.total, room, 0, 0, 0, 0)
    table = Table(basket.gross, room, basket.shipping)
    for play in plays[:at]:
        if play.bit & wanted and not play.group & state.groups:
            step = table.apply(play)
            if step is not None:
                groups = state.groups | play.group
                state = State(table.left, sum(table.left), table.room, 0, groups, 0, 0)
    return at, state, table.shipping


@pytest.mark.parametrize(("maker", "price"), MAKERS, ids=[maker.__name__ for maker, _ in MAKERS])
def test_no_combination_passes_the_bound(maker: Maker, price: int) -> None:
    chance = random.Random(price)
    for _ in range(600):
        lines = [
            line(sku, chance.choice((1, 1, 2, 3)), chance.randint(0, price))
            for sku in chance.sample(SKUS, chance.randint(1, 5))
        ]
        cart = Cart(tuple(lines), chance.choice((0, 0, 90)))
        basket = merged(cart)
        offers = [maker(chance, f"o{i}", basket.total) for i in range(chance.randint(1, 6))]
        plays, _ = compile_offers(offers).relevant(basket, CONTEXT)
        for place, play in enumerate(reversed(plays)):
            play.bit = 1 << place
            play.reach = sum(1 << i for i in play.lines)
        problem = Problem(Search(basket, Earner(basket, CONTEXT), None), plays)
        room = basket.total * chance.choice((10_000, 10_000, 4_000)) // 10_000
        at, state, shipping = begun(chance, problem, basket, room)
        ahead = (problem.goods + problem.shipping)[at:]
        table = Table(state.left, state.room, shipping)
        most = most_off(ahead, table, state.groups)
        assert most <= problem.bound(at, state, shipping)
