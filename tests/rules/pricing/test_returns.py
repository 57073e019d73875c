"""Partial returns of priced orders: any sequence sums to the whole, no step is negative."""

from __future__ import annotations

import random
from dataclasses import fields, replace

import pytest

from makers.carts import (
    NOON,
    SHANGHAI,
    line,
    random_cap,
    random_cart,
    random_context,
    random_offers,
)
from regulars.modules.pricing.book import compile_offers
from regulars.modules.pricing.engine import evaluate
from regulars.modules.pricing.requalifying import would_pay
from regulars.modules.pricing.returns import NOTHING, GoneBack, give_back, kept_base
from regulars.modules.pricing.sale import Sale, freeze
from regulars.modules.pricing.types import Cart, Context, GiftLine, Tender
from regulars.modules.promotions.types import Gift, Offer, PercentOff, Saving, Scope, SpendSave

NAMES = [field.name for field in fields(GoneBack)]


def random_deal(chance: random.Random) -> Sale:
    cart = random_cart(chance, lines=5)
    offers = [
        replace(offer, on_return=chance.choice(("keep", "requalify")))
        for offer in random_offers(chance, cart, 5)
    ]
    book = compile_offers(offers, max_discount_bps=random_cap(chance))
    context = random_context(chance, offers, tenders=True)
    return freeze(book, cart, context, evaluate(book, cart, context))


def steps_back(chance: random.Random, sale: Sale) -> list[list[int]]:
    """Units returned in all after each of some returns, the last being everything."""
    quantities = [sent.quantity for sent in sale.cart.lines]
    back, steps = [0] * len(quantities), []
    while back != quantities:
        some = [i for i, units in enumerate(back) if units < quantities[i]]
        for i in chance.sample(some, chance.randint(1, len(some))):
            back[i] += chance.randint(0, quantities[i] - back[i])
        steps.append(list(back))
    return steps


