"""Who is held out prices as if the offer were not there; everybody else as if no holdout were."""

from __future__ import annotations

import random
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from makers.carts import random_cart, random_context, random_offers
from regulars.kernel.chance import STANDING_SALT, is_held_out, place_of, salt_of_offer
from regulars.modules.experiments.rules import arms_of
from regulars.modules.pricing.engine import compile_offers, evaluate
from regulars.modules.pricing.sale import freeze
from regulars.modules.promotions.document import OfferDocument
from regulars.modules.promotions.holding_out import held_out_of
from regulars.modules.promotions.types import Buyer, Offer, PercentOff

#: Reasons that come before the holdout in the order of the text.
EARLIER = {"not_active", "not_now", "not_for_member", "code_missing", "not_in_scope"}


def campaign(code: str, bps: int) -> Offer:
    params = PercentOff(1_000)
    return Offer(
        code=code, name=code, kind="percent_off", params=params, stage="item", held_out_bps=bps
    )


@given(seed=st.integers(0, 2**32), some=st.data())
def test_held_out_of_some_is_a_book_without_them(seed: int, some: st.DataObject) -> None:
    chance = random.Random(seed)
    cart = random_cart(chance, lines=5)
    plain = random_offers(chance, cart, 7)
    offers = [replace(offer, held_out_bps=2_000) for offer in plain]
    context = replace(random_context(chance, offers, tenders=True), buyer=Buyer(tier="silver"))
    codes = some.draw(st.sets(st.sampled_from([o.code for o in offers] or ["none"])))
    out = replace(context, held_out=frozenset(codes))

    told = evaluate(compile_offers(offers), cart, out)
    without = evaluate(compile_offers([o for o in offers if o.code not in codes]), cart, context)
    assert not codes & {one.offer for one in told.applied}
    assert not codes & {share.offer for line in told.lines for share in line.discounts}
    assert not codes & {gift.offer for gift in told.gifts}
    for one in ("lines", "applied", "gifts", "shipping_discounts", "certificate", "due_minor"):
        assert getattr(told, one) == getattr(without, one), one
    assert [one for one in told.rejected if one.offer not in codes] == list(without.rejected)
    for one in told.rejected:
        if one.offer in codes:
            assert one.code == "held_out" or one.code in EARLIER

    never = evaluate(compile_offers(plain), cart, context)
    assert evaluate(compile_offers(offers), cart, context) == never


@given(
    members=st.lists(st.uuids(), min_size=1, max_size=60, unique=True),
    merchant=st.integers(1, 10**6),
    code=st.text(min_size=1, max_size=20),
    bps=st.integers(100, 9_000),
    standing=st.sampled_from([0, 0, 500, 5_000]),
)
def test_the_evaluators_arms_are_those_of_the_experiment(
    members: list[UUID], merchant: int, code: str, bps: int, standing: int
) -> None:
    offers = [campaign(code, bps), campaign(f"{code}-other", 5_000)]
    arms = arms_of(merchant, salt_of_offer(code), members, held_out_bps=bps, global_bps=standing)
    for member in members:
        out = held_out_of(merchant, member, offers, standing_bps=standing)
        if member in arms:
            assert (code in out) == (arms[member] == "held_out")
        else:
            assert is_held_out(merchant, STANDING_SALT, member, standing)
            assert out == {offer.code for offer in offers}


def test_the_figures_that_are_written_down() -> None:
    member = UUID("0190a000-0000-7000-8000-000000000001")
    assert place_of(7, salt_of_offer("spring"), member) == 1_009
    assert place_of(7, salt_of_offer("summer"), member) == 4_551
    offers = [campaign("spring", 2_000), campaign("summer", 2_000)]
    assert held_out_of(7, member, offers) == {"spring"}


def test_both_arms_are_met_and_nobody_without_an_id_is_promised_anything() -> None:
    members = [UUID(int=number) for number in range(2_000)]
    spring = [campaign("spring", 2_000)]
    out = [member for member in members if held_out_of(7, member, spring)]
    assert abs(len(out) - 400) < 75  # four standard errors
    assert held_out_of(7, None, spring) == {"spring"}
    assert held_out_of(7, members[0], []) == frozenset()


@given(seed=st.integers(0, 2**32))
def test_a_sale_keeps_the_arm_of_its_purchase(seed: int) -> None:
    """What a return asks again is what was applied, whoever is held out by then."""
    chance = random.Random(seed)
    cart = random_cart(chance, lines=4)
    offers = [replace(o, held_out_bps=2_000) for o in random_offers(chance, cart, 6)]
    context = replace(random_context(chance, offers), buyer=Buyer(tier="silver"))
    book = compile_offers(offers)
    told = evaluate(book, cart, context)
    later = replace(context, held_out=frozenset(offer.code for offer in offers))
    assert freeze(book, cart, later, told) == freeze(book, cart, context, told)
    assert [f.offer.code for f in freeze(book, cart, later, told).offers] == [
        one.offer for one in told.applied
    ]


BODY = {"code": "spring", "kind": "percent_off", "params": {"bps": 1_000}, "held_out_bps": 2_000}


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({}, "members_only_required"),
        ({"who": {"channels": ["app"]}}, "members_only_required"),
        ({"who": {"members_only": True}, "requires_code": True}, "not_with_a_code"),
        ({"who": {"members_only": True}, "held_out_bps": 99}, "greater_than_equal"),
        ({"who": {"members_only": True}, "held_out_bps": 9_001}, "less_than_equal"),
    ],
)
def test_who_could_not_be_held_out_fairly_is_refused(given_: dict[str, object], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        OfferDocument.model_validate(BODY | given_)
    assert code in {error["type"] for error in refused.value.errors()}


@pytest.mark.parametrize(
    "who", [{"members_only": True}, {"tiers": ["gold"]}, {"segments": ["loyal"]}]
)
def test_members_can_be_held_out(who: dict[str, object]) -> None:
    assert OfferDocument.model_validate(BODY | {"who": who}).held_out_bps == 2_000
