"""Workbooks: what cells mean, and what a crafted archive may not do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from reading_corpus_binary import workbook_cases
from reading_samples import sheet_rows, workbook_bytes

from regulars.modules.connectors.reading.orders import OrderFile
from regulars.modules.connectors.reading.types import UnreadableFile

Opener = Callable[..., OrderFile]
CASES = {name: content for name, _, content in workbook_cases()}


@pytest.mark.parametrize(
    "case", ["good", "dates-of-1904", "cover-sheet", "inline-strings", "blank-rows"]
)
def test_a_workbook_is_read_like_the_same_text(opened: Opener, case: str) -> None:
    file = opened(CASES[f"workbook-{case}"], name="orders.xlsx")
    [piece] = file.pieces()
    assert file.report.kind == "xlsx"
    assert file.report.rejected_rows == {}
    assert piece.external_id == ["1001", "1002", "1003"]
    assert [moment.isoformat() for moment in piece.placed_at] == [
        "2024-05-01T02:00:00+00:00", "2024-05-02T03:30:00+00:00", "2024-05-03T00:00:00+00:00",
    ]  # fmt: skip
    assert piece.total_minor[0] == 1000


@pytest.mark.parametrize(
    ("case", "row", "column", "code"),
    [
        ("phone-as-exponent", 6, "member", "digits_lost"),
        ("number-of-18-digits", 6, "order_id", "digits_lost"),
        ("boolean-cells", 6, "quantity", "not_a_whole_number"),
        ("nul-free-control", 6, "order_id", "control_character"),
        ("merged-cells", 9, "order_id", "missing"),
        ("formulas", 8, "line_total", "missing"),
        ("beyond-header", 6, "", "wrong_cell_count"),
    ],
)
def test_cells_that_lost_their_meaning_are_told_by_row(
    opened: Opener, case: str, row: int, column: str, code: str
) -> None:
    file = opened(CASES[f"workbook-{case}"], name="orders.xlsx")
    [error] = [error for error in file.errors() if error.code != "order_rejected"]
    assert (error.row, error.column, error.code) == (row, column, code)


def test_a_phone_kept_as_a_number_keeps_its_digits(opened: Opener) -> None:
    file = opened(CASES["workbook-numeric-phone"], name="orders.xlsx")
    [piece] = file.pieces()
    assert "13800000000" in piece.member
    assert "1006" in piece.external_id


def test_binary_noise_of_a_spreadsheet_number_is_no_decimal(opened: Opener) -> None:
    rows = [*sheet_rows()[:1], ["1", "m", "2024-05-01", "a", 1, 0.1 + 0.2]]
    [piece] = opened(workbook_bytes(rows), name="orders.xlsx").pieces()
    assert piece.total_minor == [30]


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("bomb", "archive_too_dense"),
        ("lying-bomb", "archive_too_dense"),
        ("external-entity", "unsafe_workbook"),
        ("entity-laughs", "unsafe_workbook"),
        ("far-cell", "too_many_cells"),
        ("far-cell-behind-quote", "too_many_cells"),
        ("reference-overflow", "too_many_cells"),
        ("strings-lie", "damaged_workbook"),  # makes the reader ask for 100 GB
        ("cut", "damaged_workbook"),
        ("not-xml", "damaged_workbook"),
        ("encrypted-flag", "damaged_workbook"),
        ("no-workbook-part", "archive"),
        ("hidden-sheet", "empty"),
        ("no-cells", "empty"),
    ],
)
def test_a_dangerous_or_broken_workbook_is_refused(opened: Opener, case: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        opened(CASES[f"workbook-{case}"], name="orders.xlsx")
    assert refused.value.code == code
