"""Carts worked out by hand, to the last minor unit; the bound of docs/algorithms/evaluator.md."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from makers.carts import NOON, SHANGHAI, line
from regulars.modules.earning.types import Frozen
from regulars.modules.pricing.basket import merged
from regulars.modules.pricing.book import compile_offers
from regulars.modules.pricing.earning import Earner
from regulars.modules.pricing.engine import apply_combination, evaluate
from regulars.modules.pricing.problem import Problem, State
from regulars.modules.pricing.search import Search
from regulars.modules.pricing.types import (
    Applied,
    Cart,
    Context,
    Discount,
    Evaluation,
    GiftLine,
    Rejected,
    Tender,
    Uses,
)
from regulars.modules.promotions.types import (
    DEFAULT_STAGE,
    AmountOff,
    Buyer,
    BuyGet,
    FreeShipping,
    Gift,
    Kind,
    Limit,
    MemberPrice,
    Offer,
    Params,
    PercentOff,
    PointsMultiplier,
    Saving,
    Scope,
    Share,
    SpendPercent,
    SpendSave,
    UnitPrice,
)

TEA, CUP = Scope(skus=frozenset({"tea"})), Scope(skus=frozenset({"cup"}))
CONTEXT = Context(at=NOON, zone=SHANGHAI, buyer=Buyer(tier="basic"), earn=Frozen(100, 1, 10_000))


def offer(code: str, kind: Kind, params: Params, **more: Any) -> Offer:
    given = {"stage": DEFAULT_STAGE[kind], **more}
    return Offer(code=code, name=code, kind=kind, params=params, **given)


OFFERS = (
    offer("member-cup", "member_price", MemberPrice({"cup": 4_500})),
    offer("tea-10", "percent_off", PercentOff(1_000), scope=TEA),
    offer("full-200-30", "spend_save", SpendSave((Saving(20_000, 3_000),))),
    offer("coupon-5", "percent_off", PercentOff(500), stage="coupon", requires_code=True),
    offer("ship-free", "free_shipping", FreeShipping(25_000)),
    offer("toy", "gift", Gift("toy", 1, 40_000)),
    offer("cup-double", "points_multiplier", PointsMultiplier(20_000), scope=CUP),
)
CART = Cart((line("tea", 2, 10_000), line("cup", 3, 5_000)), 900)


def test_the_cart_of_the_page() -> None:
    context = replace(
        CONTEXT, given={"coupon-5": "FIVE"}, points=Tender(wanted=2_000, available=5_000)
    )
    found = evaluate(compile_offers(OFFERS), CART, context)
    tea, cup = found.lines
    assert cup.discounts == (
        Discount("member-cup", 1_500),
        Discount("full-200-30", 1_286),
        Discount("coupon-5", 611),
    )
    assert tea.discounts == (
        Discount("tea-10", 2_000),
        Discount("full-200-30", 1_714),
        Discount("coupon-5", 814),
    )
    assert (tea.net_minor, cup.net_minor) == (15_472, 11_603)
    assert found.shipping_discounts == (Discount("ship-free", 900),)
    assert found.applied == (
        Applied("member-cup", 1_500),
        Applied("tea-10", 2_000),
        Applied("full-200-30", 3_000),
        Applied("coupon-5", 1_425),
        Applied("ship-free", 900),
        Applied("cup-double", 0),
    )
    assert found.rejected == (Rejected("below_threshold", "toy", missing_minor=12_925),)
    assert (found.discount_minor, found.payable_minor, found.due_minor) == (8_825, 27_075, 25_075)
    assert (tea.tenders.points, cup.tenders.points) == (1_143, 857)
    # 143.29 at the rate of the tea, 107.46 twice.
    assert found.points_to_earn == (14_329 + 2 * 10_746) // 100 == 358
    assert (tea.points_to_earn, cup.points_to_earn) == (143, 215)
    assert (found.certificate.value_minor, found.certificate.bound_minor) == (8_825, 8_825)


@pytest.mark.parametrize(
    ("params", "kind", "shares"),
    [
        (MemberPrice({"cup": 4_000}), "member_price", [3_000, 0]),
        (PercentOff(333), "percent_off", [499, 666]),  # 11.65 of 350.01
        (AmountOff(6_000), "amount_off", [15_000, 12_000]),
        (UnitPrice(6_000), "unit_price", [0, 8_001]),
        (SpendSave((Saving(10_000, 500), Saving(30_000, 3_000))), "spend_save", [1_286, 1_714]),
        (SpendPercent((Share(35_001, 1_000),)), "spend_percent", [1_500, 2_000]),
    ],
)
def test_each_kind(params: Params, kind: Kind, shares: list[int]) -> None:
    """Three cups at 50.00 and two teas of which one costs a cent more: 350.01."""
    cart = Cart((line("cup", 3, 5_000), line("tea", 1, 10_000), line("tea", 1, 10_001)))
    found = evaluate(compile_offers([offer("one", kind, params)]), cart, CONTEXT)
    off = [sum(d.amount_minor for d in one.discounts) for one in found.lines]
    assert [off[0], off[1] + off[2]] == shares


def units(found: Evaluation) -> list[int]:
    return [one.gross_minor - one.net_minor for one in found.lines]


def test_buy_two_get_one() -> None:
    """Units 9, 8, 7, 3, 2, 1 and 1: two sets of three, and one unit over."""
    prices = {"a": 900, "b": 800, "c": 700, "d": 300, "e": 200}
    cart = Cart((*(line(sku, 1, price) for sku, price in prices.items()), line("f", 2, 100)))

    def priced(limit: int | None = None, **more: Any) -> list[int]:
        one = offer("one", "buy_get", BuyGet(2, 1, **more), limit=Limit(per_order=limit))
        return units(evaluate(compile_offers([one]), cart, CONTEXT))

    assert priced() == [0, 0, 700, 0, 0, 100]
    assert priced(pick="overall") == [0, 0, 0, 0, 0, 200]
    assert priced(off_bps=5_000) == [0, 0, 350, 0, 0, 50]
    assert priced(limit=1) == [0, 0, 700, 0, 0, 0]
    assert priced(same_item=True) == [0] * 6


def test_cuts() -> None:
    """10 % of 350.00 is 35.00; 20.00 with a budget of 20.00, 17.50 under a cap of 5 %."""
    tenth = offer("tenth", "percent_off", PercentOff(1_000), budget=10_000)
    context = replace(CONTEXT, uses={"tenth": Uses(budget_left_minor=2_000)})
    found = evaluate(compile_offers([tenth]), CART, context)
    assert [one.discounts for one in found.lines] == [
        (Discount("tenth", 1_143),),
        (Discount("tenth", 857),),
    ]
    found = evaluate(compile_offers([tenth], max_discount_bps=500), CART, context)
    assert [one.discounts for one in found.lines] == [
        (Discount("tenth", 1_000),),
        (Discount("tenth", 750),),
    ]
    spent = replace(CONTEXT, uses={"tenth": Uses(budget_left_minor=0)})
    assert evaluate(compile_offers([tenth]), CART, spent).rejected == (
        Rejected("budget_spent", "tenth"),
    )


def test_an_offer_may_spoil_another() -> None:
    """10 % of the tea is 20.00 and takes the cart below the threshold of 30.00: it is left out."""
    tenth = offer("tea-10", "percent_off", PercentOff(1_000), scope=TEA)
    full = offer("full", "spend_save", SpendSave((Saving(34_000, 3_000),)))
    book = compile_offers([tenth, full])
    found = evaluate(book, CART, CONTEXT)
    assert found.applied == (Applied("full", 3_000),)
    assert found.rejected == (Rejected("not_best", "tea-10"),)
    worse = apply_combination(book, CART, CONTEXT, ["tea-10", "full"])
    assert worse.applied == (Applied("tea-10", 2_000),)
    assert worse.rejected == (Rejected("below_threshold", "full", missing_minor=1_000),)


def test_groups_and_exclusives() -> None:
    a = offer("a", "percent_off", PercentOff(1_000), group="g")
    b = offer("b", "percent_off", PercentOff(2_000), group="g")
    alone = offer("c-alone", "percent_off", PercentOff(1_500), exclusive=True)
    toy = offer("toy", "gift", Gift("toy", 1, 0))
    found = evaluate(compile_offers([a, b, alone, toy]), CART, CONTEXT)
    assert [step.offer for step in found.applied] == ["b", "toy"]
    assert found.gifts == (GiftLine("toy", "toy", 1),)
    assert found.rejected == (Rejected("group_taken", "a"), Rejected("exclusive_taken", "c-alone"))


def test_lines_of_equal_sku_and_price_are_one() -> None:
    """2 + 1 cups at 50.00 beside 3: the share of the merged line goes on by what is left."""
    sent = Cart((line("cup", 2, 5_000), line("tea", 2, 10_000), line("cup", 1, 5_000)), 900)
    found = evaluate(compile_offers(OFFERS), sent, CONTEXT)
    whole = evaluate(compile_offers(OFFERS), CART, CONTEXT)
    assert found.applied == whole.applied
    assert found.points_to_earn == whole.points_to_earn
    assert [one.net_minor for one in found.lines] == [8_143, 16_286, 4_071]
    assert [one.net_minor for one in whole.lines] == [16_286, 12_214]


def test_tenders_in_their_order_up_to_their_caps() -> None:
    """300.00 of goods: points up to a third, growth value 100 a unit, the bonus last."""
    cart = Cart((line("cup", 4, 5_000), line("tea", 1, 10_000)))
    context = replace(
        CONTEXT,
        points=Tender(wanted="max", available=50_000, cap_bps=3_333),
        growth_value=Tender(wanted=250, available=400, units=100, minor=1_000),
        stored_value=Tender(wanted=7_500, available=8_000, bonus=1_000),
    )
    found = evaluate(compile_offers([]), cart, context)
    cup, tea = found.lines
    assert cup.tenders.points + tea.tenders.points == 9_999
    assert (cup.tenders.growth_value, cup.tenders.growth_value_minor) == (133, 1_333)
    assert (tea.tenders.growth_value, tea.tenders.growth_value_minor) == (67, 667)
    # 250 units are no whole number of steps: 200 are taken, and that is told.
    assert found.rejected == (Rejected("tender_reduced", tender="growth_value"),)
    # 75.00 of stored value: the 70.00 of principal first, then 5.00 of the bonus.
    assert cup.tenders.stored_value + tea.tenders.stored_value == 7_500
    assert cup.tenders.bonus + tea.tenders.bonus == 500
    assert found.due_minor == 30_000 - 9_999 - 2_000 - 7_500
    assert found.points_to_earn == (30_000 - 9_999 - 2_000 - 500) // 100


def test_a_cap_is_a_share_of_the_goods_whatever_was_paid_before() -> None:
    """Half of 300.00 with points, and then up to half of 300.00, not of what is left."""
    half = Tender(wanted="max", available=50_000, cap_bps=5_000)
    context = replace(CONTEXT, points=half, stored_value=half)
    cart = Cart((line("cup", 4, 5_000), line("tea", 1, 10_000)), 900)
    found = evaluate(compile_offers([]), cart, context)
    assert sum(one.tenders.points for one in found.lines) == 15_000
    assert sum(one.tenders.stored_value for one in found.lines) == 15_000
    assert found.due_minor == 900


def test_the_bound_of_the_page() -> None:
    """324.00 to 350.00 come to the chain, and 294.50 are left at least: 55.50 off at most."""
    offers = (
        offer("a-tenth", "percent_off", PercentOff(1_000), scope=TEA),
        offer("b-each", "amount_off", AmountOff(300), scope=TEA),
        offer("full", "spend_save", SpendSave((Saving(34_000, 3_000),))),
        offer("code", "percent_off", PercentOff(500), stage="coupon"),
    )
    book, basket = compile_offers(offers), merged(Cart(CART.lines))
    plays, _ = book.relevant(basket, CONTEXT)
    for place, play in enumerate(reversed(plays)):
        play.bit = 1 << place
        play.reach = sum(1 << i for i in play.lines)
    problem = Problem(Search(basket, Earner(basket, CONTEXT), None), plays)
    begin = State(basket.gross, basket.total, basket.total, 0, 0, 0, 0)
    assert [play.code for play in problem.chain] == ["full", "code"]
    relaxed = problem.relaxation(0, 0, 0)
    assert relaxed.least(basket.gross, [0] * len(plays)) == 32_400
    assert problem.ending(0, 0).least(32_400, 35_000, 35_000, 0) == 29_450
    assert problem.bound(0, begin, 0) == 5_550
    found = evaluate(book, Cart(CART.lines), CONTEXT)
    assert [step.offer for step in found.applied] == ["b-each", "full", "code"]
    assert (found.discount_minor, found.certificate.bound_minor) == (5_170, 5_170)
