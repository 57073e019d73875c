"""Experiments from draft to verdict: who is assigned, what is frozen, what may be read and when."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from makers.merchants import client_for, make_merchant, unique
from makers.orders import NOON, Shop, buy, enrol, give_back, make_shop, uuid
from regulars.infra.models import OutboxRow
from regulars.kernel.chance import is_held_out
from regulars.modules.connectors.services import import_file
from regulars.modules.experiments import queries, rules, statistics
from regulars.modules.experiments.models import Assignment
from regulars.modules.experiments.types import Group
from regulars.modules.members.queries import by_identity
from regulars.modules.orders.models import Order as Placed

MEMBERS = 240
Order = tuple[int, date, int]  # member number, day, minor


def load(shop: Shop, folder: Path, orders: Iterable[Order]) -> None:
    """Orders of members m000, m001, ... out of a file, as a shop would bring them."""
    path = folder / f"{unique('orders')}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "member", "placed_at", "sku", "quantity", "line_total"])
        for member, day, minor in orders:
            worth = f"{minor / 100:.2f}"
            writer.writerow((unique("o"), f"m{member:03}", f"{day} 10:00", "tea", 1, worth))
    assert import_file(shop.scope, kind="orders", source=path, file_name=path.name).status == "done"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """240 members with one to six orders over the sixteen weeks before 10 March 2026."""
    made = make_shop(now=NOON)
    rng = np.random.default_rng(8)
    orders = []
    for member in range(MEMBERS):
        for _order in range(1 + int(rng.poisson(2 + member % 4))):
            day = NOON.date() - timedelta(days=int(rng.integers(1, 111)))
            orders.append((member, day, int(rng.integers(500, 9_000))))
    load(made, tmp_path, orders)
    return made


def drafted(shop: Shop, **more: Any) -> str:
    body = {"code": unique("spring"), "name": "Spring", "held_out_bps": 5_000, "days": 28, **more}
    answer = shop.api.post("/experiments", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def started(shop: Shop, **more: Any) -> str:
    """A running experiment. Ids are drawn anew in every run, and so are arms: another one is
    started where chance made them unequal, so that no test hangs on luck."""
    while True:
        experiment = drafted(shop, **more)
        answer = shop.api.post(f"/experiments/{experiment}/start", {})
        assert answer.status_code == 200, answer.content
        if "scope" in more or read(shop, experiment)["sample_ratio"]["p_value"] > 0.2:
            return experiment


def read(shop: Shop, experiment: str, **asked: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = shop.api.get(f"/experiments/{experiment}/readout?{query}")
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def members_by_number(shop: Shop) -> dict[int, Any]:
    found = {}
    for number in range(MEMBERS):
        member = by_identity(shop.merchant, type="external", value=f"m{number:03}")
        assert member is not None
        found[number] = member
    return found


def live(shop: Shop, folder: Path, experiment: str, *, extra: int, days: int = 28) -> None:
    """Time goes on: everybody buys as before, the treated ``extra`` times more."""
    arms = {
        row.member_id: row.held_out
        for row in Assignment.objects.of(shop.merchant_id).filter(experiment_id=uuid(experiment))
    }
    rng = np.random.default_rng(9)
    begin, orders = shop.now.date(), []
    for number, member in members_by_number(shop).items():
        if member not in arms:
            continue
        for _order in range(int(rng.poisson(1 + number % 4)) + (0 if arms[member] else extra)):
            day = begin + timedelta(days=int(rng.integers(1, days + 1)))
            orders.append((number, day, int(rng.integers(500, 9_000))))
    shop.move(timedelta(days=days + 1), due=False)
    load(shop, folder, orders)


def test_members_are_assigned_by_hash_and_their_weeks_before_are_frozen(shop: Shop) -> None:
    experiment = started(shop)
    rows = {
        row.member_id: row
        for row in Assignment.objects.of(shop.merchant_id).filter(experiment_id=uuid(experiment))
    }
    assert len(rows) == MEMBERS
    for member, row in rows.items():
        salt = uuid(experiment).hex
        assert row.held_out == is_held_out(shop.merchant_id, salt, member, 5_000)
    listed = shop.api.get("/reports/rfm?as_of=2026-03-10").json()
    assert sum(row.before_days for row in rows.values()) == round(
        listed["means"]["frequency"] * MEMBERS
    )
    before = sum(row.before_minor for row in rows.values())
    late = buy(shop, None, 700, identity={"type": "external", "value": "m000"})
    assert late["id"]
    again = Assignment.objects.of(shop.merchant_id).filter(experiment_id=uuid(experiment))
    assert sum(row.before_minor for row in again) == before


def test_from_draft_to_works(shop: Shop, tmp_path: Path) -> None:
    experiment = started(shop, rebought_days=14)
    told = read(shop, experiment)
    assert (told["metrics"], told["verdict"], told["readable_on"]) == (None, None, "2026-04-08")
    soon = shop.api.post(f"/experiments/{experiment}/decide", {})
    assert (soon.status_code, soon.json()["code"]) == (409, "too_soon")
    live(shop, tmp_path, experiment, extra=2)

    treated = told["sample_ratio"]["treated"]
    told = read(shop, experiment, cost_minor=treated * 100, redeemed=treated // 2)
    orders = told["metrics"]["orders"]
    assert told["look"] == {"number": 1, "planned": 1, "day": "2026-04-07"}
    assert told["readable_on"] is None
    assert 0 < orders["low"] < orders["difference"] < orders["high"]
    assert orders["difference"] == pytest.approx(2.0, abs=1.0)  # five standard errors
    assert told["verdict"] == "works"
    assert told["cost"]["per_extra_order_minor"] == pytest.approx(100 / orders["difference"], abs=1)
    half = (treated // 2) / treated
    assert told["per_redeemer"]["value"] == pytest.approx(orders["difference"] / half, rel=1e-4)

    decided = shop.api.post(f"/experiments/{experiment}/decide", {}).json()
    assert (decided["status"], decided["verdict"]) == ("decided", "works")
    (effect,) = decided["effects"]
    assert effect["type"] == "experiment.decided"
    assert effect["experiment_id"] == experiment
    assert effect["treated"] + effect["held_out"] == MEMBERS
    events = OutboxRow.objects.filter(merchant_id=shop.merchant_id, events__contains="decided")
    assert events.count() == 1
    twice = shop.api.post(f"/experiments/{experiment}/decide", {})
    assert (twice.status_code, twice.json()["code"]) == (409, "experiment_not_running")


def test_the_figures_are_those_of_the_whole_arms(shop: Shop, tmp_path: Path) -> None:
    experiment = started(shop, metric="money")
    live(shop, tmp_path, experiment, extra=2)
    told = read(shop, experiment)["metrics"]["money"]
    rows = Assignment.objects.of(shop.merchant_id).filter(experiment_id=uuid(experiment))
    spent: dict[Any, int] = {}
    for order in Placed.objects.of(shop.merchant_id).filter(placed_at__gte=NOON):
        spent[order.member_id] = spent.get(order.member_id, 0) + order.net_minor
    groups = [
        Group(
            outcome=np.array([spent.get(r.member_id, 0) for r in rows if r.held_out == out], float),
            before=np.array([r.before_minor for r in rows if r.held_out == out], float),
        )
        for out in (False, True)
    ]
    known = statistics.cuped(*groups).effect
    assert told["difference"] == pytest.approx(known.difference, rel=1e-5)
    assert told["low"] == pytest.approx(known.low, rel=1e-4)


def test_a_decision_stands_whatever_comes_later(shop: Shop, tmp_path: Path) -> None:
    experiment = started(shop)
    live(shop, tmp_path, experiment, extra=0)
    assert shop.api.post(f"/experiments/{experiment}/decide", {}).status_code == 200
    told = read(shop, experiment)
    order = buy(shop, None, 900, identity={"type": "external", "value": "m001"}, at=NOON)
    give_back(shop, order, (1, 1))
    assert read(shop, experiment) == told


def test_comparing_redeemers_is_refused_with_the_reason(shop: Shop) -> None:
    experiment = started(shop)
    for compare in ("redeemers", "exposed", "before_after"):
        answer = shop.api.get(f"/experiments/{experiment}/readout?compare={compare}")
        told = answer.json()
        assert (answer.status_code, told["code"]) == (422, "comparison_refused")
        assert told["detail"] == rules.REFUSED_COMPARISONS[compare]
    wrong = shop.api.get(f"/experiments/{experiment}/readout?compare=neighbours")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    many = shop.api.get(f"/experiments/{experiment}/readout?redeemed=999")
    assert many.status_code == 422


def test_a_broken_split_is_not_read(shop: Shop, tmp_path: Path) -> None:
    experiment = started(shop)
    rows = Assignment.objects.of(shop.merchant_id).filter(
        experiment_id=uuid(experiment), held_out=True
    )
    lost = [row.member_id for row in rows[:80]]
    rows.filter(member_id__in=lost).delete()
    live(shop, tmp_path, experiment, extra=3)
    told = read(shop, experiment)
    assert told["sample_ratio"]["stop"]
    assert (told["metrics"], told["verdict"]) == (None, None)
    decided = shop.api.post(f"/experiments/{experiment}/decide", {}).json()
    assert decided["verdict"] == "not_proven"


def test_planned_looks_are_read_one_by_one(shop: Shop, tmp_path: Path) -> None:
    experiment = started(shop, looking="planned", looks=4)
    shop.move(timedelta(days=7), due=False)
    assert read(shop, experiment)["look"] is None
    shop.move(timedelta(days=1), due=False)
    first = read(shop, experiment)
    assert first["look"] == {"number": 1, "planned": 4, "day": "2026-03-17"}
    assert first["readable_on"] == "2026-03-25"
    assert first["metrics"]["orders"]["low"] is None  # nobody bought yet: no noise to measure by
    live(shop, tmp_path, experiment, extra=1, days=20)
    last = read(shop, experiment)
    assert last["look"]["number"] == 4
    money = last["metrics"]["money"]
    wide = (money["high"] - money["low"]) / 2 / money["standard_error"]
    assert wide == pytest.approx(statistics.obrien_fleming_limit(number=4, planned=4), rel=1e-4)


def test_always_valid_may_be_read_on_any_day_and_is_wider(shop: Shop, tmp_path: Path) -> None:
    experiment = started(shop, looking="always")
    assert read(shop, experiment)["look"] is None
    live(shop, tmp_path, experiment, extra=1, days=6)
    told = read(shop, experiment)
    assert told["look"]["day"] == "2026-03-16"
    orders = told["metrics"]["orders"]
    wide = (orders["high"] - orders["low"]) / 2 / orders["standard_error"]
    assert wide == pytest.approx(statistics.always_valid_factor(MEMBERS), rel=1e-4)


def test_merged_records_count_once_and_undoing_it_parts_them(shop: Shop, tmp_path: Path) -> None:
    experiment = started(shop)
    rows = Assignment.objects.of(shop.merchant_id).filter(experiment_id=uuid(experiment))
    by_arm = {out: next(r.member_id for r in rows if r.held_out == out) for out in (True, False)}
    live(shop, tmp_path, experiment, extra=0)
    apart = read(shop, experiment)
    into, source = (f"mem_{by_arm[out].hex}" for out in (False, True))
    merge = shop.api.post(f"/members/{into}/merge", {"from": source}).json()
    merged = read(shop, experiment)
    assert merged["merged_across_arms"] == 1
    assert merged["sample_ratio"]["held_out"] == apart["sample_ratio"]["held_out"] - 1
    assert merged["sample_ratio"]["treated"] == apart["sample_ratio"]["treated"]
    arm = shop.api.get(f"/experiments/{experiment}/members/{source}").json()
    assert arm == {"arm": "treated"}
    found = queries.assigned(shop.merchant_id, uuid(experiment))
    assert len(found.member) == MEMBERS - 1
    total = sum(row.before_minor for row in rows)
    assert found.before_minor.sum() == total

    assert shop.api.post(f"/merges/{merge['id']}/undo").status_code == 200
    assert read(shop, experiment)["sample_ratio"] == apart["sample_ratio"]


def test_the_standing_holdout_is_in_no_campaign(shop: Shop) -> None:
    standing = started(shop, scope="everything", held_out_bps=1_000)
    campaign = started(shop)
    out = {
        row.member_id
        for row in Assignment.objects.of(shop.merchant_id).filter(
            experiment_id=uuid(standing), held_out=True
        )
    }
    rows = Assignment.objects.of(shop.merchant_id).filter(experiment_id=uuid(campaign))
    assert {row.member_id for row in rows} & out == set()
    assert len(rows) == MEMBERS - len(out)
    one = f"mem_{min(out).hex}"
    assert shop.api.get(f"/experiments/{campaign}/members/{one}").json() == {"arm": None}
    assert shop.api.get(f"/experiments/{standing}/members/{one}").json() == {"arm": "held_out"}
    second = drafted(shop, scope="everything", held_out_bps=500)
    refused = shop.api.post(f"/experiments/{second}/start", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "experiment_not_running")


def test_only_the_members_named_are_assigned(shop: Shop) -> None:
    experiment = drafted(shop)
    named = [f"mem_{member.hex}" for member in list(members_by_number(shop).values())[:40]]
    stranger = enrol(make_shop())
    path = f"/experiments/{experiment}/start"
    assert shop.api.post(path, {"member_ids": [*named, stranger]}).status_code == 404
    assert shop.api.post(path, {"member_ids": named}).status_code == 200
    assert Assignment.objects.of(shop.merchant_id).count() == 40


def test_a_repeat_of_a_start_is_answered_and_does_nothing(shop: Shop) -> None:
    experiment = drafted(shop)
    path = f"/experiments/{experiment}/start"
    first = shop.api.post(path, {}, key="start-1")
    again = shop.api.post(path, {}, key="start-1")
    assert first.content == again.content
    other = shop.api.post(path, {})
    assert (other.status_code, other.json()["code"]) == (409, "experiment_not_running")
    assert Assignment.objects.of(shop.merchant_id).count() == MEMBERS


def test_the_draft_says_whether_it_can_show_anything(shop: Shop) -> None:
    small = shop.api.get(f"/experiments/{drafted(shop, least_bps=500)}").json()["power"]
    assert (small["members"], small["enough"]) == (MEMBERS, False)
    assert small["members_needed"] > MEMBERS
    assert small["least_share"] > 0.05
    large = shop.api.get(f"/experiments/{drafted(shop, least_bps=10_000)}").json()["power"]
    assert large["enough"]
    assert large["days_to_decide"] <= 28
    assert shop.api.get(f"/experiments/{started(shop)}").json()["power"] is None


def test_what_does_not_fit_together_is_refused() -> None:
    shop = make_shop()
    for more in (
        {"looks": 4},
        {"looking": "planned"},
        {"looking": "planned", "looks": 9, "days": 8, "rebought_days": 1},
        {"rebought_days": 60},
        {"held_out_bps": 0},
        {"days": 28.0},
    ):
        body = {"code": "x", "name": "x", "days": 28, "rebought_days": 7, **more}
        assert shop.api.post("/experiments", body).status_code == 422, more
    drafted(shop, code="spring")
    taken = shop.api.post("/experiments", {"code": "spring", "name": "x"})
    assert (taken.status_code, taken.json()["code"]) == (409, "code_taken")
    nobody = shop.api.post(f"/experiments/{drafted(shop)}/start", {})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "nobody_to_assign")
    other = client_for(make_merchant())
    listed = shop.api.get("/experiments").json()["data"]
    assert [one["code"] for one in listed][-1] == "spring"
    assert other.get("/experiments").json()["data"] == []
    assert other.get(f"/experiments/{listed[0]['id']}").status_code == 404
