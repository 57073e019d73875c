"""The golden carts say what the oracle says, and between them they meet everything there is."""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

import pytest

from oracle.pricing_oracle import best
from regulars.modules.pricing.types import REASONS
from regulars.modules.promotions.types import Kind, Stage

from .reading import GoldenCart, golden_carts
from .writing import expected

ALL = golden_carts()
#: Pains that are about prices; codes, races and big batches (20, 21) live beside their tables.
PAINS = {2, 3, 4, 5, 6, 10, 11, 13, 16, 17, 18, 19, 25}


@pytest.mark.parametrize("cart", ALL, ids=lambda cart: cart.name)
def test_the_oracle_says_so(cart: GoldenCart) -> None:
    assert expected(cart) == cart.expect


def test_names_are_unique() -> None:
    assert len(ALL) >= 120
    assert [name for name, count in Counter(cart.name for cart in ALL).items() if count > 1] == []


def test_every_pain_of_prices_has_its_carts() -> None:
    named = {
        int(number)
        for cart in ALL
        for group in re.findall(r"Pain ([\d and]+)", cart.why)
        for number in re.findall(r"\d+", group)
    }
    assert named == PAINS


def test_every_kind_stage_and_reason_is_met() -> None:
    kinds, stages, reasons = set(), set(), set()
    for cart in ALL:
        found = best(cart.offers, cart.cart, cart.context, max_discount_bps=cart.max_discount_bps)
        applied = {one.offer for one in found.applied}
        kinds |= {offer.kind for offer in cart.offers if offer.code in applied}
        stages |= {offer.stage for offer in cart.offers if offer.code in applied}
        reasons |= {one.code for one in found.rejected}
    assert kinds == set(get_args(Kind))
    assert stages == set(get_args(Stage))
    assert set(REASONS) <= reasons
