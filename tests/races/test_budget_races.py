"""Many buyers and little to give: exactly as many win as there is, on either dialect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from makers.ledger import fresh_merchant
from makers.threads import at_once, refusals
from regulars.infra.db import is_postgres, retrying
from regulars.infra.recording import Writes
from regulars.modules.budgets.errors import BudgetTaken, ClaimEnded
from regulars.modules.budgets.gather import claims_of_owner, look
from regulars.modules.budgets.models import Claim, Counter
from regulars.modules.budgets.services import free_run_out
from regulars.modules.budgets.sheet import Sheet
from regulars.modules.budgets.verification import verify

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=15)
CROWD = 32


def as_one(act: Callable[[], object]) -> object:
    """As orders settle: one statement on PostgreSQL, one transaction on SQLite."""

    def attempt() -> object:
        if is_postgres():
            return act()
        with transaction.atomic():
            return act()

    return retrying(attempt, tries=60)


def take(
    shop: int,
    owner: str,
    *keys: str,
    most: int | None = 10,
    amount: int = 1,
    now: datetime = NOON,
    until: datetime | None = LATER,
) -> object:
    def act() -> None:
        sheet, writes = Sheet(shop, look(shop, keys, now), now), Writes()
        for key in keys:
            sheet.claim(owner=owner, key=key, amount=amount, most=most, expires_at=until)
        sheet.add_to(writes)
        writes.record()

    return as_one(act)


def commit(shop: int, owner: str, order: str, *, now: datetime = NOON) -> object:
    def act() -> None:
        sheet, writes = Sheet(shop, look(shop, [], now), now), Writes()
        claims = claims_of_owner(shop, owner)
        if not claims:
            raise ClaimEnded
        sheet.commit(claims, owner=order)
        sheet.add_to(writes)
        writes.record()

    return as_one(act)


def release(shop: int, owner: str) -> object:
    def act() -> None:
        sheet, writes = Sheet(shop, look(shop, [], NOON), NOON), Writes()
        sheet.release(claims_of_owner(shop, owner))
        sheet.add_to(writes)
        writes.record()

    return as_one(act)


def taken(shop: int, key: str = "k") -> int:
    return Counter.objects.of(shop).get(key=key).taken


@pytest.fixture
def shop() -> int:
    return fresh_merchant()


@pytest.mark.parametrize("first", [True, False], ids=["new counter", "known counter"])
def test_ten_uses_and_thirty_two_buyers(shop: int, first: bool) -> None:
    if not first:
        take(shop, "before", "k", most=11)
    room = 10 if first else 11

    found = at_once(*[partial(take, shop, f"q{n}", "k", most=room) for n in range(CROWD)])

    refused = refusals(found)
    assert len(refused) == CROWD - 10
    assert {type(error) for error in refused} == {BudgetTaken}
    assert taken(shop) == room
    assert Claim.objects.of(shop).count() == room
    assert verify(shop) == []


def test_a_budget_in_money_is_never_passed(shop: int) -> None:
    found = at_once(
        *[partial(take, shop, f"q{n}", "k", most=1_000, amount=70) for n in range(CROWD)]
    )
    assert CROWD - len(refusals(found)) == 14
    assert taken(shop) == 980
    assert verify(shop) == []


def test_several_keys_are_taken_together_or_not_at_all(shop: int) -> None:
    def buyer(n: int) -> object:
        keys = ("a", "b") if n % 2 else ("b", "a")
        return take(shop, f"q{n}", *keys, most=7)

    found = at_once(*[partial(buyer, n) for n in range(CROWD)])

    assert CROWD - len(refusals(found)) == 7
    assert {type(error) for error in refusals(found)} == {BudgetTaken}
    assert (taken(shop, "a"), taken(shop, "b")) == (7, 7)
    assert Claim.objects.of(shop).count() == 14
    assert verify(shop) == []


def test_what_nobody_came_back_for_is_taken_anew_without_a_job(shop: int) -> None:
    for n in range(10):
        take(shop, f"old{n}", "k")
    late = LATER
    found = at_once(
        *[
            partial(take, shop, f"q{n}", "k", now=late, until=late + timedelta(minutes=15))
            for n in range(CROWD)
        ]
    )
    assert CROWD - len(refusals(found)) == 10
    assert taken(shop) == 10
    assert Claim.objects.of(shop).filter(state="released").count() == 10
    assert verify(shop) == []


def test_buyers_beside_the_job_that_frees(shop: int) -> None:
    for n in range(10):
        take(shop, f"old{n}", "k")
    buyers = [
        partial(take, shop, f"q{n}", "k", now=LATER, until=LATER + timedelta(minutes=15))
        for n in range(CROWD - 4)
    ]

    found = at_once(*buyers, *[partial(free_run_out, shop, LATER)] * 4)

    assert {type(error) for error in refusals(found)} == {BudgetTaken}
    assert len(refusals(found)) == len(buyers) - 10
    assert taken(shop) == 10
    assert verify(shop) == []


def test_one_claim_is_committed_by_one_order_or_given_back(shop: int) -> None:
    take(shop, "quote", "k", most=1)
    orders = [partial(commit, shop, "quote", f"order{n}") for n in range(CROWD // 2)]

    found = at_once(*orders, *[partial(release, shop, "quote")] * (CROWD // 2))

    assert {type(error) for error in refusals(found)} <= {ClaimEnded}
    (claim,) = Claim.objects.of(shop)
    won = [one for one in found[: CROWD // 2] if not isinstance(one, Exception)]
    assert (claim.state, len(won), taken(shop)) in (("committed", 1, 1), ("released", 0, 0))
    assert verify(shop) == []


def test_at_the_last_moment_an_order_or_the_next_buyer_gets_it(shop: int) -> None:
    """The order comes a microsecond before its quote runs out, the next buyers at its end."""
    take(shop, "quote", "k", most=1)
    just_before = LATER - timedelta(microseconds=1)
    order = partial(commit, shop, "quote", "order", now=just_before)
    buyers = [
        partial(take, shop, f"q{n}", "k", most=1, now=LATER, until=LATER + timedelta(minutes=15))
        for n in range(CROWD - 1)
    ]

    found = at_once(order, *buyers)

    assert CROWD - len(refusals(found)) == 1
    assert taken(shop) == 1
    assert Claim.objects.of(shop).exclude(state="released").count() == 1
    assert verify(shop) == []
