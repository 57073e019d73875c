"""What a little more would bring: "add 12.00 to save 30.00", told only where it is true.

The cart is priced again with the missing amount as one more line in the offer's scope, and what is
told is the difference of the two prices. Where the best is easily proved, the least amount is told,
and both prices are the best. Elsewhere amounts are first reckoned with the combination at hand, and
the best uses of them are confirmed by a full price each. Either way the steps of all searches are
counted together, and end it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Final, Protocol

from regulars.modules.promotions.types import Offer, SpendPercent, SpendSave

from .kinds import Play
from .playing import Company
from .reaching import WORTH_AT_MOST, Goal, Priced, Reached, Reaching, spent_in_turn, with_more
from .search import WORK_LIMIT
from .types import Cart, Suggestion

#: At most so many are told,
MOST_SUGGESTIONS: Final = 3
#: of so many that are looked at, nearest first,
_LOOKED_AT: Final = 4
#: or so many where looking is cheap.
_RECKONED: Final = 8
#: A best price that took more steps to prove is not proved again for each amount.
_EASY: Final = WORK_LIMIT // 40
#: What pricing a cart costs beside the search, and for each offer, in steps of the search.
_PRICING: Final = 1_500
_PRICING_OFFER: Final = 60


class Pricer(Protocol):
    """Prices carts in the context at hand."""

    def best(self, cart: Cart, most_work: int | None) -> Priced:
        """The best price; with ``most_work`` the search stops after so many steps at the most."""

    def under(self, cart: Cart, codes: Collection[str]) -> Priced:
        """The price under those of the offers that may apply, in their turn; nothing is sought."""


class _OutOfSteps(Exception):
    """No step is left, or not enough of them to prove a price."""


class _Budget:
    """The steps that are left for suggestions; a price raises _OutOfSteps where there are none."""

    def __init__(self, pricer: Pricer, steps: int) -> None:
        self.pricer = pricer
        self.left = steps

    def proved(self, cart: Cart) -> Priced:
        """The best price, proved with the steps that are left."""
        self._check()
        priced = self._paid(self.pricer.best(cart, self.left))
        if not priced.proved:
            raise _OutOfSteps
        return priced

    def full(self, cart: Cart) -> Priced:
        """What an evaluation would say, be it proved or not."""
        self._check()
        return self._paid(self.pricer.best(cart, None))

    def under(self, cart: Cart, codes: Collection[str]) -> Priced:
        """Under these offers alone."""
        self._check()
        return self._paid(self.pricer.under(cart, codes))

    def _check(self) -> None:
        if self.left <= 0:
            raise _OutOfSteps

    def _paid(self, priced: Priced) -> Priced:
        self.left -= _PRICING + _PRICING_OFFER * len(priced.plays) + priced.work
        return priced


def suggestions(cart: Cart, now: Priced, pricer: Pricer) -> tuple[Suggestion, ...]:
    """The thresholds worth a little more, the best use of the added amount first.

    ``now`` is the best price of the cart, as far as it was proved.
    """
    goals = sorted(_goals(cart, now), key=lambda goal: (goal.missing, goal.offer.code, goal.spend))
    told = _least if now.proved and now.work <= _EASY else _likely
    found: list[Suggestion] = []
    with suppress(_OutOfSteps):
        for one in told(cart, now, goals, _Budget(pricer, WORK_LIMIT)):
            found.append(one)
    found.sort(key=_use)
    return tuple(found[:MOST_SUGGESTIONS])


def _use(one: Suggestion) -> tuple[int, int, str]:
    return one.add_minor - one.save_minor, one.add_minor, one.offer


def _worth_it(now: Priced, goal: Goal, found: Reached, *, proved: bool) -> Suggestion | None:
    save = found.discount - now.discount
    if save <= 0 or found.amount > WORTH_AT_MOST * save:
        return None
    return Suggestion(goal.offer.code, found.amount, save, proved)


def _least(cart: Cart, now: Priced, goals: Sequence[Goal], budget: _Budget) -> Iterator[Suggestion]:
    """The least amounts, and the differences of best prices."""
    for goal in goals[:_LOOKED_AT]:
        found = Reaching(cart, now, goal, budget.proved, budget.under).least()
        if found is not None:
            one = _worth_it(now, goal, found, proved=True)
            if one is not None:
                yield one


def _likely(
    cart: Cart, now: Priced, goals: Sequence[Goal], budget: _Budget
) -> Iterator[Suggestion]:
    """Amounts that suffice: reckoned with the combination at hand, then confirmed by a price, the
    best use first."""
    likely: list[tuple[Suggestion, Goal]] = []
    for goal in goals[:_RECKONED]:
        found = Reaching(cart, now, goal, budget.full, budget.under).likely(_with(now, goal.offer))
        one = None if found is None else _worth_it(now, goal, found, proved=False)
        if one is not None:
            likely.append((one, goal))
    likely.sort(key=lambda one: _use(one[0]))
    told = 0
    for one, goal in likely:
        then = budget.full(with_more(cart, goal.offer, one.add_minor))
        confirmed = _worth_it(now, goal, Reached(one.add_minor, then.discount), proved=False)
        if confirmed is not None and _takes(then, goal):
            yield confirmed
            told += 1
            if told == MOST_SUGGESTIONS:
                break


def _takes(priced: Priced, goal: Goal) -> bool:
    """Whether the combination has the goal's offer at its goal."""
    return any(
        step.play.code == goal.offer.code and step.play.sum_in_scope(step.before) >= goal.spend
        for step in priced.steps
    )


def _with(now: Priced, offer: Offer) -> frozenset[str]:
    """The combination at hand with one more offer, without those that may not stand beside it."""
    play = next(play for play in now.plays if play.code == offer.code)
    company = Company([play])
    others = [step.play for step in now.steps]
    return frozenset([play.code, *[other.code for other in others if company.admits(other)]])


def _goals(cart: Cart, now: Priced) -> list[Goal]:
    """The next threshold of each offer that takes off money, judged in its turn; those alone that
    by themselves take off enough for what is missing."""
    amounts = {step.play.code: step.amount for step in now.steps}
    goals: list[Goal] = []
    for play in now.plays:
        if play.spend is None or play.is_gift:
            continue
        spent = spent_in_turn(now, play)
        ahead = [spend for spend in _thresholds(play, spent) if spend > spent]
        if ahead:
            missing = ahead[0] - spent
            gain = cart.shipping_minor if play.is_shipping else play.entry.of_sum(ahead[0])
            if missing <= WORTH_AT_MOST * (gain - amounts.get(play.code, 0)):
                goals.append(Goal(play.entry.offer, ahead[0], missing))
    return goals


def _thresholds(play: Play, spent: int) -> list[int]:
    params = play.entry.offer.params
    if isinstance(params, SpendSave) and params.every:
        spend = params.steps[0].spend
        return [(spent // spend + 1) * spend]
    if isinstance(params, SpendSave | SpendPercent):
        return [step.spend for step in params.steps]
    return [play.spend or 0]
