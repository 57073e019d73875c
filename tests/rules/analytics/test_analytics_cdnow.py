"""The published cohort of CDNOW buyers: figures known from outside, which must match exactly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest
from fact_files import order, write_facts

from regulars.modules.analytics import reports
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.report_shapes import CohortsReport, RfmReport

pytestmark = pytest.mark.slow

LAST_DAY = date(1998, 6, 30)
RFM_DAY = date(1998, 7, 1)
WITHIN = ("30", "60", "90", "180", "365")


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    spec = find_spec("lifetimes")  # only found: importing it would drag in what it needs
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "datasets" / "CDNOW_master.txt").read_text()
    orders = []
    for line in text.splitlines()[1:]:
        customer, day, _disks, dollars = line.split()
        minor = Decimal(dollars) * 100
        assert minor == int(minor)
        orders.append(order(customer, date.fromisoformat(day), int(minor)))
    assert len(orders) == 69_659
    return write_facts(tmp_path_factory.mktemp("cdnow"), orders=orders)


@pytest.fixture(scope="module")
def cohorts(cdnow: Facts) -> CohortsReport:
    return reports.cohorts(cdnow, as_of=LAST_DAY)


@pytest.fixture(scope="module")
def rfm(cdnow: Facts) -> RfmReport:
    return reports.rfm(cdnow, as_of=RFM_DAY)


def test_cohort_sizes(cohorts: CohortsReport) -> None:
    sizes = {cohort["cohort"]: cohort["size"] for cohort in cohorts["cohorts"]}
    assert sizes == {"1997-01": 7846, "1997-02": 8476, "1997-03": 7248}
    assert cohorts["members"] == 23_570


def test_january_cohort_by_month(cohorts: CohortsReport) -> None:
    january = cohorts["cohorts"][0]
    assert january["active"][:6] == [1157, 964, 810, 679, 736, 720]
    assert len(january["active"]) == 17
    assert None not in january["active"]


def test_second_purchase_within_days(cohorts: CohortsReport) -> None:
    assert cohorts["bought_again_within_days"] == dict(
        zip(WITHIN, (4115, 5929, 6887, 8827, 10810), strict=True)
    )


def test_third_and_fourth_purchase(cohorts: CohortsReport) -> None:
    first, second, third = cohorts["next_purchase"]
    assert (first["members"], first["ever"]) == (23_570, 11_516)
    assert second["members"] == 11_516
    assert list(second["within_days"].values()) == [2727, 4000, 4832, 6224, 7326]
    assert third["members"] == 7476
    assert list(third["within_days"].values()) == [2101, 3078, 3724, 4682, 5223]


def test_revenue_and_purchase_days(cdnow: Facts, cohorts: CohortsReport) -> None:
    revenue = sum(
        cohort["first_month_revenue_minor"] + sum(minor or 0 for minor in cohort["revenue_minor"])
        for cohort in cohorts["cohorts"]
    )
    assert revenue == 250_031_563
    sold = reports.sales(cdnow, as_of=LAST_DAY, window_days=36_525)
    assert sold["revenue_minor"] == 250_031_563
    assert sold["purchases_per_member"] == 2.8677  # 67,591 days of 23,570 members


def test_rfm_means(rfm: RfmReport) -> None:
    # 106.0804 dollars: in minor units to 4 decimals, so two digits more are seen.
    assert rfm["means"] == {
        "recency_days": 368.2216,
        "frequency": 2.8677,
        "monetary_minor": 10_608.0426,
    }


def test_rfm_quintiles(rfm: RfmReport) -> None:
    assert rfm["quintiles"] == {
        "r": [4735, 4712, 4702, 4702, 4719],
        "f": [0, 12054, 4040, 2205, 5271],
        "m": [4817, 4609, 4716, 4713, 4715],
    }


def test_rfm_cells(rfm: RfmReport) -> None:
    assert rfm["cells"]["555"] == 2622
    assert rfm["cells"]["111"] == 0
    assert len(rfm["cells"]) == 125
    assert sum(rfm["cells"].values()) == 23_570


def test_share_of_the_biggest_spenders(rfm: RfmReport) -> None:
    shares = rfm["revenue_of_top_percent_bps"]
    assert [round(bps / 100, 1) for bps in shares.values()] == [15.8, 36.7, 50.9, 67.8]


def test_second_order_curve_counts_who_is_still_waited_for(cdnow: Facts) -> None:
    (curve,) = reports.second_order(cdnow, as_of=LAST_DAY)["curves"]
    assert (curve["members"], curve["bought_again"]) == (23_570, 11_516)
    # Everyone was watched for a year and more, so up to there the curve is the plain share.
    by_days = {m["days"]: (m["at_risk"], m["again_bps"]) for m in curve["milestones"]}
    assert by_days[30][1] == 1746  # 4,115 of 23,570
    assert by_days[365][1] == 4586  # 10,810 of 23,570
    assert curve["points"][0]["at_risk"] == 23_570


def test_a_trend_ends_where_the_report_stands(cdnow: Facts) -> None:
    now = reports.repurchase(cdnow, as_of=LAST_DAY, window_days=90)
    trend = reports.repurchase_trend(cdnow, as_of=LAST_DAY, window_days=90)["points"]
    assert len(trend) == 13
    last = trend[-1]
    assert (last["members_active"], last["members_again"], last["rate_bps"]) == (
        now["members_active"],
        now["members_again"],
        now["rate_bps"],
    )
    assert (last["day"], last["whole_window"]) == ("1998-06-30", True)
