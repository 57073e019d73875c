"""Parquet files: typed columns mean what the same text would."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pytest
from reading_corpus_binary import parquet_cases
from reading_samples import columns, parquet_bytes

from regulars.modules.connectors.reading.orders import OrderFile
from regulars.modules.connectors.reading.types import UnreadableFile

Opener = Callable[..., OrderFile]
CASES = {name: (file_name, content) for name, file_name, content in parquet_cases()}


@pytest.mark.parametrize(
    "case",
    ["good", "int96", "nanoseconds", "dictionary", "unread-nested", "case-twins", "name-glob",
     "name-quote"],
)  # fmt: skip
def test_parquet_is_read_like_the_same_text(opened: Opener, case: str) -> None:
    name, content = CASES[f"parquet-{case}"]
    file = opened(content, name=name)
    [piece] = file.pieces()
    assert file.report.kind == "parquet"
    assert piece.first_row == [2, 4, 5]  # as if there were a header row
    assert piece.external_id == ["1001", "1002", "1003"]
    assert piece.line_start == [0, 2, 3, 4]
    assert piece.quantity == [2, 1, 0, 1]
    assert piece.total_minor == [1000, 350, 0, 700]


@pytest.mark.parametrize(
    ("changes", "rejected"),
    [
        ({"line_total": [Decimal("1.0000")] * 4}, {}),
        ({"line_total": [Decimal("1.0001")] * 4}, {"too_many_decimals": 4}),
        ({"line_total": pa.array([1, 2, 3, 4])}, {}),
        ({"line_total": [1.5, 2.0, float("nan"), float("inf")]}, {"not_an_amount": 2}),
        ({"line_total": [-1.5, 2.0, 3.0, 4.0]}, {"negative": 1, "order_rejected": 1}),
        ({"order_id": [1.0, 1.0, 2.0, 1.9e17]}, {"digits_lost": 1}),
        ({"quantity": [2.0, 1.0, 0.0, 1.5]}, {"not_a_whole_number": 1}),
        (
            {"quantity": pa.array([2**64 - 1, 1, 1, 1], pa.uint64())},
            {"number_too_large": 1, "order_rejected": 1},
        ),
        ({"sku": ["a\0b", "a", "a", "a"]}, {"control_character": 1, "order_rejected": 1}),
        ({"placed_at": [1714521600] * 4}, {"not_a_time": 4}),
        ({"order_id": pa.nulls(4, pa.string())}, {"missing": 4}),
    ],
)
def test_typed_cells_are_judged_as_text_is(
    opened: Opener, changes: dict[str, object], rejected: dict[str, int]
) -> None:
    file = opened(parquet_bytes(changes), name="orders.parquet")
    assert file.report.rejected_rows == rejected


def test_numbers_as_identifiers_lose_their_point(opened: Opener) -> None:
    data = parquet_bytes({"order_id": [7.0, 7.0, 8.0, 9.0], "sku": [1, 2, 3, 4]})
    [piece] = opened(data).pieces()
    assert (piece.external_id, piece.sku) == (["7", "8", "9"], ["1", "2", "3", "4"])


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("nested", "column_type"),
        ("list", "column_type"),
        ("booleans", "column_type"),
        ("many-rows-of-one-value", "too_many_rows"),
        ("cut-footer", "damaged_file"),
        ("cut", "damaged_file"),
        ("footer-too-long", "damaged_file"),
        ("pages-overwritten", "damaged_file"),
        ("binary-not-text", "damaged_file"),
        ("encrypted", "foreign"),
    ],
)
def test_what_cannot_be_read_is_refused(opened: Opener, case: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        opened(CASES[f"parquet-{case}"][1], name="orders.parquet")
    assert refused.value.code == code


def test_the_cases_start_from_a_sound_file() -> None:
    assert set(columns()) == {"order_id", "member", "placed_at", "sku", "quantity", "line_total"}
