"""Ladders in a shop: sleepers come on, go up day by day, and stop for every reason there is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from makers.offers import make_offer
from makers.orders import DAY, buy, uuid
from makers.steering import Steered, says, steered
from regulars.kernel.ids import show
from regulars.modules.coupons.models import Coupon
from regulars.modules.steering import jobs, ladders
from regulars.modules.steering.models import Climber


@pytest.fixture
def there(tmp_path: Path) -> Steered:
    return steered(tmp_path, each=30)


def put_up(there: Steered, **more: Any) -> dict[str, Any]:
    greater = make_offer(
        there.shop, "spend_save", params={"steps": [{"spend": 5_000, "save": 900}]},
        requires_code=True,
    )["code"]  # fmt: skip
    body = {
        "name": "Wake up", "cost_cap_minor": 100_000, "held_out_bps": 3_000,
        "rungs": [{"offer": there.offer, "wait_days": 14}, {"offer": greater, "wait_days": 14}],
        **more,
    }  # fmt: skip
    answer = there.shop.api.post("/steering/ladders", body)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def after(there: Steered, ladder: dict[str, Any], days: int = 0) -> dict[str, Any]:
    """The ladder so many days later, its step of that day done."""
    there.shop.move(timedelta(days=days), due=False)
    ladders.advance(there.shop.merchant, uuid(ladder["id"]))
    return dict(there.shop.api.get(f"/steering/ladders/{ladder['id']}").json())


def on(there: Steered, ladder: dict[str, Any], *, held_out: bool) -> list[Any]:
    rows = Climber.objects.of(there.shop.merchant_id).filter(ladder_id=uuid(ladder["id"]))
    return sorted(rows.filter(held_out=held_out).values_list("member_id", flat=True))


def test_sleepers_alone_come_on_and_go_up_until_they_buy_or_reach_the_top(there: Steered) -> None:
    ladder = put_up(there)
    first = after(there, ladder)
    climbing, out = (on(there, ladder, held_out=one) for one in (False, True))
    assert sorted(climbing + out) == sorted(there.members["asleep"])
    assert (first["rungs"][0]["standing"], first["held_out"]) == (len(climbing), len(out))
    assert [len(there.wallet(one)) for one in climbing] == [1] * len(climbing)
    assert all(there.wallet(one) == [] for one in out)
    assert after(there, ladder)["rungs"][0]["standing"] == len(climbing), "one step a day"

    there.shop.move(3 * DAY, due=False)
    there.use(climbing[0])
    buy(there.shop, show("mem", climbing[1]), 100)
    # Those on rhythm and the late of then sleep by now, and come on beside.
    second = after(there, ladder, days=11)
    assert second["ended"] == {"bought": 2}
    assert second["rungs"][1]["standing"] == len(climbing) - 2
    assert second["cost_minor"] == 500
    assert {len(there.wallet(one)) for one in climbing[2:]} == {2}
    third = after(there, ladder, days=14)
    assert third["ended"] == {"bought": 2, "top": len(climbing) - 2}
    assert {len(there.wallet(one)) for one in climbing[2:]} == {2}


def test_consent_cap_and_a_rung_without_lift_stop_it(there: Steered) -> None:
    ladder = put_up(there, try_members=50, cost_cap_minor=600)
    after(there, ladder)
    climbing = on(there, ladder, held_out=False)
    says(there.shop, climbing[0], granted=False)
    for member in climbing[1:3]:
        there.use(member)
    told = after(there, ladder, days=14)
    assert told["ended"]["unsubscribed"] == 1
    assert told["ended"]["bought"] == 2
    rows = Climber.objects.of(there.shop.merchant_id).filter(member_id__in=climbing[3:])
    assert set(rows.values_list("ended", flat=True)) == {"capped"}
    assert told["rungs"][1]["standing"] == 0


def test_a_rung_that_proves_nothing_lets_nobody_go_further(
    there: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    ladder = put_up(there)
    after(there, ladder)
    climbing = on(there, ladder, held_out=False)
    real = ladders.judged
    monkeypatch.setattr(ladders, "judged", lambda *a, **k: real(*a, **{**k, "tries": 0}))
    told = after(there, ladder, days=14)
    assert [one["open"] for one in told["rungs"]] == [False, False]
    assert told["ended"] == {"no_lift": told["ended"]["no_lift"]}
    assert told["ended"]["no_lift"] >= len(climbing)
    assert {len(there.wallet(one)) for one in climbing} == {1}


def test_cut_off_within_a_day_it_goes_on_and_nobody_has_two(
    there: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    ladder = put_up(there)
    monkeypatch.setattr(ladders, "_PIECE", 7)
    real, calls = ladders.coupons.give, 0

    def failing(**given: Any) -> None:
        nonlocal calls
        calls += 1
        real(**given)
        if calls == 2:
            raise RuntimeError("pulled the plug")

    monkeypatch.setattr(ladders.coupons, "give", failing)
    jobs.advance_ladders()
    jobs.advance_ladders()
    climbing = on(there, ladder, held_out=False)
    holders = list(Coupon.objects.of(there.shop.merchant_id).values_list("member_id", flat=True))
    assert sorted(holders) == climbing


def test_taken_down_it_takes_back_and_another_may_be_put_up(there: Steered) -> None:
    ladder = put_up(there)
    after(there, ladder)
    climbing = on(there, ladder, held_out=False)
    second = there.shop.api.post(
        "/steering/ladders",
        {"name": "B", "cost_cap_minor": 1, "rungs": [{"offer": there.offer, "wait_days": 7}]},
    )
    assert (second.status_code, second.json()["code"]) == (409, "plan_at_work")
    answer = there.shop.api.post(f"/steering/ladders/{ladder['id']}/stop", {})
    assert (answer.status_code, answer.json()["ended"]) == (200, {"stopped": len(climbing)})
    assert all(there.wallet(one) == [] for one in climbing)
    again = there.shop.api.post(f"/steering/ladders/{ladder['id']}/stop", {})
    assert again.status_code == 409
    reasons = there.plan(aim="learn")["found"]["reasons"]
    assert reasons["offered_lately"] == len(climbing), "a plan lets them rest"
