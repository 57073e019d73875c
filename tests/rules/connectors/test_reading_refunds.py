"""Refund files: rows of one refund belong together, and nothing of a bad refund passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from regulars.modules.connectors.reading.refunds import RefundFile, open_refunds
from regulars.modules.connectors.reading.types import RefundPiece, UnreadableFile

HEADER = "order_id,refund_id,refunded_at,line,quantity"
GOOD = [
    "1001,r2,2024-06-02 10:00:00,1,1",
    "1001,r1,2024-06-01 10:00:00,2,1",
    "1001,r2,2024-06-02 10:00:00,2,3",
]
Opener = Callable[..., RefundFile]


@pytest.fixture
def refunds(tmp_path: Path, request: pytest.FixtureRequest) -> Opener:
    def open_rows(*rows: str, header: str = HEADER, **options: int) -> RefundFile:
        path = tmp_path / "refunds.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        file = open_refunds(path, zone=ZoneInfo("Asia/Shanghai"), **options)
        request.addfinalizer(file.close)
        return file

    return open_rows


def test_refunds_come_by_time_with_their_lines(refunds: Opener) -> None:
    file = refunds(*GOOD)
    assert list(file.pieces()) == [
        RefundPiece(
            number=0,
            first_row=[3, 2],
            order_id=["1001", "1001"],
            refund_id=["r1", "r2"],
            refunded_at=[datetime(2024, 6, 1, 2, tzinfo=UTC), datetime(2024, 6, 2, 2, tzinfo=UTC)],
            line_start=[0, 1, 3],
            line=[2, 1, 2],
            quantity=[1, 1, 3],
        )
    ]
    report = file.report
    assert (report.rows, report.refunds, report.orders, report.lines) == (3, 2, 1, 3)
    assert (report.quantity, report.rejected_rows) == (5, {})
    assert report.last_refunded_at == datetime(2024, 6, 2, 2, tzinfo=UTC)


def test_pieces_of_refunds_resume(refunds: Opener) -> None:
    rows = [f"o{i},r{i},2024-06-{i + 1:02},1,1" for i in range(5)]
    pieces = list(refunds(*rows, piece_refunds=2).pieces())
    assert [len(piece.refund_id) for piece in pieces] == [2, 2, 1]
    assert list(refunds(*rows, piece_refunds=2).pieces(start=1)) == pieces[1:]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("1002,r2,2024-06-02 10:00:00,3,1", "order_id", "refund_conflict"),
        ("1001,r2,2024-06-02 10:00:01,3,1", "refunded_at", "refund_conflict"),
        ("1001,r2,2024-06-02 10:00:00,0,1", "line", "number_too_small"),
        ("1001,r2,2024-06-02 10:00:00,1001,1", "line", "number_too_large"),
        ("1001,r2,2024-06-02 10:00:00,3,0", "quantity", "number_too_small"),
        ("1001,r2,2024-06-02 10:00:00,3,-1", "quantity", "negative"),
        ("1001,r2,2024-06-02 10:00:00,3,1.5", "quantity", "not_a_whole_number"),
        (",r2,2024-06-02 10:00:00,3,1", "order_id", "missing"),
    ],
)
def test_one_bad_row_rejects_its_whole_refund(
    refunds: Opener, row: str, column: str, code: str
) -> None:
    file = refunds(*GOOD, row)
    last = file.errors()[-1]
    assert (last.row, last.column, last.code) == (5, column, code)
    assert file.report.rejected_rows == {code: 1, "refund_rejected": 2}
    assert [piece.refund_id for piece in file.pieces()] == [["r1"]]


def test_one_line_stands_once_in_a_refund(refunds: Opener) -> None:
    file = refunds(*GOOD, GOOD[0])
    assert file.report.rejected_rows == {"line_repeated": 3}


def test_an_order_file_is_no_refund_file(refunds: Opener) -> None:
    with pytest.raises(UnreadableFile) as refused:
        refunds("1,m,2024-05-01,a,1,1", header="order_id,member,placed_at,sku,quantity,line_total")
    assert refused.value.code == "missing_columns"
