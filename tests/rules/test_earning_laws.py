"""What earning promises whatever the rates: no split gains, and a return is the exact inverse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.modules.earning.rules import cap_left, earned
from regulars.modules.earning.types import Crossing, EarningRule, Frozen
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.types import POINTS, Cause, Lot, Pending
from stateful.oracle import Oracle

EXAMPLES = settings(max_examples=300, deadline=None, database=None)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ORDER = Cause("order", f"ord_{1:032x}")
OTHER = Cause("order", f"ord_{2:032x}")
REFUND = Cause("refund", f"ref_{3:032x}")

BPS = st.sampled_from([0, 5_000, 9_999, 10_000, 10_001, 12_500, 15_000, 20_000, 33_333])
NETS = st.one_of(st.integers(0, 12), st.integers(0, 3_000))


@st.composite
def priced_lines(
    draw: st.DrawFn, *, max_lines: int, min_lines: int = 1, most_net: int = 3_000
) -> tuple[Frozen, list[int]]:
    """Terms and nets of so many lines; tier rates rise from crossing to crossing."""
    size = draw(st.sampled_from([12, most_net]))
    nets = draw(st.lists(st.integers(0, size), min_size=min_lines, max_size=max_lines))
    rates = sorted(draw(st.lists(BPS, min_size=1, max_size=3)))
    crossed = len(rates) - 1
    aboves = sorted(draw(st.lists(st.integers(0, 2 * size), min_size=crossed, max_size=crossed)))
    per_line = draw(st.lists(BPS, min_size=len(nets), max_size=len(nets)))
    frozen = Frozen(
        per_minor=draw(st.sampled_from([1, 7, 100])),
        amount=draw(st.sampled_from([1, 3, 10])),
        tier_bps=rates[0],
        line_bps=draw(st.sampled_from([tuple(per_line), tuple(per_line), ()])),
        crossings=tuple(Crossing(*pair) for pair in zip(aboves, rates[1:], strict=True)),
        most=draw(st.one_of(st.none(), st.none(), st.integers(0, 4 * size))),
    )
    return frozen, nets


def by_hand(frozen: Frozen, nets: Sequence[int]) -> int:
    """Every minor unit by itself: its line's rate times the tier rate of the place it stands in,
    slow lines first; one floor, then the cap."""
    line_bps = frozen.line_bps or (10_000,) * len(nets)
    units = sorted(bps for bps, net in zip(line_bps, nets, strict=True) for _ in range(net))
    exact = Fraction(0)
    for place, bps in enumerate(units):
        tier = [c.tier_bps for c in frozen.crossings if c.above_minor <= place]
        rate = Fraction(tier[-1] if tier else frozen.tier_bps, 10_000) * Fraction(bps, 10_000)
        exact += rate * frozen.amount / frozen.per_minor
    whole = exact.numerator // exact.denominator
    return whole if frozen.most is None else min(whole, frozen.most)


# ── what an order earns ───────────────────────────────────────────────────────────────────


@given(lines=priced_lines(max_lines=5, most_net=120))
@EXAMPLES
def test_an_order_earns_one_floor_of_the_exact_sum(lines: tuple[Frozen, list[int]]) -> None:
    frozen, nets = lines
    assert earned(frozen, nets) == by_hand(frozen, nets)


def test_a_crossing_changes_the_rate_at_the_exact_unit() -> None:
    at = Frozen(per_minor=1, amount=1, tier_bps=10_000, crossings=(Crossing(100, 20_000),))
    assert [earned(at, [net]) for net in (99, 100, 101)] == [99, 100, 102]


def test_one_floor_for_the_order_not_one_for_each_line() -> None:
    terms = Frozen(per_minor=100, amount=1, tier_bps=10_000)
    assert earned(terms, [50, 50]) == 1
    assert earned(terms._replace(line_bps=(10_000, 10_000)), [50, 50]) == 1


@given(lines=priced_lines(max_lines=6), which=st.integers(0, 5), more=st.integers(1, 500))
@EXAMPLES
def test_an_order_never_earns_less_for_more(
    lines: tuple[Frozen, list[int]], which: int, more: int
) -> None:
    frozen, nets = lines
    risen = list(nets)
    risen[which % len(nets)] += more
    assert earned(frozen, risen) >= earned(frozen, nets) >= 0
    assert earned(frozen, [0] * len(nets)) == 0


@given(data=st.data(), lines=priced_lines(min_lines=2, max_lines=6))
@EXAMPLES
def test_the_order_of_lines_changes_nothing(
    data: st.DataObject, lines: tuple[Frozen, list[int]]
) -> None:
    frozen, nets = lines
    places = data.draw(st.permutations(range(len(nets))))
    line_bps = tuple(frozen.line_bps[place] for place in places) if frozen.line_bps else ()
    other = frozen._replace(line_bps=line_bps)
    assert earned(other, [nets[place] for place in places]) == earned(frozen, nets)


# ── splitting never gains (I-10) ──────────────────────────────────────────────────────────


def later(frozen: Frozen, *, net_before: int, earned_before: int) -> Frozen:
    """The terms of the next order of the same day: crossings come nearer, the cap shrinks."""
    passed = [c for c in frozen.crossings if c.above_minor <= net_before]
    return frozen._replace(
        tier_bps=passed[-1].tier_bps if passed else frozen.tier_bps,
        crossings=tuple(
            Crossing(c.above_minor - net_before, c.tier_bps)
            for c in frozen.crossings
            if c.above_minor > net_before
        ),
        most=None if frozen.most is None else frozen.most - earned_before,
    )


@given(data=st.data(), lines=priced_lines(max_lines=5), parts=st.integers(2, 4))
@settings(EXAMPLES, max_examples=500)
def test_no_split_into_orders_earns_more(
    data: st.DataObject, lines: tuple[Frozen, list[int]], parts: int
) -> None:
    frozen, nets = lines
    left = list(nets)
    net_before = total = 0
    for number in range(parts):
        part = left
        if number < parts - 1:
            # Whole lines as well as parts of them.
            part = [data.draw(st.sampled_from([0, net, net // 2])) for net in left]
        left = [net - taken for net, taken in zip(left, part, strict=True)]
        terms = later(frozen, net_before=net_before, earned_before=total)
        total += earned(terms, part)
        net_before += sum(part)
    assert total <= earned(frozen, nets)


def test_a_fast_line_bought_by_itself_past_the_crossing_earns_no_more() -> None:
    together = Frozen(
        per_minor=1,
        amount=1,
        tier_bps=10_000,
        line_bps=(20_000, 10_000),
        crossings=(Crossing(100, 20_000),),
    )
    slow_first = earned(Frozen(1, 1, 10_000, (10_000,), (Crossing(100, 20_000),)), [100])
    fast_then = earned(Frozen(1, 1, 20_000, (20_000,)), [100])
    assert slow_first + fast_then == 500
    assert earned(together, [100, 100]) == 500


@given(
    orders=st.lists(NETS, min_size=1, max_size=8),
    per_order=st.one_of(st.none(), st.integers(0, 900)),
    per_day=st.one_of(st.none(), st.integers(0, 1_500)),
)
@EXAMPLES
def test_a_day_never_earns_past_its_cap(
    orders: list[int], per_order: int | None, per_day: int | None
) -> None:
    rule = EarningRule(per_order_max=per_order, per_day_max=per_day)
    today = asked = 0
    for net in orders:
        most = cap_left(rule, earned_today=today)
        gained = earned(Frozen(per_minor=1, amount=1, tier_bps=10_000, most=most), [net])
        assert per_order is None or gained <= per_order
        today += gained
        assert per_day is None or today <= per_day
        asked += net if per_order is None else min(net, per_order)
        assert today == (asked if per_day is None else min(asked, per_day))


# ── a return is the inverse (I-11, T-07) ──────────────────────────────────────────────────


def kept(nets: Sequence[int], quantities: Sequence[int], back: Sequence[int]) -> list[int]:
    """pricing.md, section 6: of a line's net, net x r // q has gone back after r of q units."""
    return [n - n * r // q for n, q, r in zip(nets, quantities, back, strict=True)]


@st.composite
def orders(draw: st.DrawFn, max_lines: int = 12) -> tuple[Frozen, list[int], list[int]]:
    """Terms, nets and quantities."""
    frozen, nets = draw(priced_lines(max_lines=max_lines))
    quantities = draw(st.lists(st.integers(1, 6), min_size=len(nets), max_size=len(nets)))
    return frozen, nets, quantities


class Returns:
    """One order on a purse, and its return in steps; checks I-11 after each."""

    def __init__(
        self, order: tuple[Frozen, list[int], list[int]], purse: Purse, journal: Journal
    ) -> None:
        self.frozen, self.nets, self.quantities = order
        self.purse, self.journal = purse, journal
        self.back = [0] * len(self.nets)
        self.first = self.net = earned(self.frozen, self.nets)

    def earn(
        self, at: datetime, *, available_at: datetime | None, expires_at: datetime | None
    ) -> None:
        if not self.first:
            return
        if available_at is not None:
            id_ = UUID(int=9)
            self.purse.promise(
                self.journal, Pending(id_, POINTS, self.first, at, available_at, expires_at, *ORDER)
            )
            return
        self.purse.credit(
            self.journal,
            self.first,
            kind="earn",
            cause=ORDER,
            at=at,
            earned_at=at,
            expires_at=expires_at,
        )

    def own_lots(self) -> list[Lot]:
        return [lot for _, lot in self.journal.new_lots if lot.cause_id == ORDER.id]

    def whole(self) -> bool:
        return self.back == self.quantities

    def give_back(self, line: int, units: int, at: datetime) -> int:
        """Return units of a line; what the clawback took from others or told as debt."""
        self.back[line] += units
        still = earned(self.frozen, kept(self.nets, self.quantities, self.back))
        amount = self.net - still
        assert amount >= 0, "a return earned something"
        self.net = still
        if not amount:
            return 0
        before = self._own_value()
        self.purse.clawback(
            self.journal, amount, order=ORDER, cause=REFUND, at=at, own_lots=self.own_lots()
        )
        return amount - (before - self._own_value())

    def _own_value(self) -> int:
        """What of the order is there still: pending, left in its lots, or expired and uncounted."""
        lots = sum(lot.remaining + lot.expired - lot.forgone for lot in self.own_lots())
        pending = [p for p in self.purse.pendings.values() if p.cause_id == ORDER.id]
        return lots + sum(p.amount for p in pending)


def empty_purse() -> Purse:
    return Purse(merchant_id=1, member_id=UUID(int=7), asset=POINTS)


def open_lines(returns: Returns) -> list[int]:
    return [i for i, q in enumerate(returns.quantities) if returns.back[i] < q]


@given(data=st.data(), order=orders(max_lines=50), pending=st.booleans())
@EXAMPLES
def test_any_sequence_of_returns_leaves_what_the_kept_part_earns(
    data: st.DataObject, order: tuple[Frozen, list[int], list[int]], pending: bool
) -> None:
    purse = empty_purse()
    returns = Returns(order, purse, Journal())
    returns.earn(NOON, available_at=NOON + DAY if pending else None, expires_at=None)
    while lines := open_lines(returns):
        line = data.draw(st.sampled_from(lines))
        units = data.draw(st.integers(1, returns.quantities[line] - returns.back[line]))
        assert returns.give_back(line, units, NOON) == 0
        assert purse.balance + purse.pending == returns.net
        assert purse.debt == 0
    assert (purse.balance, purse.pending, purse.debt, purse.lots) == (0, 0, 0, {})


@given(order=orders(max_lines=5))
@settings(max_examples=40, deadline=None, database=None)
def test_lines_may_come_back_in_any_order(order: tuple[Frozen, list[int], list[int]]) -> None:
    for places in permutations(range(len(order[1]))):
        purse = empty_purse()
        returns = Returns(order, purse, Journal())
        returns.earn(NOON, available_at=None, expires_at=None)
        for line in places:
            returns.give_back(line, returns.quantities[line], NOON)
            assert purse.balance == returns.net
        assert (purse.balance, purse.debt) == (0, 0)


class Lives:
    """A member with the order, and beside it the same member without: an oracle that spends only
    what the other spent of its own, and loses what the return took from others or as debt."""

    def __init__(self, order: tuple[Frozen, list[int], list[int]]) -> None:
        self.journal, self.purse, self.without = Journal(), empty_purse(), Oracle()
        self.returns = Returns(order, self.purse, self.journal)
        self.now = NOON
        self.lost = 0

    def until(self, now: datetime) -> None:
        self.now = now
        self.purse.catch_up(self.journal, now)
        self.without.fall_due(now)

    def earn_elsewhere(self, amount: int, expires_at: datetime | None) -> None:
        now = self.now
        self.purse.credit(
            self.journal,
            amount,
            kind="earn",
            cause=OTHER,
            at=now,
            earned_at=now,
            expires_at=expires_at,
        )
        self.without.credit(
            amount=amount,
            kind="earn",
            order=OTHER.id,
            at=now,
            earned_at=now,
            expires_at=expires_at,
        )

    def spend(self, share: int) -> None:
        amount = self.purse.available * share // 100
        if not amount:
            return
        cause = Cause("redemption", f"red_{4:032x}")
        self.purse.debit(self.journal, amount, kind="redeem", cause=cause, at=self.now)
        own = {lot.number for lot in self.returns.own_lots()}
        parts = json.loads(self.journal.postings[-1].parts or "[]")
        rest = sum(units for number, units in parts if number not in own)
        if rest:
            self.without.spend(amount=rest, kind="redeem", at=self.now)

    def give_back(self, line: int, units: int) -> None:
        lost = self.returns.give_back(line, units, self.now)
        if lost:
            self.without.clawback(order="none", amount=lost, at=self.now)
            self.lost += lost

    def spent_of_order(self) -> int:
        return sum(
            lot.original - lot.remaining - lot.expired - lot.reversed
            for lot in self.returns.own_lots()
        )

    def check(self) -> None:
        purse, without = self.purse, self.without
        own = self.returns.own_lots()
        own_left = sum(lot.remaining for lot in own)
        assert purse.balance - own_left == without.balance()
        assert purse.debt == without.debt()
        others = [lot for _, lot in self.journal.new_lots if lot not in own]
        assert [(lot.original, lot.remaining, lot.expired) for lot in others] == [
            (lot["original"], lot["remaining"], lot["expired"]) for lot in without.lots
        ]
        assert self.lost <= self.spent_of_order()


ACTS = st.sampled_from(["earn", "spend", "wait", "return", "return"])


@given(
    data=st.data(),
    order=orders(max_lines=4),
    pending=st.one_of(st.none(), st.integers(1, 3)),
    life=st.one_of(st.none(), st.integers(1, 4)),
    acts=st.lists(st.tuples(ACTS, st.integers(1, 100), st.integers(0, 4)), max_size=14),
)
@settings(max_examples=600, deadline=None, database=None)
def test_after_its_return_an_order_has_taken_what_was_spent_of_it_and_no_more(
    data: st.DataObject,
    order: tuple[Frozen, list[int], list[int]],
    pending: int | None,
    life: int | None,
    acts: list[tuple[str, int, int]],
) -> None:
    lives = Lives(order)
    lives.earn_elsewhere(50, NOON + 2 * DAY)
    lives.earn_elsewhere(30, None)
    lives.returns.earn(
        NOON,
        available_at=None if pending is None else NOON + DAY * pending,
        expires_at=None if life is None else NOON + DAY * life,
    )
    for act, size, days in acts:
        lives.until(lives.now + (DAY * days if act == "wait" else timedelta(0)))
        if act == "earn":
            lives.earn_elsewhere(size, lives.now + DAY * days if days else None)
        elif act == "spend":
            lives.spend(size)
        elif act == "return" and (lines := open_lines(lives.returns)):
            line = lines[size % len(lines)]
            lives.give_back(line, 1 + days % (order[2][line] - lives.returns.back[line]))
        lives.check()
    for line in data.draw(st.permutations(open_lines(lives.returns))):
        lives.give_back(line, order[2][line] - lives.returns.back[line])
        lives.check()
    assert lives.returns.whole()
    assert lives.returns.net == 0
    assert lives.lost == lives.spent_of_order(), "what expired was charged, or a spent unit was not"
    assert not [p for p in lives.purse.pendings.values() if p.cause_id == ORDER.id]
    assert all(lot.remaining == 0 for lot in lives.returns.own_lots())


@pytest.mark.parametrize("ends", ["released", "runs out", "captured"])
@pytest.mark.parametrize("lot_life", [None, 1, 5])
def test_points_held_while_their_order_is_returned(ends: str, lot_life: int | None) -> None:
    purse, journal = empty_purse(), Journal()
    returns = Returns((Frozen(per_minor=1, amount=1, tier_bps=10_000), [100], [1]), purse, journal)
    expires_at = None if lot_life is None else NOON + DAY * lot_life
    returns.earn(NOON, available_at=None, expires_at=expires_at)
    until = NOON + DAY * 3
    hold = purse.hold(journal, 60, id=UUID(int=5), at=NOON, expires_at=until)
    returns.give_back(0, 1, NOON)
    assert (purse.balance, purse.available, purse.debt) == (60, 0, 60)

    moment = until if ends == "runs out" else NOON + DAY * 2
    purse.catch_up(journal, moment)
    if ends == "captured":
        purse.capture(journal, hold, 60, at=moment)
        assert (purse.balance, purse.debt) == (0, 60)
        return
    if ends == "released":
        purse.release(journal, hold, at=moment)
    assert (purse.balance, purse.held, purse.debt) == (0, 0, 0)
