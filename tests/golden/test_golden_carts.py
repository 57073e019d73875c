"""Each golden cart through the engine: the price, its reasons, and what returns give back."""

from __future__ import annotations

import pytest

from oracle.returns_adapter import give_back
from regulars.modules.pricing.engine import compile_offers, evaluate

from .reading import GoldenCart, as_told, golden_carts
from .returning import returns_as_told


@pytest.mark.parametrize("cart", golden_carts(), ids=lambda cart: cart.name)
def test_a_cart_costs_what_it_must(cart: GoldenCart) -> None:
    cap = cart.max_discount_bps
    book = compile_offers(cart.offers, max_discount_bps=cap)
    evaluation = evaluate(book, cart.cart, cart.context)
    told = as_told(evaluation)
    if cart.returns:
        order = (cart.offers, cart.cart, cart.context, evaluation, cart.returns)
        told["returns"] = returns_as_told(give_back(*order, max_discount_bps=cap))
    assert told == cart.expect
    assert evaluation.certificate.gap_minor == 0
