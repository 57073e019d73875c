"""What one offer does in its turn: kinds, allocation, thresholds, budgets, the merchant's cap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from regulars.modules.pricing.types import Cart, CartLine, Context
from regulars.modules.promotions.types import (
    AmountOff,
    BuyGet,
    FreeShipping,
    Gift,
    MemberPrice,
    Offer,
    PercentOff,
    PointsMultiplier,
    SpendPercent,
    SpendSave,
    UnitPrice,
)

from .eligibility_oracle import budget_left, in_scope

IN_TURN = ("price", "item", "order", "coupon", "shipping", "gift", "earn")


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder, spare units to the largest remainders, earlier first."""
    whole = sum(weights)
    if whole == 0:
        return [0 for _ in weights]
    exact = [Fraction(total * weight, whole) for weight in weights]
    shares = [int(part) for part in exact]
    for _ in range(total - sum(shares)):
        lacking = [part - share for part, share in zip(exact, shares, strict=True)]
        shares[lacking.index(max(lacking))] += 1
    return shares


@dataclass(frozen=True)
class Goods:
    """Lines of equal sku and unit price put together; ``places`` are theirs in the cart."""

    sku: str
    unit_price: int
    quantity: int
    category: str | None
    tags: frozenset[str]
    places: tuple[int, ...]


def together(lines: Sequence[CartLine]) -> list[Goods]:
    kinds = sorted({(line.sku, line.unit_price_minor) for line in lines})
    goods = []
    for sku, unit_price in kinds:
        places = tuple(
            place
            for place, line in enumerate(lines)
            if line.sku == sku and line.unit_price_minor == unit_price
        )
        first = lines[places[0]]
        quantity = sum(lines[place].quantity for place in places)
        goods.append(Goods(sku, unit_price, quantity, first.category, first.tags, places))
    return goods


@dataclass(frozen=True)
class Step:
    """An offer that has been applied: its shares by goods, and of shipping."""

    offer: Offer
    shares: tuple[int, ...]
    shipping: int = 0

    @property
    def amount(self) -> int:
        return sum(self.shares) + self.shipping


@dataclass(frozen=True)
class State:
    """The goods, what is left of each and of shipping, and what was applied so far."""

    goods: tuple[Goods, ...]
    left: tuple[int, ...]
    shipping: int
    most_off_goods: int
    steps: tuple[Step, ...] = ()

    @property
    def off_goods(self) -> int:
        return sum(sum(step.shares) for step in self.steps)


def beginning(cart: Cart, max_discount_bps: int) -> State:
    goods = tuple(together(cart.lines))
    left = tuple(one.quantity * one.unit_price for one in goods)
    return State(goods, left, cart.shipping_minor, sum(left) * max_discount_bps // 10_000)


def reached(offer: Offer, state: State) -> int:
    """What a threshold of this offer looks at: left of the scope, or of all for shipping."""
    everything = offer.kind == "free_shipping"
    return sum(
        left
        for one, left in zip(state.goods, state.left, strict=True)
        if everything or in_scope(offer.scope, one)
    )


def lacking(offer: Offer, state: State) -> int:
    """What is missing to the lowest threshold; 0 where there is none or it is reached."""
    params = offer.params
    if isinstance(params, SpendSave | SpendPercent):
        lowest = params.steps[0].spend
    elif isinstance(params, FreeShipping | Gift):
        lowest = params.spend
    else:
        return 0
    return max(0, lowest - reached(offer, state))


def one_price(left: int, quantity: int, price: int) -> int:
    return max(0, left - quantity * price)


def uncut(offer: Offer, state: State) -> list[int]:
    """The shares of an offer on goods before any budget or cap."""
    params = offer.params
    inside = [in_scope(offer.scope, one) for one in state.goods]
    scoped = [left if is_in else 0 for left, is_in in zip(state.left, inside, strict=True)]
    base = sum(scoped)
    if isinstance(params, PercentOff):
        return allocate(base * params.bps // 10_000, scoped)
    if isinstance(params, SpendSave | SpendPercent):
        return allocate(saving(offer, base), scoped)
    if isinstance(params, BuyGet):
        return set_shares(offer, params, state, inside)
    shares = []
    for one, left in zip(state.goods, scoped, strict=True):
        if isinstance(params, AmountOff):
            shares.append(min(one.quantity * params.each, left))
        elif isinstance(params, UnitPrice):
            shares.append(one_price(left, one.quantity, params.price))
        elif isinstance(params, MemberPrice) and one.sku in params.prices:
            shares.append(one_price(left, one.quantity, params.prices[one.sku]))
        else:
            shares.append(0)
    return shares


def saving(offer: Offer, base: int) -> int:
    params = offer.params
    if base == 0:
        return 0
    if isinstance(params, SpendPercent):
        reached_bps = [step.bps for step in params.steps if step.spend <= base]
        return base * reached_bps[-1] // 10_000 if reached_bps else 0
    assert isinstance(params, SpendSave)
    if params.every:
        times = base // params.steps[0].spend
        if offer.limit.per_order is not None:
            times = min(times, offer.limit.per_order)
        return min(params.steps[0].save * times, base)
    reached_save = [step.save for step in params.steps if step.spend <= base]
    return min(reached_save[-1], base) if reached_save else 0


def set_shares(offer: Offer, params: BuyGet, state: State, inside: list[bool]) -> list[int]:
    """Units of the scope, dearest first, cut into sets from the top."""
    shares = [0] * len(state.goods)
    pools: dict[str, list[tuple[int, int]]] = {}
    for place, one in enumerate(state.goods):
        if inside[place]:
            pool = pools.setdefault(one.sku if params.same_item else "", [])
            values = allocate(state.left[place], [1] * one.quantity)
            pool += [(value, place) for value in values]
    size = params.buy + params.get
    for pool in pools.values():
        pool.sort(key=lambda unit: (-unit[0], unit[1]))
        sets = len(pool) // size
        if offer.limit.per_order is not None:
            sets = min(sets, offer.limit.per_order)
        if params.pick == "overall":
            rewards = pool[len(pool) - sets * params.get :]
        else:
            rewards = []
            for number in range(sets):
                rewards += pool[number * size : (number + 1) * size][params.buy :]
        for value, place in rewards:
            shares[place] += value * params.off_bps // 10_000
    return shares


def applied(offer: Offer, state: State, context: Context) -> State | None:
    """The state after the offer in its turn; None where it has no effect."""
    nothing = (0,) * len(state.goods)
    budget = budget_left(offer, context)
    if isinstance(offer.params, PointsMultiplier):
        return replace(state, steps=(*state.steps, Step(offer, nothing)))
    if isinstance(offer.params, Gift):
        if lacking(offer, state):
            return None
        return replace(state, steps=(*state.steps, Step(offer, nothing)))
    if isinstance(offer.params, FreeShipping):
        amount = state.shipping if budget is None else min(budget, state.shipping)
        if lacking(offer, state) or amount == 0:
            return None
        step = Step(offer, nothing, amount)
        return replace(state, shipping=state.shipping - amount, steps=(*state.steps, step))
    shares = uncut(offer, state)
    most = state.most_off_goods - state.off_goods
    if budget is not None:
        most = min(most, budget)
    if sum(shares) > most:
        shares = allocate(most, shares)
    if sum(shares) == 0:
        return None
    left = tuple(old - share for old, share in zip(state.left, shares, strict=True))
    return replace(state, left=left, steps=(*state.steps, Step(offer, tuple(shares))))


def turn(offer: Offer) -> tuple[int, int, str]:
    return IN_TURN.index(offer.stage), offer.priority, offer.code
