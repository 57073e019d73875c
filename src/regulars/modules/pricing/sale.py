"""The sale: what an order was sold under, frozen for its returns."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.modules.promotions.types import Offer

from .basket import merged
from .book import OfferBook
from .types import Cart, Context, Evaluation, GiftLine, PricedLine
from .usage import budget_left


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenOffer:
    """An applied offer as it was then. ``lines`` are the places (from 0) of the sent lines in its
    scope, ``budget_minor`` what its budget still allowed; None without a budget."""

    offer: Offer
    lines: tuple[int, ...]
    budget_minor: int | None = None
    #: What was given, where it gives something: the offer's own gift, or what stood in for it.
    gift: GiftLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """``cart`` and its priced ``lines`` in the order sent; ``offers`` in order of application."""

    cart: Cart
    lines: tuple[PricedLine, ...]
    offers: tuple[FrozenOffer, ...]
    max_discount_bps: int = 10_000

    @property
    def requalifies(self) -> bool:
        """Whether an offer on goods asks the kept units anew."""
        return any(
            frozen.offer.on_return == "requalify"
            and frozen.offer.stage not in ("shipping", "gift", "earn")
            for frozen in self.offers
        )


def freeze(book: OfferBook, cart: Cart, context: Context, evaluation: Evaluation) -> Sale:
    """The sale of an evaluation, to be kept with its order."""
    basket = merged(cart)
    met = book.meeting(basket)
    offers = []
    gifts = {gift.offer: gift for gift in evaluation.gifts}
    for step in evaluation.applied:
        entry = book.by_code[step.offer]
        places = sorted(place for i in met[entry] for place in basket.parts[i])
        budget = budget_left(entry.offer, context)
        offers.append(
            FrozenOffer(
                offer=entry.at_strength(context.strength.get(entry.code)).offer,
                lines=tuple(places),
                budget_minor=budget,
                gift=gifts.get(entry.code),
            )
        )
    return Sale(
        cart=cart,
        lines=evaluation.lines,
        offers=tuple(offers),
        max_discount_bps=book.max_discount_bps,
    )
