"""What members say of themselves after joining, above all their birthday."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from makers.merchants import ApiClient, unique
from makers.merchants import member as member_client
from makers.offers import make_offer
from makers.orders import DAY, Shop, enrol, make_shop, staff, uuid
from regulars.infra.db import LostRace
from regulars.infra.models import OutboxRow
from regulars.modules.members import queries
from regulars.modules.members.describing import describe
from regulars.modules.members.models import Member

CART = {"lines": [{"sku": "tea", "quantity": 1, "unit_price": 10_000}]}


def change(shop: Shop, member: str, **given: Any) -> Any:
    return shop.api.send("PATCH", f"/members/{member}", given)


def born(shop: Shop, member: str) -> str | None:
    day = queries.birthday(shop.merchant_id, uuid(member))
    return day.isoformat() if day else None


def announced(shop: Shop) -> int:
    rows = OutboxRow.objects.filter(merchant_id=shop.merchant_id).values_list("events", flat=True)
    return sum(event["topic"] == "member.updated" for row in rows for event in json.loads(row))


def test_who_joined_without_a_birthday_may_tell_it_later() -> None:
    shop = make_shop()
    make_offer(shop, code="birthday", params={"bps": 2_000},
               who={"rule": {"fact": "birthday_today", "op": "=", "value": True}})  # fmt: skip
    member = enrol(shop)
    asked = {**CART, "member_id": member}
    assert shop.api.post("/evaluations", asked).json()["due"] == 10_000
    answer = change(shop, member, birthday="1990-03-10")
    assert answer.status_code == 200, answer.content
    assert answer.json()["effects"] == [
        {"type": "member.updated", "member_id": member, "fields": ["birthday"]}
    ]
    assert "1990" not in answer.content.decode()
    assert shop.api.post("/evaluations", asked).json()["due"] == 8_000


def test_a_birthday_is_replaced_once_a_year() -> None:
    shop = make_shop()
    member = enrol(shop)
    for birthday, status in (
        ("1990-03-10", 200),  # told for the first time: no change
        ("1990-03-11", 200),
        ("1990-03-11", 200),  # the same again: nothing to do
        ("1990-03-12", 409),
    ):
        assert change(shop, member, birthday=birthday).status_code == status
    refused = change(shop, member, birthday="1990-03-12").json()
    assert refused["code"] == "birthday_changed_recently"
    assert "2027-03-10" in refused["detail"]
    assert born(shop, member) == "1990-03-11"
    shop.move(365 * DAY - timedelta(hours=13), due=False)
    assert change(shop, member, birthday="1990-03-12").status_code == 409, "the day before"
    shop.move(timedelta(hours=13), due=False)
    assert change(shop, member, birthday="1990-03-12").status_code == 200
    assert change(shop, member, birthday="1990-03-13").status_code == 409


def test_forgetting_is_always_allowed_and_no_way_round() -> None:
    shop = make_shop()
    member = enrol(shop, birthday="1990-03-10")
    assert change(shop, member, birthday=None).status_code == 200
    assert born(shop, member) is None
    assert Member.objects.of(shop.merchant_id).get(id=uuid(member)).birthday_sealed == ""
    assert change(shop, member, birthday="1990-06-01").status_code == 409
    shop.move(366 * DAY, due=False)
    assert change(shop, member, birthday="1990-06-01").status_code == 200
    assert change(shop, member, birthday=None).status_code == 200, "at any time"


def test_name_and_language_change_as_often_as_anyone_likes() -> None:
    shop = make_shop()
    member = enrol(shop, name="Li", birthday="1990-03-10")
    for name in ("Li Na", "Na", None):
        assert change(shop, member, name=name, locale="zh-hans").status_code == 200
    assert queries.names(shop.merchant_id, [uuid(member)]) == {}
    assert born(shop, member) == "1990-03-10", "what is left out stays"
    before = announced(shop)
    assert change(shop, member, locale="zh-hans").json()["effects"] == []
    assert change(shop, member).json()["effects"] == []
    assert announced(shop) == before == 3


def test_what_is_refused_leaves_no_trace() -> None:
    shop, other = make_shop(), make_shop()
    member = enrol(shop)
    for wrong in ({"birthday": "2026-03-12"}, {"birthday": "x"}, {"birthday": 5}, {"x": 1},
                  {"name": "x" * 101}, {"locale": "English"}, {"status": "merged"}):  # fmt: skip
        assert change(shop, member, **wrong).status_code == 422
    assert change(other, member, name="x").status_code == 404
    assert change(shop, "mem_" + "0" * 32, name="x").status_code == 404
    assert announced(shop) == 0


def test_the_record_that_carries_on_is_changed() -> None:
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    assert shop.api.post(f"/members/{into}/merge", {"from": source}).status_code == 201
    assert change(shop, source, birthday="1990-03-10").status_code == 200
    assert (born(shop, into), born(shop, source)) == ("1990-03-10", None)


def test_of_two_changes_at_once_one_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the birthday that was; whoever writes second must look again."""
    shop = make_shop()
    member = enrol(shop, birthday="1990-03-10")
    read = queries.opened_birthday

    def beaten(*args: Any) -> Any:
        monkeypatch.setattr(queries, "opened_birthday", read)
        assert change(shop, member, birthday="1990-04-01").status_code == 200
        return read(*args)

    monkeypatch.setattr(queries, "opened_birthday", beaten)
    with pytest.raises(LostRace):
        describe(
            merchant=shop.merchant,
            member_id=uuid(member),
            given={"birthday": date(1990, 5, 1)},
            now=shop.now,
        )


