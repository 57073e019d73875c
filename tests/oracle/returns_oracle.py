"""What goes back when units come back, by docs/algorithms/pricing.md: step after step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from regulars.modules.pricing.types import Cart, Context, Evaluation, GiftLine
from regulars.modules.promotions.types import Gift, Offer

from .eligibility_oracle import in_scope
from .pricing_oracle import earned
from .steps_oracle import State, Step, allocate, applied, beginning, lacking

PARTS = ("cash", "points", "growth_value", "stored_value")


OFF_GOODS = ("free_shipping", "points_multiplier", "gift")


@dataclass(frozen=True)
class LineBack:
    """What one step gives back of a line: money in minor units, assets in units."""

    line: int
    quantity: int
    cash_minor: int
    points: int
    growth_value: int
    stored_value: int
    discount_minor: int


@dataclass(frozen=True)
class StepBack:
    """One return: lines in rising order, also those that get something that was held back."""

    lines: tuple[LineBack, ...]
    points_taken_back: int
    gifts: tuple[GiftLine, ...]
    #: All of it in minor units, tenders included.
    worth_minor: int


@dataclass
class Bought:
    """An order as it was priced, and what has come back of it so far."""

    offers: Sequence[Offer]
    cart: Cart
    context: Context
    evaluation: Evaluation
    max_discount_bps: int = 10_000

    def __post_init__(self) -> None:
        by_code = {offer.code: offer for offer in self.offers}
        self.chosen = [by_code[one.offer] for one in self.evaluation.applied]
        self.requalifies = any(
            offer.on_return == "requalify" and offer.kind not in OFF_GOODS for offer in self.chosen
        )
        lines = self.evaluation.lines
        self.quantities = [line.quantity for line in self.cart.lines]
        self.returned = [0 for _ in lines]
        self.minor = [
            [
                line.cash_minor,
                line.tenders.points_minor,
                line.tenders.growth_value_minor,
                line.tenders.stored_value_minor,
            ]
            for line in lines
        ]
        self.units = [
            [
                line.cash_minor,
                line.tenders.points,
                line.tenders.growth_value,
                line.tenders.stored_value,
            ]
            for line in lines
        ]
        self.minor_back = [[0, 0, 0, 0] for _ in lines]
        self.units_back = [[0, 0, 0, 0] for _ in lines]
        self.points_kept = self.evaluation.points_to_earn
        self.gifts_named: list[GiftLine] = []
        self.given = {gift.offer: gift for gift in self.evaluation.gifts}

    def give_back(self, quantities: Mapping[int, int]) -> StepBack:
        """Return so many units of lines, numbered from 1."""
        discount_before = self.discount_back()
        before = sum(map(sum, self.minor_back))
        for line, quantity in quantities.items():
            assert 0 <= quantity <= self.quantities[line - 1] - self.returned[line - 1]
            self.returned[line - 1] += quantity
        units_before = [list(parts) for parts in self.units_back]
        if self.requalifies:
            self.move_requalified()
        else:
            self.minor_back, self.units_back = self.share_of(self.minor), self.share_of(self.units)
        discount_now = self.discount_back()
        lines = []
        for place in range(len(self.quantities)):
            parts = [
                now - then
                for now, then in zip(self.units_back[place], units_before[place], strict=True)
            ]
            quantity = quantities.get(place + 1, 0)
            discount = discount_now[place] - discount_before[place]
            if quantity or any(parts):
                lines.append(LineBack(place + 1, quantity, *parts, discount))
        return StepBack(
            lines=tuple(lines),
            points_taken_back=self.take_points(),
            gifts=self.name_gifts(),
            worth_minor=sum(map(sum, self.minor_back)) - before,
        )

    def share_of(self, amounts: list[list[int]]) -> list[list[int]]:
        """What all returned units have of these parts: part x r // q."""
        return [
            [part * back // quantity for part in parts]
            for parts, back, quantity in zip(amounts, self.returned, self.quantities, strict=True)
        ]

    def discount_back(self) -> list[int]:
        return [
            sum(one.amount_minor for one in line.discounts) * back // quantity
            for line, back, quantity in zip(
                self.evaluation.lines, self.returned, self.quantities, strict=True
            )
        ]

    def move_requalified(self) -> None:
        """All that is back = what was paid less what the kept units would pay, within bounds."""
        most = self.share_of(self.minor)
        before = sum(map(sum, self.minor_back))
        paid = sum(map(sum, self.minor))
        in_all = max(before, min(sum(map(sum, most)), paid - sum(self.kept_state().left)))
        room = [
            limit - back
            for limits, backs in zip(most, self.minor_back, strict=True)
            for limit, back in zip(limits, backs, strict=True)
        ]
        for number, moved in enumerate(allocate(in_all - before, room)):
            self.minor_back[number // 4][number % 4] += moved
        self.units_back = [
            [
                units * back // minor if minor else 0
                for units, minor, back in zip(
                    self.units[place], self.minor[place], self.minor_back[place], strict=True
                )
            ]
            for place in range(len(self.quantities))
        ]

    def kept_state(self) -> State:
        """The kept units under the chosen offers: shares that stay, and offers applied anew."""
        kept = [
            replace(line, quantity=line.quantity - back)
            for line, back in zip(self.cart.lines, self.returned, strict=True)
        ]
        places = [place for place, line in enumerate(kept) if line.quantity]
        state = beginning(Cart(tuple(kept[place] for place in places)), self.max_discount_bps)
        for offer in self.chosen:
            if offer.kind in OFF_GOODS:
                continue
            if offer.on_return == "requalify":
                state = applied(offer, state, self.context) or state
            else:
                state = self.stay(offer, state, places)
        return state

    def stay(self, offer: Offer, state: State, places: list[int]) -> State:
        """An offer that keeps leaves on the kept units what it had given them."""
        shares = []
        for one, left in zip(state.goods, state.left, strict=True):
            kept = 0
            for at in one.places:
                place = places[at]
                line = self.evaluation.lines[place]
                share = sum(d.amount_minor for d in line.discounts if d.offer == offer.code)
                kept += share - share * self.returned[place] // self.quantities[place]
            shares.append(min(kept, left))
        left_now = tuple(old - share for old, share in zip(state.left, shares, strict=True))
        return replace(state, left=left_now, steps=(*state.steps, Step(offer, tuple(shares))))

    def take_points(self) -> int:
        """What the order earned so far less what the kept part earns."""
        bases = [
            sum(amounts[part] - backs[part] for part in (0, 3))
            for amounts, backs in zip(self.minor, self.minor_back, strict=True)
        ]
        rates = [line.earn_bps for line in self.evaluation.lines]
        kept = earned(self.context, bases, rates)
        taken, self.points_kept = self.points_kept - kept, kept
        return taken

    def name_gifts(self) -> tuple[GiftLine, ...]:
        """Gifts whose threshold the kept units miss, each named once."""
        state = self.kept_state()
        named = []
        for offer in self.chosen:
            if isinstance(offer.params, Gift) and offer.on_return == "requalify":
                gift = self.given[offer.code]
                without = not any(in_scope(offer.scope, one) for one in state.goods)
                if (without or lacking(offer, state)) and gift not in self.gifts_named:
                    named.append(gift)
        self.gifts_named += named
        return tuple(named)


def returns(
    offers: Sequence[Offer],
    cart: Cart,
    context: Context,
    evaluation: Evaluation,
    steps: Sequence[Mapping[int, int]],
    *,
    max_discount_bps: int = 10_000,
) -> list[StepBack]:
    """What each of these returns, one after the other, gives back and takes back."""
    bought = Bought(offers, cart, context, evaluation, max_discount_bps)
    return [bought.give_back(step) for step in steps]
