"""The corpus of files gone wrong: each ends in a report or one refusal, never in a crash."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from reading_corpus import all_cases, fuzz_case
from reading_samples import Case

from regulars.modules.connectors.reading.orders import open_orders
from regulars.modules.connectors.reading.types import UnreadableFile

CASES = all_cases()


def verdict(case: Case, folder: Path) -> str:
    """Read all there is to read of the file; the refusal's code, or "report"."""
    _, name, content = case
    path = folder / name
    path.write_bytes(content)
    refusal: UnreadableFile | None = None
    try:
        with open_orders(path, zone=ZoneInfo("Asia/Shanghai"), currency="CNY") as file:
            report = file.report
            pieces = list(file.pieces())
            errors = file.errors(10_000)
            skus = {product.sku for batch in file.products() for product in batch}
            written = file.write_rejected(folder / "rejected.csv")
    except UnreadableFile as refused:
        refusal = refused
    if refusal:
        assert refusal.code
        assert refusal.message
        assert str(folder) not in refusal.message
        return refusal.code
    assert report.rows == report.lines + len(errors)
    assert Counter(error.code for error in errors) == report.rejected_rows
    assert all(error.row >= 2 and error.message for error in errors)
    assert report.lines == sum(len(piece.sku) for piece in pieces)
    assert report.total_minor == sum(sum(piece.total_minor) for piece in pieces)
    assert skus == {sku for piece in pieces for sku in piece.sku}
    with (folder / "rejected.csv").open(encoding="utf-8-sig", newline="") as text:
        assert len(list(csv.reader(text))) == written + 1 == len(errors) + 1
    return "report"


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    assert len(CASES) >= 140
    assert len({name for name, *_ in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[name for name, *_ in CASES])
def test_every_file_gone_wrong_ends_in_a_verdict(case: Case, tmp_path: Path) -> None:
    verdict(case, tmp_path)


@pytest.mark.parametrize("kind", ["text", "workbook", "parquet"])
def test_bytes_gone_wrong_end_in_a_verdict(kind: str, tmp_path: Path) -> None:
    for seed in range(8):
        verdict(fuzz_case(kind, seed), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["text", "workbook", "parquet"])
def test_many_bytes_gone_wrong_end_in_a_verdict(kind: str, tmp_path: Path) -> None:
    for seed in range(100, 250):
        verdict(fuzz_case(kind, seed), tmp_path)
