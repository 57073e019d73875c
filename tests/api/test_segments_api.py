"""Segments over HTTP: built, previewed, listed, exported; who may; what is refused where."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from makers.merchants import member as member_client
from makers.merchants import unique
from makers.orders import DAY, Shop, buy, enrol, make_shop, staff, uuid
from makers.segments import keep_up, members_in
from regulars.infra.models import WriteRecord
from regulars.modules.analytics import jobs, reports, services
from regulars.modules.analytics.reports.rfm_grid import cells_of, rule_of, segment_of
from regulars.modules.segments.rules import compiled

BIG = {"fact": "spend", "op": ">=", "value": 10_000}


def two_buyers() -> tuple[Shop, str, str]:
    shop = make_shop()
    big = enrol(shop, consents=[{"purpose": "sms", "granted": True}])
    small = enrol(shop, consents=[{"purpose": "sms", "granted": False}])
    buy(shop, big, 20_000)
    buy(shop, small, 500)
    keep_up(shop)
    return shop, big, small


def made(console: Any, **body: Any) -> dict[str, Any]:
    answer = console.post("/segments", {"code": unique("s"), "name": "Big", **body})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_a_segment_is_made_built_listed_and_exported() -> None:
    shop, big, _ = two_buyers()
    console = staff(shop)
    segment = made(console, rule=BIG)
    assert segment["building"] == {"done": 0, "total": 2}
    assert segment["effects"] == [
        {"type": "segment.changed", "segment": segment["code"], "change": "created"}
    ]
    keep_up(shop)

    (listed,) = console.get("/segments").json()["data"]
    assert (listed["members"], listed["building"]) == (1, None)
    assert shop.api.get("/segments").json()["data"] == [listed]
    page = shop.api.get(f"/segments/{segment['code']}/members").json()
    assert (page["total"], page["has_more"]) == (1, False)
    (row,) = page["data"]
    assert row["id"] == big
    assert all("***" in one["masked"] or "*" in one["masked"] for one in row["identities"])
    answer = console.get(f"/segments/{segment['code']}/members.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    (exported,) = csv.DictReader(io.StringIO(text))
    assert exported["member_id"] == big
    assert row["identities"][0]["masked"] in exported["identities"]
    written = WriteRecord.objects.of(shop.merchant_id).filter(operation="segments.create")
    assert written.get().actor.startswith("staff:")


def test_pages_of_members_are_whole_and_in_order() -> None:
    shop = make_shop()
    people = sorted(enrol(shop) for _ in range(5))
    keep_up(shop)
    console = staff(shop)
    code = made(console, rule={"fact": "orders", "op": "=", "value": 0})["code"]
    keep_up(shop)
    seen: list[str] = []
    after = ""
    while True:
        page = console.get(f"/segments/{code}/members?limit=2{after}").json()
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        after = f"&starting_after={page['next_cursor']}"
    assert seen == people
    assert console.get(f"/segments/{code}/members?starting_after=x").status_code == 422


def test_a_preview_counts_samples_and_overlaps_and_saves_nothing() -> None:
    shop, big, small = two_buyers()
    console = staff(shop)
    code = made(console, rule=BIG)["code"]
    keep_up(shop)

    found = console.post("/segments/preview", {"rule": BIG}, key="").json()

    assert (found["members"], found["of"], found["reading"]) == (1, 2, None)
    assert [one["id"] for one in found["samples"]] == [big]
    assert found["segments"] == [{"code": code, "name": "Big", "both": 1, "members": 1}]
    assert found["consents"] == [{"purpose": "sms", "granted": 1, "refused": 0}]
    other = shop.api.post("/segments/preview", {"rule": {"not": BIG}}).json()
    assert [one["id"] for one in other["samples"]] == [small]
    assert other["segments"] == []
    assert other["consents"] == [{"purpose": "sms", "granted": 0, "refused": 1}]
    assert len(console.get("/segments").json()["data"]) == 1


@pytest.mark.parametrize(
    ("rule", "pointer", "code"),
    [
        ({"all": [BIG, {"fact": "nothing", "op": "=", "value": 1}]},
         "/rule/all/1/fact", "unknown_fact"),
        ({"fact": "lists", "op": "includes", "value": "nowhere"}, "/rule", "unknown_list"),
        ({"fact": "spend", "op": ">", "value": 1.5}, "/rule", "integer_required"),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_fit_is_refused_where_it_stands(
    rule: Any, pointer: str, code: str
) -> None:
    shop = make_shop()
    answer = staff(shop).post("/segments", {"code": "x", "name": "x", "rule": rule})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


def test_a_write_counts_once_and_a_code_is_taken_once() -> None:
    shop = make_shop()
    console = staff(shop)
    body = {"code": "vips", "name": "x", "rule": BIG}
    first = console.post("/segments", body, key="k1")
    again = console.post("/segments", body, key="k1")
    assert (first.status_code, first.content) == (201, again.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    taken = console.post("/segments", body, key="k2")
    assert (taken.status_code, taken.json()["code"]) == (409, "segment_code_taken")
    assert console.post("/segments", {**body, "code": "preview"}).status_code == 422


def test_a_segment_is_changed_frozen_let_go_and_deleted() -> None:
    shop, _, small = two_buyers()
    console = staff(shop)
    code = made(console, rule=BIG)["code"]
    keep_up(shop)
    changed = console.put(f"/segments/{code}", {"rule": {"not": BIG}, "name": "Small"}).json()
    assert (changed["name"], changed["rule"]) == ("Small", {"not": BIG})
    keep_up(shop)
    assert members_in(shop, code) == {uuid(small)}
    assert console.post(f"/segments/{code}/freeze").json()["status"] == "frozen"
    assert console.put(f"/segments/{code}", {"rule": BIG}).status_code == 409
    assert console.post(f"/segments/{code}/let-go").json()["status"] == "live"
    assert console.delete(f"/segments/{code}").status_code == 200
    assert console.get(f"/segments/{code}").status_code == 404


def test_a_list_takes_ids_and_identities_and_tells_whom_nobody_is() -> None:
    shop = make_shop()
    names = [unique("m") for _ in range(2)]
    people = [enrol(shop, identities=[{"type": "external", "value": name}]) for name in names]
    keep_up(shop)
    console = staff(shop)
    code = made(console, members=[people[0]], exclusion=True)["code"]
    assert members_in(shop, code) == {uuid(people[0])}

    body = {"remove": [people[0]], "type": "external", "values": ["nobody", names[1]]}
    answer = console.post(f"/segments/{code}/entries", body).json()

    assert answer["unknown"] == [0]
    assert (answer["members"], answer["exclusion"]) == (1, True)
    assert members_in(shop, code) == {uuid(people[1])}
    kinds = {(one["type"], one["member_id"]) for one in answer["effects"]}
    assert kinds == {("segment.left", people[0]), ("segment.entered", people[1])}


def test_tags_and_facts_of_a_member() -> None:
    shop, big, _ = two_buyers()
    console = staff(shop)
    code = made(console, rule={"fact": "tags", "op": "includes", "value": "vip"})["code"]
    keep_up(shop)
    answer = console.post(f"/members/{big}/tags", {"tag": "vip", "why": "writes reviews"})
    assert answer.status_code == 201
    kinds = [one["type"] for one in answer.json()["effects"]]
    assert kinds == ["member.tagged", "segment.entered"]

    known = console.get(f"/members/{big}/facts").json()

    facts = {one["name"]: one for one in known["facts"]}
    assert facts["spend"]["value"] == 20_000
    assert facts["spend"]["cause"] == "order.paid"
    assert facts["consents"]["value"] == ["sms"]
    assert known["segments"] == [code]
    assert known["tags"][0]["why"] == "writes reviews"
    assert console.delete(f"/members/{big}/tags/vip").json()["tags"] == []
    assert console.delete(f"/members/{big}/tags/vip").status_code == 404
    words = console.get("/segment-facts").json()
    assert {"name": "tier", "kind": "text", "part": "tier",
            "operators": ["=", "!=", "in", "not_in", "known"]} in words["facts"]  # fmt: skip


def test_a_member_sees_the_words_on_them_and_takes_them_off() -> None:
    """Without who said so and why: that is the staff's own talk."""
    shop, big, small = two_buyers()
    console = staff(shop)
    code = made(console, rule={"fact": "tags", "op": "includes", "value": "vip"})["code"]
    keep_up(shop)
    for member in (big, small):
        console.post(f"/members/{member}/tags", {"tag": "vip", "why": "writes reviews"})
    own = member_client(shop.merchant, uuid(big))
    assert own.get("/tags").json() == {"data": [{"tag": "vip", "at": "2026-03-10T12:00:00Z"}]}
    answer = own.delete("/tags/vip", key="k")
    assert answer.json()["data"] == []
    assert [one["type"] for one in answer.json()["effects"]] == ["member.untagged", "segment.left"]
    assert own.delete("/tags/vip", key="k").content == answer.content
    assert own.delete("/tags/vip").status_code == 404
    assert members_in(shop, code) == {uuid(small)}, "nobody else's"