def own(shop: Shop, member: str) -> ApiClient:
    return member_client(shop.merchant, uuid(member))


def test_a_member_tells_it_on_their_own_page() -> None:
    shop = make_shop()
    member = enrol(shop)
    page = own(shop, member)
    assert page.get("/birthday").json() == {"birthday": None, "changeable_from": None}
    first = page.put("/birthday", {"birthday": "1990-02-28"}).json()
    assert (first["birthday"], first["changeable_from"]) == ("1990-02-28", None)
    told = page.put("/birthday", {"birthday": "1992-02-29"}).json()
    assert (told["birthday"], told["changeable_from"]) == ("1992-02-29", "2027-03-10")
    assert page.put("/birthday", {"birthday": "1990-02-27"}).status_code == 409
    assert page.put("/birthday", {"birthday": None}).json()["birthday"] is None
    assert page.put("/birthday", {}).status_code == 422


def test_staff_change_it_under_the_same_rule() -> None:
    shop = make_shop()
    member = enrol(shop, birthday="1990-03-10")
    desk = staff(shop, "cashier")
    key = {"key": unique("k")}
    answer = desk.send("PATCH", f"/members/{member}", {"birthday": "1990-03-11"}, **key)
    again = desk.send("PATCH", f"/members/{member}", {"birthday": "1990-03-11"}, **key)
    assert (answer.status_code, again.content) == (200, answer.content)
    assert desk.send("PATCH", f"/members/{member}", {"birthday": "1990-03-12"}).status_code == 409
    reader = staff(shop, "analyst")
    assert reader.send("PATCH", f"/members/{member}", {"name": "x"}).status_code == 403


def test_a_consent_keeps_what_brought_it_about() -> None:
    shop = make_shop()
    said = {"purpose": "sms", "granted": True, "text_version": "v2", "channel": "live room",
            "campaign": "spring"}  # fmt: skip
    member = enrol(shop, consents=[said])
    (told,) = own(shop, member).get("/consents").json()["data"]
    assert told == {**said, "at": "2026-03-10T12:00:00Z"}
    other = {**said, "campaign": "x" * 101}
    body = {"identities": [{"type": "external", "value": unique("m")}], "consents": [other]}
    assert shop.api.post("/members", body).status_code == 422


def test_the_console_shows_a_birthday_to_who_may_change_it_and_when_another_can_be_given() -> None:
    shop = make_shop()
    member = enrol(shop)
    page = f"/members/{member}"

    def seen(role: str) -> tuple[str | None, str | None]:
        told = staff(shop, role).get(page).json()
        return told["birthday"], told["birthday_changeable_from"]

    assert seen("owner") == (None, None)
    assert change(shop, member, birthday="1990-03-10").status_code == 200
    assert seen("owner") == ("1990-03-10", None)
    assert change(shop, member, birthday="1990-03-11").status_code == 200
    day, free = seen("cashier")
    assert day == "1990-03-11"
    assert free is not None
    assert seen("analyst") == (None, None)
