"""A plan from knowing nothing to earning: abstaining, trying, believing, choosing, giving."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from makers.offers import make_offer
from makers.orders import DAY, buy, uuid
from makers.segments import keep_up, make_list
from makers.steering import OFF, Steered, says, steered
from regulars.cli import main
from regulars.kernel.ids import show
from regulars.modules.coupons.models import Coupon
from regulars.modules.experiments.models import Assignment
from regulars.modules.steering import giving, jobs, services
from regulars.modules.steering.models import Chosen, Plan


@pytest.fixture
def there(tmp_path: Path) -> Steered:
    return steered(tmp_path)


def by_reason(there: Steered, plan: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in there.people(plan):
        found.setdefault(row["reason"], set()).add(row["member_id"])
    return found


def test_where_nothing_was_tried_nobody_gets_anything_and_it_says_so(there: Steered) -> None:
    plan = there.plan()
    assert plan["status"] == "ready"
    assert plan["found"]["reasons"] == {"no_trial": 270}
    assert (plan["found"]["value_minor"], plan["found"]["cost_minor"]) == (0, 0)
    assert plan["found"]["curve"] == [[0, 0]]
    assert {row["offer"] for row in there.people(plan["id"])} == {None}
    refused = there.carry_out(plan["id"], expect=409)
    assert refused["code"] == "nothing_to_give"


def test_a_trial_teaches_and_the_next_plan_spends_where_it_changed_something(
    there: Steered,
) -> None:
    trial = there.plan(aim="learn", held_out_bps=5_000)
    assert trial["found"]["reasons"].keys() == {"chosen", "held_out"}
    assert trial["found"]["cost_minor"] == trial["found"]["reasons"]["chosen"] * OFF
    given = there.carry_out(trial["id"])
    assert given["status"] == "given"
    assert given["outcomes"] == {"given": trial["found"]["reasons"]["chosen"]}
    there.tried(trial["id"])

    plan = there.plan(budget_minor=6_000)
    (arm,) = plan["found"]["arms"]
    lifts = {one["state"]: one for one in arm["lifts"]}
    assert lifts["asleep"]["proof"] == "works"
    assert lifts["asleep"]["lift_bps"] == pytest.approx(4_000, abs=900)
    assert lifts["asleep"]["cost_minor"] == OFF
    assert {lifts[one]["proof"] for one in ("on_rhythm", "late")} == {"not_proven"}
    assert lifts["new"]["proof"] == "too_few"

    found = plan["found"]
    assert 0 < found["cost_minor"] <= 6_000
    assert found["value_minor"] <= found["bound_minor"]
    assert found["bound_minor"] - found["value_minor"] < 3_000, "one member's gain"
    assert 0 < found["least_minor"] < found["value_minor"] < found["most_minor"]
    chosen = there.people(plan["id"], reason="chosen")
    assert {row["state"] for row in chosen} == {"asleep"}
    for row in chosen:
        assert row["offer"] == there.offer
        assert row["gain_minor"] > 0
        assert (row["from_day"], row["until"]) == ("2026-04-09", "2026-05-06")
    assert "over_budget" in found["reasons"]

    more = there.plan(budget_minor=12_000)["found"]
    assert more["value_minor"] > found["value_minor"]
    assert more["cost_minor"] <= 12_000


def test_who_is_left_out_is_told_why_and_never_gets_anything(there: Steered) -> None:
    shop, sleepers = there.shop, there.members["asleep"]
    says(shop, sleepers[0], granted=False)
    says(shop, sleepers[1], granted=False, purpose="personalisation")
    make_list(shop, [sleepers[2]], exclusion=True)
    few = make_list(shop, there.everybody[:-1])
    keep_up(shop)
    shop.move(2 * DAY, due=False)  # those on rhythm are now expected in six days
    reasons = by_reason(there, there.plan(aim="learn", segment=few)["id"])
    assert reasons["no_consent"] == {show("mem", sleepers[0])}
    assert reasons["not_personal"] == {show("mem", sleepers[1])}
    assert reasons["excluded"] == {show("mem", sleepers[2])}
    assert reasons["not_in_segment"] == {show("mem", sleepers[-1])}
    assert reasons["due_soon"] == {show("mem", one) for one in there.members["on_rhythm"]}
    assert sum(map(len, reasons.values())) == 270


def test_the_standing_holdout_is_left_out_and_so_is_who_had_something_lately(
    there: Steered,
) -> None:
    shop = there.shop
    standing = shop.api.post(
        "/experiments", {"code": "all", "name": "All", "scope": "everything", "held_out_bps": 3_000}
    ).json()
    assert shop.api.post(f"/experiments/{standing['id']}/start", {}).status_code == 200
    out = {
        show("mem", one)
        for one in Assignment.objects.of(shop.merchant_id)
        .filter(experiment_id=uuid(standing["id"]), held_out=True)
        .values_list("member_id", flat=True)
    }
    first = there.plan(aim="learn", budget_minor=20_000)
    reasons = by_reason(there, first["id"])
    assert reasons["held_out_of_all"] == out
    there.carry_out(first["id"])
    had = {show("mem", one) for one in there.everybody if there.wallet(one)}
    assert had == reasons["chosen"]
    assert by_reason(there, there.plan(aim="learn")["id"])["offered_lately"] == had
    again = by_reason(there, there.plan(aim="learn", rest_days=0)["id"])
    assert "offered_lately" not in again


def test_held_out_by_the_plan_is_held_out_by_its_experiment(there: Steered) -> None:
    plan = there.plan(aim="learn", budget_minor=40_000)
    reasons = by_reason(there, plan["id"])
    there.carry_out(plan["id"])
    told = there.read(plan["id"])
    rows = Assignment.objects.of(there.shop.merchant_id).filter(
        experiment_id=uuid(told["experiment_id"])
    )
    arms = {show("mem", row.member_id): row.held_out for row in rows}
    assert {one for one, out in arms.items() if out} == reasons["held_out"]
    assert {one for one, out in arms.items() if not out} == reasons["chosen"]
    # Those on rhythm are expected on 17 March: until then the coupon could change something.
    ends = {"on_rhythm": "2026-03-17", "late": "2026-04-07", "asleep": "2026-04-07"}
    for state, members in there.members.items():
        for member in members:
            coupons = there.wallet(member)
            assert len(coupons) == (show("mem", member) in reasons["chosen"])
            assert {one["until"] for one in coupons} <= {f"{ends[state]}T00:00:00Z"}
    readout = there.shop.api.get(f"/experiments/{told['experiment_id']}/readout")
    assert readout.json()["sample_ratio"]["treated"] == len(reasons["chosen"])


def test_who_bought_meanwhile_or_took_consent_back_gets_nothing(there: Steered) -> None:
    plan = there.plan(aim="learn")
    reasons = by_reason(there, plan["id"])
    keen, unwilling = sorted(reasons["chosen"])[:2]
    buy(there.shop, keen, 100)
    says(there.shop, uuid(unwilling), granted=False)
    told = there.carry_out(plan["id"])
    assert told["outcomes"] == {
        "given": len(reasons["chosen"]) - 2, "bought": 1, "no_consent": 1,
    }  # fmt: skip
    assert there.wallet(uuid(keen)) == there.wallet(uuid(unwilling)) == []


def test_cut_off_at_any_piece_it_goes_on_and_gives_everybody_one(
    there: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = there.plan(aim="learn")
    assert there.shop.api.post(f"/steering/plans/{plan['id']}/start", {}).status_code == 200
    monkeypatch.setattr(giving, "_PIECE", 40)
    calls = 0
    real = giving.coupons.give

    def failing(**given: object) -> None:
        nonlocal calls
        calls += 1
        real(**given)  # type: ignore[arg-type]
        if calls in (1, 3):
            raise RuntimeError("pulled the plug")

    monkeypatch.setattr(giving.coupons, "give", failing)
    for _attempt in range(3):
        jobs.work_plans()
    told = there.read(plan["id"])
    assert told["status"] == "given"
    chosen = plan["found"]["reasons"]["chosen"]
    assert (told["done"], told["of"], told["outcomes"]) == (chosen, chosen, {"given": chosen})
    assert Coupon.objects.of(there.shop.merchant_id).count() == chosen
    holders = Coupon.objects.of(there.shop.merchant_id).values_list("member_id", flat=True)
    assert len(set(holders)) == chosen


def test_stopped_it_gives_no_more_and_takes_back_what_nobody_used(there: Steered) -> None:
    plan = there.plan(aim="learn", budget_minor=30_000)
    there.carry_out(plan["id"])
    users = [one for one in there.everybody if there.wallet(one)]
    there.use(users[0])
    answer = there.shop.api.post(f"/steering/plans/{plan['id']}/stop", {})
    assert (answer.status_code, answer.json()["status"]) == (200, "stopped")
    assert all(there.wallet(one) == [] for one in users[1:])
    again = there.shop.api.post(f"/steering/plans/{plan['id']}/stop", {})
    assert (again.status_code, again.json()["code"]) == (409, "plan_not_ready")


def test_coupons_taken_back_by_hand_stop_the_plan_and_it_is_no_trial(
    there: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = there.plan(aim="learn", held_out_bps=5_000)
    assert there.shop.api.post(f"/steering/plans/{plan['id']}/start", {}).status_code == 200
    monkeypatch.setattr(giving, "_PIECE", 40)
    real = giving._give_some

    def one_piece(*given: object) -> int:
        (batch,) = there.shop.api.get("/coupons/batches").json()["data"]
        if batch["made"]:
            answer = there.shop.api.post(f"/coupons/batches/{batch['id']}/withdraw", {})
            assert answer.status_code == 200
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(giving, "_give_some", one_piece)
    jobs.work_plans()
    told = there.read(plan["id"])
    assert (told["status"], told["outcomes"]["given"]) == ("stopped", 40)
    there.shop.move(30 * DAY, due=False)
    (arm,) = there.plan()["found"]["arms"]
    assert {one["proof"] for one in arm["lifts"]} == {"no_trial"}


def test_one_plan_at_a_time_old_ones_go_stale_and_drafts_may_be_dropped(there: Steered) -> None:
    waiting = there.shop.api.post(
        "/steering/plans",
        {
            "name": "One", "aim": "learn", "arms": [{"offer": there.offer}],
            "budget_minor": 20_000, "margin_bps": 3_000,
        },
    ).json()  # fmt: skip
    assert waiting["status"] == "waiting"
    assert there.plan(expect=409)["code"] == "plan_at_work"
    jobs.work_plans()
    assert there.read(waiting["id"])["status"] == "ready"
    there.shop.move(timedelta(days=services.FRESH_DAYS + 1), due=False)
    assert there.carry_out(waiting["id"], expect=409)["code"] == "plan_stale"
    dropped = there.shop.api.delete(f"/steering/plans/{waiting['id']}")
    assert dropped.status_code == 200, dropped.content
    assert there.shop.api.get(f"/steering/plans/{waiting['id']}").status_code == 404


def test_an_arm_must_be_a_coupon_that_is_there(there: Steered) -> None:
    open_to_all = make_offer(there.shop)["code"]
    for arm, code in (("nix", "unknown_offer"), (open_to_all, "needs_a_coupon")):
        told = there.plan(arms=[{"offer": arm}], expect=422)
        assert told["errors"][0] == {
            "pointer": "/arms/0/offer", "code": code, "detail": told["errors"][0]["detail"],
        }  # fmt: skip
    told = there.plan(segment="nowhere", expect=422)
    assert told["errors"][0]["pointer"] == "/segment"
    twice = there.plan(arms=[{"offer": there.offer}, {"offer": there.offer}], expect=422)
    assert twice["errors"][0]["pointer"] == "/arms/1/offer"
    assert Plan.objects.of(there.shop.merchant_id).count() == 0


def test_the_list_is_a_table_too_with_everybody_in_it(there: Steered) -> None:
    plan = there.plan(aim="learn", budget_minor=20_000)
    answer = there.shop.api.get(f"/steering/plans/{plan['id']}/people?format=csv")
    text = b"".join(answer.streaming_content).decode()
    head, *lines = text.splitlines()
    assert head.startswith("member_id,number,reason,offer,item,from_day,until,state")
    assert len(lines) == 270
    assert Chosen.objects.of(there.shop.merchant_id).count() == 0, "a draft gives nothing"


def test_the_command_works_a_plan_out_and_hands_its_list_over(
    there: Steered, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["insight", "plan", "--merchant", there.shop.merchant.code, "--offer", there.offer]
    asked = [*words, "--budget", "20000", "--margin", "3000"]
    assert main([*asked, "--json"]) == 0
    told = capsys.readouterr()
    assert "Nobody is sent anything" in told.err
    found = json.loads(told.out)
    assert found["reasons"] == {"no_trial": len(found["rows"])} == {"no_trial": 270}
    path = tmp_path / "plan.parquet"
    tried = [*asked, "--learn", "--format", "parquet", "--output", str(path)]
    assert main(tried) == 0
    reasons = pq.read_table(path)["reason"].to_pylist()
    assert reasons.count("chosen") == 20_000 // OFF
    (newest, _) = there.shop.api.get("/steering/plans").json()["data"]
    assert newest["found"]["reasons"]["chosen"] == 40
    assert main([*words, "--budget", "1", "--margin", "0"]) == 1
