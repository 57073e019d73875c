"""Offers that draw on one funder's cap: all while it lasts, then as it is dealt out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makers.carts import NOON, SHANGHAI, line
from oracle.pricing_oracle import best
from oracle.random_carts import Case, Seeded, random_case
from regulars.modules.pricing.book import in_order
from regulars.modules.pricing.engine import apply_combination, compile_offers, evaluate
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
        (1_999, [1_000, 900], None),  # not at their most, but as they come
        (1_500, [1_000, 500], None),
        (1_001, [1_000, 1], None),
        (1_000, [1_000], "budget_spent"),
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
    assert [one.amount_minor for one in told(999, "a", "b", bps=5_000).applied] == [1_000, 900]
    assert [one.amount_minor for one in told(501, "a", "b", bps=5_000).applied] == [1_000, 2]
    assert [one.amount_minor for one in told(500, "a", "b", bps=5_000).applied] == [1_000]


def test_one_alone_has_it_where_that_takes_more_off() -> None:
    """In order of application a would have 10.00 of the 15.00; but it stands in a group with c."""
    offers = [
        replace(tenth("a"), group="g"), tenth("b"),
        replace(tenth("c"), params=PercentOff(3_000), group="g"),
    ]  # fmt: skip
    pot = Pot(1_500, {"a": 10_000, "b": 10_000})
    uses = {code: Uses(budget_left_minor=1_500) for code in ("a", "b")}
    context = Context(at=NOON, zone=SHANGHAI, uses=uses, pots=(pot,))
    found = evaluate(compile_offers(offers), CART, context)
    # b runs before c: a tenth of 100.00, then 30 percent of 90.00.
    assert [(one.offer, one.amount_minor) for one in found.applied] == [("b", 1_000), ("c", 2_700)]
    assert found.certificate.gap_minor == 0
    given_both = apply_combination(compile_offers(offers), CART, context, ["b", "c"])
    assert given_both.applied == found.applied


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


def by_the_oracle(case: Case, apart: dict[str, int], left: int) -> tuple[int, int, int, int]:
    """By the oracle, which knows no pots: with one of ``apart`` at a time, and with what is left
    dealt out as budgets of their own, in order of application."""
    found = []
    for kept in apart:
        offers = tuple(o for o in case.offers if o.code == kept or o.code not in apart)
        found.append(rank(_asked(case, offers, {kept: left})))
    budgets = {}
    for offer in sorted((o for o in case.offers if o.code in apart), key=in_order):
        budgets[offer.code] = min(apart[offer.code], left)
        left -= budgets[offer.code]
    dealt = rank(_asked(case, case.offers, budgets))
    alone = max(found)
    return dealt if dealt[0] > alone[0] else alone


def _asked(case: Case, offers: tuple[Offer, ...], budgets: dict[str, int]) -> Evaluation:
    offers, context = budgeted(offers, case.context, budgets)
    return best(offers, case.cart, context, max_discount_bps=case.max_discount_bps)


def budgeted(
    offers: tuple[Offer, ...], context: Context, budgets: dict[str, int]
) -> tuple[tuple[Offer, ...], Context]:
    """What is left of a cap is a budget of each offer, besides its own."""
    uses = dict(context.uses)
    for offer in offers:
        if offer.code in budgets:
            had = uses.get(offer.code, Uses())
            own = offer.budget if had.budget_left_minor is None else had.budget_left_minor
            left = budgets[offer.code]
            left = left if own is None else min(own, left)
            uses[offer.code] = replace(had, budget_left_minor=left)
    limited = [
        replace(one, budget=one.budget or 10**12) if one.code in budgets else one for one in offers
    ]
    return tuple(limited), replace(context, uses=uses)


def rank(price: Evaluation) -> tuple[int, int, int, int]:
    """Points before tenders are not told of a price, so the cases pay with money alone."""
    return price.discount_minor, price.points_to_earn, len(price.gifts), -len(price.applied)


@pytest.mark.parametrize("part", range(4))
def test_a_small_pot_is_dealt_out_or_one_has_it(part: int) -> None:
    tried = both = 0
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
        most = {code: alone[code].discount_minor for code in drawing}
        for left, apart in ((wanted - 1, most), (wanted // 2, most), (wanted, {})):
            offers, told = budgeted(case.offers, money, dict.fromkeys(apart, left))
            context = replace(told, pots=(Pot(left, shares),))
            book = compile_offers(offers)
            found = evaluate(book, case.cart, context)
            if apart:
                assert rank(found) == by_the_oracle(case, apart, left), f"seed {seed}"
                taken = [one.amount_minor for one in found.applied if one.offer in apart]
                assert sum(taken) <= left, f"seed {seed}"
                both += len(taken) > 1
            else:
                assert found == evaluate(book, case.cart, money), f"seed {seed}"
    assert tried > 50
    assert both > 10


def eligible(price: Evaluation, code: str) -> bool:
    """Whether it may count for this cart, though it may have no effect."""
    after = {"below_threshold", "no_effect", "not_best"}
    return all(one.code in after for one in price.rejected if one.offer == code)
