"""A suggestion is a promise: adding what it says saves what it says."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from makers.carts import NOON, SHANGHAI, line, random_cart, random_context, random_offers
from oracle.random_carts import Case, Seeded, random_case
from regulars.modules.pricing import engine
from regulars.modules.pricing.book import compile_offers
from regulars.modules.pricing.engine import evaluate
from regulars.modules.pricing.reaching import WORTH_AT_MOST
from regulars.modules.pricing.search import WORK_LIMIT, Found
from regulars.modules.pricing.types import Cart, CartLine, Context, Suggestion
from regulars.modules.promotions.types import (
    FreeShipping,
    Limit,
    Offer,
    PercentOff,
    Saving,
    Scope,
    SpendSave,
)

CONTEXT = Context(at=NOON, zone=SHANGHAI)
STEPS = SpendSave((Saving(10_000, 500), Saving(20_000, 3_000)))
FULL = Offer(code="full", name="full", kind="spend_save", params=STEPS, stage="order")


def told(cart: Cart, *offers: Offer) -> tuple[Suggestion, ...]:
    return evaluate(compile_offers(offers), cart, CONTEXT, suggest=True).suggestions


def test_nothing_is_told_unasked() -> None:
    assert (
        evaluate(compile_offers([FULL]), Cart((line("tea", 1, 9_900),)), CONTEXT).suggestions == ()
    )


def test_add_12_to_save_30() -> None:
    # 188.00 saves 5.00 now; with 12.00 more it saves 30.00.
    assert told(Cart((line("tea", 1, 18_800),)), FULL) == (Suggestion("full", 1_200, 2_500),)


def percent(bps: int) -> Offer:
    return Offer(
        code="first", name="first", kind="percent_off", params=PercentOff(bps), stage="item"
    )


def test_what_an_offer_before_takes_off_the_added_goods_is_added_too() -> None:
    # 200.00 is 140.00 after 30 % and saves 5.00 more; 60.00 are missing after 30 %, 85.71 before:
    # of 285.71 85.71 are off, and then 30.00.
    found = told(Cart((line("tea", 1, 20_000),)), percent(3_000), FULL)
    assert found == (Suggestion("full", 8_571, 8_571 + 3_000 - 6_000 - 500),)


def test_the_smallest_amount_is_told_even_where_it_changes_the_combination() -> None:
    # 190.00 is best with 10 % and 5.00, 24.00 in all. 10.00 more, and 30.00 alone is better.
    found = told(Cart((line("tea", 1, 19_000),)), percent(1_000), FULL)
    assert found == (Suggestion("full", 1_000, 600),)


def test_free_shipping_is_worth_the_shipping() -> None:
    free = Offer(
        code="free", name="free", kind="free_shipping", params=FreeShipping(5_000), stage="shipping"
    )
    assert told(Cart((line("tea", 1, 4_400),), 900), free) == (Suggestion("free", 600, 900),)
    assert told(Cart((line("tea", 1, 4_400),), 100), free) == ()


def test_no_nagging() -> None:
    # 75.01 more for 25.00 is more than three times what it saves.
    assert told(Cart((line("tea", 1, 12_499),)), FULL) == ()
    assert told(Cart((line("tea", 1, 12_500),)), FULL) == (Suggestion("full", 7_500, 2_500),)
    many = [
        replace(FULL, code=f"o{i}", params=SpendSave((Saving(10_000 + i, 900 + i),)))
        for i in range(6)
    ]
    assert len(told(Cart((line("tea", 1, 9_900),)), *many)) == 3


def test_the_best_price_alone_counts() -> None:
    # 2.00 more would reach the threshold, but the group is worth more without it.
    better = Offer(
        code="better",
        name="better",
        kind="percent_off",
        params=PercentOff(5_000),
        stage="order",
        group="g",
    )
    small = replace(FULL, group="g", params=SpendSave((Saving(20_000, 3_000),)))
    assert told(Cart((line("tea", 1, 19_800),)), better, small) == ()


@pytest.mark.parametrize("seed", range(4))
def test_what_is_told_is_true(seed: int) -> None:
    chance = random.Random(seed)
    count = 0
    for _ in range(250):
        cart = random_cart(chance)
        offers = random_offers(chance, cart, 6)
        book = compile_offers(offers)
        context = random_context(chance, offers)
        now = evaluate(book, cart, context, suggest=True)
        assert len(now.suggestions) <= 3
        for one in now.suggestions:
            count += 1
            assert 0 < one.add_minor <= WORTH_AT_MOST * one.save_minor
            offer = next(offer for offer in offers if offer.code == one.offer)
            then = evaluate(book, more(cart, offer.scope, one.add_minor), context)
            assert then.discount_minor - now.discount_minor == one.save_minor
            assert one.offer in {step.offer for step in then.applied}
            assert one.proved
    assert count > 10


def test_of_less_than_what_is_told_nothing_is_saved_by_that_offer() -> None:
    """Each offer is not taken now and has one threshold, so a unit less must not take it."""
    chance = random.Random(11)
    count = 0
    for _ in range(120):
        cart = Cart((line("a", 1, chance.randint(5_000, 9_000)), line("b", 2, 2_000)))
        offers = [
            replace(percent(chance.choice((500, 1_000, 2_000))), scope=Scope(skus=frozenset("b"))),
            *(saving(chance, code) for code in "xyz"),
        ]
        book = compile_offers(offers)
        now = evaluate(book, cart, CONTEXT, suggest=True)
        applied = {step.offer for step in now.applied}
        for one in now.suggestions:
            if one.offer not in applied:
                count += 1
                less = evaluate(book, more(cart, Scope(), one.add_minor - 1), CONTEXT)
                assert one.offer not in {step.offer for step in less.applied}
    assert count > 40


def saving(chance: random.Random, code: str) -> Offer:
    """A threshold a little above what the carts come to, one of a group with the others or not."""
    spend = chance.randint(9_000, 16_000)
    steps = SpendSave((Saving(spend, chance.randint(spend // 12, spend // 4)),))
    group = chance.choice((None, "g"))
    return replace(FULL, code=code, name=code, params=steps, group=group)


def crowd(seed: int) -> Case:
    return random_case(Seeded(seed), most_offers=44, most_lines=10)


def test_with_many_offers_what_is_told_is_what_the_evaluator_then_says() -> None:
    told = unproved = 0
    for seed in range(24):
        case = crowd(seed)
        book = compile_offers(case.offers, max_discount_bps=case.max_discount_bps)
        now = evaluate(book, case.cart, case.context, suggest=True)
        for one in now.suggestions:
            told += 1
            unproved += not one.proved
            offer = next(offer for offer in case.offers if offer.code == one.offer)
            then = evaluate(book, more(case.cart, offer.scope, one.add_minor), case.context)
            assert then.discount_minor - now.discount_minor == one.save_minor, seed
            assert 0 < one.add_minor <= WORTH_AT_MOST * one.save_minor
            assert one.offer in {step.offer for step in then.applied}
            proofs = now.certificate.gap_minor, then.certificate.gap_minor
            assert not one.proved or proofs == (0, 0)
    assert told > unproved > 0


def test_suggestions_have_a_work_limit_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """They change no price, and take no more steps than two prices do."""
    steps: list[int] = []
    search = engine.best

    def counted(*given: Any) -> Found:
        found = search(*given)
        steps.append(found.work)
        return found

    monkeypatch.setattr(engine, "best", counted)
    spent = []
    for seed in range(24):
        case = crowd(seed)
        book = compile_offers(case.offers, max_discount_bps=case.max_discount_bps)
        without = evaluate(book, case.cart, case.context)
        steps.clear()
        told = evaluate(book, case.cart, case.context, suggest=True)
        spent.append(sum(steps[1:]))
        assert replace(told, suggestions=()) == without
        assert evaluate(book, case.cart, case.context, suggest=True) == told
    assert WORK_LIMIT // 2 < max(spent) <= 2 * WORK_LIMIT + WORK_LIMIT // 100


def more(cart: Cart, scope: Scope, amount: int) -> Cart:
    """Goods that the scope holds and that nobody else knows."""
    sku, category, tags = "", None, frozenset[str]()
    if scope.categories:
        category = min(scope.categories)
    elif scope.tags:
        tags = frozenset({min(scope.tags)})
    elif scope.skus:
        sku = min(scope.skus - scope.exclude_skus)
    added = CartLine(sku, 1, amount, category, None, tags)
    return Cart((*cart.lines, added), cart.shipping_minor)


def test_each_full_hundred_has_a_next_one() -> None:
    every = replace(FULL, params=SpendSave((Saving(10_000, 1_000),), every=True))
    assert told(Cart((line("tea", 1, 18_000),)), every) == (Suggestion("full", 2_000, 1_000),)
    once = replace(every, limit=Limit(per_order=1))
    assert told(Cart((line("tea", 1, 18_000),)), once) == ()
