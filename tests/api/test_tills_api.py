"""Tills over HTTP: enrolled in the console, registered and sending by either door."""

from __future__ import annotations

from datetime import timedelta

import pytest

from makers.merchants import make_key, partner
from makers.orders import NOON, enrol, make_shop, order_body, staff, traces
from makers.tills import Device, make_device, sent, verdicts
from regulars.infra.models import WriteRecord
from regulars.modules.tills.models import Till


def test_a_till_from_enrolment_to_the_end() -> None:
    shop = make_shop()
    owner, cashier = staff(shop, "owner"), staff(shop, "cashier")
    made = owner.post("/tills", {"name": "Counter 1", "store": "S1"}, key="e")
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["status"], told["last_number"], told["waits_for"]) == ("enrolled", 0, None)
    assert told["effects"] == [{"type": "till.enrolled", "till_id": told["id"], "store": "S1"}]
    assert "code" not in owner.post("/tills", {"name": "Counter 1", "store": "S1"}, key="e").json()
    assert told["code"] not in WriteRecord.objects.of(shop.merchant_id).get(key="e").answer
    stores = owner.get("/settings").json()["stores"]
    assert stores == [{"code": "S1", "name": ""}]

    device = Device(till=told["id"])
    path = f"/tills/{device.till}/envelopes"
    early = cashier.post(path, {"envelopes": [device.sale(100, number=1)]})
    assert (early.status_code, early.json()["code"]) == (409, "till_not_registered")

    as_typed = told["code"].replace("-", " ").lower()
    registered = cashier.post("/tills/register", device.registration(as_typed), key="r")
    assert registered.status_code == 200, registered.content
    assert registered.json()["status"] == "registered"
    again = cashier.post("/tills/register", device.registration(as_typed))
    assert (again.status_code, again.json()["code"]) == (422, "enrolment_code_invalid")

    member = enrol(shop)
    answer = cashier.post(path, {"envelopes": [device.sale(5_000, member_id=member)]})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["last_number"] == 1
    (verdict,) = body["verdicts"]
    assert set(verdict) == {"index", "number", "status", "repeated", "answer"}
    assert verdict["answer"]["status"] == "paid"
    assert "points.earned" in [one["type"] for one in body["effects"]]
    (row,) = cashier.get("/tills").json()["data"]
    assert (row["taken"], row["refused"], row["seen_number"]) == (1, 0, 1)
    assert cashier.get(f"/tills/{device.till}").json() == row

    put_away = owner.post(f"/tills/{device.till}/revoke", {"unsent": "take"})
    assert put_away.json()["effects"] == [
        {"type": "till.revoked", "till_id": device.till, "takes_unsent": True}
    ]
    assert shop.api.get(f"/tills/{device.till}").json()["status"] == "revoked"


def test_a_code_works_once_for_a_day_and_with_a_key_that_signs() -> None:
    shop, other = make_shop(), make_shop()
    owner = staff(shop, "owner")

    def code() -> str:
        return str(owner.post("/tills", {"name": "x", "store": "S1"}).json()["code"])

    device, stranger = Device(), Device()
    first = code()
    good = device.registration(first)
    before = traces(shop)
    for wrong in (
        {**good, "proof": stranger.registration(first)["proof"]},
        {**good, "public_key": "AAAA"},
        {**good, "public_key": stranger.registration(first)["public_key"]},
    ):
        answer = shop.api.post("/tills/register", wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "till_key_invalid")
    assert other.api.post("/tills/register", good).json()["code"] == "enrolment_code_invalid"
    assert traces(shop) == before
    assert shop.api.post("/tills/register", good).status_code == 200
    late = device.registration(code())
    shop.move(timedelta(days=1), due=False)
    assert shop.api.post("/tills/register", late).json()["code"] == "enrolment_code_invalid"
    assert Till.objects.of(shop.merchant_id).exclude(public_key="").count() == 1


