"""The oracle is a piece of code too: it keeps the laws, and its best is the best of all prices."""

from __future__ import annotations

from collections import Counter
from itertools import combinations as subsets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle import laws
from oracle.differences import differences
from oracle.pricing_oracle import best, price
from oracle.random_carts import Case, Drawn, Seeded, cases, random_case
from oracle.returns_oracle import returns
from regulars.modules.pricing.types import REASONS, Evaluation

EXAMPLES = settings(max_examples=150, deadline=None, database=None)


def by_the_oracle(case: Case) -> Evaluation:
    return best(case.offers, case.cart, case.context, max_discount_bps=case.max_discount_bps)


@given(case=cases(most_offers=4))
@EXAMPLES
def test_no_set_of_offers_is_cheaper_than_the_best(case: Case) -> None:
    found = by_the_oracle(case)
    codes = [offer.code for offer in case.offers]
    prices = []
    for size in range(len(codes) + 1):
        for chosen in subsets(codes, size):
            one = price(
                case.offers,
                case.cart,
                case.context,
                chosen,
                max_discount_bps=case.max_discount_bps,
            )
            if one is not None:
                prices.append(one)
    assert min(one.payable_minor for one in prices) == found.payable_minor
    again = [one for one in prices if one.applied == found.applied]
    assert again == [found]
    equal = [one for one in prices if one.payable_minor == found.payable_minor]
    if not (case.context.points.wanted or case.context.growth_value.wanted):
        assert max(one.points_to_earn for one in equal) == found.points_to_earn


@given(case=cases(), data=st.data())
@EXAMPLES
def test_the_laws_hold(case: Case, data: st.DataObject) -> None:
    chance = Drawn(data.draw)
    found = by_the_oracle(case)
    laws.shares_sum(case, found)
    laws.limits_hold(case, found)
    laws.each_offer_is_spoken_of(case, found)
    laws.lines_may_be_written_otherwise(case, by_the_oracle, chance)
    laws.one_more_offer_never_harms(case, by_the_oracle)
    laws.more_goods_cost_less_only_by_a_named_rule(case, by_the_oracle, chance)


@pytest.mark.parametrize("seed", range(5))
def test_what_was_bought_comes_back(seed: int) -> None:
    for number in range(60):
        chance = Seeded(1_000 * seed + number)
        case = random_case(chance)
        found = by_the_oracle(case)
        steps = laws.random_steps(case, chance)
        cap = case.max_discount_bps
        back = returns(case.offers, case.cart, case.context, found, steps, max_discount_bps=cap)
        laws.everything_comes_back(case, found, back)


def test_chance_meets_every_kind_reason_and_tie() -> None:
    """Random carts prove nothing about what they never meet."""
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for seed in range(400):
        case = random_case(Seeded(seed))
        found = by_the_oracle(case)
        by_code = {offer.code: offer for offer in case.offers}
        kinds.update(by_code[one.offer].kind for one in found.applied)
        reasons.update(one.code for one in found.rejected)
    assert min(kinds.values()) >= 10
    assert len(kinds) == 10
    assert set(REASONS) <= set(reasons)


def test_a_difference_is_seen() -> None:
    case = random_case(Seeded(7))
    other = random_case(Seeded(8))
    found = by_the_oracle(case)
    assert differences(found, found) == []
    assert differences(by_the_oracle(other), found)
