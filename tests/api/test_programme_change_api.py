"""Two versions beside each other, over the API and at a terminal, and what was measured."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from makers.merchants import console, make_staff
from makers.orders import DAY, Shop, buy, changed, enrol, make_shop
from regulars.cli.reporting import cli_report
from regulars.kernel.instants import show_instant
from regulars.modules.programmes import services as programmes

PATH = "/reports/programme_change"


def told(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def publish(shop: Shop, document: dict[str, Any]) -> None:
    body = {"document": programmes.checked(document), "effective_at": show_instant(shop.now)}
    assert shop.api.put("/programme", body).status_code == 200


@pytest.fixture
def shop() -> Shop:
    """Three weeks under one version and three under the next, which pays twice the points."""
    made = make_shop("plain")
    ann, bo = enrol(made), enrol(made)
    buy(made, ann, 10_000, at=made.now - 20 * DAY)
    buy(made, ann, 20_000, at=made.now - 6 * DAY)
    buy(made, bo, 30_000, at=made.now - 2 * DAY)
    made.move(timedelta(hours=12))  # to midnight: no day belongs to two versions
    twice = changed("plain", earning__points__amount=2)
    publish(made, twice)
    made.move(3 * DAY)
    buy(made, bo, 40_000, at=made.now)
    made.move(19 * DAY)
    return made


def test_two_versions_beside_each_other(shop: Shop) -> None:
    report = told(shop.api.get(f"{PATH}?before=1&after=2&window=14"))
    assert [report[side]["state"] for side in ("before", "after")] == ["whole", "whole"]
    assert (report["before"]["last_day"], report["after"]["first_day"]) == (
        "2026-03-10", "2026-03-11",
    )  # fmt: skip
    then, now = (report[side]["figures"] for side in ("before", "after"))
    assert (then["member_minor"], now["member_minor"]) == (50_000, 40_000)
    assert (then["issued_per_100"], now["issued_per_100"]) == (100.0, 200.0)
    assert (then["members_active"], then["members_again"], now["rate_bps"]) == (2, 0, 0)
    assert [(line["label"], line["before"], line["after"]) for line in report["changes"]] == [
        ("Points: earned", "1 for each €1.00 paid", "2 for each €1.00 paid")
    ]
    assert report["measured"] == []


def test_without_numbers_it_is_the_version_in_force_and_the_one_before(shop: Shop) -> None:
    report = told(shop.api.get(PATH))
    assert (report["before"]["version"], report["after"]["version"]) == (1, 2)
    # From 2026-02-18 on something is known: 21 days before; 22 are over after.
    assert (report["longest_days"], report["window_days"]) == (21, 14)
    last = told(shop.api.get(f"{PATH}?before=1"))
    assert last["after"]["version"] == 2


def test_words_are_in_the_readers_language(shop: Shop) -> None:
    client = console(make_staff(shop.merchant, "analyst"))
    report = told(client.get(PATH, **{"Accept-Language": "zh-CN"}))
    assert report["changes"][0]["label"] == "积分：获取"
    assert report["changes"][0]["after"] == "实付每满 €1.00 得 2"
    assert report["after"]["figures"]["tiers"][1]["name"] == "银卡会员"
    assert report["facts"]["stale"] is False


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [("before=7", "?before"), ("after=7", "?after"), ("before=2&after=1", "?before"),
     ("before=2&after=2", "?before")],
)  # fmt: skip
def test_versions_there_are_not_and_the_wrong_order_are_refused(
    shop: Shop, asked: str, pointer: str
) -> None:
    answer = shop.api.get(f"{PATH}?{asked}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_first_version_has_nothing_before_it() -> None:
    report = told(make_shop("plain").api.get(PATH))
    assert report["before"] is None
    assert report["after"]["version"] == 1
    assert report["after"]["figures"] is None


def test_a_version_to_come_is_compared_without_figures(shop: Shop) -> None:
    body = {
        "document": programmes.checked(changed("plain", earning__points__amount=3)),
        "effective_at": show_instant(shop.now + 30 * DAY),
    }
    assert shop.api.put("/programme", body).status_code == 200
    report = told(shop.api.get(f"{PATH}?before=2&after=3"))
    assert (report["before"]["state"], report["after"]["state"]) == ("not_over", "not_over")
    assert report["moved_by_version"] is None
    assert len(report["changes"]) == 1


def test_every_table_as_csv(shop: Shop) -> None:
    def table(name: str) -> list[dict[str, str]]:
        text = shop.api.get(f"{PATH}?format=csv&window=14{name}").content.decode()
        return list(csv.DictReader(io.StringIO(text)))

    figures = {row["figure"]: (row["before"], row["after"]) for row in table("")}
    assert figures["member_minor"] == ("50000", "40000")
    assert figures["issued_per_100"] == ("100.0", "200.0")
    assert [row["label"] for row in table("&table=changes")] == ["Points: earned"]
    assert [row["week"] for row in table("&table=weeks")] == ["-2", "-1", "1", "2"]
    assert sum(int(row["members"]) for row in table("&table=flow")) == 2
    assert table("&table=measured") == []


def test_at_a_terminal(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    text = cli_report(
        shop.merchant, "programme_change", before=1, after=2, format="csv", table="changes"
    )
    assert "积分：获取,实付每满 €1.00 得 1,实付每满 €1.00 得 2" in text


def test_what_ran_meanwhile_is_told_with_its_interval_and_only_when_it_may_be_read(
    shop: Shop,
) -> None:
    """A standing holdout from before the change, read at any time, and one that is not over."""
    people = [enrol(shop) for _ in range(40)]
    standing = {
        "code": "standing", "name": "Standing", "scope": "everything", "looking": "always",
        "held_out_bps": 5_000, "days": 200,
    }  # fmt: skip
    once = {"code": "once", "name": "Once", "held_out_bps": 5_000, "days": 200}
    ids = [shop.api.post("/experiments", one).json()["id"] for one in (once, standing)]
    for one in ids:
        assert shop.api.post(f"/experiments/{one}/start", {}).status_code == 200
    assert told(shop.api.get(PATH))["measured"] == []  # both begin after the window
    shop.move(DAY)
    publish(shop, changed("plain", earning__points__amount=3))
    shop.move(15 * DAY)
    for number, person in enumerate(people):
        for order in range(number % 4):
            buy(shop, person, 1_000, at=shop.now - (order + 1) * DAY)

    first, second = told(shop.api.get(f"{PATH}?window=14"))["measured"]

    assert (first["id"], first["scope"], first["covers"]) == (ids[1], "everything", True)
    assert (first["first_day"], first["last_day"]) == ("2026-04-03", "2026-04-17")
    read = told(shop.api.get(f"/experiments/{ids[1]}/readout"))
    orders = (read["metrics"] or {}).get("orders", {})
    assert first["verdict"] == read["verdict"]
    for name in ("difference", "low", "high"):
        assert first[name] == orders.get(name)
    assert (second["id"], second["verdict"], second["difference"]) == (ids[0], None, None)
    assert second["readable_on"] is not None
    # A window that began before them is covered in part.
    assert not any(
        one["covers"]
        for one in told(shop.api.get(f"{PATH}?before=1&after=2&window=91"))["measured"]
    )
