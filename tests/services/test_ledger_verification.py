"""Verification finds what was tampered with, and says where."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connection, transaction

from makers.ledger import (
    DAY,
    GROWTH_VALUE,
    NOON,
    claw_back,
    earn,
    fresh_merchant,
    make_member,
    order_cause,
    spend,
)
from regulars.infra.recording import Writes
from regulars.kernel.ids import new_id
from regulars.modules.ledger import recorder, seals, services
from regulars.modules.ledger.chain import posting_hash
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.models import Posting
from regulars.modules.ledger.types import GENESIS, POINTS, Cause
from regulars.modules.ledger.verification import verify


@pytest.fixture
def shop():
    """A member with lots spent, expired, held and reversed, a promise, and a debt; sealed."""
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)
    earn(merchant_id, member_id, 100, expires_at=NOON + DAY)
    earn(merchant_id, member_id, 60, cause=order_cause(2), expires_at=NOON + 9 * DAY)
    spend(merchant_id, member_id, 70)
    services.expire_and_activate(merchant_id=merchant_id, now=NOON + DAY)
    claw_back(merchant_id, member_id, 20, order=order_cause(2), at=NOON + DAY)
    services.hold(
        merchant_id=merchant_id,
        member_id=member_id,
        amount=15,
        expires_in_seconds=10**6,
        now=NOON + DAY,
    )
    earn(merchant_id, member_id, 33, available_at=NOON + 3 * DAY, cause=order_cause(3))
    earn(merchant_id, member_id, 5, asset=GROWTH_VALUE)
    claw_back(merchant_id, member_id, 9, order=order_cause(1), asset=GROWTH_VALUE)
    seals.seal(merchant_id=merchant_id, now=NOON + DAY)
    assert verify(merchant_id) == []
    return merchant_id, member_id


@contextmanager
def nobody_guards() -> Iterator[None]:
    """As somebody with the database's own password could: without the triggers."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _, text in triggers:
            cursor.execute(text)


def tamper(shop, statement: str) -> set[tuple[str, int | None]]:
    """Run a statement on the shop's rows; which codes are then found, at which versions."""
    merchant_id, member_id = shop
    where = f" WHERE merchant_id = {merchant_id}"
    member = f"'{member_id.hex}'"
    with nobody_guards(), connection.cursor() as cursor:
        cursor.execute(statement.replace(" WHERE", where + " AND").replace("MEMBER", member))
        assert cursor.rowcount >= 1
    found = verify(merchant_id)
    for finding in found:
        assert finding.detail
        assert finding.code.startswith("seal_") or finding.member_id == f"mem_{member_id.hex}"
    return {(finding.code, finding.version) for finding in found}


