"""Ways to break the ledger, each of which the tests must notice."""

from __future__ import annotations

from typing import NamedTuple

ENGINE = "regulars/modules/ledger/engine.py"
CLAWBACK = "regulars/modules/ledger/clawback.py"
LOTS = "regulars/modules/ledger/lots.py"
RECORDER = "regulars/modules/ledger/recorder.py"
CHAIN = "regulars/modules/ledger/chain.py"
RECORDING = "regulars/infra/recording.py"
TARGETS = "regulars/infra/targets.py"
EARNING = "regulars/modules/earning/rules.py"
STATISTICS = "regulars/modules/experiments/statistics.py"
EXPERIMENTS = "regulars/modules/experiments/rules.py"
CHANCE = "regulars/kernel/chance.py"
BOOK = "regulars/modules/pricing/book.py"
HOLDING_OUT = "regulars/modules/promotions/holding_out.py"
BUYING = "regulars/modules/insight/clv/buying.py"
SUMMARY = "regulars/modules/insight/clv/summary.py"
LIABILITY = "regulars/modules/analytics/liability.py"


class Suite(NamedTuple):
    """Tests, and how many steps of a state machine are enough to notice."""

    tests: str
    steps: int


_MACHINE = "tests/stateful/test_ledger_machine.py::test_no_sequence_of_acts_parts_the"
IN_MEMORY = Suite(f"{_MACHINE}_engine_from_the_oracle", steps=6_000)
RECORDED = Suite(f"{_MACHINE}_rows_from_the_oracle", steps=900)
STALE = Suite("tests/stateful/test_large_units.py", steps=1)
LAWS = Suite("tests/rules/test_earning_laws.py", steps=1)
RETURNS = Suite("tests/rules/test_refund_inverse.py", steps=1)
HOLDS = Suite("tests/services/test_ledger_holds.py", steps=1)
LIFT = Suite("tests/rules/experiments/test_experiments_statistics.py", steps=1)
HELD_OUT = Suite("tests/rules/experiments/test_experiments_rules.py", steps=1)
NOT_GIVEN = Suite("tests/rules/pricing/test_holdout_laws.py", steps=1)
LIFETIME = Suite("tests/rules/insight/test_clv_models.py", steps=1)
OWED = Suite("tests/rules/analytics/test_liability.py", steps=1)
SUITES = (
    IN_MEMORY,
    RECORDED,
    STALE,
    LAWS,
    RETURNS,
    HOLDS,
    LIFT,
    HELD_OUT,
    NOT_GIVEN,
    LIFETIME,
    OWED,
)


class Sabotage(NamedTuple):
    """One change of one file; ``suite`` ought to fail."""

    name: str
    file: str
    old: str
    new: str
    suite: Suite


