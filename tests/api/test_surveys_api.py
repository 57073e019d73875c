"""Surveys over HTTP: written, opened, answered once, told of together, taken back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from makers.merchants import client_for, make_merchant, make_staff, member, unique
from makers.merchants import console as signed_in
from makers.surveys import LIKED, a_joined, answers, choice_body, chosen, make_survey
from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import parse, show
from regulars.kernel.instants import show_instant
from regulars.modules.segments import refreshing, sweeping
from regulars.modules.segments import services as segments
from regulars.modules.surveys import queries
from regulars.modules.surveys.models import Response


@pytest.fixture
def shop() -> MerchantFacts:
    return make_merchant(programme="plain")


def joined(shop: MerchantFacts, **about: Any) -> UUID:
    return a_joined(shop, unique("m"), **about)


def results(shop: MerchantFacts, survey_id: str, **more: str) -> Any:
    return client_for(shop).get(f"/surveys/{survey_id}/results").json()


def closed(shop: MerchantFacts, survey_id: str) -> Any:
    answer = client_for(shop).post(f"/surveys/{survey_id}/close")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_draft_is_changed_thrown_away_or_opened_and_then_stays(shop: MerchantFacts) -> None:
    api = client_for(shop)
    made = api.post("/surveys", choice_body()).json()
    assert made["status"] == "draft"
    path = f"/surveys/{made['id']}"
    fewer = choice_body(shown=2, worst=False, benefits=choice_body()["benefits"][:3])
    assert len(api.put(path, fewer).json()["benefits"]) == 3
    until = show_instant(now_for(shop) + timedelta(days=1))
    assert api.post(f"{path}/open", {"closes_at": until}).json()["status"] == "open"
    again = api.post(f"{path}/open", {"closes_at": until})
    for refused in (api.put(path, fewer), api.delete(path), again):
        assert (refused.status_code, refused.json()["code"]) == (409, "survey_not_draft")
    assert closed(shop, made["id"])["status"] == "closed"
    assert api.post(f"{path}/close").json()["code"] == "survey_not_open"
    other = api.post("/surveys", choice_body()).json()["id"]
    assert api.delete(f"/surveys/{other}").status_code == 200
    assert api.get(f"/surveys/{other}").status_code == 404
    assert [one["id"] for one in api.get("/surveys").json()["data"]] == [made["id"]]


def test_one_that_opens_later_is_asked_of_nobody_yet_and_may_be_closed(shop: MerchantFacts) -> None:
    api, now = client_for(shop), now_for(shop)
    made = api.post("/surveys", choice_body()).json()["id"]
    when = {"opens_at": now + timedelta(days=1), "closes_at": now + timedelta(days=2)}
    body = {name: show_instant(at) for name, at in when.items()}
    assert api.post(f"/surveys/{made}/open", body).json()["status"] == "scheduled"
    card = member(shop, joined(shop))
    assert card.get("/surveys").json()["data"] == []
    early = card.post(f"/surveys/{made}/answer", {"reason": "price"})
    assert early.json()["code"] == "survey_not_open"
    assert closed(shop, made)["status"] == "closed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"shown": 1},
        {"questions": 0},
        {"shown": 2},
        {"benefits": choice_body()["benefits"][:2]},
        {"benefits": [choice_body()["benefits"][0]] * 4},
        {"kind": "reason"},
        {"segment": "never-was"},
        {"benefits": [{**one, "cost_minor": -1} for one in choice_body()["benefits"]]},
        {"benefits": [{**one, "use": "offer", "offer": "?"} for one in choice_body()["benefits"]]},
        {"benefits": [{**one, "use": "offer"} for one in choice_body()["benefits"]]},
    ],
)
def test_what_cannot_be_asked_is_refused(shop: MerchantFacts, wrong: dict[str, Any]) -> None:
    answer = client_for(shop).post("/surveys", choice_body(**wrong))
    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"]


def test_a_member_answers_once_and_sees_it_no_more(shop: MerchantFacts) -> None:
    survey_id = make_survey(shop, choice_body())
    own = joined(shop)
    card = member(shop, own)
    (asked,) = card.get("/surveys").json()["data"]
    assert len(asked["questions"]) == 3
    assert all(len(question["benefits"]) == 3 for question in asked["questions"])
    wrong = chosen(asked)
    wrong["choices"][1] = {"best": "not-there", "worst": None}
    refused = card.post(f"/surveys/{survey_id}/answer", wrong)
    assert refused.json()["errors"][0]["pointer"] == "/choices/1/best"
    assert card.post(f"/surveys/{survey_id}/answer", chosen(asked)).status_code == 200
    again = card.post(f"/surveys/{survey_id}/answer", chosen(asked))
    assert (again.status_code, again.json()["code"]) == (409, "already_answered")
    assert card.get("/surveys").json()["data"] == []
    (kept,) = card.get("/answers").json()["data"]
    assert {one["best"]["zh-hans"] for one in kept["choices"]} <= {"免运费", "生日礼", "会员价"}
    assert client_for(shop).get(f"/surveys/{survey_id}").json()["answered"] == 1


def test_what_is_put_away_does_not_come_back(shop: MerchantFacts) -> None:
    survey_id = make_survey(shop, choice_body())
    card = member(shop, joined(shop))
    for _twice in range(2):
        assert card.post(f"/surveys/{survey_id}/put-away").status_code == 200
    assert card.get("/surveys").json()["data"] == []
    assert client_for(shop).get(f"/surveys/{survey_id}").json()["put_away"] == 1


def test_what_is_taken_back_is_wiped_and_not_asked_again(shop: MerchantFacts) -> None:
    survey_id = make_survey(shop, {"name": "Why", "kind": "reason"})
    own = joined(shop, channel="web")
    card, answer = answers(shop, own, reason="price")
    assert answer.status_code == 200
    (kept,) = card.get("/answers").json()["data"]
    assert (kept["reason"], kept["state"]) == ("price", "answered")
    other = member(shop, joined(shop))
    assert other.delete(f"/answers/{kept['id']}").status_code == 404
    assert card.delete(f"/answers/{kept['id']}").status_code == 200
    (row,) = Response.objects.of(shop.id).filter(member_id=own)
    assert (row.reason, row.choices, row.segments) == ("", [], [])
    assert (row.tier, row.channel) == (None, None)
    assert card.get("/surveys").json()["data"] == []
    assert card.post(f"/surveys/{survey_id}/answer", {"reason": "price"}).status_code == 409
    assert client_for(shop).get(f"/surveys/{survey_id}").json()["answered"] == 0


def test_only_who_it_is_for_is_asked(shop: MerchantFacts) -> None:
    mine, other = joined(shop), joined(shop)
    code = unique("list")
    draft = segments.Draft(code=code, name="A list", members=(mine,))
    with transaction.atomic():
        segments.create(shop, draft, by="test", now=now_for(shop))
    sweeping.sweep(shop, now_for(shop))
    refreshing.refresh(shop, now_for(shop))
    survey_id = make_survey(shop, choice_body(segment=code))
    card, stranger = member(shop, mine), member(shop, other)
    assert len(card.get("/surveys").json()["data"]) == 1
    assert stranger.get("/surveys").json()["data"] == []
    assert stranger.post(f"/surveys/{survey_id}/put-away").status_code == 404
    assert results(shop, survey_id)["members"] == 1


def test_records_that_were_merged_answer_once(shop: MerchantFacts) -> None:
    survey_id = make_survey(shop, choice_body())
    one, other = joined(shop), joined(shop)
    answers(shop, one)
    answers(shop, other, liked=LIKED[::-1])
    source = {"from": show("mem", other)}
    assert client_for(shop).post(f"/members/{show('mem', one)}/merge", source).status_code == 201
    third = joined(shop)
    into = {"from": show("mem", one)}
    assert client_for(shop).post(f"/members/{show('mem', third)}/merge", into).status_code == 201
    card = member(shop, third)
    assert card.get("/surveys").json()["data"] == []
    body = {"choices": [{"best": LIKED[0], "worst": LIKED[1]}] * 3}
    assert card.post(f"/surveys/{survey_id}/answer", body).status_code in (409, 422)
    assert len(card.get("/answers").json()["data"]) == 2
    (counted,) = queries.answers(shop.id, parse("svy", survey_id) or third)
    liked_most = {choice_body()["benefits"][one.best]["code"] for one in counted.choices}
    assert (counted.member_id, LIKED[3] in liked_most) == (third, False), "the first one counts"


def test_results_wait_for_enough_and_then_tell_shares_value_and_who(shop: MerchantFacts) -> None:
    survey_id = make_survey(shop, choice_body())
    for number in range(12):
        answers(shop, joined(shop, channel="web"))
        answers(shop, joined(shop, channel="shop"), liked=(*LIKED[1:], LIKED[0]))
        if number == 4:
            told = results(shop, survey_id)
            assert (told["told"], told["benefits"][0]["share"]) == (5, None)
    told = results(shop, survey_id)
    assert told["told"] == 15, "24 answers: four whole steps, one behind"
    assert told["benefits"][0]["share"] is None, "15 are too few for utilities"
    closed(shop, survey_id)
    told = results(shop, survey_id)
    assert (told["told"], told["members"]) == (24, 24)
    shares = {one["code"]: one["share"]["value"] for one in told["benefits"]}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    assert told["benefits"][0]["code"] == "birthday_gift"
    ranked = {one["code"]: one["rank"] for one in told["benefits"]}
    assert ranked["birthday_gift"] == 1
    assert ranked["early_access"] is None, "nobody said what it costs"
    dominated = {one["code"]: one["dominated_by"] for one in told["benefits"]}
    assert dominated["member_price"] == "birthday_gift"
    assert told["groups"] == [], "twelve are too few for a group"
    for part, first in (("benefits", "code"), ("groups", "dimension"), ("reasons", "reason")):
        sheet = client_for(shop).get(f"/surveys/{survey_id}/results?format=csv&part={part}")
        rows = list(csv.reader(io.StringIO(b"".join(sheet.streaming_content).decode())))
        assert rows[0][0] == first
        assert len(rows) == (5 if part == "benefits" else 1)


def test_groups_are_told_apart(shop: MerchantFacts) -> None:
    survey_id = make_survey(shop, choice_body())
    for _number in range(22):
        answers(shop, joined(shop, channel="web"))
        answers(shop, joined(shop, channel="shop"), liked=LIKED[::-1])
    closed(shop, survey_id)
    found = {one["group"]: one for one in results(shop, survey_id)["groups"]}
    assert set(found) == {"web", "shop"}, "all stand on one tier: it tells nobody apart"
    cells = {one["code"]: one["differs"] for one in found["web"]["cells"]}
    assert (cells["free_delivery"], cells["early_access"]) == ("more", "less")


def test_use_stands_beside_it_and_is_blank_where_no_book_knows(shop: MerchantFacts) -> None:
    benefits = choice_body()["benefits"]
    benefits[0]["use"] = "points"
    survey_id = make_survey(shop, choice_body(benefits=benefits))
    api = client_for(shop)
    for number in range(6):
        shown = show("mem", joined(shop))
        api.post(f"/members/{shown}/points/adjust", {"amount": 100, "reason": "welcome"})
        if number < 2:
            body = {"member_id": shown, "amount": 10, "expires_in": 3600}
            hold = api.post("/points/holds", body).json()["id"]
            assert api.post(f"/points/holds/{hold}/capture", {"amount": 10}).status_code == 200
    told = {one["code"]: one["use"] for one in results(shop, survey_id)["benefits"]}
    use = told[benefits[0]["code"]]
    assert (use["could"], use["did"], round(use["share"]["value"], 3)) == (6, 2, 0.333)
    assert {told[one["code"]] for one in benefits[1:]} == {None}


def test_who_left_is_asked_why_once_and_told_of_beside_what_the_books_hold(
    shop: MerchantFacts,
) -> None:
    for number in range(11):
        card = member(shop, joined(shop))
        assert card.get("/leaving/reason").json()["asked"] is False
        refused = card.post("/leaving/reason", {"reason": "price"})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_gone")
        assert card.post("/leaving").status_code == 200
        assert card.get("/leaving/reason").json()["asked"] is True
        reason = "price" if number < 4 else "messages"
        assert card.post("/leaving/reason", {"reason": reason}).status_code == 200
        assert card.post("/leaving/reason", {"reason": reason}).status_code == 409
        assert card.get("/leaving/reason").json()["asked"] is False
    told = client_for(shop).get("/insight/reasons").json()
    (source,) = told["said"]["sources"]
    assert (source["source"], source["answers"], source["told"]) == ("leaving", 11, 5)
    first = source["lines"][0]
    assert (first["reason"], first["count"], first["of"]) == ("price", 4, 5)
    assert (first["share_bps"], first["low_bps"], first["high_bps"]) == (8000, 3755, 9638)
    assert told["no_data"] == []
    sheet = client_for(shop).get("/insight/reasons?format=csv&source=said")
    rows = list(csv.DictReader(io.StringIO(b"".join(sheet.streaming_content).decode())))
    assert (rows[0]["source"], rows[0]["reason"], rows[0]["count"]) == ("leaving", "price", "4")


def test_who_left_and_came_back_is_asked_again_when_they_leave_again(shop: MerchantFacts) -> None:
    card = member(shop, joined(shop))
    for _time in range(2):
        card.post("/leaving")
        assert card.post("/leaving/reason", {"reason": "other"}).status_code == 200
        card.post("/joining")
    assert len(card.get("/answers").json()["data"]) == 2


def test_analysts_look_and_do_not_write_and_cashiers_see_nothing(shop: MerchantFacts) -> None:
    make_survey(shop, choice_body())
    analyst = signed_in(make_staff(shop, "analyst"))
    assert analyst.get("/surveys").status_code == 200
    assert analyst.post("/surveys", choice_body()).status_code == 403
    assert signed_in(make_staff(shop, "cashier")).get("/surveys").status_code == 403
