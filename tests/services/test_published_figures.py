"""From a file of orders to the published figures: import, books, facts, report.

The CDNOW cohort is known from outside (insight of 23,570 buyers over 18 months), so every figure
must match exactly, asked for as a shop asks.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from makers.orders import Shop, make_shop
from regulars.cli.frame import Refused
from regulars.cli.reporting import cli_report
from regulars.modules.connectors.services import import_file

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cdnow() -> Shop:
    spec = find_spec("lifetimes")  # only found: importing it would drag in what it needs
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).parent / "datasets" / "CDNOW_master.txt"
    shop = make_shop(now=datetime(1998, 7, 1, 12, tzinfo=UTC), currency="USD")
    run = import_file(shop.scope, kind="orders", source=source, file_name=source.name)
    assert (run.status, run.profile, run.orders) == ("done", "cdnow", 69_659)
    return shop


def asked(shop: Shop, name: str, **how: Any) -> dict[str, Any]:
    query = "&".join(f"{key}={value}" for key, value in how.items())
    answer = shop.api.get(f"/reports/{name}?{query}")
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def test_cohorts_and_second_purchases(cdnow: Shop) -> None:
    report = asked(cdnow, "cohorts", as_of="1998-06-30")
    cohorts = report["cohorts"]
    assert {c["cohort"]: c["size"] for c in cohorts} == {
        "1997-01": 7846,
        "1997-02": 8476,
        "1997-03": 7248,
    }
    assert (report["as_of"], report["members"]) == ("1998-06-30", 23_570)
    assert cohorts[0]["active"][:6] == [1157, 964, 810, 679, 736, 720]
    assert report["bought_again_within_days"] == {
        "30": 4115,
        "60": 5929,
        "90": 6887,
        "180": 8827,
        "365": 10810,
    }
    later = [list(step["within_days"].values()) for step in report["next_purchase"][1:]]
    assert later == [[2727, 4000, 4832, 6224, 7326], [2101, 3078, 3724, 4682, 5223]]
    assert [step["members"] for step in report["next_purchase"]] == [23_570, 11_516, 7476]


def test_a_month_that_is_not_over_is_not_known(cdnow: Shop) -> None:
    cohorts = asked(cdnow, "cohorts", as_of="1997-06-29")["cohorts"]
    assert cohorts[0]["active"] == [1157, 964, 810, 679, None]


def test_rfm(cdnow: Shop) -> None:
    report = asked(cdnow, "rfm", as_of="1998-07-01")
    assert report["means"] == {
        "recency_days": 368.2216,
        "frequency": 2.8677,
        "monetary_minor": 10_608.0426,
    }
    assert report["quintiles"] == {
        "r": [4735, 4712, 4702, 4702, 4719],
        "f": [0, 12054, 4040, 2205, 5271],
        "m": [4817, 4609, 4716, 4713, 4715],
    }
    assert (report["cells"]["555"], report["cells"]["111"]) == (2622, 0)
    shares = [round(bps / 100, 1) for bps in report["revenue_of_top_percent_bps"].values()]
    assert shares == [15.8, 36.7, 50.9, 67.8]


def test_the_second_order_curve_and_revenue(cdnow: Shop) -> None:
    (curve,) = asked(cdnow, "second_order", as_of="1998-06-30")["curves"]
    assert (curve["members"], curve["bought_again"]) == (23_570, 11_516)
    sold = asked(cdnow, "sales", as_of="1998-06-30", window=36_525)
    assert sold["revenue_minor"] == 250_031_563
    assert sold["purchases_per_member"] == 2.8677  # 67,591 days of 23,570 members


def test_everybody_is_known_so_coverage_is_whole(cdnow: Shop) -> None:
    report = asked(cdnow, "repurchase", as_of="1998-06-30", window=90)
    assert report["coverage_bps"] == 10_000
    assert report["rate_bps"] == round(report["members_again"] * 10_000 / report["members_active"])


def test_what_was_earned_is_what_is_owed(cdnow: Shop) -> None:
    """1 point for each whole dollar of an order, for ever: nothing else ever happened."""
    report = asked(cdnow, "points_liability")
    assert report["outstanding"] == report["issued"] == report["ageing_points"]
    assert report["issued"] < 2_500_315
    assert [line["month"] for line in report["ageing"]] == [None]
    tiers = asked(cdnow, "tiers", window=30)
    assert sum(line["members"] for line in tiers["tiers"]) == 23_570 == tiers["members"]


def test_the_command_line_tells_the_same(cdnow: Shop) -> None:
    merchant = cdnow.merchant
    text = cli_report(merchant, "rfm", as_of="1998-07-01", format="csv")
    cells = {
        f"{r['r']}{r['f']}{r['m']}": int(r["members"]) for r in csv.DictReader(io.StringIO(text))
    }
    assert cells == asked(cdnow, "rfm", as_of="1998-07-01")["cells"]
    with pytest.raises(Refused, match="repurchase, cohorts"):
        cli_report(merchant, "profit")
    with pytest.raises(Refused, match="window"):
        cli_report(merchant, "sales", window=0)
    with pytest.raises(Refused, match="2018-01-02"):
        cli_report(merchant, "sales", as_of="yesterday")