# ── from the RFM grid ─────────────────────────────────────────────────────────────────────


def test_the_rule_of_a_group_holds_for_its_cells_and_for_no_others() -> None:
    groups = {segment_of(recency=r, frequency=f) for r in range(1, 6) for f in range(1, 6)}
    for group in groups:
        rule = compiled(rule_of(cells_of(group)))
        for r in range(1, 6):
            for f in range(1, 6):
                values = {"recency_score": r, "frequency_score": f}
                assert rule.holds(values, 1) == (segment_of(recency=r, frequency=f) == group)
    assert cells_of("nothing") == []


def test_a_segment_of_the_grid_has_the_members_of_the_grid_and_lives() -> None:
    shop = make_shop()
    people = [enrol(shop) for _ in range(10)]
    for number, member in enumerate(people):
        for times in range(1 + number % 4):
            buy(shop, member, 1_000, at=shop.now - (number + 10 * times) * DAY)
    keep_up(shop)
    console = staff(shop)
    fresh = services.refresh_facts(shop.merchant_id, shop.now)
    assert jobs.hand_over_scores(fresh, shop.merchant, shop.now) == 10
    assert jobs.hand_over_scores(fresh, shop.merchant, shop.now) == 0, "none differs"
    report = reports.rfm(fresh.facts, as_of=shop.now.date())
    for group in report["segments"]:
        body = {"code": unique("g"), "name": "x", "group": group["segment"]}
        assert console.post("/reports/rfm/segments", body).status_code == 201
        keep_up(shop)
        assert len(members_in(shop, body["code"])) == group["members"], group
    cell = next(one for one in report["grid"] if one["members"])
    body = {"code": "cell", "name": "x", "cells": [{"r": cell["r"], "f": cell["f"]}]}
    assert console.post("/reports/rfm/segments", body).status_code == 201
    keep_up(shop)
    assert len(members_in(shop, "cell")) == cell["members"]

    worst = people[-1]
    for days in range(6):
        buy(shop, worst, 1_000, at=shop.now - days * DAY)
    fresh = services.refresh_facts(shop.merchant_id, shop.now)
    jobs.hand_over_scores(fresh, shop.merchant, shop.now)
    best = compiled(rule_of([(5, 5)]))
    known = console.get(f"/members/{worst}/facts").json()["facts"]
    scores = {one["name"]: one["value"] for one in known if one["part"] == "scores"}
    assert best.holds(scores, 1)
    empty = console.post("/reports/rfm/segments", {"code": "e", "name": "x", "group": "none"})
    assert empty.status_code == 422
