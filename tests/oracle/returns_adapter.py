"""The one place where returns are asked for: golden carts, laws and the bench all come here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regulars.modules.pricing.types import Cart, Context, Evaluation
from regulars.modules.promotions.types import Offer

from .returns_oracle import StepBack, returns


def give_back(
    offers: Sequence[Offer],
    cart: Cart,
    context: Context,
    evaluation: Evaluation,
    steps: Sequence[Mapping[int, int]],
    *,
    max_discount_bps: int,
) -> list[StepBack]:
    """What each of these returns of an order, one after the other, gives and takes back."""
    return returns(offers, cart, context, evaluation, steps, max_discount_bps=max_discount_bps)
