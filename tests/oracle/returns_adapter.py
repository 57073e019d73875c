"""The one place where returns are asked for: golden carts, laws and the bench all come here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regulars.modules.earning.rules import earned
from regulars.modules.pricing.engine import compile_offers
from regulars.modules.pricing.returns import NOTHING, GoneBack, kept_base
from regulars.modules.pricing.returns import give_back as returned
from regulars.modules.pricing.sale import freeze
from regulars.modules.pricing.types import Cart, Context, Evaluation, GiftLine
from regulars.modules.promotions.types import Offer

from .returns_oracle import LineBack, StepBack


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
    book = compile_offers(offers, max_discount_bps=max_discount_bps)
    sale = freeze(book, cart, context, evaluation)
    units = [0] * len(cart.lines)
    gone: Sequence[GoneBack] = [NOTHING] * len(units)
    points = _earned(context, evaluation, kept_base(sale, gone))
    named: list[GiftLine] = []
    told = []
    for step in steps:
        for line, more in step.items():
            units[line - 1] += more
        back = returned(sale, gone, units)
        gone = back.in_all
        kept = _earned(context, evaluation, kept_base(sale, gone))
        gifts = tuple(gift for gift in back.gifts if gift not in named)
        named += gifts
        told.append(
            StepBack(
                lines=tuple(
                    _line(number, part)
                    for number, part in enumerate(back.now, 1)
                    if part.units or part.net_minor or part.discount_minor
                ),
                points_taken_back=points - kept,
                gifts=gifts,
                worth_minor=sum(part.net_minor for part in back.now),
            )
        )
        points = kept
    return told


def _line(number: int, part: GoneBack) -> LineBack:
    return LineBack(
        line=number,
        quantity=part.units,
        cash_minor=part.cash_minor,
        points=part.points,
        growth_value=part.growth_value,
        stored_value=part.stored_value,
        discount_minor=part.discount_minor,
    )


def _earned(context: Context, evaluation: Evaluation, base: Sequence[int]) -> int:
    if context.earn is None:
        return 0
    rates = tuple(line.earn_bps for line in evaluation.lines)
    return earned(context.earn._replace(line_bps=rates), base)
