"""The least amount more with which an offer reaches a threshold, under prices asked for.

What is asked is dear (a search for the best price), so amounts are chosen by pricing the two
combinations between which the best price changes, which is cheap, and then asked about. The best
price at an amount is the highest of the lines that the combinations draw over the amounts; where
two of them cross is where the best changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from regulars.modules.promotions.types import Offer

from .kinds import Play
from .playing import Step
from .types import Cart, CartLine

#: So often an amount is asked about that should reach, until it does;
_ROUNDS: Final = 6
#: so often one that the combinations name, before amounts are simply halved.
_CROSSINGS: Final = 8
#: and so often a straight line is followed to where two of them cross.
_STRAIGHT: Final = 8
#: No amount is told that asks for more than this many times what it saves.
WORTH_AT_MOST: Final = 3


class Priced(NamedTuple):
    """A combination: of which offers it was chosen, its offers as they applied, what was left of
    the merged lines in the end, and its discount in all; whether it was proved to be the best, and
    how many steps the search took."""

    plays: Sequence[Play]
    steps: Sequence[Step]
    left: list[int]
    discount: int
    proved: bool
    work: int

    @property
    def codes(self) -> frozenset[str]:
        return frozenset([step.play.code for step in self.steps])


class Goal(NamedTuple):
    """A threshold within reach: of which offer, how far up, and how far it is from here."""

    offer: Offer
    spend: int
    missing: int


class Reached(NamedTuple):
    """An amount that reaches its goal, and the discount then."""

    amount: int
    discount: int


class _Seen(NamedTuple):
    """What a price at an amount says of the goal's offer: how far its threshold is passed (below 0:
    so much is missing; None: nothing is missing and it is not taken), the discount, the codes."""

    passed: int | None
    discount: int
    codes: frozenset[str]

    @property
    def reaches(self) -> bool:
        return self.passed is not None and self.passed >= 0


Price = Callable[[Cart], Priced]
Under = Callable[[Cart, Collection[str]], Priced]


def spent_in_turn(priced: Priced, play: Play) -> int:
    """What the offer's threshold sees when its turn comes in the combination."""
    for step in priced.steps:
        if step.play.rank >= play.rank:
            return play.sum_in_scope(step.before)
    return play.sum_in_scope(priced.left)


def with_more(cart: Cart, offer: Offer, amount: int) -> Cart:
    """The cart with goods of ``amount`` more that the offer's scope holds, and nothing else is
    known of."""
    scope = offer.scope
    sku, category, tags = "", None, frozenset[str]()
    if scope.categories:
        category = min(scope.categories)
    elif scope.tags:
        tags = frozenset({min(scope.tags)})
    elif scope.skus - scope.exclude_skus:
        sku = min(scope.skus - scope.exclude_skus)
    return Cart((*cart.lines, CartLine(sku, 1, amount, category, None, tags)), cart.shipping_minor)