def carried(sale: Sale, place: int) -> GoneBack:
    """Everything of a line."""
    sold = sale.lines[place]
    tenders = {name: getattr(sold.tenders, name) for name in NAMES if hasattr(sold.tenders, name)}
    discount = sold.gross_minor - sold.net_minor
    return GoneBack(
        units=sale.cart.lines[place].quantity,
        cash_minor=sold.cash_minor,
        discount_minor=discount,
        **tenders,
    )


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_returns_gives_everything_back_once(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(200):
        sale = random_deal(chance)
        gone = [NOTHING] * len(sale.lines)
        named: list[GiftLine] = []
        for returned in steps_back(chance, sale):
            found = give_back(sale, gone, returned)
            base_before, base_after = kept_base(sale, gone), kept_base(sale, found.in_all)
            for then, now, after in zip(gone, found.now, found.in_all, strict=True):
                assert all(getattr(now, name) >= 0 for name in NAMES)
                assert all(
                    getattr(then, name) + getattr(now, name) == getattr(after, name)
                    for name in NAMES
                )
            assert all(0 <= b <= a for a, b in zip(base_before, base_after, strict=True))
            named += found.gifts
            gone = list(found.in_all)
        assert gone == [carried(sale, place) for place in range(len(sale.lines))]
        assert kept_base(sale, gone) == [0] * len(gone)
        assert len(set(named)) == len(named)


@pytest.mark.parametrize("seed", range(6))
def test_what_requalifies_is_monotone_and_bounded(seed: int) -> None:
    chance = random.Random(1_000 + seed)
    for _ in range(200):
        sale = random_deal(chance)
        assert would_pay(sale, [0] * len(sale.lines)) == sum(sold.net_minor for sold in sale.lines)
        gone = [NOTHING] * len(sale.lines)
        for returned in steps_back(chance, sale):
            found = give_back(sale, gone, returned)
            whole = [
                sum(
                    part * units // sent.quantity
                    for part in (
                        sold.cash_minor,
                        sold.tenders.points_minor,
                        sold.tenders.growth_value_minor,
                        sold.tenders.stored_value_minor,
                    )
                )
                for sold, sent, units in zip(sale.lines, sale.cart.lines, returned, strict=True)
            ]
            back = [line.net_minor for line in found.in_all]
            assert all(a <= b for a, b in zip(back, whole, strict=True))
            if sale.requalifies:
                paid = sum(sold.net_minor for sold in sale.lines)
                before = sum(line.net_minor for line in gone)
                owed = paid - would_pay(sale, returned)
                assert sum(back) == min(max(owed, before), sum(whole))
            else:
                assert back == whole
            gone = list(found.in_all)


TEA = line("tea", 2, 10_000)
CUP = line("cup", 1, 5_000)


def full_200_30(on_return: str) -> Offer:
    return Offer(
        code="full-200-30",
        name="200 - 30",
        kind="spend_save",
        params=SpendSave((Saving(20_000, 3_000),)),
        stage="order",
        on_return=on_return,  # type: ignore[arg-type]
    )


def sold(*offers: Offer, points: int = 0) -> Sale:
    """Two teas at 100.00 and a cup at 50.00."""
    book = compile_offers(offers)
    context = Context(at=NOON, zone=SHANGHAI, points=Tender(wanted=points, available=points))
    cart = Cart((TEA, CUP))
    return freeze(book, cart, context, evaluate(book, cart, context))


def test_keep_gives_back_what_the_unit_paid() -> None:
    sale = sold(full_200_30("keep"))
    assert [line.net_minor for line in sale.lines] == [17_600, 4_400]
    found = give_back(sale, [NOTHING] * 2, [1, 0])
    assert [back.cash_minor for back in found.now] == [8_800, 0]


def test_requalify_asks_the_kept_units_anew() -> None:
    sale = sold(full_200_30("requalify"))
    first = give_back(sale, [NOTHING] * 2, [1, 0])
    # A tea and the cup are 150.00 without the 30.00 off: 220.00 - 150.00 goes back.
    assert [back.cash_minor for back in first.now] == [7_000, 0]
    # The cup is 50.00: 220.00 - 50.00 = 170.00 in all.
    second = give_back(sale, first.in_all, [2, 0])
    assert [back.cash_minor for back in second.now] == [10_000, 0]
    third = give_back(sale, second.in_all, [2, 1])
    # The last return brings all: what was held back of the teas comes too.
    assert [back.cash_minor for back in third.now] == [600, 4_400]


def test_requalify_that_still_reaches_its_threshold_gives_the_price_of_the_unit() -> None:
    sale = sold(full_200_30("requalify"))
    found = give_back(sale, [NOTHING] * 2, [0, 1])
    # Two teas still reach 200.00 and would pay 170.00: 50.00 would go back, 44.00 was paid.
    assert [back.cash_minor for back in found.now] == [0, 4_400]


def test_requalify_holds_back_from_each_tender_by_its_room() -> None:
    sale = sold(full_200_30("requalify"), points=11_000)
    assert [line.cash_minor for line in sale.lines] == [8_800, 2_200]
    found = give_back(sale, [NOTHING] * 2, [1, 0])
    # 70.00 of the 88.00 that a tea paid, half in cash and half in points.
    assert [(back.cash_minor, back.points) for back in found.now] == [(3_500, 3_500), (0, 0)]


def test_offers_that_keep_stay_at_their_shares_beside_one_that_requalifies() -> None:
    tenth = Offer(
        code="tenth", name="10 %", kind="percent_off", params=PercentOff(1_000), stage="item"
    )
    sale = sold(tenth, full_200_30("requalify"))
    # 225.00 after 10 %, 195.00 after the 30.00.
    assert [line.net_minor for line in sale.lines] == [15_600, 3_900]
    found = give_back(sale, [NOTHING] * 2, [0, 1])
    # Two teas are 180.00 after 10 % and miss the threshold: 195.00 - 180.00 goes back.
    assert [back.cash_minor for back in found.now] == [0, 1_500]


def test_a_gift_whose_threshold_fails_is_named_once() -> None:
    toy = Offer(
        code="toy",
        name="toy",
        kind="gift",
        params=Gift("toy", 1, 20_000),
        stage="gift",
        scope=Scope(skus=frozenset({"tea"})),
        on_return="requalify",
    )
    sale = sold(toy)
    first = give_back(sale, [NOTHING] * 2, [0, 1])
    assert first.gifts == ()
    second = give_back(sale, first.in_all, [1, 1])
    assert second.gifts == (GiftLine("toy", "toy", 1),)
    third = give_back(sale, second.in_all, [2, 1])
    assert third.gifts == ()
    kept = give_back(sold(replace(toy, on_return="keep")), [NOTHING] * 2, [2, 1])
    assert kept.gifts == ()


def test_units_do_not_come_back_from_a_return() -> None:
    sale = sold(full_200_30("keep"))
    first = give_back(sale, [NOTHING] * 2, [1, 0])
    with pytest.raises(ValueError, match="come back"):
        give_back(sale, first.in_all, [0, 0])
    with pytest.raises(ValueError, match="3 of 2"):
        give_back(sale, [NOTHING] * 2, [3, 0])
