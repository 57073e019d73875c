"""What holds for every evaluation and every return, whoever works it out.

Each law takes what is to be checked and raises AssertionError with the case's own figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from regulars.modules.pricing.types import Cart, CartLine, Evaluation

from .random_carts import Case, Chance
from .returns_oracle import StepBack

T = TypeVar("T")
Pricer = Callable[[Case], Evaluation]
#: Kinds by which a member who buys more may pay less: a threshold is reached, or a set is full.
NAMED = ("spend_save", "spend_percent", "free_shipping", "buy_get")


def shares_sum(case: Case, told: Evaluation) -> None:
    """Line by line and offer by offer nothing is lost, and nothing falls below zero."""
    per_offer: Counter[str] = Counter()
    for line, sent in zip(told.lines, case.cart.lines, strict=True):
        assert line.gross_minor == sent.gross_minor
        assert line.gross_minor == line.net_minor + sum(d.amount_minor for d in line.discounts)
        assert line.net_minor >= 0
        assert line.cash_minor >= 0
        assert line.points_to_earn >= 0
        tenders = line.tenders
        assert min(tenders.points, tenders.growth_value, tenders.stored_value) >= 0
        for discount in line.discounts:
            assert discount.amount_minor > 0, "shares of zero are left out"
            per_offer[discount.offer] += discount.amount_minor
    for discount in told.shipping_discounts:
        assert discount.amount_minor > 0
        per_offer[discount.offer] += discount.amount_minor
    assert {one.offer: one.amount_minor for one in told.applied if one.amount_minor} == per_offer
    assert sum(d.amount_minor for d in told.shipping_discounts) <= told.shipping_gross_minor
    assert told.points_to_earn == sum(line.points_to_earn for line in told.lines)
    to_pay = told.gross_minor + told.shipping_gross_minor
    assert told.payable_minor == to_pay - told.discount_minor
    assert told.due_minor >= told.shipping_gross_minor - sum(
        d.amount_minor for d in told.shipping_discounts
    )


def limits_hold(case: Case, told: Evaluation) -> None:
    """Budgets, the merchant's cap and what is available are never passed."""
    by_code = {offer.code: offer for offer in case.offers}
    for one in told.applied:
        offer = by_code[one.offer]
        uses = case.context.uses.get(one.offer)
        if offer.budget is not None:
            left = offer.budget if uses is None else uses.budget_left_minor
            assert left is None or one.amount_minor <= left
    goods = sum(line.gross_minor for line in told.lines)
    off_goods = goods - sum(line.net_minor for line in told.lines)
    assert off_goods <= goods * case.max_discount_bps // 10_000
    for name in ("points", "growth_value", "stored_value"):
        tender = getattr(case.context, name)
        taken = sum(getattr(line.tenders, name) for line in told.lines)
        assert taken <= tender.available
        assert tender.wanted == "max" or taken <= tender.wanted


def each_offer_is_spoken_of(case: Case, told: Evaluation) -> None:
    """Applied or rejected with a reason, each once; archived offers not at all."""
    spoken = [one.offer for one in told.applied]
    spoken += [one.offer for one in told.rejected if one.offer is not None]
    assert Counter(spoken) == Counter(
        offer.code for offer in case.offers if offer.status != "archived"
    )


Whole = tuple[object, ...]


def whole(case: Case, told: Evaluation) -> Whole:
    """What depends on the merged lines alone."""
    per_goods: dict[tuple[str, int], Counter[str]] = {}
    for sent, line in zip(case.cart.lines, told.lines, strict=True):
        sums = per_goods.setdefault((sent.sku, sent.unit_price_minor), Counter())
        sums["net"] += line.net_minor
        sums["points to earn"] += line.points_to_earn
        sums["points"] += line.tenders.points
        sums["growth value"] += line.tenders.growth_value
        sums["stored value"] += line.tenders.stored_value
        for discount in line.discounts:
            sums[f"off by {discount.offer}"] += discount.amount_minor
    reasons = sorted((one.offer or "", one.code, one.missing_minor) for one in told.rejected)
    return (per_goods, told.applied, told.gifts, told.points_to_earn, told.due_minor, reasons)


