"""Rows arrive as they were given, whether a statement's text or a parameter says what they hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import transaction

from makers.merchants import make_merchant
from regulars.infra.json_text import json_bytes, json_text
from regulars.infra.models import OutboxRow
from regulars.infra.outbox import OUTBOX
from regulars.infra.recording import LostRace, Row, Writes, _one_statement
from regulars.infra.spelling import Spelling
from regulars.kernel.ids import new_id
from regulars.modules.ledger.models import Account, Lot
from regulars.modules.ledger.recorder import ACCOUNT, ACCOUNT_CHANGE, LOT
from regulars.modules.ledger.types import GENESIS

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HEAD = "a" * 64


def account(merchant_id: int, member_id: UUID, *, held: int = 0, debt_head: str = GENESIS) -> Row:
    return (merchant_id, member_id, 1, 30, held, 0, 0, 1, HEAD, 0, debt_head, NOW, None, 1)


def lot(merchant_id: int, member_id: UUID, number: int, *, held: int = 0) -> Row:
    return (
        merchant_id, member_id.hex, 1, number, 30, 30, held, 0, 0, 0, NOW, None, "order", "ord_1",
    )  # fmt: skip


def record(writes: Writes) -> None:
    with transaction.atomic():
        writes.record()


def test_the_text_says_what_is_usual_and_whose_it_is_travels_once() -> None:
    one = UUID(int=1)
    text, values = _one_statement({ACCOUNT: [account(7, one)], LOT: [lot(7, one, 1)]})
    assert values == [7, one, 1, 30, 1, HEAD, NOW, None, one.hex, 1, 1, 30, 30, NOW, None, "order",
                      "ord_1"]  # fmt: skip
    assert f"($1::bigint,$2,$3,$4,0,0,0,$5,$6,0,'{GENESIS}',$7,$8,1)" in text


def test_of_two_merchants_each_row_tells_its_own() -> None:
    _, values = _one_statement({ACCOUNT: [account(7, UUID(int=1)), account(8, UUID(int=2))]})
    assert values[0] == 7
    assert values[8] == 8


def test_one_row_that_is_unusual_makes_all_of_its_target_travel() -> None:
    one = UUID(int=1)
    text, values = _one_statement({LOT: [lot(7, one, 1), lot(7, one, 2, held=5)]})
    assert len(values) == 1 + 2 * 13
    assert "(0" not in text
    assert ",0," not in text


def test_a_literal_is_spelt_by_its_type() -> None:
    columns, kinds = ("a", "b", "c", "d", "e"), ("text", "boolean", "bigint", "date", "text")
    spelling = Spelling(columns, kinds, {"b": False, "c": 0, "d": None, "e": "x"})
    assert spelling.is_usual([("one", False, 0, None, "x")])
    assert not spelling.is_usual([("one", False, 0, None, "x"), ("two", True, 0, None, "x")])
    assert (
        spelling.marks(1, 1, is_usual=True, shared=False)
        == "($1::text,false::boolean,0::bigint,NULL::date,'x'::text)"
    )
    assert spelling.taker(True, False)(("one", False, 0, None, "x")) == ("one",)


@pytest.mark.parametrize("held", [0, 5])
def test_usual_and_unusual_rows_arrive(held: int) -> None:
    merchant_id, member_id = make_merchant().id, new_id()
    other_head = GENESIS if held == 0 else "b" * 64
    writes = Writes()
    writes.add(ACCOUNT, account(merchant_id, member_id, held=held, debt_head=other_head))
    writes.extend(LOT, [lot(merchant_id, member_id, n, held=held) for n in (1, 2)])
    writes.add(OUTBOX, (new_id(), merchant_id, member_id.hex, NOW, "[]", held))
    record(writes)
    [stored] = Account.objects.of(merchant_id)
    assert (stored.member_id, stored.held, stored.debt_head) == (member_id, held, other_head)
    assert (stored.balance, stored.revision, stored.last_at) == (30, 1, NOW)
    lots = Lot.objects.of(merchant_id).order_by("number")
    assert [(each.number, each.held, each.remaining) for each in lots] == [
        (1, held, 30),
        (2, held, 30),
    ]
    assert OutboxRow.objects.get(aggregate=member_id.hex).attempts == held


@pytest.mark.parametrize("debt", [0, 9])
def test_usual_and_unusual_changes_arrive_and_are_guarded(debt: int) -> None:
    merchant_id, member_id = make_merchant().id, new_id()
    writes = Writes()
    writes.add(ACCOUNT, account(merchant_id, member_id, held=3))
    record(writes)
    key = (merchant_id, member_id, 1)

    def change(seen: int) -> Writes:
        to = Writes()
        to.add(ACCOUNT_CHANGE, (*key, 40, 0, 0, debt, 2, HEAD, 0, GENESIS, NOW, None, 2, seen))
        return to

    with pytest.raises(LostRace):
        record(change(5))
    record(change(1))
    [stored] = Account.objects.of(merchant_id)
    assert (stored.balance, stored.held, stored.debt, stored.revision) == (40, 0, debt, 2)


def test_the_text_of_json_is_that_of_the_standard_library() -> None:
    """What is hashed and remembered must not depend on who wrote it."""
    plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    whole = {"": every, "n": [0, -1, 2**53, -(2**63), 2**70, True, False, None, [], {}, (1, "2")]}
    assert json_text(whole) == plain.encode(whole)
    assert json_bytes(whole) == plain.encode(whole).encode()
