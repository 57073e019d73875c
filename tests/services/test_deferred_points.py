"""The deferred points report follows the books: every lot's points are in it once."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from makers.orders import Shop, buy, changed, enrol, give_back, make_shop
from regulars.modules.analytics import queries, services
from regulars.modules.ledger.queries import totals

START = datetime(2025, 1, 6, 12, tzinfo=UTC)


def told(shop: Shop, **how: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in how.items())
    answer = shop.api.get(f"/reports/deferred_points?{query}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def spend(shop: Shop, member: str, points: int) -> None:
    body = {"member_id": member, "amount": points, "expires_in": 3600}
    hold = shop.api.post("/points/holds", body).json()
    assert shop.api.post(f"/points/holds/{hold['id']}/capture", {}).status_code == 200


def test_three_months_of_one_member_by_hand() -> None:
    """100.00 a month for 100 points, at 1 minor unit a point."""
    shop = make_shop(now=START)
    member = enrol(shop)
    buy(shop, member, 10_000)
    shop.move(timedelta(days=31))  # 6 February
    buy(shop, member, 10_000)
    spend(shop, member, 60)  # out of January's lot
    shop.move(timedelta(days=28))  # 6 March
    spend(shop, member, 90)  # 40 of January's, 50 of February's
    found = told(shop)
    assert (found["estimate"], found["learnt"]) == (True, False)
    january, february = found["cohorts"]
    # 10,000 x 100 / 10,100
    assert (january["allocated_minor"], february["allocated_minor"]) == (99, 99)
    assert (january["redeemed"], january["deferred_minor"]) == (100, 0)
    assert (february["redeemed"], february["recognised_minor"]) == (50, 50)  # 49.5, half up
    lines = {line["month"]: line for line in found["journal"]}
    assert [lines[m]["released_minor"] for m in ("2025-01", "2025-02", "2025-03")] == [0, 59, 90]
    assert lines["2025-03"]["closing_minor"] == found["deferred_minor"] == 49
    half = told(shop, assumed_bps=5_000)
    assert half["cohorts"][1]["expected"] == 75
    before = told(shop, as_of="2025-02-28")
    assert before["redeemed"] == 60
    assert before["deferred_minor"] == lines["2025-02"]["closing_minor"]


def test_the_journal_as_csv_balances_with_the_report() -> None:
    shop = make_shop(now=START)
    member = enrol(shop)
    order = buy(shop, member, 500_000, 100_000)
    shop.move(timedelta(days=31))
    spend(shop, member, 2_000)
    buy(shop, member, 200_000)
    give_back(shop, order, (2, 1))
    answer = shop.api.get("/reports/deferred_points?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {row["estimate"] for row in rows} == {"true"}
    owed = sum(
        int(row["amount_minor"]) * (1 if row["credit"] == "deferred_revenue_points" else -1)
        for row in rows
    )
    assert owed == told(shop)["deferred_minor"] > 0


def test_every_table_behind_the_screen_comes_as_csv() -> None:
    shop = make_shop(now=START)
    member = enrol(shop)
    buy(shop, member, 50_000)
    shop.move(timedelta(days=31))
    buy(shop, member, 20_000)
    spend(shop, member, 300)
    asked = "value_points=1&value_minor=10&breakage_bps=2500"
    found = told(shop, value_points=1, value_minor=10, breakage_bps=2_500)

    def table(name: str, report: str = "deferred_points") -> list[dict[str, str]]:
        answer = shop.api.get(f"/reports/{report}?format=csv&table={name}&{asked}")
        assert f"{report}-{name}-2025-02" in answer["Content-Disposition"]
        return list(csv.DictReader(io.StringIO(answer.content.decode())))

    for name, lines in (
        ("months", found["journal"]),
        ("cohorts", found["cohorts"]),
        ("what_if", found["what_if"]["cohorts"]),
    ):
        rows = table(name)
        assert rows == [
            {**{key: str(value) for key, value in line.items()}, "estimate": "true"}
            for line in lines
        ]
        assert len(rows) == 2
    assert table("ageing", "points_liability") == [{"month": "never", "points": "400"}]
    assert shop.api.get("/reports/deferred_points?format=csv&table=none").status_code == 422


def test_what_if_so_much_were_never_redeemed() -> None:
    """300 of 500 points used, 200 left: a quarter of them never, so 450 will ever be."""
    shop = make_shop(now=START)
    member = enrol(shop)
    buy(shop, member, 50_000)
    shop.move(timedelta(days=31))
    spend(shop, member, 300)
    found = told(shop, value_points=1, value_minor=10, breakage_bps=2_500)
    (cohort,) = found["cohorts"]
    # 50,000 x 5,000 / 55,000 for the points, three fifths of it used.
    assert (cohort["allocated_minor"], cohort["recognised_minor"]) == (4_545, 2_727)
    what_if = found["what_if"]
    assert (what_if["expiry_months"], what_if["breakage_bps"]) == (None, 2_500)
    assert (what_if["expected"], what_if["expected_bps"]) == (450, 9_000)
    # 4,545 x 300 / 450 = 3,030 would be revenue.
    assert (what_if["deferred_minor"], what_if["difference_minor"]) == (1_515, -303)
    assert told(shop, value_points=1, value_minor=10)["what_if"] is None
    held = shop.api.get("/reports/points_liability?value_minor=10&breakage_bps=2500").json()
    assert (held["liability_minor"], held["breakage_bps"]) == (1_500, 2_500)


def test_points_are_worth_what_the_programme_redeems_them_at() -> None:
    """100 points pay 3.00, and 1.00 from 20 February on: each day by the rate it had."""
    document = changed("plain", redeeming={"points": {"units": 100, "minor": 300}})
    shop = make_shop(document, now=START)
    buy(shop, enrol(shop), 50_000)
    shop.move(timedelta(days=40))
    document["redeeming"]["points"]["minor"] = 100
    put = {"document": document, "effective_at": "2025-02-20T00:00:00Z"}
    assert shop.api.put("/programme", put).status_code == 200
    shop.move(timedelta(days=10))  # 25 February
    for day, minor in (("2025-02-19", 300), ("2025-02-20", 100), ("2025-02-25", 100)):
        held = shop.api.get(f"/reports/points_liability?as_of={day}").json()
        assert (held["value_points"], held["value_minor"]) == (100, minor)
        assert (held["value_from"], held["liability_minor"]) == ("programme", 5 * minor)
        found = told(shop, as_of=day)
        assert (found["value_minor"], found["value_from"]) == (minor, "programme")
    less = shop.api.get("/reports/points_liability?breakage_bps=2000").json()
    assert (less["liability_minor"], less["value_from"]) == (400, "programme")
    asked = shop.api.get("/reports/points_liability?value_points=100&value_minor=200").json()
    assert (asked["liability_minor"], asked["value_from"]) == (1_000, "asked")


def test_what_members_hold_is_what_the_ledger_says_whatever_happened() -> None:
    points = {"expiry": {"kind": "months", "count": 3, "end_of": "month"}}
    shop = make_shop(changed("plain", earning__points=points), now=START)
    members = [enrol(shop) for _ in range(4)]
    rng = random.Random(5)
    for _step in range(40):
        member = rng.choice(members)
        order = buy(shop, member, rng.randrange(100, 90_000))
        if rng.random() < 0.2:
            give_back(shop, order, (1, 1))
        free = shop.balance(member).available
        if free > 1 and rng.random() < 0.5:
            spend(shop, member, rng.randrange(1, free))
        shop.move(timedelta(days=rng.randrange(20)))
    shop.api.post(f"/members/{members[1]}/points/adjust", {"amount": 300, "reason": "sorry"})
    merge = shop.api.post(f"/members/{members[0]}/merge", {"from": members[1]}).json()

    for undone in (False, True):
        if undone:
            assert shop.api.post(f"/merges/{merge['id']}/undo").status_code == 200
        found, booked = told(shop), totals(shop.merchant_id)["points"]
        assert found["outstanding"] == booked.outstanding
        assert (found["redeemed"], found["expired"]) == (booked.spent, booked.expired)
        assert found["learnt"]
        for cohort in found["cohorts"]:
            assert cohort["redeemed"] <= cohort["expected"] <= cohort["issued"]
            assert cohort["deferred_minor"] >= 0
        assert sum(c["outstanding"] for c in found["cohorts"]) == booked.outstanding


def test_another_expiry_is_a_question_not_a_change() -> None:
    points = {"expiry": {"kind": "months", "count": 3, "end_of": "month"}}
    shop = make_shop(changed("plain", earning__points=points), now=START)
    member = enrol(shop)
    for _month in range(14):
        buy(shop, member, 100_000)
        shop.move(timedelta(days=31))
        spend(shop, member, 400)
    now = told(shop)
    assert now["what_if"] is None
    longer = told(shop, expiry_months=24, tail_bps=10_000)
    assert longer["what_if"]["expected"] > now["expected"]
    assert longer["deferred_minor"] == now["deferred_minor"]
    assert longer["what_if"]["difference_minor"] > 0
    shorter = told(shop, expiry_months=1)["what_if"]
    assert shorter["expected"] <= now["expected"]
    assert shorter["difference_minor"] <= 0


def test_facts_from_before_the_report_are_written_again() -> None:
    shop = make_shop(now=START)
    buy(shop, enrol(shop), 10_000)
    fresh = services.fresh(shop.merchant_id, shop.now)
    assert fresh.folder is not None
    (fresh.folder / "as_of.json").unlink()
    assert queries.freshness(shop.merchant_id).is_stale(("ledger",))
    assert told(shop)["issued"] == 100


def test_terms_that_make_no_sense_are_refused() -> None:
    shop = make_shop(now=START)
    for how in ("value_points=0", "assumed_bps=10001", "tail_bps=-1", "expiry_months=0"):
        assert shop.api.get(f"/reports/deferred_points?{how}").status_code == 422
    assert told(shop)["cohorts"] == []
