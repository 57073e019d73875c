"""Points over HTTP: the contract's shapes, refusals, and each write once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from makers.ledger import claw_back, earn, order_cause, spend
from makers.merchants import (
    ApiClient,
    client_for,
    console,
    make_merchant,
    make_staff,
    member,
    unique,
)
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.models import WriteRecord
from regulars.kernel.canonical import canonical_json
from regulars.kernel.ids import new_id, parse, show
from regulars.modules.ledger.models import Adjustment
from regulars.modules.ledger.verification import verify

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Shop:
    """A merchant, its API client, and one member."""

    def __init__(self) -> None:
        self.merchant: MerchantFacts = make_merchant()
        self.api: ApiClient = client_for(self.merchant)
        self.member = self.enrol()

    def enrol(self) -> str:
        body = {"identities": [{"type": "external", "value": unique("u")}]}
        return str(self.api.post("/members", body).json()["id"])

    @property
    def member_id(self) -> Any:
        return parse("mem", self.member)

    def adjust(self, amount: object, **more: object) -> Any:
        body = {"amount": amount, "reason": "goodwill", **more}
        return self.api.post(f"/members/{self.member}/points/adjust", body)

    def hold(self, amount: int, expires_in: int = 600) -> Any:
        body = {"member_id": self.member, "amount": amount, "expires_in": expires_in}
        return self.api.post("/points/holds", body)

    def balances(self) -> Any:
        return self.api.get(f"/members/{self.member}/balances").json()


@pytest.fixture
def shop() -> Shop:
    return Shop()


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def pointers(answer: Any) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


def shown(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


# ── balances and entries ──────────────────────────────────────────────────────────────────────


def test_a_newcomer_holds_nothing_of_anything(shop: Shop) -> None:
    nothing = {"posted": 0, "held": 0, "pending": 0, "available": 0, "debt": 0, "expiring": []}
    assert shop.balances() == {
        "points": nothing,
        "growth_value": nothing,
        "stored_value": {"principal": 0, "bonus": 0, "held": 0, "available": 0},
    }


def test_balances_say_what_is_held_pending_owed_and_about_to_expire(shop: Shop) -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    shop.adjust(100, expires_at=shown(later))
    shop.adjust(40, available_at=shown(later))
    shop.hold(30)

    points = shop.balances()["points"]

    assert points == {
        "posted": 100,
        "held": 30,
        "pending": 40,
        "available": 70,
        "debt": 0,
        "expiring": [{"at": shown(later), "amount": 70}],
    }


def test_entries_are_the_contracts_newest_first_in_pages(shop: Shop) -> None:
    merchant_id = shop.merchant.id
    earn(merchant_id, shop.member_id, 30, at=LONG_AGO)
    spend(merchant_id, shop.member_id, 30, at=LONG_AGO)
    claw_back(merchant_id, shop.member_id, 30, order=order_cause(), at=LONG_AGO)

    first = shop.api.get(f"/members/{shop.member}/ledger?limit=2").json()
    rest = shop.api.get(
        f"/members/{shop.member}/ledger?limit=2&starting_after={first['next_cursor']}"
    ).json()

    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    assert [e["kind"] for e in (*first["data"], *rest["data"])] == ["debt", "redeem", "earn"]
    assert rest["data"] == [
        {
            "id": f"ent_{shop.member_id.hex}_p1",
            "at": "2026-01-01T00:00:00Z",
            "asset": "points",
            "account": f"acc_{shop.member_id.hex}_p",
            "amount": 30,
            "balance_after": 30,
            "kind": "earn",
            "cause": {"type": "order", "id": order_cause().id},
            "reverses": None,
        }
    ]
    owed = first["data"][0]
    assert (owed["asset"], owed["account"]) == ("points", f"acc_{shop.member_id.hex}_pd")


@pytest.mark.parametrize("query", ["?asset=stored_value", "?starting_after=ent_x", "?limit=0"])
def test_a_wrong_question_is_refused(shop: Shop, query: str) -> None:
    answer = shop.api.get(f"/members/{shop.member}/ledger{query}")
    assert answer.status_code == 422
    assert pointers(answer) == [query.partition("=")[0]]


def test_the_member_and_the_console_read_the_same_entries(shop: Shop) -> None:
    shop.adjust(5)
    own = member(shop.merchant, shop.member_id).get("/ledger").json()
    staff = console(make_staff(shop.merchant, "analyst"))
    of_staff = staff.get(f"/members/{shop.member}/ledger?asset=points").json()

    assert own == of_staff == shop.api.get(f"/members/{shop.member}/ledger").json()
    assert [entry["amount"] for entry in own["data"]] == [5]


# ── adjustments ───────────────────────────────────────────────────────────────────────────────


def test_an_adjustment_tells_its_effects_and_who_did_it(shop: Shop) -> None:
    answer = shop.adjust(120)

    assert answer.status_code == 201
    told = answer.json()
    assert (told["amount"], told["reason"], told["pending"]) == (120, "goodwill", False)
    (effect,) = told["effects"]
    assert effect["type"] == "points.adjusted"
    assert (effect["member_id"], effect["amount"], effect["balance_after"]) == (
        shop.member, 120, 120,
    )  # fmt: skip
    row = Adjustment.objects.of(shop.merchant.id).get()
    assert row.actor.startswith("key:")
    record = WriteRecord.objects.of(shop.merchant.id).get(operation="points.adjust")
    assert (record.subject, record.actor) == (shop.member, row.actor)


def test_sent_again_it_is_done_once(shop: Shop) -> None:
    path, body = f"/members/{shop.member}/points/adjust", {"amount": 5, "reason": "x"}
    first = shop.api.post(path, body, key="k1")
    again = shop.api.post(path, body, key="k1")
    other = shop.api.post(path, {**body, "amount": 6}, key="k1")

    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert problem(other) == (422, "idempotency_key_reused")
    assert shop.balances()["points"]["posted"] == 5


def test_a_refused_adjustment_may_be_sent_again(shop: Shop) -> None:
    path, body = f"/members/{shop.member}/points/adjust", {"amount": -5, "reason": "x"}
    assert problem(shop.api.post(path, body, key="k2")) == (409, "insufficient_points")
    shop.adjust(5)
    assert shop.api.post(path, body, key="k2").status_code == 201
    assert shop.balances()["points"]["posted"] == 0


@pytest.mark.parametrize("amount", [0, 1.0, "5", True, None, 2**53, -(2**53), 10**15 + 1])
def test_what_is_no_amount_has_no_effect(shop: Shop, amount: object) -> None:
    answer = shop.adjust(amount)
    assert answer.status_code == 422
    assert pointers(answer) == ["/amount"]
    assert not Adjustment.objects.of(shop.merchant.id).exists()


@pytest.mark.parametrize(
    "more",
    [{"reason": ""}, {"reason": " "}, {"reason": 5}, {"reason": "x" * 256}, {"balance": 5},
     {"available_at": "tomorrow"}, {"expires_at": "2020-01-01T00:00:00Z"}],
)  # fmt: skip
def test_what_does_not_fit_is_named(shop: Shop, more: dict[str, object]) -> None:
    answer = shop.adjust(5, **more)
    assert answer.status_code == 422
    assert pointers(answer) == [f"/{name}" for name in more]


# ── holds ─────────────────────────────────────────────────────────────────────────────────────


def test_a_hold_is_captured_in_part_and_ends(shop: Shop) -> None:
    shop.adjust(100)
    made = shop.hold(30)
    assert made.status_code == 201
    hold = made.json()
    assert hold["id"].startswith("hold_")
    assert (hold["member_id"], hold["amount"], hold["status"]) == (shop.member, 30, "open")
    assert [effect["type"] for effect in hold["effects"]] == ["points.held"]
    assert hold["effects"][0]["hold_id"] == hold["id"]

    captured = shop.api.post(f"/points/holds/{hold['id']}/capture", {"amount": 20})

    assert captured.status_code == 200
    assert (captured.json()["status"], captured.json()["captured"]) == ("captured", 20)
    told = [(effect["type"], effect["amount"]) for effect in captured.json()["effects"]]
    assert told == [("points.redeemed", -20), ("points.released", 10)]
    assert shop.balances()["points"]["available"] == 80
    for verb in ("capture", "release"):
        ended = shop.api.post(f"/points/holds/{hold['id']}/{verb}", {})
        assert problem(ended) == (409, "hold_ended")
    read = shop.api.get(f"/points/holds/{hold['id']}").json()
    assert read == {key: value for key, value in captured.json().items() if key != "effects"}


@pytest.mark.parametrize("body", [None, {}, {"amount": None}])
def test_a_capture_that_names_no_amount_takes_everything(shop: Shop, body: object) -> None:
    shop.adjust(100)
    hold_id = shop.hold(30).json()["id"]
    captured = shop.api.post(f"/points/holds/{hold_id}/capture", body)
    assert captured.json()["captured"] == 30


@pytest.mark.parametrize("body", [None, {}])
def test_a_release_frees_it(shop: Shop, body: object) -> None:
    shop.adjust(100)
    hold_id = shop.hold(30).json()["id"]
    released = shop.api.post(f"/points/holds/{hold_id}/release", body)
    assert released.status_code == 200
    assert [effect["type"] for effect in released.json()["effects"]] == ["points.released"]
    assert shop.balances()["points"]["available"] == 100


def test_holds_are_refused_past_what_is_available_and_for_nobody(shop: Shop) -> None:
    shop.adjust(10)
    assert problem(shop.hold(11)) == (409, "insufficient_points")
    nobody = {"member_id": show("mem", new_id()), "amount": 1, "expires_in": 60}
    assert problem(shop.api.post("/points/holds", nobody)) == (404, "not_found")
    for bad in ({"amount": 0}, {"expires_in": 0}, {"expires_in": 10**9}, {"amount": 1.5}):
        body = {"member_id": shop.member, "amount": 1, "expires_in": 60, **bad}
        answer = shop.api.post("/points/holds", body)
        assert answer.status_code == 422
        assert pointers(answer) == [f"/{name}" for name in bad]
    hold_id = shop.hold(5).json()["id"]
    past = shop.api.post(f"/points/holds/{hold_id}/capture", {"amount": 6})
    assert problem(past) == (422, "invalid")
    assert shop.balances()["points"]["held"] == 5


def test_another_merchants_hold_is_nobodys(shop: Shop) -> None:
    shop.adjust(10)
    hold_id = shop.hold(5).json()["id"]
    stranger = client_for(make_merchant())
    never = stranger.post(f"/points/holds/{show('hold', new_id())}/capture", {})
    for verb in ("capture", "release"):
        answer = stranger.post(f"/points/holds/{hold_id}/{verb}", {})
        assert (answer.status_code, answer.content) == (404, never.content)
    assert shop.balances()["points"]["held"] == 5


# ── seals and the export ──────────────────────────────────────────────────────────────────────


def test_the_export_ends_at_the_seal_and_proves_itself(shop: Shop) -> None:
    shop.adjust(100)
    shop.api.post(f"/points/holds/{shop.hold(30).json()['id']}/capture", {"amount": 20})
    assert shop.api.get("/export/entries").getvalue() == b""

    sealed = shop.api.post("/seals")
    shop.adjust(1)
    answer = shop.api.get("/export/entries")

    assert sealed.status_code == 201
    assert [effect["type"] for effect in sealed.json()["effects"]] == ["ledger.sealed"]
    assert answer["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.getvalue().splitlines()]
    *entries, last = lines
    assert last == {k: v for k, v in sealed.json().items() if k != "effects"}
    assert [entry["amount"] for entry in entries] == [100, -20]
    for entry in entries:
        told = entry.pop("hash")
        assert sha256(canonical_json(entry)).hexdigest() == told
    assert verify(shop.merchant.id) == []


def test_an_export_of_one_merchant_has_nothing_of_another(shop: Shop) -> None:
    other = Shop()
    other.adjust(7)
    other.api.post("/seals")
    shop.adjust(5)
    shop.api.post("/seals")

    text = shop.api.get("/export/entries").getvalue().decode()

    assert shop.member in text
    assert other.member not in text


def test_seals_are_listed_with_who_signed_them(shop: Shop) -> None:
    for amount in (1, 2, 3):
        shop.adjust(amount)
        shop.api.post("/seals")
    first = shop.api.get("/seals?limit=2").json()
    rest = shop.api.get(f"/seals?limit=2&starting_after={first['next_cursor']}").json()

    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    listed = [*first["data"], *rest["data"]]
    assert [sealed["seal"] for sealed in listed] == [3, 2, 1]
    exported = [
        json.loads(line) for line in shop.api.get("/export/entries").getvalue().split(b"\n") if line
    ]
    rows = [line for line in exported if "seal" in line]
    for sealed, row in zip(reversed(listed), rows, strict=True):
        signature, key = sealed.pop("signature"), sealed.pop("public_key")
        assert sealed == row
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), canonical_json(row)
        )
    wrong = shop.api.get("/seals?starting_after=seal_1")
    assert (wrong.status_code, pointers(wrong)) == (422, ["?starting_after"])
