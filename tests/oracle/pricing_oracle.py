"""What a cart costs by docs/algorithms/pricing.md and stacking.md: every combination is tried.

Plain and slow on purpose, and without a line of the engine: only the types are shared. ``price``
applies one combination, ``best`` tries all of them. Both give an Evaluation without suggestions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from regulars.modules.pricing.types import (
    Applied,
    Cart,
    Certificate,
    Context,
    Discount,
    Evaluation,
    PricedLine,
    Rejected,
    Tender,
    TenderShares,
)
from regulars.modules.promotions.types import Gift, Offer, PointsMultiplier

from .eligibility_oracle import gift_of, in_scope, scarce_gifts, why_not
from .steps_oracle import State, allocate, applied, beginning, lacking, turn


def same_group(offer: Offer, others: Collection[Offer]) -> bool:
    return offer.group is not None and any(other.group == offer.group for other in others)


def exclusive_clash(offer: Offer, others: Collection[Offer]) -> bool:
    """Beside an exclusive offer there is no other of the stages item, order and coupon."""
    stacked = ("item", "order", "coupon")
    return any(
        (offer.exclusive and other.stage in stacked) or (other.exclusive and offer.stage in stacked)
        for other in others
    )


def last_is_taken(offer: Offer, others: Collection[Offer], scarce: Mapping[str, str]) -> bool:
    """Whether another gives the last units of what this one would give."""
    sku = scarce.get(offer.code)
    return sku is not None and any(scarce.get(other.code) == sku for other in others)


def combinations(
    offers: Sequence[Offer], state: State, context: Context, scarce: Mapping[str, str]
) -> Iterator[State]:
    """The end of every allowed combination of offers that are in order of application."""
    if not offers:
        yield state
        return
    first, rest = offers[0], offers[1:]
    before = [step.offer for step in state.steps]
    apart = last_is_taken(first, before, scarce)
    if not same_group(first, before) and not exclusive_clash(first, before) and not apart:
        taken = applied(first, state, context)
        if taken is not None:
            yield from combinations(rest, taken, context, scarce)
    yield from combinations(rest, state, context, scarce)


def line_bps(state: State, context: Context) -> list[int]:
    """At what rate each of the goods earns: its own rate by the highest multiplier on it."""
    rates = []
    for one in state.goods:
        multipliers = [
            step.offer.params.bps
            for step in state.steps
            if isinstance(step.offer.params, PointsMultiplier) and in_scope(step.offer.scope, one)
        ]
        highest = max(multipliers, default=10_000)
        rates.append(context.line_rate_bps.get(one.sku, 10_000) * highest // 10_000)
    return rates


def earned(context: Context, bases: Sequence[int], rates: Sequence[int]) -> int:
    """Points for these bases: one floor for the whole order, then the cap.

    Past a crossing the next tier's rate counts; slow lines are walked first.
    """
    terms = context.earn
    if terms is None or context.buyer.tier is None:
        return 0
    worth, position = Fraction(0), 0
    bounds = [crossing.above_minor for crossing in terms.crossings]
    tiers = [terms.tier_bps, *(crossing.tier_bps for crossing in terms.crossings)]
    for rate, base in sorted(zip(rates, bases, strict=True)):
        for number, tier_bps in enumerate(tiers):
            low = bounds[number - 1] if number else 0
            high = bounds[number] if number < len(bounds) else position + base
            part = min(position + base, high) - max(position, low)
            worth += Fraction(max(0, part) * rate * tier_bps, 10_000 * 10_000)
        position += base
    points = int(worth * terms.amount / terms.per_minor)
    return points if terms.most is None else min(points, terms.most)


def rank(state: State, offers: Sequence[Offer], context: Context) -> tuple[object, ...]:
    """(1) to (5) of the text, better is higher."""
    taken = [step.offer for step in state.steps]
    return (
        sum(step.amount for step in state.steps),
        earned(context, state.left, line_bps(state, context)),
        sum(offer.kind == "gift" for offer in taken),
        -len(taken),
        tuple(offer in taken for offer in offers),
    )


def price(
    offers: Sequence[Offer],
    cart: Cart,
    context: Context,
    chosen: Collection[str],
    *,
    max_discount_bps: int = 10_000,
) -> Evaluation | None:
    """The cart under exactly the offers whose codes are ``chosen``; None where not allowed."""
    state = beginning(cart, max_discount_bps)
    before: list[Offer] = []
    scarce = scarce_gifts(offers, list(state.goods), context)
    for offer in sorted((offer for offer in offers if offer.code in chosen), key=turn):
        if why_not(offer, list(state.goods), context) is not None:
            return None
        if same_group(offer, before) or exclusive_clash(offer, before):
            return None
        if last_is_taken(offer, before, scarce):
            return None
        after = applied(offer, state, context)
        if after is None:
            return None
        state = after
        before.append(offer)
    return told(state, offers, cart, context, max_discount_bps)


def best(
    offers: Sequence[Offer], cart: Cart, context: Context, *, max_discount_bps: int = 10_000
) -> Evaluation:
    """The cart under the best of all allowed combinations."""
    start = beginning(cart, max_discount_bps)
    eligible = [offer for offer in offers if why_not(offer, list(start.goods), context) is None]
    eligible.sort(key=turn)
    ends = combinations(eligible, start, context, scarce_gifts(offers, list(start.goods), context))
    winner = max(ends, key=lambda end: rank(end, eligible, context))
    return told(winner, offers, cart, context, max_discount_bps)


def told(end: State, offers: Sequence[Offer], cart: Cart, context: Context, cap: int) -> Evaluation:
    """Everything an evaluation says about the end of a combination."""
    rates = line_bps(end, context)
    paid = tenders(end, context)
    bases = [
        left - paid["points"].minor[place] - paid["growth_value"].minor[place]
        for place, left in enumerate(end.left)
    ]
    points = earned(context, bases, rates)
    by_goods = allocate(points, [base * rate for base, rate in zip(bases, rates, strict=True)])
    value = sum(step.amount for step in end.steps)
    shipping = [Discount(step.offer.code, step.shipping) for step in end.steps if step.shipping]
    too_much = [Rejected("tender_reduced") for payment in paid.values() if payment.reduced]
    return Evaluation(
        lines=lines_told(end, cart, rates, paid, by_goods),
        shipping_gross_minor=cart.shipping_minor,
        shipping_discounts=tuple(shipping),
        gifts=tuple(
            gift
            for step in end.steps
            if isinstance(step.offer.params, Gift)
            and (gift := gift_of(step.offer, list(end.goods), context)) is not None
        ),
        applied=tuple(Applied(step.offer.code, step.amount) for step in end.steps),
        rejected=(*rejections(end, offers, cart, context, cap), *too_much),
        suggestions=(),
        certificate=Certificate(value, value),
        points_to_earn=points,
    )


@dataclass
class Payment:
    """What one tender pays of each of the goods."""

    units: list[int]
    minor: list[int]
    reduced: bool


def tenders(end: State, context: Context) -> dict[str, Payment]:
    """Points, growth value, stored value, each on what the one before left of the goods."""
    left, net = list(end.left), sum(end.left)
    paid = {}
    for name in ("points", "growth_value", "stored_value"):
        tender: Tender = getattr(context, name)
        room = min(sum(left), net * tender.cap_bps // 10_000)
        most = min(tender.available // tender.units, room // tender.minor)
        steps = most if tender.wanted == "max" else min(most, tender.wanted // tender.units)
        minor = allocate(steps * tender.minor, left)
        units = allocate(steps * tender.units, minor)
        reduced = tender.wanted != "max" and steps * tender.units < tender.wanted
        paid[name] = Payment(units, minor, reduced)
        left = [old - share for old, share in zip(left, minor, strict=True)]
    return paid


def lines_told(
    end: State, cart: Cart, rates: list[int], paid: dict[str, Payment], points: list[int]
) -> tuple[PricedLine, ...]:
    """Hand what each of the goods got to the lines it is made of, in the order written."""
    lines: dict[int, PricedLine] = {}
    for number, one in enumerate(end.goods):
        left = [cart.lines[place].gross_minor for place in one.places]
        discounts: list[list[Discount]] = [[] for _ in one.places]
        for step in end.steps:
            for at, share in enumerate(allocate(step.shares[number], left)):
                left[at] -= share
                if share:
                    discounts[at].append(Discount(step.offer.code, share))
        nets = list(left)
        shares: list[dict[str, int]] = [{} for _ in one.places]
        base = list(left)
        for name, payment in paid.items():
            minors = allocate(payment.minor[number], left)
            units = allocate(payment.units[number], minors)
            for at, (minor, unit) in enumerate(zip(minors, units, strict=True)):
                shares[at] |= {name: unit, f"{name}_minor": minor}
                left[at] -= minor
                base[at] -= minor if name != "stored_value" else 0
        to_earn = allocate(points[number], base)
        for at, place in enumerate(one.places):
            lines[place] = PricedLine(
                line=place + 1,
                gross_minor=cart.lines[place].gross_minor,
                discounts=tuple(discounts[at]),
                tenders=TenderShares(**shares[at]),
                net_minor=nets[at],
                points_to_earn=to_earn[at],
                earn_bps=rates[number],
            )
    return tuple(lines[place] for place in sorted(lines))


def rejections(
    end: State, offers: Sequence[Offer], cart: Cart, context: Context, cap: int
) -> list[Rejected]:
    """Why each other offer is not applied; archived offers are not spoken of."""
    chosen = [step.offer for step in end.steps]
    others = [offer for offer in offers if offer not in chosen and offer.status != "archived"]
    told = []
    scarce = scarce_gifts(offers, list(end.goods), context)
    for offer in sorted(others, key=turn):
        reason = why_not(offer, list(end.goods), context)
        missing = None
        if reason is None and same_group(offer, chosen):
            reason = "group_taken"
        if reason is None and last_is_taken(offer, chosen, scarce):
            reason = "gift_out_of_stock"
        if reason is None and exclusive_clash(offer, chosen):
            reason = "exclusive_taken"
        if reason is None:
            state = beginning(cart, cap)
            for earlier in chosen:
                if turn(earlier) < turn(offer):
                    after = applied(earlier, state, context)
                    assert after is not None, "a chosen offer has an effect in its turn"
                    state = after
            missing = lacking(offer, state) or None
            if missing is not None:
                reason = "below_threshold"
            elif applied(offer, state, context) is None:
                reason = "no_effect"
            else:
                reason = "not_best"
        told.append(Rejected(reason, offer=offer.code, missing_minor=missing))
    return told