P = "account = 1"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f"UPDATE ledger_posting SET amount = 101 WHERE {P} AND version = 1",
         {("posting_changed", 1), ("balance_broken", 1), ("lot_original", 1)}),
        (f"UPDATE ledger_posting SET balance_after = 101 WHERE {P} AND version = 1",
         {("posting_changed", 1), ("balance_broken", 1), ("balance_broken", 2)}),
        (f"UPDATE ledger_posting SET kind = 'gift' WHERE {P} AND version = 1",
         {("posting_changed", 1)}),
        (f"UPDATE ledger_posting SET cause_id = 'ord_0' WHERE {P} AND version = 1",
         {("posting_changed", 1), ("lot_original", 1)}),
        (f"UPDATE ledger_posting SET reverses = NULL WHERE {P} AND version = 5",
         {("posting_changed", 5)}),
        (f"UPDATE ledger_posting SET hash = '{GENESIS}' WHERE {P} AND version = 2",
         {("posting_changed", 2)}),
        (f"UPDATE ledger_posting SET at = '2026-03-10 12:00:01' WHERE {P} AND version = 2",
         {("posting_changed", 2), ("time_backwards", 3)}),
        (f"UPDATE ledger_posting SET parts = '[[1,69],[2,1]]' WHERE {P} AND version = 3",
         {("lot_remaining", 1), ("lot_remaining", 2)}),
        (f"UPDATE ledger_posting SET parts = '[[1,69]]' WHERE {P} AND version = 3",
         {("parts_broken", 3), ("lot_remaining", 1)}),
        (f"UPDATE ledger_posting SET parts = '[[1' WHERE {P} AND version = 3",
         {("parts_broken", 3), ("lot_remaining", 1)}),
        (f"DELETE FROM ledger_posting WHERE {P} AND version = 3",
         {("version_gap", 3), ("posting_changed", 4), ("balance_broken", 4),
          ("lot_remaining", 1)}),
        (f"DELETE FROM ledger_posting WHERE {P} AND version = 5",
         {("account_version", 5), ("account_balance", None), ("sealed_head", 5),
          ("lot_remaining", 2), ("lot_ends", 2)}),
        ("DELETE FROM ledger_posting WHERE account = 12",
         {("account_version", 1), ("account_balance", None), ("sealed_head", 1)}),
        ("DELETE FROM ledger_account WHERE asset = 1",
         {("account_missing", None)}),
        ("UPDATE ledger_account SET balance = 16, held = 15 WHERE asset = 1",
         {("account_balance", None), ("lots_sum", None)}),
        ("UPDATE ledger_account SET held = 14 WHERE asset = 1", {("held_sum", None)}),
        ("UPDATE ledger_account SET pending = 32 WHERE asset = 1", {("pending_sum", None)}),
        ("UPDATE ledger_account SET debt = 0 WHERE asset = 2", {("account_balance", None)}),
        (f"UPDATE ledger_account SET head = '{GENESIS}' WHERE asset = 1", {("account_head", 5)}),
        ("UPDATE ledger_account SET next_due_at = NULL WHERE asset = 1", {("due_late", None)}),
        ("UPDATE ledger_lot SET remaining = 19 WHERE asset = 1 AND number = 2",
         {("lot_remaining", 2), ("lots_sum", None)}),
        ("UPDATE ledger_lot SET original = 101 WHERE asset = 1 AND number = 1",
         {("lot_original", 1), ("lot_remaining", 1)}),
        ("UPDATE ledger_lot SET expired = 29 WHERE asset = 1 AND number = 1", {("lot_ends", 1)}),
        ("UPDATE ledger_lot SET reversed = 1 WHERE asset = 1 AND number = 1", {("lot_ends", 1)}),
        ("UPDATE ledger_lot SET held = 14 WHERE asset = 1 AND number = 2", {("lot_held", 2)}),
        ("DELETE FROM ledger_lot WHERE asset = 1 AND number = 1", {("lot_missing", 1)}),
        ("DELETE FROM ledger_lot WHERE asset = 1 AND number = 2",
         {("lot_missing", 2), ("lots_sum", None)}),
        ("DELETE FROM ledger_hold WHERE asset = 1", {("held_sum", None), ("lot_held", 2)}),
        ("UPDATE ledger_hold SET amount = 14 WHERE asset = 1",
         {("held_sum", None), ("hold_parts", None)}),
        ("UPDATE ledger_hold SET parts = '[[1,15]]' WHERE asset = 1",
         {("lot_held", 1), ("lot_held", 2)}),
        ("DELETE FROM ledger_pending WHERE asset = 1", {("pending_sum", None)}),
        ("UPDATE ledger_sealedhead SET version = 4 WHERE account = 1",
         {("sealed_head", 4), ("seal_root", 1)}),
        ("DELETE FROM ledger_sealedhead WHERE account = 1", {("seal_root", 1)}),
        (f"UPDATE ledger_seal SET root = '{GENESIS}' WHERE number = 1",
         {("seal_root", 1), ("seal_signature", 1)}),
        ("UPDATE ledger_seal SET previous = 'x' WHERE number = 1",
         {("seal_previous", 1), ("seal_signature", 1)}),
        ("UPDATE ledger_seal SET number = 2 WHERE number = 1",
         {("seal_gap", 1), ("seal_unsigned", 2)}),
        ("UPDATE ledger_seal SET accounts = accounts + 1 WHERE number = 1",
         {("seal_signature", 1)}),
        ("DELETE FROM ledger_sealsignature WHERE number = 1", {("seal_unsigned", 1)}),
        ("UPDATE ledger_sealsignature SET signature = 'not even that' WHERE number = 1",
         {("seal_signature", 1)}),
    ],
)  # fmt: skip
def test_each_kind_of_tampering_is_found_where_it_is(shop, statement, expected):
    assert tamper(shop, statement) == expected


def test_a_last_posting_taken_away_with_all_its_traces_is_found_by_the_seal(shop):
    """Posting, account row and lot all made to fit: only what was sealed still knows."""
    merchant_id, member_id = shop
    gone = Posting.objects.of(merchant_id).get(account=1, version=5)
    assert (gone.kind, gone.amount) == ("clawback", -20)
    before = Posting.objects.of(merchant_id).get(account=1, version=4)
    with nobody_guards(), connection.cursor() as cursor:
        where = f"WHERE merchant_id = {merchant_id}"
        cursor.execute(f"DELETE FROM ledger_posting {where} AND account = 1 AND version = 5")
        cursor.execute(
            f"UPDATE ledger_account SET version = 4, head = '{before.hash}', "
            f"balance = {before.balance_after} {where} AND asset = 1"
        )
        cursor.execute(
            f"UPDATE ledger_lot SET remaining = remaining + 20, reversed = 0 {where} "
            "AND asset = 1 AND number = 2"
        )

    (finding,) = verify(merchant_id)

    assert (finding.code, finding.version) == ("sealed_head", 5)
    assert finding.account == f"acc_{member_id.hex}_p"


