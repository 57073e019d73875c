"""The engine says what the oracle says, in everything, and keeps the laws by itself."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makers.carts import NOON, SHANGHAI, SKUS
from oracle import laws
from oracle.differences import differences
from oracle.pricing_oracle import best, price
from oracle.random_carts import Case, Drawn, Seeded, cases, random_case
from oracle.returns_adapter import give_back
from oracle.returns_oracle import returns
from regulars.modules.pricing.engine import compile_offers, evaluate
from regulars.modules.pricing.types import Cart, CartLine, Context, Evaluation
from regulars.modules.promotions.types import (
    AmountOff,
    Kind,
    Offer,
    Params,
    PercentOff,
    Saving,
    Scope,
    Share,
    SpendPercent,
    SpendSave,
    Stage,
)

EXAMPLES = settings(max_examples=300, deadline=None, database=None)
CARTS, PARTS = 3_000, 10


def by_the_engine(case: Case) -> Evaluation:
    book = compile_offers(case.offers, max_discount_bps=case.max_discount_bps)
    return evaluate(book, case.cart, case.context)


def by_the_oracle(case: Case) -> Evaluation:
    return best(case.offers, case.cart, case.context, max_discount_bps=case.max_discount_bps)


@pytest.mark.parametrize("part", range(PARTS))
def test_thousands_of_carts(part: int) -> None:
    for seed in range(part, CARTS, PARTS):
        case = random_case(Seeded(seed))
        found = by_the_engine(case)
        assert differences(found, by_the_oracle(case)) == [], f"seed {seed}: {case}"
        laws.shares_sum(case, found)
        laws.limits_hold(case, found)
        laws.each_offer_is_spoken_of(case, found)


@given(case=cases())
@EXAMPLES
def test_any_cart(case: Case) -> None:
    assert differences(by_the_engine(case), by_the_oracle(case)) == []


@given(case=cases(most_offers=8, most_lines=8), data=st.data())
@EXAMPLES
def test_the_laws_hold(case: Case, data: st.DataObject) -> None:
    chance = Drawn(data.draw)
    laws.lines_may_be_written_otherwise(case, by_the_engine, chance)
    laws.one_more_offer_never_harms(case, by_the_engine)
    laws.more_goods_cost_less_only_by_a_named_rule(case, by_the_engine, chance)


@pytest.mark.parametrize("seed", range(20))
def test_with_many_offers_the_price_told_is_a_true_one(seed: int) -> None:
    """Past what can be proved in time: allowed, priced to the cent, bounded, and never worse than
    the best of any eight of the offers."""
    case = random_case(Seeded(seed), most_offers=32, most_lines=10)
    found = by_the_engine(case)
    chosen = [one.offer for one in found.applied]
    cap = case.max_discount_bps
    expected = price(case.offers, case.cart, case.context, chosen, max_discount_bps=cap)
    assert expected is not None, "a combination that is not allowed"
    assert found.certificate.value_minor == found.discount_minor <= found.certificate.bound_minor
    told = [one for one in differences(found, expected) if not one.startswith("certificate")]
    assert told == []
    few = best(case.offers[:8], case.cart, case.context, max_discount_bps=cap)
    assert few.discount_minor <= found.certificate.bound_minor


@pytest.mark.parametrize("part", range(5))
def test_what_was_bought_comes_back(part: int) -> None:
    for number in range(100):
        chance = Seeded(10_000 * (part + 1) + number)
        case = random_case(chance)
        found = by_the_engine(case)
        steps = laws.random_steps(case, chance)
        order = (case.offers, case.cart, case.context, found, steps)
        back = give_back(*order, max_discount_bps=case.max_discount_bps)
        laws.everything_comes_back(case, found, back)
        assert back == returns(*order, max_discount_bps=case.max_discount_bps), f"number {number}"


@pytest.mark.parametrize("seed", range(4))
def test_offers_that_spoil_each_others_thresholds(seed: int) -> None:
    """All go together but for a group, and each takes a part of what others need to be left."""
    chance = random.Random(seed)
    for _ in range(10):
        cart = Cart(tuple(CartLine(sku, 1, chance.randint(300, 2_000)) for sku in SKUS), 90)
        offers = tuple(spoiling(chance, f"o{number}", cart) for number in range(10))
        cap = chance.choice((10_000, 10_000, 3_000))
        case = Case(offers, cart, Context(at=NOON, zone=SHANGHAI), cap)
        assert differences(by_the_engine(case), by_the_oracle(case)) == [], case


def spoiling(chance: random.Random, code: str, cart: Cart) -> Offer:
    skus = frozenset(chance.sample(SKUS, chance.randint(2, 5)))
    total = sum(line.gross_minor for line in cart.lines if line.sku in skus)
    spend = total * chance.randint(50, 100) // 100
    kinds: tuple[tuple[Kind, Params], ...] = (
        ("percent_off", PercentOff(chance.choice((300, 1_000, 3_333)))),
        ("spend_percent", SpendPercent((Share(spend, chance.choice((700, 2_500))),))),
        ("spend_percent", SpendPercent((Share(spend // 2, 400), Share(spend, 1_500)))),
        ("spend_save", SpendSave((Saving(spend, spend // chance.randint(5, 12)),))),
        ("amount_off", AmountOff(chance.randint(20, 300))),
    )
    kind, params = chance.choice(kinds)
    stage: Stage = chance.choice(("item", "order"))
    budget = chance.choice((None, None, None, total // 20))
    group = chance.choice((None, None, None, "g"))
    return Offer(
        code=code,
        name=code,
        kind=kind,
        params=params,
        stage=stage,
        scope=Scope(skus=skus),
        budget=budget,
        group=group,
    )
