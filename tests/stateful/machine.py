"""The acts of a ledger as Hypothesis rules, against the oracle, in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.errors import HoldEnded
from regulars.modules.ledger.types import Cause, Hold
from stateful import invariants
from stateful.twin import Twin

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)

WHICH = st.integers(0, 2)
AMOUNTS = st.one_of(st.integers(1, 12), st.integers(1, 400))
SHARES = st.integers(1, 100)
ANY = st.integers(0, 999)
#: Midnights from the one that follows on: few, so that lots, promises and holds meet at one.
MIDNIGHTS = st.integers(0, 4)
LIVES = st.one_of(st.none(), MIDNIGHTS)
LATENESS = st.sampled_from(
    [timedelta(0)] * 3 + [MICROSECOND, timedelta(hours=2), timedelta(hours=30)]
)
HOLD_LIVES = st.one_of(
    MIDNIGHTS, st.sampled_from([timedelta(minutes=15), timedelta(days=2), timedelta(days=9)])
)
SOURCES = st.sampled_from(["order"] * 3 + ["same order", "adjustment"])
DEBITS = st.sampled_from(["spend"] * 3 + ["adjust"] * 4 + ["too much"])
WAITS = st.sampled_from([MICROSECOND, timedelta(minutes=15), timedelta(hours=5), DAY, DAY * 5])
OFFSETS_TRIED = [-MICROSECOND, timedelta(0), timedelta(0), MICROSECOND]
OFFSETS = st.sampled_from(OFFSETS_TRIED)


def midnight_after(at: datetime, days: int | None) -> datetime | None:
    if days is None:
        return None
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + DAY * (days + 1)


def share_of(whole: int, share: int) -> int:
    """From 1 to all of it."""
    return max(1, whole * share // 100)


def has_holds(self: LedgerMachine) -> bool:
    return any(twin.purse.holds for twin in self.twins)


def has_earned(self: LedgerMachine) -> bool:
    return any(left for twin in self.twins for left in twin.earned_left.values())


def has_paid(self: LedgerMachine) -> bool:
    return any(paid.left for twin in self.twins for paid in twin.paid)


def has_available(self: LedgerMachine) -> bool:
    return any(twin.oracle.available() for twin in self.twins)


def has_due(self: LedgerMachine) -> bool:
    return any(twin.oracle.next_due_at() for twin in self.twins)


def now_and_then(every: int) -> Callable[[LedgerMachine], bool]:
    """Keeps acts that are always possible from crowding out those that seldom are."""
    return lambda machine: machine.steps % every == every - 1


class LedgerMachine(RuleBasedStateMachine):
    """One purse in memory. ``fired`` counts the rules of the whole run."""

    fired: ClassVar[Counter[str]] = Counter()
    lengths: ClassVar[Counter[int]] = Counter()
    merchant_id = 1

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.journal = Journal()
        self.numbers = 0
        self.steps = 0
        self.settled: set[Twin] = set()
        self.followed = (0, 0)
        self.twins = self.open_twins()

    def open_twins(self) -> list[Twin]:
        return [Twin(merchant_id=1, member_id=UUID(int=7), asset=1)]

    # ── between the acts ──────────────────────────────────────────────────────────────────

    def begin(self, name: str, which: int = 0) -> Twin:
        """Count the rule, and bring the purse it acts on up to now."""
        type(self).fired[name] += 1
        event(name)
        self.steps += 1
        self.settled = set()
        twin = self.twins[which % len(self.twins)]
        self.settle(twin)
        return twin

    def settle(self, twin: Twin) -> None:
        twin.settle(self.journal, self.now)
        self.settled.add(twin)
        self.absorb()

    def absorb(self) -> None:
        """Let every twin follow what the journal noted since last time."""
        postings, lots = self.followed
        for twin in self.twins:
            mine = (twin.member_id, twin.asset)
            twin.absorb(
                [p for p in self.journal.postings[postings:] if (p[1], p[2] % 10) == mine],
                [lot for purse, lot in self.journal.new_lots[lots:] if purse is twin.purse],
            )
        self.followed = (len(self.journal.postings), len(self.journal.new_lots))

    def end(self) -> None:
        """After an act: in memory, recording is forgetting the journal."""
        self.absorb()
        for twin in self.twins:
            twin.purse.recorded()
        self.journal, self.followed = Journal(), (0, 0)

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def uuid(self) -> UUID:
        return UUID(int=(self.merchant_id << 64) + self.number())

    def cause(self, type_: str) -> Cause:
        return Cause(type_, f"{type_[:3]}_{self.number():032x}")

    def a_hold(self, index: int) -> tuple[Twin, Hold]:
        held = [(twin, hold) for twin in self.twins for hold in twin.purse.holds.values()]
        return held[index % len(held)]

    @invariant()
    def engine_and_oracle_agree(self) -> None:
        for twin in self.twins:
            assert twin.figures() == twin.expected()
            invariants.check(twin, settled_at=self.now if twin in self.settled else None)

    def teardown(self) -> None:
        type(self).lengths[self.steps] += 1

    # ── credits ───────────────────────────────────────────────────────────────────────────

    @rule(which=WHICH, amount=AMOUNTS, late=LATENESS, life=LIVES, source=SOURCES)
    def earn(self, which: int, amount: int, late: timedelta, life: int | None, source: str) -> None:
        """Something earns at once: late arrivals carry an instant long gone."""
        self._credit("earn", which, source, amount, late=late, wait=None, life=life)

    @rule(which=WHICH, amount=AMOUNTS, wait=MIDNIGHTS, life=LIVES, source=SOURCES)
    def earn_pending(
        self, which: int, amount: int, wait: int, life: int | None, source: str
    ) -> None:
        self._credit("earn pending", which, source, amount, late=DAY * 0, wait=wait, life=life)

    def _credit(
        self,
        name: str,
        which: int,
        source: str,
        amount: int,
        *,
        late: timedelta,
        wait: int | None,
        life: int | None,
    ) -> None:
        twin = self.begin(name if source != "adjustment" else "adjust up", which)
        at = self.now - late
        orders = [id_ for id_ in twin.earned_left if id_.startswith("ord_")]
        if source == "same order" and orders:
            cause = Cause("order", orders[-1])
        else:
            cause = self.cause("adjustment" if source == "adjustment" else "order")
        twin.credit(
            self.journal,
            amount,
            cause=cause,
            at=at,
            available_at=midnight_after(at, wait),
            expires_at=midnight_after(at, life),
            promise_id=self.uuid(),
        )
        self.settled.discard(twin)  # what came late may be due already
        self.end()

    # ── debits ────────────────────────────────────────────────────────────────────────────

    @precondition(has_available)
    @rule(which=WHICH, share=SHARES, late=LATENESS, way=DEBITS)
    def spend(self, which: int, share: int, late: timedelta, way: str) -> None:
        """Spend or adjust down; past what is available it is refused without a trace."""
        twin = self.begin("adjust down" if way == "adjust" else "spend", which)
        available = twin.oracle.available()
        amount = available + share if way == "too much" else share_of(available, share)
        kind, cause = ("adjust", "adjustment") if way == "adjust" else ("redeem", "redemption")
        before = len(self.journal.postings)
        granted = twin.debit(
            self.journal, amount, kind=kind, cause=self.cause(cause), at=self.now - late
        )
        assert granted == (amount <= available)
        if granted:
            (posting,) = self.journal.postings[before:]
            touched = {number for number, _ in json.loads(posting.parts or "[]")}
            invariants.soonest_first(twin.lots, touched)
        self.end()

    @precondition(has_earned)
    @rule(which=WHICH, order=ANY, share=SHARES, whole=st.booleans(), late=LATENESS)
    def clawback(self, which: int, order: int, share: int, whole: bool, late: timedelta) -> None:
        """A return takes back a part, or all that is left, of what an order earned."""
        twin = self.begin("clawback", which)
        earned = {
            id_: left for id_, left in twin.earned_left.items() if left and id_.startswith("ord_")
        }
        if not earned:
            self.end()
            return
        id_ = list(earned)[order % len(earned)]
        amount = earned[id_] if whole else share_of(earned[id_], share)
        twin.clawback(
            self.journal,
            amount,
            order=Cause("order", id_),
            cause=self.cause("refund"),
            at=self.now - late,
        )
        self.end()

    # ── holds ─────────────────────────────────────────────────────────────────────────────

    @precondition(has_available)
    @rule(which=WHICH, share=SHARES, life=HOLD_LIVES, beyond=st.sampled_from([0, 0, 0, 1]))
    def hold(self, which: int, share: int, life: int | timedelta, beyond: int) -> None:
        twin = self.begin("hold", which)
        available = twin.oracle.available()
        amount = available + 1 if beyond else share_of(available, share)
        until = self.now + life if isinstance(life, timedelta) else midnight_after(self.now, life)
        assert until is not None
        id_ = self.uuid()
        granted = twin.hold(self.journal, amount, id=id_, at=self.now, expires_at=until)
        assert granted == (amount <= available)
        self.end()

    @precondition(has_holds)
    @rule(index=ANY, share=SHARES)
    def capture(self, index: int, share: int) -> None:
        """Spend a part of a hold, all of it now and then; the rest is set free."""
        twin, hold, in_time = self._hold_in_use("capture", index)
        amount = share_of(hold.amount, share)
        granted = twin.capture(self.journal, hold, amount, at=self.now)
        assert granted == in_time, "an ended hold was captured (I-09)"
        self.end()

    @precondition(has_holds)
    @rule(index=ANY)
    def pay(self, index: int) -> None:
        """An order on a quote spends all that was held for it, while the hold lasts."""
        twin, hold, in_time = self._hold_in_use("pay", index)
        if in_time:
            twin.pay(self.journal, hold, order=self.cause("order"), at=self.now)
        self.end()

    @precondition(has_paid)
    @rule(
        index=ANY,
        share=SHARES,
        whole=st.booleans(),
        grace=MIDNIGHTS,
        edge=st.sampled_from([None, None, *OFFSETS_TRIED]),
    )
    def give_back(
        self, index: int, share: int, whole: bool, grace: int, edge: timedelta | None
    ) -> None:
        """What paid for something goes back, in part or all that is left of it; now and then just
        as a lot it came from is over."""
        paid = [(twin, paid) for twin in self.twins for paid in twin.paid if paid.left]
        twin, one = paid[index % len(paid)]
        ends = [part.expires_at for part in one.parts if part.expires_at is not None]
        if edge is not None and ends:
            self.now = max(self.now, ends[-1] + edge)
        self.begin("give back", self.twins.index(twin))
        amount = one.left if whole else share_of(one.left, share)
        until = midnight_after(self.now, grace)
        assert until is not None
        twin.give_back(
            self.journal, one, amount, cause=self.cause("refund"), at=self.now, least_until=until
        )
        self.end()

    @precondition(has_holds)
    @rule(index=ANY)
    def release(self, index: int) -> None:
        twin, hold, in_time = self._hold_in_use("release", index)
        granted = twin.release(self.journal, hold, at=self.now)
        assert granted == in_time, "an ended hold was released (I-09)"
        self.end()

    def _hold_in_use(self, name: str, index: int) -> tuple[Twin, Hold, bool]:
        """A hold, and whether it is still open once the purse was caught up."""
        held = self.a_hold(index)
        self.begin(name, self.twins.index(held[0]))
        return (*held, held[1].id in held[0].purse.holds)

    @precondition(has_holds)
    @rule(index=ANY, late=st.sampled_from([timedelta(0), MICROSECOND, DAY]))
    def hold_runs_out(self, index: int, late: timedelta) -> None:
        """From its last instant on a hold is over, though no job has run (I-09)."""
        twin, hold = self.a_hold(index)
        self.now = max(self.now, hold.expires_at + late)
        before = twin.figures()
        with pytest.raises(HoldEnded):
            twin.purse.capture(self.journal, hold, 1, at=self.now)
        with pytest.raises(HoldEnded):
            twin.purse.release(self.journal, hold, at=self.now)
        assert twin.figures() == before
        self.begin("hold runs out", self.twins.index(twin))
        assert hold.id not in twin.purse.holds
        assert (hold.status, hold.captured) == ("expired", 0)
        self.end()

    # ── time ──────────────────────────────────────────────────────────────────────────────

    @precondition(now_and_then(4))
    @rule(which=WHICH, wait=WAITS)
    def time_passes(self, which: int, wait: timedelta) -> None:
        self.now += wait
        self.begin("time passes", which)
        self.end()

    @precondition(has_due)
    @rule(which=WHICH, offset=OFFSETS)
    def to_a_boundary(self, which: int, offset: timedelta) -> None:
        """To the very instant at which something falls due, or a microsecond beside it."""
        due = self.twins[which % len(self.twins)].oracle.next_due_at()
        if due is not None:
            self.now = max(self.now, due + offset)
        self.begin("to a boundary", which)
        self.end()

    @precondition(now_and_then(4))
    @rule(which=WHICH, back=st.sampled_from([timedelta(0), MICROSECOND, DAY]))
    def catch_up_again(self, which: int, back: timedelta) -> None:
        """What fell due is posted once, however often the job runs, and whatever its clock."""
        twin = self.begin("catch up again", which)
        figures, noted = twin.figures(), len(self.journal.postings)
        twin.purse.catch_up(self.journal, self.now - back)
        assert (twin.figures(), len(self.journal.postings)) == (figures, noted)
        self.end()
