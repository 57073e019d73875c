"""The search finds what trying every combination finds, in all five respects."""

from __future__ import annotations

import random

import pytest

from makers.carts import random_cap, random_cart, random_context, random_offers
from makers.enumerating import every_best
from regulars.modules.pricing.book import compile_offers
from regulars.modules.pricing.engine import apply_combination, evaluate


@pytest.mark.parametrize("seed", range(8))
def test_the_best_is_the_best_of_all_combinations(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(150):
        cart = random_cart(chance)
        offers = random_offers(chance, cart, 6)
        book = compile_offers(offers, max_discount_bps=random_cap(chance))
        context = random_context(chance, offers)
        found = evaluate(book, cart, context)
        expected = every_best(book, cart, context)
        assert tuple(step.offer for step in found.applied) == expected
        assert found.certificate.gap_minor == 0
        assert found.certificate.value_minor == found.discount_minor
        again = apply_combination(book, cart, context, expected)
        assert (again.lines, again.points_to_earn) == (found.lines, found.points_to_earn)
