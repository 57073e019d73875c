"""Writes happen once: idempotency and audit in one row."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection

from makers.merchants import make_merchant, unique
from regulars.infra import writes
from regulars.infra.db import Sql, fetch_one
from regulars.infra.models import WriteRecord
from regulars.infra.writes import Asked, KeyRequired, KeyReused, Outcome, once
from regulars.kernel.errors import Conflict
from regulars.modules.merchants.models import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def asked(merchant_id: int, key: str, *, body: object = None, operation: str = "t.do") -> Asked:
    return Asked(
        merchant_id=merchant_id,
        actor="key:1",
        operation=operation,
        key=key,
        fingerprint=writes.fingerprint_of(body),
        now=NOON,
    )


def opens_a_store(merchant_id: int, code: str) -> Outcome:
    Store.objects.create(merchant_id=merchant_id, code=code)
    return Outcome(status=201, body={"code": code, "名": "店"}, subject=f"store:{code}")


def test_a_write_leaves_one_row_that_tells_who_did_what() -> None:
    shop = make_merchant()
    answer = once(asked(shop.id, "k1"), lambda: opens_a_store(shop.id, "s1"))
    (row,) = WriteRecord.objects.of(shop.id)
    assert (answer.status, json.loads(answer.text)) == (201, {"code": "s1", "名": "店"})
    assert (row.actor, row.operation, row.subject, row.at) == ("key:1", "t.do", "store:s1", NOON)
    assert isinstance(row.id, UUID)


def test_a_repeat_gets_the_first_answer_and_does_nothing() -> None:
    shop = make_merchant()
    first = once(asked(shop.id, "k1"), lambda: opens_a_store(shop.id, "s1"))
    again = once(asked(shop.id, "k1"), lambda: opens_a_store(shop.id, "s2"))
    assert again.replayed
    assert not first.replayed
    assert again.text == first.text
    assert again.status == first.status
    assert Store.objects.filter(merchant_id=shop.id).count() == 1


def test_the_same_key_for_another_request_is_refused() -> None:
    shop = make_merchant()
    once(asked(shop.id, "k1", body={"a": 1}), lambda: opens_a_store(shop.id, "s1"))
    with pytest.raises(KeyReused):
        once(asked(shop.id, "k1", body={"a": 2}), lambda: opens_a_store(shop.id, "s2"))
    assert WriteRecord.objects.of(shop.id).count() == 1


def test_a_key_counts_per_merchant_and_operation() -> None:
    one, other = make_merchant(), make_merchant()
    once(asked(one.id, "k1"), lambda: opens_a_store(one.id, "s1"))
    assert not once(asked(other.id, "k1"), lambda: opens_a_store(other.id, "s1")).replayed
    elsewhere = asked(one.id, "k1", operation="t.else")
    assert not once(elsewhere, lambda: opens_a_store(one.id, "s2")).replayed


def test_a_refusal_leaves_nothing_and_the_key_free() -> None:
    shop = make_merchant()

    def refuses() -> Outcome:
        opens_a_store(shop.id, "s1")
        raise Conflict("no")

    with pytest.raises(Conflict):
        once(asked(shop.id, "k1"), refuses)
    assert not Store.objects.filter(merchant_id=shop.id).exists()
    assert not WriteRecord.objects.of(shop.id).exists()
    assert not once(asked(shop.id, "k1"), lambda: opens_a_store(shop.id, "s1")).replayed


def test_what_is_told_once_is_not_kept() -> None:
    shop = make_merchant()

    def act() -> Outcome:
        return Outcome(status=201, body={"id": 1}, subject="x", told_once={"secret": "hush"})

    first, again = once(asked(shop.id, "k1"), act), once(asked(shop.id, "k1"), act)
    assert json.loads(first.text) == {"id": 1, "secret": "hush"}
    assert json.loads(again.text) == {"id": 1}
    assert "hush" not in WriteRecord.objects.of(shop.id).get().answer


def test_thirty_two_at_once_have_one_effect_and_one_answer() -> None:
    shop = make_merchant()
    answers: list[writes.Answer] = []
    gate = threading.Barrier(8)

    def client() -> None:
        gate.wait()
        for number in range(4):
            name = unique(f"s{number}")
            answers.append(
                once(asked(shop.id, "k1"), lambda name=name: opens_a_store(shop.id, name))
            )
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 32
    assert len({answer.text for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert Store.objects.filter(merchant_id=shop.id).count() == 1


def test_a_repeat_that_overtakes_the_first_still_gets_its_answer() -> None:
    shop = make_merchant()
    first_acts, answered = threading.Event(), threading.Event()
    answers: list[writes.Answer] = []

    def first() -> Outcome:
        first_acts.set()
        answered.wait(0.5)
        return opens_a_store(shop.id, "s1")

    def again() -> Outcome:
        # Only reached where nobody made this request wait for the one before it.
        answered.wait(5)
        if Store.objects.filter(merchant_id=shop.id).exists():
            raise Conflict("used already")
        return opens_a_store(shop.id, "s2")

    def repeat() -> None:
        first_acts.wait(5)
        answers.append(once(asked(shop.id, "k1"), again))
        connection.close()

    thread = threading.Thread(target=repeat)
    thread.start()
    answers.append(once(asked(shop.id, "k1"), first))
    answered.set()
    thread.join()
    assert len(answers) == 2, "the repeat was refused for the first one's effect"
    assert {answer.text for answer in answers} == {answers[0].text}
    assert sorted(answer.replayed for answer in answers) == [False, True]


def test_the_hot_path_finds_what_once_remembered() -> None:
    shop = make_merchant()
    wanted = asked(shop.id, "k1")
    first = once(wanted, lambda: opens_a_store(shop.id, "s1"))
    known = {"merchant_id": shop.id, "operation": wanted.operation, "key": wanted.key}
    found = fetch_one(writes.LOOKUP, known)
    replayed = writes.replay(found, wanted.fingerprint)
    assert replayed is not None
    assert replayed.text == first.text
    row = fetch_one(Sql(f"SELECT {writes.REMEMBERED}"), known)
    assert row is not None
    as_array = json.loads(row[0]) if isinstance(row[0], str) else row[0]
    assert writes.replay(as_array, wanted.fingerprint) == replayed
    assert writes.replay(None, wanted.fingerprint) is None


def test_a_fingerprint_sees_content_and_not_form() -> None:
    assert writes.fingerprint_of({"a": 1, "b": [2]}) == writes.fingerprint_of({"b": [2], "a": 1})
    assert writes.fingerprint_of({"a": 1}) != writes.fingerprint_of({"a": "1"})
    assert writes.fingerprint_of({"a": 1}, "ord_1") != writes.fingerprint_of({"a": 1}, "ord_2")
    assert writes.fingerprint_of({"a": 0.5}) != writes.fingerprint_of({"a": 0.25})
    assert len(writes.fingerprint_of(None)) == 32


@pytest.mark.parametrize("key", [None, "", "x" * 256, "a\nb", "ключ"])
def test_a_write_needs_a_usable_key(key: str | None) -> None:
    with pytest.raises(KeyRequired):
        writes.checked_key(key)
    assert writes.checked_key("x" * 255) == "x" * 255
