"""Whose turn an envelope is, when it was made, and what is signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.tills.rules import (
    digest_of,
    first_verdict,
    registration_text,
    shown_code,
    signed_text,
    still_trusted,
    turn_of,
    typed_code,
    untimely,
)
from regulars.modules.tills.types import Fate

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SLACK = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
TILL = UUID("0192d3a0-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    ("number", "known", "turn"),
    [
        (4, None, "next"),
        (5, None, "ahead"),
        (99, None, "ahead"),
        (3, ("same", "taken"), "repeated"),
        (1, ("same", "refused"), "repeated"),
        (3, ("other", "taken"), "reused"),
        (2, ("other", "refused"), "reused"),
        (2, ("", "given_up"), "given_up"),
    ],
)
def test_whose_turn_it_is(number: int, known: tuple[str, Fate] | None, turn: str) -> None:
    assert turn_of(number, "same", last_number=3, known=known) == turn


@pytest.mark.parametrize(
    ("made", "instants", "wrong"),
    [
        (NOW, [NOW], None),
        (NOW + SLACK, [NOW], None),
        (NOW + SLACK + SECOND, [NOW], "in_the_future"),
        (NOW, [NOW + SLACK + SECOND], "in_the_future"),
        (NOW - timedelta(days=7), [], None),
        (NOW - timedelta(days=7) - SECOND, [], "too_long_offline"),
        (NOW, [NOW - timedelta(days=7) - SECOND], "too_long_offline"),
        (NOW - timedelta(hours=1), [NOW - timedelta(hours=1) + SLACK], None),
        (NOW - timedelta(hours=1), [NOW - timedelta(hours=1) + SLACK + SECOND], "after_signing"),
        # Ahead of the clock passes, so it is told first and nothing is used up.
        (NOW - timedelta(days=9), [NOW + timedelta(hours=1)], "in_the_future"),
    ],
)
def test_when_it_was_made(made: datetime, instants: list[datetime], wrong: str | None) -> None:
    found = untimely(made, instants, now=NOW, slack=SLACK, most_days_offline=7)
    assert found == wrong


def test_a_revoked_till_is_trusted_as_it_was_put_away() -> None:
    before, after = NOW - SECOND, NOW + SECOND
    assert still_trusted(after, revoked_at=None, takes_unsent=True)
    assert still_trusted(before, revoked_at=NOW, takes_unsent=True)
    assert still_trusted(NOW, revoked_at=NOW, takes_unsent=True)
    assert not still_trusted(after, revoked_at=NOW, takes_unsent=True)
    assert not still_trusted(before, revoked_at=NOW, takes_unsent=False)


def test_what_is_signed_is_canonical() -> None:
    body = {"paid": 1, "external_id": "é", "lines": [{"sku": "a", "quantity": 1}]}
    text = signed_text(
        till_id=TILL, number=7, made_at="2026-03-10T12:00:00Z", kind="order", body=body
    )
    assert text.decode() == (
        '{"body":{"external_id":"é","lines":[{"quantity":1,"sku":"a"}],"paid":1},'
        '"kind":"order","made_at":"2026-03-10T12:00:00Z","number":7,'
        '"till":"till_0192d3a0000070008000000000000001","version":1}'
    )
    assert registration_text(code="c", public_key="k") == (
        b'{"code":"c","public_key":"k","version":1}'
    )
    with pytest.raises(TypeError):
        signed_text(till_id=TILL, number=1, made_at="x", kind="order", body={"paid": 1.5})


@given(
    st.dictionaries(st.text(max_size=4), st.integers(-9, 9), max_size=4),
    st.dictionaries(st.text(max_size=4), st.integers(-9, 9), max_size=4),
)
def test_content_alone_makes_the_digest(one: dict[str, int], other: dict[str, int]) -> None:
    def digest(body: dict[str, int]) -> str:
        return digest_of(signed_text(till_id=TILL, number=1, made_at="x", kind="order", body=body))

    assert (digest(one) == digest(other)) == (one == other)
    assert digest(one) == digest(dict(reversed(one.items())))


def test_a_code_is_read_however_it_is_typed() -> None:
    assert shown_code("ABCD2345WXYZ") == "ABCD-2345-WXYZ"
    assert typed_code(" abcd-2345 wxyz") == "ABCD2345WXYZ"


def test_the_first_verdict_is_told_again() -> None:
    answer = json.dumps({"id": "ord_1", "effects": [{"type": "order.paid"}]})
    taken = first_verdict(3, fate="taken", code="", answer=answer, repeated=True)
    assert (taken.status, taken.repeated, taken.answer) == ("taken", True, json.loads(answer))
    refusal = json.dumps({"status": 409, "code": "over_refund", "detail": "No", "effects": []})
    refused = first_verdict(3, fate="refused", code="over_refund", answer=refusal, repeated=False)
    assert (refused.status, refused.code, refused.detail) == ("refused", "over_refund", "No")
    gone = first_verdict(3, fate="given_up", code="given_up", answer="", repeated=True)
    assert (gone.status, gone.code) == ("refused", "given_up")