def test_a_history_written_anew_is_found_by_the_seal(shop):
    """The first posting changed and every hash after it made to fit."""
    merchant_id, member_id = shop
    rows = Posting.objects.of(merchant_id).filter(member_id=member_id, account=2)
    row = rows.get(version=1)
    forged = posting_hash(
        member_hex=member_id.hex, account=2, version=1, at_text="2026-03-10T12:00:00Z",
        amount=row.amount, balance_after=row.balance_after, kind="earn", cause_type="order",
        cause_id="ord_forged", reverses=None, previous=GENESIS,
    )  # fmt: skip
    with nobody_guards(), connection.cursor() as cursor:
        where = f"WHERE merchant_id = {merchant_id}"
        cursor.execute(
            f"UPDATE ledger_posting SET cause_id = 'ord_forged', hash = '{forged}' {where} "
            "AND account = 2 AND version = 1"
        )
        cursor.execute(
            f"UPDATE ledger_lot SET cause_id = 'ord_forged' {where} AND asset = 2 AND number = 1"
        )

    codes = {(finding.code, finding.version) for finding in verify(merchant_id)}

    assert ("posting_changed", 2) in codes


def test_rows_of_nobody_are_found():
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)
    earn(merchant_id, member_id, 5)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM ledger_account WHERE merchant_id = {merchant_id}")

    found = verify(merchant_id)

    assert {finding.code for finding in found} == {"account_missing"}


COLUMNS = ("at", "amount", "balance_after", "kind", "cause_type", "cause_id", "hash", "parts")


def test_one_byte_in_each_of_a_thousand_entries_is_located_a_thousand_times():
    merchant_id, dice = fresh_merchant(), random.Random(22)
    flipped = {}
    _many_members(merchant_id, 1_000)
    members = Posting.objects.of(merchant_id).values_list("member_id", flat=True).distinct()
    with nobody_guards(), connection.cursor() as cursor:
        for member_id in sorted(members):
            flipped[member_id] = _flip(cursor, merchant_id, member_id, dice)

    found = verify(merchant_id)

    located: dict[str, set[tuple[str, int | None]]] = {}
    for finding in found:
        located.setdefault(finding.member_id, set()).add((finding.code, finding.version))
    missed = []
    for member_id, (column, version) in flipped.items():
        here = located.get(f"mem_{member_id.hex}", set())
        # Parts that name another lot of the account are told by the lots that then disagree.
        by_lot = column == "parts" and "lot_remaining" in {code for code, _ in here}
        if not by_lot and version not in {number for _, number in here}:
            missed.append((member_id, column, version))
    assert len(flipped) == 1_000
    assert missed == []


def _many_members(merchant_id: int, count: int) -> None:
    journal, writes = Journal(), Writes()
    for _ in range(count):
        purse = Purse(merchant_id=merchant_id, member_id=new_id(), asset=POINTS)
        for number in range(4):
            purse.credit(
                journal, 10 + number, kind="earn", cause=order_cause(number),
                at=NOON, earned_at=NOON, expires_at=None,
            )  # fmt: skip
        purse.debit(journal, 12, kind="redeem", cause=Cause("order", "ord_1"), at=NOON)
    recorder.add_to(writes, journal)
    with transaction.atomic():
        writes.record()


def _flip(cursor, merchant_id: int, member_id: UUID, dice: random.Random) -> tuple[str, int]:
    column = dice.choice(COLUMNS)
    version = 5 if column == "parts" else dice.randint(1, 5)
    key = "merchant_id = %s AND member_id = %s AND version = %s"
    member = member_id if connection.vendor == "postgresql" else member_id.hex
    place = [merchant_id, member, version]
    if column in ("amount", "balance_after"):
        new = f"{column} {dice.choice('+-')} {1 << dice.randrange(6)}"
        cursor.execute(f"UPDATE ledger_posting SET {column} = {new} WHERE {key}", place)
    else:
        cursor.execute(f"SELECT {column} || '' FROM ledger_posting WHERE {key}", place)
        (text,) = cursor.fetchone()
        changed = _with_one_byte_changed(text, dice, digit=column in ("at", "parts"))
        cursor.execute(f"UPDATE ledger_posting SET {column} = %s WHERE {key}", [changed, *place])
    assert cursor.rowcount == 1
    return column, version


def _with_one_byte_changed(text: str, dice: random.Random, *, digit: bool) -> str:
    # In an instant and in parts a digit, so that PostgreSQL still takes it for one.
    places = [i for i, byte in enumerate(text) if byte.isdigit()] if digit else range(len(text))
    place = dice.choice(list(places)[3:4] if digit and text[0] == "2" else list(places))
    other = [byte for byte in "0123456789" if byte != text[place]]
    return text[:place] + dice.choice(other) + text[place + 1 :]


def test_progress_is_told_and_the_tally_is_every_posting():
    merchant_id = fresh_merchant()
    _many_members(merchant_id, 10)
    told: list[int] = []

    assert verify(merchant_id, progress=told.append) == []

    assert told[-1] == 50
