"""Giving back what a redemption took: to its own lots, with the expiry they had (I-12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.restoring import last_spent_first, restore, spend_held
from regulars.modules.ledger.types import POINTS, Cause, Lot, Spent

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)
HOLD = UUID(int=9)


def purse_with(*lots: tuple[int, int | None]) -> Purse:
    """Lots of (amount, days to live)."""
    purse, journal = Purse(merchant_id=1, member_id=UUID(int=7), asset=POINTS), Journal()
    for number, (amount, days) in enumerate(lots):
        purse.credit(
            journal,
            amount,
            kind="earn",
            cause=Cause("order", f"ord_{number}"),
            at=START,
            earned_at=START,
            expires_at=None if days is None else START + DAY * days,
        )
    return purse


def spend(purse: Purse, amount: int) -> tuple[str, list[Spent], dict[int, Lot]]:
    known = dict(purse.lots)
    journal = Journal()
    hold = purse.hold(journal, amount, id=HOLD, at=START, expires_at=START + DAY)
    entry, spent = spend_held(purse, journal, hold, cause=Cause("order", "ord_x"), at=START)
    return entry, spent, known


def give_back(
    purse: Purse, entry: str, parts: list[Spent], known: dict[int, Lot], at: datetime
) -> Journal:
    journal = Journal()
    restore(
        purse,
        journal,
        parts,
        known=known.get,
        reverses=entry,
        cause=Cause("refund", "ref_1"),
        at=at,
        least_until=at + 30 * DAY,
    )
    return journal


def test_units_go_back_to_the_lots_they_came_from() -> None:
    purse = purse_with((100, 10), (50, None))
    entry, spent, known = spend(purse, 120)
    assert [(part.number, part.amount) for part in spent] == [(1, 100), (2, 20)]

    journal = give_back(purse, entry, spent, known, START + DAY)

    assert [(p.kind, p.amount, p.reverses) for p in journal.postings] == [
        ("redeem_return", 120, entry)
    ]
    assert {n: lot.remaining for n, lot in purse.lots.items()} == {1: 100, 2: 50}
    assert purse.next_due_at == START + 10 * DAY


def test_what_expired_meanwhile_lives_for_the_grace() -> None:
    purse = purse_with((100, 10))
    entry, spent, known = spend(purse, 60)
    later = START + 20 * DAY
    purse.catch_up(Journal(), later)
    assert purse.balance == 0

    give_back(purse, entry, spent, known, later)

    (lot,) = purse.lots.values()
    assert (lot.remaining, lot.expires_at) == (60, later + 30 * DAY)


def test_a_debt_is_repaid_before_anything_is_free() -> None:
    purse = purse_with((100, None))
    entry, spent, known = spend(purse, 100)
    order = Cause("order", "ord_0")
    purse.clawback(
        Journal(), 40, order=order, cause=Cause("refund", "r"), at=START, own_lots=known.values()
    )
    assert (purse.balance, purse.debt) == (0, 40)

    journal = give_back(purse, entry, spent, known, START)

    assert (purse.balance, purse.debt) == (60, 0)
    assert [p.kind for p in journal.postings] == ["redeem_return", "repay", "debt_repaid"]


@given(
    lots=st.lists(st.tuples(st.integers(1, 50), st.none() | st.integers(2, 9)), min_size=1),
    share=st.integers(1, 100),
    cuts=st.lists(st.integers(1, 20), max_size=4),
)
def test_giving_back_in_any_parts_leaves_the_purse_as_it_was(
    lots: list[tuple[int, int | None]], share: int, cuts: list[int]
) -> None:
    purse = purse_with(*lots)
    before = {n: (lot.remaining, lot.expires_at) for n, lot in purse.lots.items()}
    amount = max(1, purse.balance * share // 100)
    entry, spent, known = spend(purse, amount)
    steps = sorted({0, amount, *(min(amount, cut) for cut in cuts)})
    for done, goal in pairwise(steps):
        give_back(
            purse, entry, last_spent_first(spent, before=done, after=goal), known, START + DAY
        )
    assert {n: (lot.remaining, lot.expires_at) for n, lot in purse.lots.items()} == before
