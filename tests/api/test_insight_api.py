"""The lists over the API: paged, in the reader's language, of one merchant alone."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from makers.imported import day_of, import_rhythms
from makers.merchants import ApiClient, console, make_key, make_staff, partner
from makers.orders import Shop, make_shop
from makers.rhythms import Bought, rhythms
from makers.segments import keep_up, make_segment, members_in
from regulars.kernel.ids import show
from regulars.modules.analytics import services as analytics
from regulars.modules.insight import services, stored

BOUGHT = rhythms(members=60, items=20, days=200, leavers=0.3)


def sheet(client: ApiClient, path: str) -> list[dict[str, str]]:
    answer = client.get(f"{path}{'&' if '?' in path else '?'}format=csv")
    assert answer.status_code == 200, answer
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def told(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = make_shop()
    path = tmp_path_factory.mktemp("insight") / "orders.csv"
    import_rhythms(made.scope, path, BOUGHT, day_of(made.now, 200))
    analytics.refresh_facts(made.merchant_id, made.now)
    while services.refresh_next(made.merchant):
        pass
    return made


@pytest.fixture(scope="module")
def desk(shop: Shop) -> ApiClient:
    return console(make_staff(shop.merchant, "analyst"))


def test_pages_are_the_whole_list_once(shop: Shop) -> None:
    first = told(shop.api.get("/insight/due?limit=100"))
    assert (first["state"], first["as_of"], first["horizon_days"]) == ("ready", "2026-03-09", 14)
    rows, page = first["data"], first
    while page["has_more"]:
        page = told(shop.api.get(f"/insight/due?limit=100&starting_after={page['next_cursor']}"))
        rows += page["data"]
    chances = [row["probability_bps"] for row in rows]
    assert chances == sorted(chances, reverse=True)
    assert len({(row["member_id"], row["item"]) for row in rows}) == len(rows) > 200
    for row in rows:
        expected = row["probability_bps"] * row["worth_minor"] / 10_000
        assert row["expected_minor"] == pytest.approx(expected, abs=1)


def test_a_list_can_be_narrowed_to_a_member_or_an_item(shop: Shop) -> None:
    top = told(shop.api.get("/insight/due?limit=1"))["data"][0]
    own = told(shop.api.get(f"/insight/due?limit=100&member_id={top['member_id']}"))["data"]
    assert {row["member_id"] for row in own} == {top["member_id"]}
    assert top in own
    of_item = told(shop.api.get(f"/insight/due?limit=100&item={top['item']}"))["data"]
    assert {row["item"] for row in of_item} == {top["item"]}


def test_the_reason_is_told_in_the_language_of_the_reader(desk: ApiClient) -> None:
    english = told(desk.get("/insight/due?limit=50", **{"Accept-Language": "en"}))["data"]
    chinese = told(desk.get("/insight/due?limit=50", **{"Accept-Language": "zh-Hans"}))["data"]
    for ours, theirs in zip(english, chinese, strict=True):
        assert (ours["member_id"], ours["item"]) == (theirs["member_id"], theirs["item"])
        assert f"~{ours['every_days']} days" in ours["why"] or "of the last 56" in ours["why"]
        assert "天" in theirs["why"]


def test_the_calendar_adds_up_and_shows_how_the_last_weeks_went(
    desk: ApiClient, shop: Shop
) -> None:
    found = told(desk.get("/insight/calendar?level=type"))
    days = [row["day"] for row in found["days"]]
    first = services.yesterday(shop.merchant) + timedelta(days=1)
    assert days == [(first + timedelta(days=n)).isoformat() for n in range(14)]
    assert sum(row["expected"] for row in found["days"]) == pytest.approx(
        found["expected"], abs=len(days)
    )
    badge = found["backtest"]
    assert badge["until"] == "2026-03-09"
    assert badge["from_day"] == "2026-02-10", "the last four weeks"
    off = (badge["happened"] - badge["expected"]) / badge["expected"]
    assert badge["off_bps"] == pytest.approx(off * 10_000, abs=50)
    assert badge["met"] == (abs(badge["off_bps"]) < 1000)


def test_buyers_are_fewer_than_purchases_and_items_add_up(shop: Shop) -> None:
    found = told(shop.api.get("/insight/calendar?level=type"))
    for row in found["days"]:
        assert 0 < row["buyers"] <= row["expected"]
    # Somebody who comes on several days is one buyer of the fortnight.
    assert max(row["buyers"] for row in found["days"]) < found["buyers"] < found["expected"]
    assert found["buyers"] <= 60
    # There are twenty items, so all of them are told.
    for name in ("expected", "expected_minor"):
        assert sum(row[name] for row in found["items"]) == pytest.approx(found[name], rel=0.01)
    worth = [row["expected_minor"] for row in found["items"]]
    assert worth == sorted(worth, reverse=True)
    top = found["items"][0]
    of_item = told(shop.api.get(f"/insight/due?limit=100&item={top['item']}"))["data"]
    assert len(of_item) == top["members"]


def pages(shop: Shop, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after = ""
    while True:
        page = told(shop.api.get(f"{path}{'&' if '?' in path else '?'}limit=100{after}"))
        rows += page["data"]
        if not page["has_more"]:
            return rows
        after = f"&starting_after={page['next_cursor']}"


LISTS = (
    "due", "due?level=category", "due?level=sku&least_chance=20", "due?least_chance=50",
    "due?item=ITEM", "due?item=ITEM&least_chance=30", "due?day=DAY&sort=date&least_chance=40",
    "churn", "churn?kind=silent", "churn?kind=silent&least_chance=50", "lost", "lost?lost_as=card",
    "clv/members", "clv/members?tenth=1", "clv/members?tenth=10",
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_the_rule_of_a_list_gathers_exactly_its_people(shop: Shop, path: str) -> None:
    keep_up(shop)
    top = told(shop.api.get("/insight/calendar"))
    asked = path.replace("ITEM", top["items"][3]["item"]).replace("DAY", top["days"][2]["day"])
    rows = pages(shop, f"/insight/{asked}")
    listed = {row["member_id"] for row in rows}
    rule = told(shop.api.get(f"/insight/{asked}"))["people"]
    assert bool(listed) == (path != "lost?lost_as=card")
    if "least_chance" in path:
        assert len(listed) < 60, "it leaves somebody out"
    found = told(shop.api.post("/segments/preview", {"rule": rule}))
    assert found["members"] == len(listed)
    code = make_segment(shop, rule)
    keep_up(shop)
    assert {show("mem", one) for one in members_in(shop, code)} == listed


def test_of_one_member_no_segment_is_made(shop: Shop) -> None:
    top = told(shop.api.get("/insight/due?limit=1"))["data"][0]
    assert told(shop.api.get(f"/insight/due?member_id={top['member_id']}"))["people"] is None


def test_the_list_is_sorted_by_chance_worth_or_day(shop: Shop) -> None:
    by = {name: pages(shop, f"/insight/due?sort={name}") for name in ("chance", "value", "date")}
    for rows in by.values():
        assert len(rows) == len(by["chance"])
        assert {(r["member_id"], r["item"]) for r in rows} == {
            (r["member_id"], r["item"]) for r in by["chance"]
        }
    worth = [row["expected_minor"] for row in by["value"]]
    assert worth == sorted(worth, reverse=True)
    days = [row["expected_day"] or "9999" for row in by["date"]]
    assert days == sorted(days)
    assert "2026-03-09" < days[0] < "9999"
    assert days[-1] == "9999", "who has no steady rhythm comes last"
    chances = [row["probability_bps"] for row in by["date"] if row["expected_day"] is None]
    assert chances == sorted(chances, reverse=True), "and among them the likeliest first"
    for row in by["date"]:
        ahead = row["every_days"] - row["days_ago"]
        steady = row["reason"] == "rhythm" and ahead > 0
        day = (date(2026, 3, 9) + timedelta(days=ahead)).isoformat()
        assert row["expected_day"] == (day if steady else None)
    some = [row for row in by["value"] if row["probability_bps"] >= 5_000]
    assert pages(shop, "/insight/due?sort=value&least_chance=50") == some
    item = by["date"][0]["item"]
    of_item = [row for row in by["date"] if row["item"] == item]
    assert pages(shop, f"/insight/due?sort=date&item={item}") == of_item


def test_a_place_in_one_order_is_none_in_another(shop: Shop) -> None:
    after = told(shop.api.get("/insight/due?limit=2"))["next_cursor"]
    assert shop.api.get(f"/insight/due?limit=2&starting_after={after}").status_code == 200
    for other in ("sort=value", "least_chance=20"):
        answer = shop.api.get(f"/insight/due?limit=2&{other}&starting_after={after}")
        assert answer.status_code == 422


def test_a_chance_between_the_steps_is_refused(shop: Shop) -> None:
    for path in ("due?least_chance=52", "churn?least_chance=101", "clv/members?tenth=11"):
        assert shop.api.get(f"/insight/{path}").status_code == 422


def test_a_day_of_the_calendar_opens_the_list_as_of_that_day(shop: Shop) -> None:
    days = told(shop.api.get("/insight/calendar"))
    share = days["days"][2]["expected"] / days["expected"]
    whole = told(shop.api.get("/insight/due?limit=100"))["data"]
    that_day = told(shop.api.get(f"/insight/due?limit=100&day={days['days'][2]['day']}"))["data"]
    assert [row["member_id"] for row in that_day] == [row["member_id"] for row in whole]
    for ours, theirs in zip(that_day, whole, strict=True):
        assert ours["probability_bps"] == pytest.approx(theirs["probability_bps"] * share, rel=0.2)
        assert ours["probability_bps"] < theirs["probability_bps"]
    for day in (days["as_of"], "2026-03-24"):
        answer = shop.api.get(f"/insight/due?day={day}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "?day"


def test_the_lifetime_value_is_told_with_how_it_fared(shop: Shop) -> None:
    found = told(shop.api.get("/insight/clv"))
    assert (found["state"], found["horizon_days"], found["members"]) == ("ready", 365, 60)
    held = found["calibration"]
    groups = held["by_purchases"]
    for name in ("members", "actual_purchases", "predicted_value_minor", "actual_value_minor"):
        assert sum(group[name] for group in groups) == held[name]
    assert sum(group["predicted_purchases"] for group in groups) == pytest.approx(
        held["predicted_purchases"], abs=0.01
    )
    bounds = [(group["least"], group["most"]) for group in groups]
    assert bounds == sorted(bounds)
    assert all(least <= most for least, most in bounds if most is not None)
    off = held["predicted_purchases"] / held["actual_purchases"] - 1
    assert held["off_bps"] == pytest.approx(off * 10_000, abs=1)

    rows = told(shop.api.get("/insight/clv/members?limit=100"))["data"]
    worth = [row["expected_value_minor"] for row in rows]
    assert worth == sorted(worth, reverse=True)
    assert sum(worth) == found["expected_value_minor"]
    days = {name: {one.day for one in BOUGHT if one.member == name} for name in
            {one.member for one in BOUGHT}}  # fmt: skip
    assert sorted(row["purchases"] for row in rows) == sorted(len(at) for at in days.values())


def test_nothing_is_said_of_whether_a_one_time_buyer_is_one_still(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = make_shop()
    known = rhythms(members=50, items=15, days=160, leavers=0.3)
    once = [Bought(f"once{n}", "i001", "c1", 100 + n, 1, 700) for n in range(5)]
    path = tmp_path_factory.mktemp("clv") / "orders.csv"
    import_rhythms(made.scope, path, [*known, *once], day_of(made.now, 170))
    analytics.refresh_facts(made.merchant_id, made.now)
    while services.refresh_next(made.merchant):
        pass
    rows = told(made.api.get("/insight/clv/members?limit=100"))["data"]
    single = [row for row in rows if row["purchases"] == 1]
    assert len(single) == told(made.api.get("/insight/clv"))["one_time"] >= 5
    assert {row["probability_alive_bps"] for row in single} == {None}
    assert all(0 <= row["probability_alive_bps"] <= 10_000 for row in rows if row not in single)
    (line,) = [
        row for row in sheet(made.api, "/insight/clv/members")
        if row["member_id"] == single[0]["member_id"]
    ]  # fmt: skip
    assert line["probability_alive_bps"] == ""


def test_without_the_libraries_the_value_says_so_and_the_rest_is_there(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = stored.path_of(shop.merchant_id, "clv")
    monkeypatch.setattr(services, "find_spec", lambda name: None)
    aside = kept.rename(kept.with_suffix(".aside"))
    try:
        found = told(shop.api.get("/insight/clv"))
        assert (found["state"], found["abstained"]["reason"]) == ("abstained", "not_installed")
        assert services.refresh_next(shop.merchant) is None, "it is not tried again and again"
        progress = told(shop.api.get("/insight"))
        assert progress["done"] == progress["of"] == len(services.NAMES) - 1
    finally:
        aside.rename(kept)


def test_a_member_is_told_of_as_in_the_lists(shop: Shop) -> None:
    due = told(shop.api.get("/insight/due?limit=1"))["data"][0]
    one = told(shop.api.get(f"/members/{due['member_id']}/insight"))
    assert (one["state"], one["due_days"], one["value_days"]) == ("ready", 14, 365)
    who = {"member_id", "number", "name"}
    assert one["due"][0] == {name: due[name] for name in due.keys() - who}
    assert len(one["due"]) <= 5
    for kind in ("drop", "silent"):
        rows = told(shop.api.get(f"/insight/churn?kind={kind}&limit=100"))["data"]
        own = [row for row in rows if row["member_id"] == due["member_id"]]
        assert (
            [one[kind]]
            if one[kind]
            else [{name: row[name] for name in row.keys() - who} for row in own] == []
        )
    values = told(shop.api.get("/insight/clv/members?limit=100"))["data"]
    (own_value,) = [row for row in values if row["member_id"] == due["member_id"]]
    assert one["value"] == {name: own_value[name] for name in own_value.keys() - who}
    lost = told(shop.api.get("/insight/lost?limit=100"))["data"][0]
    told_lost = told(shop.api.get(f"/members/{lost['member_id']}/insight"))["lost"]
    assert told_lost == {name: lost[name] for name in lost.keys() - who}
    assert shop.api.get(f"/members/mem_{'0' * 32}/insight").status_code == 404
    assert make_shop().api.get(f"/members/{due['member_id']}/insight").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/insight/due?level=sku", "/insight/churn?kind=silent", "/insight/lost", "/insight/calendar",
     "/insight/calendar?of=items",
     "/insight/reasons", "/insight/clv", "/insight/clv/members"],
)  # fmt: skip
def test_the_same_stands_in_the_csv(shop: Shop, path: str) -> None:
    """Whole, whatever the page; without names, for a file is passed on."""
    joint = "&" if "?" in path else "?"
    lines = sheet(shop.api, path)
    page = told(shop.api.get(path))
    part = {
        "/insight/calendar": "days",
        "/insight/calendar?of=items": "items",
        "/insight/reasons": "lines",
    }.get(path, "data")
    rows: list[dict[str, Any]] = page.get(part, [])
    if "data" in page:
        while page["has_more"]:
            after = f"{joint}limit=100&starting_after={page['next_cursor']}"
            page = told(shop.api.get(f"{path}{after}"))
            rows += page["data"]
    elif not rows:
        rows = page["calibration"]["by_purchases"]
    assert len(lines) == len(rows) > 2
    assert "name" not in lines[0]
    for line, row in zip(lines, rows, strict=True):
        for name, text in line.items():
            value = row[name]
            assert text == ("" if value is None else str(value)), name


def test_progress_tells_how_far_the_jobs_are(shop: Shop) -> None:
    found = told(shop.api.get("/insight"))
    assert (found["done"], found["of"]) == (len(services.NAMES), len(services.NAMES))
    assert (found["as_of"], found["lines"]) == ("2026-03-09", len(BOUGHT))
    other = told(make_shop().api.get("/insight"))
    assert (other["done"], other["lines"], other["lines_needed"]) == (0, 0, 900)


def test_who_slips_away_and_who_is_lost(desk: ApiClient) -> None:
    slipping = told(desk.get("/insight/churn?kind=silent&limit=100"))
    chances = [row["probability_bps"] for row in slipping["data"]]
    assert chances == sorted(chances, reverse=True)
    assert len(chances) > 20
    lost = told(desk.get("/insight/lost?lost_as=buying&limit=100"))
    assert {row["won_back_by"] for row in lost["data"]} == {"order.paid"}
    assert lost["members"] == len(lost["data"])
    assert told(desk.get("/insight/lost?lost_as=card"))["data"] == []
    reasons = told(desk.get("/insight/reasons"))
    assert {line["signal"] for line in reasons["lines"]} == {
        "returned_goods", "points_expired", "tier_fell",
    }  # fmt: skip


def test_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    for cursor in ("2020-01-01T00:00:00Z@20", "20", "x@y"):
        answer = shop.api.get(f"/insight/due?starting_after={cursor}")
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("?starting_after", "unknown_cursor")


def test_another_merchant_sees_nothing_of_it(shop: Shop) -> None:
    other = make_shop()
    empty = told(other.api.get("/insight/due"))
    assert (empty["data"], empty["state"]) == ([], "abstained")
    assert empty["abstained"]["reason"] == "too_few_lines"
    assert (
        told(console(make_staff(other.merchant, "analyst")).get("/insight/calendar"))["days"] == []
    )


def test_lists_of_people_need_the_right_to_see_members(shop: Shop) -> None:
    key = make_key(shop.merchant, scopes=("reports.read",))
    assert partner(key).get("/insight/due").status_code == 403
    assert (
        partner(make_key(shop.merchant, scopes=("members.read",))).get("/insight/due").status_code
        == 200
    )
