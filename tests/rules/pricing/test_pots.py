"""Offers that draw on one funder's cap: all together while it lasts, then the best of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makers.carts import NOON, SHANGHAI, line
from oracle.pricing_oracle import best
from oracle.random_carts import Case, Seeded, random_case
from regulars.modules.pricing.engine import compile_offers, evaluate
from regulars.modules.pricing.types import Cart, Context, Evaluation, Pot, Uses
from regulars.modules.promotions.splitting import at_most, most_of, parts
from regulars.modules.promotions.types import FunderShare, Offer, PercentOff


def tenth(code: str) -> Offer:
    return Offer(
        code=code,
        name=code,
        kind="percent_off",
        params=PercentOff(1_000),
        stage="item",
        budget=10_000,
    )


CART = Cart((line("tea", 1, 10_000),))


def told(left: int, *codes: str, bps: int = 10_000) -> Evaluation:
    uses = {code: Uses(budget_left_minor=most_of(left, bps)) for code in codes}
    pot = Pot(left, dict.fromkeys(codes, bps))
    context = Context(at=NOON, zone=SHANGHAI, uses=uses, pots=(pot,))
    return evaluate(compile_offers([tenth(code) for code in codes]), CART, context)


@pytest.mark.parametrize(
    ("left", "applied", "reason"),
    [
        (2_000, [1_000, 900], None),  # enough for both at their most
        (1_999, [1_000], "budget_spent"),
        (333, [333], "budget_spent"),
        (0, [], "budget_spent"),
    ],
)
def test_both_while_the_pot_holds_both(left: int, applied: list[int], reason: str | None) -> None:
    found = told(left, "a", "b")
    assert [one.amount_minor for one in found.applied] == applied
    assert {one.code for one in found.rejected} == ({reason} if reason else set())
    assert found.certificate.gap_minor == 0


def test_half_funded_offers_draw_half() -> None:
    """Each may take 10.00 off, of which the funder pays 5.00: 10.00 are enough for both."""
    assert len(told(1_000, "a", "b", bps=5_000).applied) == 2
    assert len(told(999, "a", "b", bps=5_000).applied) == 1


@given(
    amount=st.integers(0, 10**9),
    shares=st.lists(st.integers(1, 10_000), min_size=1, max_size=20),
)
def test_parts_are_the_whole_and_never_above_what_was_reckoned(
    amount: int, shares: list[int]
) -> None:
    whole = sum(shares)
    cut = [share * 10_000 // whole for share in shares]
    cut[0] += 10_000 - sum(cut)
    funding = [FunderShare(str(n), bps) for n, bps in enumerate(cut) if bps]
    split = parts(funding, amount)
    assert sum(split) == amount
    for share, part in zip(funding, split, strict=True):
        assert 0 <= part <= at_most(share.share_bps, amount)
        most = most_of(amount, share.share_bps)
        assert at_most(share.share_bps, most) <= amount


def first_of_the_best(case: Case, apart: list[str]) -> tuple[int, int, int, int]:
    """By the oracle, which knows no pots: with one of ``apart`` at a time."""
    found = []
    for kept in apart:
        offers = tuple(o for o in case.offers if o.code == kept or o.code not in apart)
        price = best(offers, case.cart, case.context, max_discount_bps=case.max_discount_bps)
        found.append(rank(price))
    return max(found)


def rank(price: Evaluation) -> tuple[int, int, int, int]:
    """Points before tenders are not told of a price, so the cases pay with money alone."""
    return price.discount_minor, price.points_to_earn, len(price.gifts), -len(price.applied)


@pytest.mark.parametrize("part", range(4))
def test_a_small_pot_gives_the_best_of_its_offers(part: int) -> None:
    tried = 0
    for seed in range(part, 1_200, 4):
        chance = Seeded(seed)
        case = replace(random_case(chance, most_offers=6, most_lines=4), max_discount_bps=10_000)
        plain = case.context
        money = replace(
            plain,
            points=replace(plain.points, wanted=0),
            growth_value=replace(plain.growth_value, wanted=0),
            stored_value=replace(plain.stored_value, wanted=0),
        )
        case = replace(case, context=money)
        alone = {
            offer.code: best((offer,), case.cart, case.context, max_discount_bps=10_000)
            for offer in case.offers
            if offer.stage not in ("gift", "earn")
        }
        drawing = [code for code, price in alone.items() if eligible(price, code)]
        if len(drawing) < 2:
            continue
        wanted = sum(alone[code].discount_minor for code in drawing)
        if not wanted:
            continue
        tried += 1
        shares = dict.fromkeys(drawing, 10_000)
        book = compile_offers(case.offers)
        for left, apart in ((wanted - 1, drawing), (wanted, [])):
            context = replace(money, pots=(Pot(left, shares),))
            found = evaluate(book, case.cart, context)
            if apart:
                assert rank(found) == first_of_the_best(case, apart), f"seed {seed}"
                assert len({one.offer for one in found.applied} & set(apart)) <= 1
            else:
                assert found == evaluate(book, case.cart, money), f"seed {seed}"
    assert tried > 50


def eligible(price: Evaluation, code: str) -> bool:
    """Whether it may count for this cart, though it may have no effect."""
    after = {"below_threshold", "no_effect", "not_best"}
    return all(one.code in after for one in price.rejected if one.offer == code)