class Reaching:
    """The way to one goal of one cart. ``price`` tells the best price, ``under`` that of a given
    combination."""

    def __init__(self, cart: Cart, now: Priced, goal: Goal, price: Price, under: Under) -> None:
        self._cart = cart
        self._goal = goal
        self._discount = now.discount
        self._price = price
        self._under = under
        #: The most that is known not to reach, and the combination there.
        self._low = 0
        self._below = self._at_hand = now.codes
        self._known: dict[tuple[int, frozenset[str]], Priced] = {}

    def least(self) -> Reached | None:
        """The smallest amount with which the best price takes the offer at its goal; None where
        there is none, or none that is worth it."""
        amount, found = self._first(self._price)
        if not found.reaches:
            return None
        asked = 0
        while amount - self._low > 1:
            if self._low >= WORTH_AT_MOST * (found.discount - self._discount):
                return None  # less goods do not save more
            at = (self._low + amount) // 2
            if asked < _CROSSINGS:
                at = min(self._crossing(amount, found.codes), amount - 1)
            asked += 1
            less = self._seen(self._price, at)
            if less.reaches:
                amount, found = at, less
        return Reached(amount, found.discount)

    def likely(self, codes: frozenset[str]) -> Reached | None:
        """An amount at which the combination ``codes`` takes the offer at its goal and is better
        than the one at hand; none better is sought."""
        amount, found = self._first(lambda more: self._under(more, codes))
        self._low, self._below = 0, self._at_hand
        if not found.reaches or self._lead(amount, codes) < 0:
            return None
        amount = self._crossing(amount, codes)
        return Reached(amount, self._given(amount, codes).discount)

    def _first(self, price: Price) -> tuple[int, _Seen]:
        """From what is missing now on, up to the first amount found to reach."""
        amount = step = before = self._goal.missing
        found = self._seen(price, amount)
        for _ in range(_ROUNDS):
            if found.passed is None or found.passed >= 0:
                break
            # Of what is added an offer before may take off its part: go on at the rate so far.
            lacks = -found.passed
            step = max(1, lacks * step // (before - lacks)) if before > lacks else lacks
            amount, before = amount + step, lacks
            found = self._seen(price, amount)
        return amount, found

    def _with(self, amount: int) -> Cart:
        return with_more(self._cart, self._goal.offer, amount)

    def _seen(self, price: Price, amount: int) -> _Seen:
        priced = price(self._with(amount))
        code, codes = self._goal.offer.code, priced.codes
        passed: int | None = None
        for play in priced.plays:
            if play.code == code:
                passed = spent_in_turn(priced, play) - self._goal.spend
        if passed is not None and passed >= 0 and code not in codes:
            passed = None
        found = _Seen(passed, priced.discount, codes)
        if not found.reaches and amount > self._low:
            self._low, self._below = amount, codes
        return found

    def _given(self, amount: int, codes: frozenset[str]) -> Priced:
        found = self._known.get((amount, codes))
        if found is None:
            found = self._known[amount, codes] = self._under(self._with(amount), codes)
        return found

    def _passed(self, amount: int, codes: frozenset[str]) -> int:
        """How far the combination ``codes`` is past the goal's threshold."""
        priced = self._given(amount, codes)
        for play in priced.plays:
            if play.code == self._goal.offer.code:
                return spent_in_turn(priced, play) - self._goal.spend
        return -self._goal.spend - 1

    def _lead(self, amount: int, codes: frozenset[str]) -> int:
        """What the combination ``codes`` takes off more than the one below."""
        found = self._given(amount, codes).discount
        return found - self._given(amount, self._below).discount

    def _crossing(self, amount: int, codes: frozenset[str]) -> int:
        """From which amount on, up to ``amount``, the combination ``codes`` passes the threshold
        and leads; the middle where that is not to be told."""
        low = self._low
        if self._passed(low, codes) < 0 <= self._passed(amount, codes):
            low = _turn(lambda at: self._passed(at, codes), low, amount)
            if self._below == codes or self._lead(low, codes) >= 0:
                return low
        if self._lead(low, codes) < 0 <= self._lead(amount, codes):
            return _turn(lambda at: self._lead(at, codes), low, amount)
        return (self._low + amount) // 2


def _turn(value: Callable[[int], int], low: int, high: int) -> int:
    """Where a value that is below 0 at ``low`` and not at ``high`` turns: along straight lines
    first, since it hardly ever bends, then by halves."""
    below, above = value(low), value(high)
    up, tries = True, 0
    while high - low > 1:
        if tries >= _STRAIGHT:
            at = (low + high) // 2
        elif up:
            at = min(low + max(1, -below * (high - low) // (above - below)), high - 1)
        else:
            at = max(high - max(1, above * (high - low) // (above - below)), low + 1)
        tries += 1
        found = value(at)
        up = found < 0
        if up:
            low, below = at, found
        else:
            high, above = at, found
    return high
