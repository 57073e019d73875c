"""The best combination by trying every one: what the search has to equal."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

from regulars.modules.pricing.book import OfferBook
from regulars.modules.pricing.engine import apply_combination
from regulars.modules.pricing.types import Cart, Context, Tender


def every_best(book: OfferBook, cart: Cart, context: Context) -> tuple[str, ...]:
    """The codes of the best allowed combination, in order of application."""
    untendered = replace(context, points=Tender(), growth_value=Tender(), stored_value=Tender())
    alone = apply_combination(book, cart, untendered, list(book.by_code))
    out = {r.offer for r in alone.rejected if r.code in ELIGIBILITY}
    codes = [entry.offer.code for entry in book.entries if entry.offer.code not in out]
    sets = chain.from_iterable(combinations(codes, n) for n in range(len(codes) + 1))
    best: tuple[tuple[int, int, int, int, list[int]], tuple[str, ...]] | None = None
    for chosen in sets:
        priced = apply_combination(book, cart, untendered, chosen)
        if len(priced.applied) < len(chosen):
            continue
        rank = (
            priced.discount_minor,
            priced.points_to_earn,
            len(priced.gifts),
            -len(chosen),
            [-place for place, code in enumerate(codes) if code in chosen],
        )
        if best is None or rank > best[0]:
            best = rank, chosen
    assert best is not None
    return best[1]


ELIGIBILITY = {
    "not_active",
    "not_now",
    "not_for_member",
    "code_missing",
    "not_in_scope",
    "held_out",
    "limit_reached",
    "budget_spent",
}
