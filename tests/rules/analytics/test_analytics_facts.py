"""Opening fact files: what is missing is empty, what is opened is closed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import get_args

import duckdb
import pytest
from fact_files import order, write_facts

from regulars.modules.analytics import reports
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.facts_schema import SCHEMAS, Dataset
from regulars.modules.analytics.report_shapes import Report

DAY = date(2026, 3, 15)


def every_report(facts: Facts) -> list[Report]:
    return [
        reports.cohorts(facts, as_of=DAY),
        reports.rfm(facts, as_of=DAY),
        reports.repurchase(facts, as_of=DAY, window_days=90),
        reports.repurchase_trend(facts, as_of=DAY, window_days=90),
        reports.second_order(facts, as_of=DAY, by="channel"),
        reports.tiers(facts, as_of=DAY),
        reports.points_liability(facts, as_of=DAY),
        reports.coverage(facts, as_of=DAY),
        reports.sales(facts, as_of=DAY, window_days=90),
        reports.new_members(facts, as_of=DAY, window_days=2),
    ]


@pytest.mark.slow
def test_a_merchant_without_facts_has_reports_of_zeros(tmp_path: Path) -> None:
    for report in every_report(Facts(tmp_path / "never-exported")):
        assert json.loads(json.dumps(report)) == report
        header, *lines = reports.to_csv(report).splitlines()
        assert "," in header
        assert not any(cell in line for line in lines for cell in ("None", "nan"))
    repurchase = reports.repurchase(Facts(tmp_path), as_of=DAY, window_days=90)
    assert (repurchase["members_active"], repurchase["rate_bps"]) == (0, 0)
    assert reports.rfm(Facts(tmp_path), as_of=DAY)["means"] == {
        "recency_days": 0.0,
        "frequency": 0.0,
        "monetary_minor": 0.0,
    }
    assert reports.new_members(Facts(tmp_path), as_of=DAY, window_days=2)["days"] == [
        {"day": "2026-03-14", "members": 0},
        {"day": "2026-03-15", "members": 0},
    ]


@pytest.mark.slow
def test_every_report_is_json_and_has_its_csv(tmp_path: Path) -> None:
    orders = [order("mem_a", date(2026, 2, 1)), order("mem_a", DAY), order(None, DAY)]
    for report in every_report(write_facts(tmp_path, orders=orders)):
        assert json.loads(json.dumps(report)) == report
        header, *lines = reports.to_csv(report).splitlines()
        assert {line.count(",") for line in lines} <= {header.count(",")}


def test_every_dataset_opens_empty_and_again(tmp_path: Path) -> None:
    with Facts(tmp_path).open() as tables:
        for dataset in get_args(Dataset):
            assert tables.rows(tables.table(dataset)) == []
            assert tables.table(dataset).columns == SCHEMAS[dataset].names


def test_the_connection_is_closed_whatever_happens(tmp_path: Path) -> None:
    facts = write_facts(tmp_path, orders=[order("mem_a", DAY)])
    with pytest.raises(RuntimeError, match="half way"), facts.open() as tables:
        raise RuntimeError("half way")
    with pytest.raises(duckdb.ConnectionException):
        tables.rows(tables.table("orders"))


def test_a_folder_name_is_no_pattern(tmp_path: Path) -> None:
    facts = write_facts(tmp_path / "shop [1] *?", orders=[order("mem_a", DAY)])
    write_facts(tmp_path / "shop 1 xy", orders=[order("mem_b", DAY)])
    with facts.open() as tables:
        assert [row["member_id"] for row in tables.rows(tables.table("orders"))] == ["mem_a"]


def test_a_report_keeps_to_its_share_of_the_machine(tmp_path: Path) -> None:
    with Facts(tmp_path, threads=1, memory_mb=64).open() as tables:
        settings = tables.connection.raw_sql(
            "SELECT current_setting('threads'), current_setting('memory_limit')"
        ).fetchone()
    assert settings == (1, "61.0 MiB")


def test_a_sum_past_64_bits_is_refused_not_wrapped(tmp_path: Path) -> None:
    orders = [order("mem_a", DAY, 2**62), order("mem_a", DAY, 2**62)]
    with pytest.raises(duckdb.ConversionException):
        reports.rfm(write_facts(tmp_path, orders=orders), as_of=DAY)