def lines_may_be_written_otherwise(case: Case, price: Pricer, chance: Chance) -> None:
    """Splitting and permuting lines, and the order of offers, change nothing in all."""
    before = whole(case, price(case))
    lines: list[CartLine] = []
    for line in case.cart.lines:
        first = chance.number(0, line.quantity)
        lines += [replace(line, quantity=part) for part in (first, line.quantity - first) if part]
    other = replace(
        case,
        cart=replace(case.cart, lines=tuple(shuffled(chance, lines))),
        offers=tuple(shuffled(chance, list(case.offers))),
    )
    assert whole(other, price(other)) == before


def shuffled(chance: Chance, values: list[T]) -> list[T]:
    rest, order = list(values), []
    while rest:
        order.append(rest.pop(chance.number(0, len(rest) - 1)))
    return order


def one_more_offer_never_harms(case: Case, price: Pricer) -> None:
    """Leaving any one offer out never makes the cart cheaper."""
    all_of_them = price(case)
    for offer in case.offers:
        without = price(replace(case, offers=tuple(o for o in case.offers if o != offer)))
        assert all_of_them.payable_minor <= without.payable_minor


def more_goods_cost_less_only_by_a_named_rule(case: Case, price: Pricer, chance: Chance) -> None:
    """One unit more: what is payable falls at most by what thresholds and sets give then.

    Where no such offer is applied it does not fall at all, but for the cents that shares are
    rounded by: at most one for each of the goods and each applied offer.
    """
    before = price(case)
    line = replace(chance.pick(case.cart.lines), quantity=1)
    more = replace(case, cart=Cart((*case.cart.lines, line), case.cart.shipping_minor))
    after = price(more)
    kinds = {offer.code: offer.kind for offer in case.offers}
    named = sum(one.amount_minor for one in after.applied if kinds[one.offer] in NAMED)
    goods = len({(one.sku, one.unit_price_minor) for one in more.cart.lines})
    cents = 0 if len(after.applied) < 2 else goods * len(after.applied)
    assert after.payable_minor + named + cents >= before.payable_minor


def random_steps(case: Case, chance: Chance) -> list[dict[int, int]]:
    """The whole order comes back, in returns of some units of some lines."""
    left = [line.quantity for line in case.cart.lines]
    steps = []
    while any(left):
        step = {}
        for place, quantity in enumerate(left):
            if quantity and chance.pick((True, False)):
                step[place + 1] = chance.number(1, quantity)
                left[place] -= step[place + 1]
        if not step:
            place = next(place for place, quantity in enumerate(left) if quantity)
            step[place + 1] = left[place]
            left[place] = 0
        steps.append(step)
    return steps


def everything_comes_back(case: Case, told: Evaluation, steps: Sequence[StepBack]) -> None:
    """All returns together are the order, to the cent and the point; no step takes anything."""
    backs: list[Counter[str]] = [Counter() for _ in told.lines]
    for step in steps:
        assert step.points_taken_back >= 0
        assert step.worth_minor >= 0
        for given in step.lines:
            parts = {
                "cash": given.cash_minor,
                "points": given.points,
                "growth value": given.growth_value,
                "stored value": given.stored_value,
                "discount": given.discount_minor,
                "units": given.quantity,
            }
            assert min(parts.values()) >= 0
            for name, amount in parts.items():
                backs[given.line - 1][name] += amount
    for sent, line, back in zip(case.cart.lines, told.lines, backs, strict=True):
        assert dict(back) == {
            "cash": line.cash_minor,
            "points": line.tenders.points,
            "growth value": line.tenders.growth_value,
            "stored value": line.tenders.stored_value,
            "discount": sum(discount.amount_minor for discount in line.discounts),
            "units": sent.quantity,
        }
    assert sum(step.points_taken_back for step in steps) == told.points_to_earn
    # Each gift is named for return at most once, as what was given. In the end those of offers that
    # ask again were; the others come back with the order, since all of it is back.
    named = [gift for step in steps for gift in step.gifts]
    assert len(named) == len(set(named))
    asks = {offer.code for offer in case.offers if offer.on_return == "requalify"}
    assert set(named) == {gift for gift in told.gifts if gift.offer in asks}
    assert sum(step.worth_minor for step in steps) == sum(line.net_minor for line in told.lines)