SABOTAGES = (
    # ── spending ──
    Sabotage(
        "spend order reversed",
        LOTS,
        "in sorted(lots, key=spend_order):",
        "in sorted(lots, key=spend_order, reverse=True):",
        IN_MEMORY,
    ),
    Sabotage(
        "lots without expiry spent first",
        LOTS,
        "return (expires_at is None, ",
        "return (expires_at is not None, ",
        IN_MEMORY,
    ),
    Sabotage(
        "hold not subtracted from available",
        ENGINE,
        "return self.balance - self.held",
        "return self.balance",
        IN_MEMORY,
    ),
    # ── time ──
    Sabotage(
        "expiry boundary < instead of <=",
        ENGINE,
        "self.next_due_at is not None and self.next_due_at <= now:",
        "self.next_due_at is not None and self.next_due_at < now:",
        IN_MEMORY,
    ),
    Sabotage(
        "hold usable at its last instant",
        ENGINE,
        "hold.expires_at <= at:\n            raise",
        "hold.expires_at < at:\n            raise",
        IN_MEMORY,
    ),
    Sabotage(
        "catch-up overlooks holds",
        ENGINE,
        "instants = [hold.expires_at for hold in self.holds.values()]",
        "instants = []",
        IN_MEMORY,
    ),
    Sabotage(
        "entry time runs backwards",
        ENGINE,
        "            at = last_at\n        self.last_at = at",
        "            pass\n        self.last_at = at",
        IN_MEMORY,
    ),
    Sabotage(
        "pending credit posted twice",
        RECORDER,
        "writes.add(PENDING_GONE, (*key, before))",
        "pass",
        RECORDED,
    ),
    # ── reversals and debt ──
    Sabotage(
        "clawback forgets the debt",
        CLAWBACK,
        'purse._post_debt(journal, -left, "debt", cause, at)',
        "pass",
        IN_MEMORY,
    ),
    Sabotage(
        "credit does not repay debt",
        ENGINE,
        "        if self.debt:\n            repaid = min(self.debt, amount)",
        "        if False:\n            repaid = min(self.debt, amount)",
        IN_MEMORY,
    ),
    Sabotage(
        "freed hold does not repay debt",
        ENGINE,
        "repaid = min(self.debt, self.available)",
        "repaid = 0",
        IN_MEMORY,
    ),
    Sabotage(
        "freed points expire before they repay debt",
        ENGINE,
        "        repaid = min(self.debt, self.available)",
        "        self._expire(journal, at)\n        repaid = min(self.debt, self.available)",
        RETURNS,
    ),
    Sabotage(
        "expired part charged twice",
        CLAWBACK,
        "part = min(lot.expired - lot.forgone, amount - gone)",
        "part = 0",
        IN_MEMORY,
    ),
    Sabotage(
        "expired part counted twice as gone",
        CLAWBACK,
        "part = min(lot.expired - lot.forgone, amount - gone)",
        "part = min(lot.expired, amount - gone)",
        RETURNS,
    ),
    Sabotage(
        "clawback spares what is still pending",
        CLAWBACK,
        "taken = _take_pending(purse, journal, amount, order)",
        "taken = 0",
        RETURNS,
    ),
    Sabotage(
        "clawback takes held points",
        CLAWBACK,
        "part = min(lot.remaining - lot.held, amount)",
        "part = min(lot.remaining, amount)",
        IN_MEMORY,
    ),
    Sabotage(
        "clawback leaves holds where they are pinned",
        CLAWBACK,
        "pinned = _take_pinned(purse, journal, own, left)",
        "pinned = []",
        IN_MEMORY,
    ),
    Sabotage(
        "moved pins out of spend order",
        CLAWBACK,
        "for number in +pins), key=spend_order)",
        "for number in +pins), key=spend_order, reverse=True)",
        IN_MEMORY,
    ),
    Sabotage(
        "moved pins not recorded",
        RECORDER,
        "pins = _parts_text(hold)",
        'pins = "[]"',
        HOLDS,
    ),
    # ── holds ──
    Sabotage(
        "lot not lessened by a capture",
        ENGINE,
        "lot.remaining -= spent",
        "lot.remaining -= 0",
        IN_MEMORY,
    ),
    Sabotage(
        "lot changes not recorded",
        RECORDER,
        "for purse, lot in journal.changed_lots.values():",
        "for purse, lot in []:",
        RECORDED,
    ),
    Sabotage(
        "end of a hold not recorded",
        RECORDER,
        "for purse, hold in journal.changed_holds.values():",
        "for purse, hold in []:",
        RECORDED,
    ),
    # ── the chain ──
    Sabotage(
        "hash omits the amount",
        CHAIN,
        '"amount":{amount},',
        '"amount":0,',
        IN_MEMORY,
    ),
    Sabotage(
        "hash ignores the entry before",
        ENGINE,
        "cause_type, cause_id, reverses, previous,\n        )",
        "cause_type, cause_id, reverses, GENESIS,\n        )",
        IN_MEMORY,
    ),
    Sabotage(
        "account head not updated",
        RECORDER,
        "        purse.head,\n",
        '        "0" * 64,\n',
        RECORDED,
    ),
    # ── races ──
    Sabotage(
        "guard `seen` removed from updates",
        TARGETS,
        'where += [f\'"{c}" IS {place[f"seen_{c}"]}\' for c in seen]',
        'where += [f\'{place[f"seen_{c}"]} IS {place[f"seen_{c}"]}\' for c in seen]',
        STALE,
    ),
    Sabotage(
        "lost race swallowed",
        RECORDING,
        "raise LostRace(*lost.args) from lost",
        "pass",
        RECORDED,
    ),
    Sabotage(
        "account not guarded by its revision",
        RECORDER,
        "        purse.revision + 1,\n",
        "        purse.revision,\n",
        RECORDED,
    ),
    # ── earning ──
    Sabotage(
        "cap ignored",
        EARNING,
        "return exact if frozen.most is None else min(exact, frozen.most)",
        "return exact",
        LAWS,
    ),
    Sabotage(
        "floor for each line, not for the order",
        EARNING,
        "weighted = sum(map(mul, net_minor, line_bps))",
        "weighted = sum(n * b // BPS * BPS for n, b in zip(net_minor, line_bps, strict=True))",
        LAWS,
    ),
    Sabotage(
        "points rounded up",
        EARNING,
        "exact = sum(net_minor) * frozen.tier_bps * frozen.amount // (frozen.per_minor * BPS)",
        "exact = -(-sum(net_minor) * frozen.tier_bps * frozen.amount // (frozen.per_minor * BPS))",
        LAWS,
    ),
    Sabotage(
        "crossing walked in the order lines are written",
        EARNING,
        "in sorted(zip(line_bps, net_minor, strict=True)):",
        "in zip(line_bps, net_minor, strict=True):",
        LAWS,
    ),
    # ── figures ──
    Sabotage(
        "slope of the weeks before doubled",
        STATISTICS,
        "slope = together / spread\n",
        "slope = 2 * together / spread\n",
        LIFT,
    ),
    Sabotage(
        "planned looks with the usual limit",
        STATISTICS,
        "return _OBRIEN_FLEMING[planned - 1] / math.sqrt(number / planned)",
        "return _OBRIEN_FLEMING[0]",
        LIFT,
    ),
    Sabotage(
        "a verdict in spite of broken arms",
        EXPERIMENTS,
        "if ratio.stop:",
        "if False:",
        LIFT,
    ),
    Sabotage(
        "the standing holdout gets campaigns",
        EXPERIMENTS,
        "if global_bps and is_held_out(merchant_id, STANDING_SALT, member_id, global_bps):",
        "if False:",
        HELD_OUT,
    ),
    Sabotage(
        "arms hashed without the merchant",
        CHANCE,
        'f"{merchant_id}:{salt}:{member_id.hex}"',
        'f"{salt}:{member_id.hex}"',
        HELD_OUT,
    ),
    Sabotage(
        "who is held out gets the offer",
        BOOK,
        "if entry.code in context.held_out:",
        "if False:",
        NOT_GIVEN,
    ),
    Sabotage(
        "an offer splits members unlike its experiment",
        HOLDING_OUT,
        "is_held_out(merchant_id, salt_of_offer(offer.code), member_id,",
        "is_held_out(merchant_id, offer.code, member_id,",
        NOT_GIVEN,
    ),
    Sabotage(
        "one-time buyers called alive",
        BUYING,
        "return np.where(frequency > 0, 1 / (1 + gone), np.nan)",
        "return 1 / (1 + gone)",
        LIFETIME,
    ),
    Sabotage(
        "two purchases on one day",
        SUMMARY,
        "key = key[is_new]\n",
        "key = key\n",
        LIFETIME,
    ),
    Sabotage(
        "the first purchase counted as a repeat's worth",
        SUMMARY,
        "is_repeat = day > (first_on + first)[member]",
        "is_repeat = day >= (first_on + first)[member]",
        LIFETIME,
    ),
    Sabotage(
        "points released by what was issued",
        LIABILITY,
        "return recognised(paid_for, redeemed=held.redeemed, expected=expected)",
        "return recognised(paid_for, redeemed=held.redeemed, expected=held.issued)",
        OWED,
    ),
    Sabotage(
        "the price split anew with every estimate",
        LIABILITY,
        "if month not in initial and held.issued > 0:",
        "if held.issued > 0:",
        OWED,
    ),
    Sabotage(
        "a running month taken for a whole one",
        LIABILITY,
        "at if at < month or over else at - 1",
        "at",
        OWED,
    ),
)