def test_what_waits_is_not_remembered_and_what_is_final_is() -> None:
    shop = make_shop()
    device = make_device(shop)
    first, second = device.sale(1_000), device.sale(2_000)
    assert verdicts(sent(shop, device, [second], key="k")) == [(2, "waits", False, 1)]
    sent(shop, device, [first])
    assert verdicts(sent(shop, device, [second], key="k")) == [(2, "taken", False, None)]
    path = f"/tills/{device.till}/envelopes"
    replay = shop.api.post(path, {"envelopes": [second]}, key="k")
    assert (replay["Idempotent-Replayed"], verdicts(replay.json())) == (
        "true", [(2, "taken", False, None)],
    )  # fmt: skip
    other = shop.api.post(path, {"envelopes": [first]}, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("envelopes", [[], [{}] * 101, {}, None])
def test_a_batch_has_one_to_a_hundred(envelopes: object) -> None:
    shop = make_shop()
    device = make_device(shop)
    before = traces(shop)
    answer = shop.api.post(f"/tills/{device.till}/envelopes", {"envelopes": envelopes})
    assert answer.status_code == 422
    assert traces(shop) == before


def test_refunds_need_the_right_to_refund() -> None:
    shop = make_shop()
    device = make_device(shop)
    key = partner(make_key(shop.merchant, scopes=("orders.write",)))
    path = f"/tills/{device.till}/envelopes"
    back = device.giving_back("o", (1, 1))
    answer = key.post(path, {"envelopes": [back]})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert key.post(path, {"envelopes": [device.sale(1, number=1)]}).status_code == 200


def test_each_number_leaves_its_trail() -> None:
    shop = make_shop()
    device = make_device(shop)
    sent(shop, device, [device.sale(1_000), device.sale(1_000, at=NOON - timedelta(days=8))])
    trail = staff(shop, "owner").get("/audit?limit=100").json()["data"]
    took = [
        (one["subject"][:5], one["status"]) for one in trail if one["operation"] == "tills.take"
    ]
    assert took == [("till_", 422), ("ord_0", 201)]


def test_gaps_refusals_and_terms_in_the_console() -> None:
    shop = make_shop()
    device = make_device(shop)
    owner, analyst = staff(shop, "owner"), staff(shop, "analyst")
    lost, kept = device.sale(1_000), device.envelope({"external_id": "o-2", "paid": 1})
    sent(shop, device, [kept])
    assert owner.get(f"/tills/{device.till}").json()["waits_for"] == 1
    path = f"/tills/{device.till}/give-up"
    assert owner.post(path, {"number": 2}).json()["code"] == "till_not_the_next"
    assert analyst.post(path, {"number": 1}).status_code == 403
    given = owner.post(path, {"number": 1})
    assert given.json()["effects"] == [
        {"type": "till.number_given_up", "till_id": device.till, "number": 1}
    ]
    sent(shop, device, [kept, lost])
    first = analyst.get(f"/tills/{device.till}/refused?limit=1").json()
    assert [(one["number"], one["code"], one["external_id"]) for one in first["data"]] == [
        (2, "invalid", "o-2")
    ]
    rest = analyst.get(
        f"/tills/{device.till}/refused?limit=1&starting_after={first['next_cursor']}"
    ).json()
    assert [(one["number"], one["fate"], one["made_at"]) for one in rest["data"]] == [
        (1, "given_up", None)
    ]
    assert not rest["has_more"]
    assert analyst.get("/settings/tills").json() == {"most_days_offline": 7}
    assert owner.put("/settings/tills", {"most_days_offline": 30}).status_code == 200
    assert owner.put("/settings/tills", {"most_days_offline": 91}).status_code == 422
    assert analyst.get("/settings/tills").json() == {"most_days_offline": 30}


def test_an_envelope_is_nothing_without_its_body() -> None:
    shop = make_shop()
    device = make_device(shop)
    body = order_body(100)
    raw = {**device.sale(100, number=1), "body": {**body, "paid": 1.5}}
    (verdict,) = sent(shop, device, [raw])["verdicts"]
    assert (verdict["status"], verdict["code"]) == ("rejected", "invalid")
    assert verdict["errors"][0]["pointer"].startswith("/body")
