"""The evaluator: the best price of a cart, or the price of one given combination, with reasons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from .basket import Basket, merged
from .book import OfferBook, compile_offers
from .earning import Earner
from .handing import lines_handed_on
from .kinds import BPS, Play
from .playing import Company, Step, Table
from .reasons import reasons
from .search import ALWAYS_EXACT, best
from .sharing import lines_one_to_one
from .suggestions import Priced, suggestions
from .tenders import pay
from .types import (
    Applied,
    Cart,
    Certificate,
    Context,
    Discount,
    Evaluation,
    GiftLine,
    Rejected,
    Suggestion,
)

__all__ = ["OfferBook", "apply_combination", "compile_offers", "evaluate"]


def evaluate(book: OfferBook, cart: Cart, context: Context, *, suggest: bool = False) -> Evaluation:
    """The best of all allowed combinations, proved, and a reason for each offer not in it.

    Exact with gap 0 whenever at most 16 offers are relevant; above that the search may stop at
    its work limit and the certificate states the gap. With ``suggest`` the evaluation also tells
    what a little more would bring, while the best is proved; that prices the cart some ten times.
    """
    basket = merged(cart)
    plays, rejected = book.relevant(basket, context)
    earner = Earner(basket, context)
    outcome = _best(book, basket, plays, earner)
    told: tuple[Suggestion, ...] = ()
    if suggest and len(plays) <= ALWAYS_EXACT:
        told = suggestions(cart, outcome.priced(), lambda other: _price_of(book, other, context))
    return _priced(cart, basket, context, outcome, rejected, earner, told)


def _best(book: OfferBook, basket: Basket, plays: list[Play], earner: Earner) -> _Outcome:
    found = best(basket, plays, earner, book.max_discount_bps)
    table = Table.of(basket, book.max_discount_bps)
    steps = [step for step in map(table.apply, found.chosen) if step is not None]
    return _Outcome(plays, steps, table, found.bound)


def _price_of(book: OfferBook, cart: Cart, context: Context) -> Priced:
    basket = merged(cart)
    plays, _ = book.relevant(basket, context)
    return _best(book, basket, plays, Earner(basket, context)).priced()


def apply_combination(
    book: OfferBook, cart: Cart, context: Context, codes: Collection[str]
) -> Evaluation:
    """The price under one given combination.

    Of ``codes`` those count that may, in order of application: a second of one group, an offer
    beside an exclusive one, and one without effect in its turn are told in ``rejected``, as are
    all that are not eligible. The certificate's bound is that of the cart alone: everything off.
    Raises KeyError for a code that the book does not have.
    """
    basket = merged(cart)
    entries = [book.by_code[code] for code in set(codes)]
    plays, rejected = book.relevant_among(entries, basket, context)
    table = Table.of(basket, book.max_discount_bps)
    steps: list[Step] = []
    company = Company()
    for play in plays:
        step = table.apply(play) if company.admits(play) else None
        if step is not None:
            steps.append(step)
            company.take(play)
    bound = basket.total * book.max_discount_bps // BPS + basket.shipping
    earner = Earner(basket, context)
    return _priced(cart, basket, context, _Outcome(plays, steps, table, bound), rejected, earner)


class _Outcome(NamedTuple):
    """A combination as it applied, and what bounds all others."""

    plays: Sequence[Play]
    steps: Sequence[Step]
    table: Table
    bound: int

    def priced(self) -> Priced:
        off = sum([step.amount for step in self.steps])
        return Priced(self.plays, self.steps, self.table.left, off)


def _priced(
    cart: Cart,
    basket: Basket,
    context: Context,
    outcome: _Outcome,
    rejected: list[Rejected],
    earner: Earner,
    told: tuple[Suggestion, ...] = (),
) -> Evaluation:
    plays, steps, table, bound = outcome
    if len(steps) < len(plays):
        rejected = reasons(plays, steps, table, basket.shipping) + rejected
    net = table.left
    payment = pay(context, net)
    if basket.one_to_one:
        lines, points = lines_one_to_one(basket, steps, net, payment, earner)
    else:
        lines, points = lines_handed_on(cart, basket, steps, net, payment, earner)
    shipping: list[Discount] = []
    gifts: list[GiftLine] = []
    applied: list[Applied] = []
    off = 0
    make = tuple.__new__
    for step in steps:
        play, amount = step.play, step.amount
        applied.append(make(Applied, (play.code, amount)))
        off += amount
        if play.is_shipping:
            shipping.append(Discount(play.code, amount))
        elif play.entry.gift is not None:
            gifts.append(play.entry.gift)
    return Evaluation(
        lines=lines,
        shipping_gross_minor=basket.shipping,
        shipping_discounts=tuple(shipping),
        gifts=tuple(gifts),
        applied=tuple(applied),
        rejected=tuple(rejected + payment.reduced),
        suggestions=told,
        certificate=Certificate(off, bound),
        points_to_earn=points,
    )
