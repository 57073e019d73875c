"""Merges over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from makers.orders import buy, enrol, kinds, make_shop, staff, traces
from regulars.kernel.ids import new_id, show


@pytest.mark.parametrize("audience", ["partner", "console"])
def test_a_merge_and_its_undoing(audience: str) -> None:
    shop = make_shop()
    api = shop.api if audience == "partner" else staff(shop)
    into, source = enrol(shop), enrol(shop)
    buy(shop, into, 60_000)
    buy(shop, source, 50_000)
    merged = api.post(f"/members/{into}/merge", {"from": source})
    assert merged.status_code == 201
    told = merged.json()
    assert {name: told[name] for name in ("into", "from", "at")} == {
        "into": into, "from": source, "at": "2026-03-10T12:00:00Z",
    }  # fmt: skip
    assert told["effects"][0] == {
        "type": "member.merged", "merge_id": told["id"], "into_member": into,
        "from_member": source, "points": 500, "growth_value": 500, "points_debt": 0,
    }  # fmt: skip
    assert kinds(told["effects"])[1:] == ["points.moved"] * 2 + ["growth_value.moved"] * 2 + [
        "tier.upgraded"
    ]
    for member in (into, source):
        points = shop.api.get(f"/members/{member}/balances").json()["points"]
        assert (points["available"], points["debt"]) == (1_100, 0)
        assert shop.api.get(f"/members/{member}/tier").json()["tier"]["code"] == "silver"
    entries = shop.api.get(f"/members/{into}/ledger?asset=points").json()["data"]
    assert (entries[0]["kind"], entries[0]["amount"]) == ("merge_in", 500)

    undone = api.post(f"/merges/{told['id']}/undo")
    assert undone.status_code == 200
    assert undone.json()["effects"][0]["type"] == "member.unmerged"
    for member, points in ((into, 600), (source, 500)):
        balances = shop.api.get(f"/members/{member}/balances").json()
        assert balances["points"]["available"] == points
        assert shop.api.get(f"/members/{member}/tier").json()["tier"]["code"] == "basic"
    assert shop.api.get(f"/members/{source}").json()["merged_into"] is None


def test_the_same_key_the_same_merge() -> None:
    shop = make_shop()
    into, source, third = enrol(shop), enrol(shop), enrol(shop)
    path = f"/members/{into}/merge"
    first = shop.api.post(path, {"from": source}, key="k")
    replay = shop.api.post(path, {"from": source}, key="k")
    assert (replay.content, replay["Idempotent-Replayed"]) == (first.content, "true")
    for where, body in ((path, {"from": third}), (f"/members/{third}/merge", {"from": source})):
        assert shop.api.post(where, body, key="k").json()["code"] == "idempotency_key_reused"
    undo = f"/merges/{first.json()['id']}/undo"
    done, again = shop.api.post(undo, key="u"), shop.api.post(undo, key="u")
    assert (again.content, again["Idempotent-Replayed"]) == (done.content, "true")


def test_what_is_refused_and_why() -> None:
    shop, other = make_shop(), make_shop()
    a, b, c, theirs = enrol(shop), enrol(shop), enrol(shop), enrol(other)
    nobody = show("mem", new_id())
    before = traces(shop)
    cases: list[tuple[str, Any, int, str]] = [
        (a, {"from": a}, 422, "invalid"),
        (a, {"from": theirs}, 404, "not_found"),
        (a, {"from": nobody}, 404, "not_found"),
        (a, {"from": "mem_1"}, 404, "not_found"),
        (theirs, {"from": a}, 404, "not_found"),
        (a, {}, 422, "invalid"),
        (a, {"from": b, "x": 1}, 422, "invalid"),
        (a, {"source": b}, 422, "invalid"),
        (a, {"from": 5}, 422, "invalid"),
    ]
    for into, body, status, code in cases:
        answer = shop.api.post(f"/members/{into}/merge", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    foreign = shop.api.post(f"/members/{a}/merge", {"from": theirs})
    unknown = shop.api.post(f"/members/{a}/merge", {"from": nobody})
    assert foreign.content == unknown.content
    assert shop.api.post(f"/members/{a}/merge", {"from": b}, key="").status_code == 400
    assert traces(shop) == before

    first = shop.api.post(f"/members/{a}/merge", {"from": b}).json()["id"]
    for into, source in ((a, b), (c, b), (b, c)):
        answer = shop.api.post(f"/members/{into}/merge", {"from": source})
        assert (answer.status_code, answer.json()["code"]) == (409, "already_merged")
    second = shop.api.post(f"/members/{c}/merge", {"from": a}).json()["id"]
    before = traces(shop)
    refused = shop.api.post(f"/merges/{first}/undo")
    assert (refused.status_code, refused.json()["code"]) == (409, "merged_further")
    answers = [other.api.post(f"/merges/{id_}/undo") for id_ in (first, "mrg_1", nobody)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert shop.api.post(f"/merges/{second}/undo", {"x": 1}).status_code == 422
    assert traces(shop) == before
    assert shop.api.post(f"/merges/{second}/undo").status_code == 200
    again = shop.api.post(f"/merges/{second}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "merge_undone")


@pytest.mark.parametrize(("role", "status"), [("cashier", 403), ("analyst", 403), ("manager", 201)])
def test_who_may_merge(role: str, status: int) -> None:
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    person = staff(shop, role)
    assert person.post(f"/members/{into}/merge", {"from": source}).status_code == status
