"""Keys and staff through the console, and the audit trail they leave."""

from __future__ import annotations

import pytest

from makers.merchants import (
    ApiClient,
    client_for,
    console,
    make_merchant,
    make_staff,
    partner,
    unique,
)
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.models import WriteRecord
from regulars.kernel.ids import new_id
from regulars.modules.merchants import services


@pytest.fixture
def shop() -> MerchantFacts:
    return make_merchant()


@pytest.fixture
def owner(shop: MerchantFacts) -> ApiClient:
    return console(make_staff(shop, "owner", totp=True))


def test_a_key_is_shown_once_and_works_until_it_is_revoked(owner: ApiClient) -> None:
    key, body = new_id().hex, {"name": "till 1"}
    made = owner.post("/keys", body, key=key)
    assert made.status_code == 201
    text = made.json()["api_key"]
    repeated = owner.post("/keys", body, key=key)
    assert "api_key" not in repeated.json()
    assert repeated.json()["id"] == made.json()["id"]
    assert text not in str(WriteRecord.plain.values_list("answer"))

    till = partner(text)
    missing = "/members/mem_" + "0" * 32
    assert till.get(missing).status_code == 404
    listed = owner.get("/keys").json()
    assert listed[0]["prefix"] == text[:14]
    assert all(one["api_key"] is None for one in listed)
    revoked = owner.post(f"/keys/{made.json()['id']}/revoke")
    assert revoked.json()["revoked_at"] is not None
    assert till.get(missing).status_code == 401


def test_a_scoped_key_is_403_beyond_its_scope(owner: ApiClient) -> None:
    made = owner.post("/keys", {"name": "reader", "scopes": ["members.read"]})
    reader = partner(made.json()["api_key"])
    assert reader.get("/members/mem_" + "0" * 32).status_code == 404
    join = {"identities": [{"type": "external", "value": "1"}]}
    refused = reader.post("/members", join)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert owner.post("/keys", {"name": "x", "scopes": ["staff.write"]}).status_code == 422


def test_a_suspended_merchant_is_403_until_it_is_open_again(shop: MerchantFacts) -> None:
    till = client_for(shop)
    services.suspend(merchant_id=shop.id, suspended=True)
    refused = till.get("/members/mem_1")
    assert (refused.status_code, refused.json()["code"]) == (403, "merchant_suspended")
    services.suspend(merchant_id=shop.id, suspended=False)
    assert till.get("/members/mem_1").status_code == 404


@pytest.mark.parametrize("path", ["/keys/{}/revoke", "/staff/{}/role"])
@pytest.mark.parametrize("id_", ["0", "999999999999", "x", "-1", "1e3", "٣", "9" * 30])
def test_a_number_that_names_nothing_is_404(owner: ApiClient, path: str, id_: str) -> None:
    body = {"role": "cashier"} if "staff" in path else None
    assert owner.post(path.format(id_), body).status_code == 404


def test_another_merchants_keys_and_people_are_404(owner: ApiClient) -> None:
    other = make_merchant()
    theirs = console(make_staff(other, "owner", totp=True))
    key_id = theirs.post("/keys", {"name": "till"}).json()["id"]
    staff_id = theirs.get("/staff").json()[0]["id"]
    for answer in (
        owner.post(f"/keys/{key_id}/revoke"),
        owner.post(f"/staff/{staff_id}/role", {"role": "cashier"}),
        owner.delete(f"/staff/{staff_id}"),
    ):
        assert (answer.status_code, answer.content) == (404, owner.get("/nowhere").content)


def test_staff_are_added_changed_and_removed(owner: ApiClient) -> None:
    name = unique("bo")
    made = owner.post("/staff", {"username": name, "name": "Bo", "role": "cashier"})
    assert made.status_code == 201, made.content
    link = made.json()["sign_in_link"]
    bo = ApiClient("/console/api")
    assert bo.django.get(link.removeprefix("http://testserver")).status_code == 302
    assert bo.get("/session").json()["role"] == "cashier"
    staff_id = made.json()["id"]
    owner.post(f"/staff/{staff_id}/role", {"role": "analyst"})
    assert bo.get("/session").json()["role"] == "analyst"
    assert owner.delete(f"/staff/{staff_id}").json()["username"] == name
    assert bo.get("/session").status_code == 403
    taken = owner.post("/staff", {"username": name, "role": "cashier"})
    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")
    me = next(one for one in owner.get("/staff").json() if one["role"] == "owner")
    last = owner.delete(f"/staff/{me['id']}")
    assert (last.status_code, last.json()["code"]) == (409, "last_owner")


def test_every_write_leaves_one_line_in_the_audit(owner: ApiClient, shop: MerchantFacts) -> None:
    for number in range(3):
        owner.post("/keys", {"name": f"k{number}"})
    owner.put("/settings", {"name": "New name"})
    owner.post("/keys", {"name": ""})
    first = owner.get("/audit?limit=2").json()
    assert [line["operation"] for line in first["data"]] == ["settings.change", "keys.create"]
    assert first["has_more"] is True
    rest = owner.get(f"/audit?limit=2&starting_after={first['next_cursor']}").json()
    assert [line["operation"] for line in rest["data"]] == ["keys.create", "keys.create"]
    assert (rest["has_more"], rest["next_cursor"]) == (False, None)
    assert rest["data"][0]["actor"].startswith("staff:owner")
    assert rest["data"][0]["subject"].startswith("key:")
    assert WriteRecord.objects.of(shop.id).count() == 4


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "+5", "5_0", "a", "", "٣"])
def test_a_page_is_one_to_a_hundred_in_plain_digits(owner: ApiClient, limit: str) -> None:
    answer = owner.get(f"/audit?limit={limit}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "?limit"


def test_a_cursor_that_is_none_is_refused(owner: ApiClient) -> None:
    answer = owner.get("/audit?starting_after=aud_x")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("?starting_after", "unknown_cursor")


def test_settings_change_what_may_change(owner: ApiClient) -> None:
    assert owner.put("/settings", {"name": "茶", "locale": "zh-hans"}).json()["name"] == "茶"
    assert owner.get("/settings").json()["locale"] == "zh-hans"
    for never in ({"currency": "CNY"}, {"code": "x"}, {"suspended": False}, {"locale": "tlh"}):
        assert owner.put("/settings", never).status_code == 422
