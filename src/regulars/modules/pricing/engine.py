"""The evaluator: the best price of a cart, or the price of one given combination, with reasons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from .basket import Basket, merged
from .book import OfferBook, compile_offers
from .earning import Earner
from .handing import lines_handed_on
from .kinds import BPS, GiftPlay, Play
from .playing import Company, Step, Table
from .pots import dealt, limited
from .reaching import Priced
from .reasons import reasons
from .search import best
from .sharing import lines_one_to_one
from .suggestions import suggestions
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
    what a little more would bring: within a work limit of its own, about that of two prices.
    """
    basket = merged(cart)
    earner = Earner(basket, context)
    outcome, rejected = _found(book, basket, context, earner, None)
    told: tuple[Suggestion, ...] = ()
    if suggest:
        told = suggestions(cart, outcome.priced(), _Again(book, context))
    return _priced(cart, basket, context, outcome, rejected, earner, told)


def _found(
    book: OfferBook, basket: Basket, context: Context, earner: Earner, most_work: int | None
) -> tuple[_Outcome, list[Rejected]]:
    """The best combination. Where a pot is short it is looked for twice: with one of its offers
    alone, and with what is left dealt out; the bound is then above both."""
    plays, rejected = book.relevant(basket, context)
    apart = _best(book, basket, plays, earner, most_work)
    caps = dealt(plays, basket, context) if context.pots else {}
    if not caps:
        return apart, rejected
    others, refused = book.relevant(basket, replace(context, pots=()))
    others, spent = limited(others, caps)
    shared = _best(book, basket, others, earner, most_work)
    return _more_off((apart, rejected), (shared, spent + refused))


def _more_off(
    one: tuple[_Outcome, list[Rejected]], other: tuple[_Outcome, list[Rejected]]
) -> tuple[_Outcome, list[Rejected]]:
    """The one that takes more off, the first where both take the same."""
    outcome, rejected = other if other[0].off > one[0].off else one
    both = max(one[0].bound, other[0].bound)
    return outcome._replace(bound=both, work=one[0].work + other[0].work), rejected


def _best(
    book: OfferBook, basket: Basket, plays: list[Play], earner: Earner, most_work: int | None
) -> _Outcome:
    found = best(basket, plays, earner, book.max_discount_bps, most_work)
    table = Table.of(basket, book.max_discount_bps)
    steps = [step for step in map(table.apply, found.chosen) if step is not None]
    return _Outcome(plays, steps, table, found.bound, found.work)


class _Again:
    """Prices other carts by one book in one context, for suggestions."""

    def __init__(self, book: OfferBook, context: Context) -> None:
        self._book = book
        self._context = context

    def best(self, cart: Cart, most_work: int | None) -> Priced:
        basket = merged(cart)
        earner = Earner(basket, self._context)
        return _found(self._book, basket, self._context, earner, most_work)[0].priced()

    def under(self, cart: Cart, codes: Collection[str]) -> Priced:
        basket = merged(cart)
        return _under(self._book, basket, self._context, codes)[0].priced()


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
    outcome, rejected = _under(book, basket, context, codes)
    return _priced(cart, basket, context, outcome, rejected, Earner(basket, context))


def _under(
    book: OfferBook, basket: Basket, context: Context, codes: Collection[str]
) -> tuple[_Outcome, list[Rejected]]:
    entries = [book.by_code[code] for code in set(codes)]
    plays, rejected = book.relevant_among(entries, basket, context)
    apart = _applied(book, basket, plays), rejected
    caps = dealt(book.relevant(basket, context)[0], basket, context) if context.pots else {}
    if not caps:
        return apart
    others, refused = book.relevant_among(entries, basket, replace(context, pots=()))
    others, spent = limited(others, caps)
    return _more_off(apart, (_applied(book, basket, others), spent + refused))


def _applied(book: OfferBook, basket: Basket, plays: list[Play]) -> _Outcome:
    """All of ``plays`` that may stand together, each in its turn."""
    table = Table.of(basket, book.max_discount_bps)
    steps: list[Step] = []
    if any(play.group or play.entry.exclusive for play in plays):
        company = Company()
        for play in plays:
            step = table.apply(play) if company.admits(play) else None
            if step is not None:
                steps.append(step)
                company.take(play)
    else:
        steps = [step for play in plays if (step := table.apply(play)) is not None]
    bound = basket.total * book.max_discount_bps // BPS + basket.shipping
    return _Outcome(plays, steps, table, bound, 0)


class _Outcome(NamedTuple):
    """A combination as it applied, what bounds all others, and the steps it took to find."""

    plays: Sequence[Play]
    steps: Sequence[Step]
    table: Table
    bound: int
    work: int

    @property
    def off(self) -> int:
        return sum([step.amount for step in self.steps])

    def priced(self) -> Priced:
        off = self.off
        return Priced(self.plays, self.steps, self.table.left, off, self.bound == off, self.work)


def _priced(
    cart: Cart,
    basket: Basket,
    context: Context,
    outcome: _Outcome,
    rejected: list[Rejected],
    earner: Earner,
    told: tuple[Suggestion, ...] = (),
) -> Evaluation:
    plays, steps, table, bound, _ = outcome
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
        elif isinstance(play, GiftPlay):
            gifts.append(play.gift)
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
