"""Order files: what passes, in which order, and what is told of the rest."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_samples import GOOD_TEXT, HEADER, with_row

from regulars.modules.connectors.reading.orders import OrderFile, open_orders
from regulars.modules.connectors.reading.types import OrderPiece, Product, UnreadableFile

SHANGHAI = ZoneInfo("Asia/Shanghai")
Opener = Callable[..., OrderFile]


def only_piece(file: OrderFile) -> OrderPiece:
    [piece] = file.pieces()
    return piece


def told(file: OrderFile) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, error.code) for error in file.errors()]


def test_orders_come_by_time_with_their_lines_in_file_order(opened: Opener) -> None:
    piece = only_piece(opened(GOOD_TEXT))
    assert piece == OrderPiece(
        number=0,
        first_row=[2, 4, 5],
        external_id=["1001", "1002", "1003"],
        member=["m1", None, "m2"],
        placed_at=[
            datetime(2024, 5, 1, 2, tzinfo=UTC),
            datetime(2024, 5, 2, 3, 30, tzinfo=UTC),
            datetime(2024, 5, 3, tzinfo=UTC),
        ],
        channel=[None, None, None],
        store=[None, None, None],
        line_start=[0, 2, 3, 4],
        sku=["apple", "pear", "apple", "fig"],
        quantity=[2, 1, 0, 1],
        unit_price_minor=[None, None, None, None],
        total_minor=[1000, 350, 0, 700],
    )


def test_the_report_tells_what_importing_would_bring(opened: Opener) -> None:
    text = (
        f"{HEADER},unit_price,store,channel\n"
        "1,m1,2024-05-01,a,2,20.00,10.00,s1,app\n"
        "1,m1,2024-05-01,b,3,20.00,10.00,s1,app\n"
        "2,,2024-05-02,a,0,5.00,,s2,\n"
        "3,m1,2024-05-02,a,-1,5.00,,s2,\n"
    )
    report = opened(text).report
    assert (report.kind, report.profile, report.encoding, report.delimiter) == (
        "csv", "canonical", "utf-8", ",",
    )  # fmt: skip
    assert (report.rows, report.orders, report.lines) == (4, 2, 3)
    assert (report.members, report.stores, report.total_minor) == (1, 2, 4500)
    assert (report.zero_quantity_lines, report.lines_off_unit_price) == (1, 1)
    assert report.identity_coverage_bps == 6666
    assert report.first_placed_at == datetime(2024, 4, 30, 16, tzinfo=UTC)
    assert report.last_placed_at == datetime(2024, 5, 1, 16, tzinfo=UTC)
    assert report.rejected_rows == {"negative": 1}
    assert len(report.sha256) == 64
    assert report.size_bytes == len(text)


def test_first_rows_decide_among_orders_of_one_instant_and_rows_among_lines(
    opened: Opener,
) -> None:
    rows = ["z,m,2024-05-01,b,1,1", "y,m,2024-05-01,c,1,1", "z,m,2024-05-01,a,1,1"]
    piece = only_piece(opened("\n".join([HEADER, *rows])))
    assert (piece.external_id, piece.sku) == (["z", "y"], ["b", "a", "c"])


def test_pieces_resume_anywhere_and_come_out_the_same(opened: Opener) -> None:
    rows = [f"o{i},m{i % 7},2024-05-{i % 28 + 1:02},s{i % 5},1,{i}.00" for i in range(103)]
    text = "\n".join([HEADER, *rows, *rows[:50]])
    first = opened(text, piece_orders=10)
    pieces = list(first.pieces())
    assert first.piece_count == len(pieces) == 11
    assert [piece.number for piece in pieces] == list(range(11))
    assert sum(len(piece.sku) for piece in pieces) == 153
    again = opened(text, piece_orders=10)
    assert list(again.pieces(start=4)) == pieces[4:]
    assert list(again.pieces(start=11)) == []


def test_one_bad_row_rejects_its_whole_order_and_no_other(opened: Opener) -> None:
    file = opened(with_row("1001,m1,2024-05-01 10:00:00,fig,-1,1"))
    assert told(file) == [
        (2, "", "order_rejected"),
        (3, "", "order_rejected"),
        (6, "quantity", "negative"),
    ]
    assert only_piece(file).external_id == ["1002", "1003"]
    negative = file.errors()[2]
    assert negative.raw == "-1"
    assert "refund file" in negative.message


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("1001,m2,2024-05-01 10:00:00,fig,1,1", "member"),
        ("1001,,2024-05-01 10:00:00,fig,1,1", "member"),
        ("1001,m1,2024-05-01 10:00:01,fig,1,1", "placed_at"),
    ],
)
def test_rows_of_one_order_that_differ_are_told_apart(
    opened: Opener, row: str, column: str
) -> None:
    file = opened(with_row(row))
    assert told(file)[-1] == (6, column, "order_conflict")
    assert only_piece(file).external_id == ["1002", "1003"]


def test_one_instant_written_in_two_ways_is_no_conflict(opened: Opener) -> None:
    file = opened(with_row("1001,m1,2024-05-01T04:00:00+02:00,fig,1,1"))
    assert file.report.rejected_rows == {}
    assert file.report.lines == 5


@pytest.mark.parametrize("column", ["store", "channel"])
def test_store_and_channel_are_the_orders_too(opened: Opener, column: str) -> None:
    text = f"{HEADER},{column}\n1,m,2024-05-01,a,1,1,x\n1,m,2024-05-01,a,1,1,y\n"
    assert told(opened(text)) == [(2, "", "order_rejected"), (3, column, "order_conflict")]


def test_an_order_of_over_a_thousand_rows_is_rejected(opened: Opener) -> None:
    rows = [f"1,m,2024-05-01,s{i},1,1" for i in range(1_001)]
    assert opened("\n".join([HEADER, *rows[:-1]])).report.lines == 1_000
    assert opened("\n".join([HEADER, *rows])).report.rejected_rows == {"too_many_lines": 1_001}


def test_an_order_that_no_amount_can_hold_is_rejected_alone(opened: Opener) -> None:
    """Each line may be taken; together they would overflow what is counted of them."""
    most = "10000000000000.00"
    rows = [HEADER, f"1,m,2024-05-01,a,1,{most}", f"2,m,2024-05-01,a,1,{most}"]
    assert opened("\n".join(rows)).report.rejected_rows == {}
    file = opened("\n".join([*rows, "2,m,2024-05-01,b,1,0.01"]))
    assert file.report.orders == 1
    assert told(file) == [(3, "", "order_too_large"), (4, "", "order_too_large")]


def test_another_currency_than_the_merchants_is_rejected(opened: Opener) -> None:
    text = (
        f"{HEADER},currency\n1,m,2024-05-01,a,1,1,cny\n2,m,2024-05-01,a,1,1,\n"
        "3,m,2024-05-01,a,1,1,USD\n"
    )
    file = opened(text)
    assert told(file) == [(4, "currency", "other_currency")]
    assert only_piece(file).external_id == ["1", "2"]


ODD_CELLS = [
    ("order_id", "", "missing"),
    ("order_id", "o" * 256, "too_long"),
    ("order_id", "1.93012E+17", "digits_lost"),
    ("order_id", "20\x0701", "control_character"),
    ("member", "会" * 256, "too_long"),
    ("member", "1.38E+10", "digits_lost"),
    ("member", '"a\nb"', "control_character"),
    ("sku", "", "missing"),
    *(("placed_at", text, "not_a_time") for text in (
        "2024-02-30", "2024-13-01", "24-05-01", "2024-05", "yesterday", "epoch", "infinity",
        "1714521600", "0000-00-00", "2024-05-01 25:00", "2024-05-01 10:00+99:99",
        "2024-05-01 10:00:61", "2024-05-01T", "01/05/2024", "2024-05-01-07", "2024/05-01",
        "2024-05-01 (BC)", "２０２４-05-01",
    )),
    ("placed_at", "9999-12-31", "time_out_of_range"),
    ("placed_at", "1066-10-14 09:00", "time_out_of_range"),
    ("placed_at", "1900-01-01", "time_out_of_range"),
    ("placed_at", "1901-01-01 23:59:59-18:00", "time_out_of_range"),
    ("placed_at", "", "missing"),
    *(("line_total", text, "not_an_amount") for text in (
        "1e400", "1E+3", "NaN", "Infinity", '"1,299.00"', "0元", "$5", "１２", "٣", "1.", ".5",
        "+5", "--5", "0x10", "1_000", "9" * 21, "9" * 400, "1 2",
    )),
    ("line_total", "", "missing"),
    ("line_total", "-0.01", "negative"),
    ("line_total", "1.005", "too_many_decimals"),
    ("line_total", "10000000000000.01", "amount_too_large"),
    ("unit_price", "-1", "negative"),
    ("unit_price", "x", "not_an_amount"),
    *(("quantity", text, "not_a_whole_number") for text in ("1.5", "1e3", "one", "true", "１")),
    ("quantity", "", "missing"),
    ("quantity", "-1", "negative"),
    ("quantity", "2147483648", "number_too_large"),
    ("product_name", "n" * 501, "too_long"),
    ("category", "c" * 256, "too_long"),
]  # fmt: skip


def test_every_odd_cell_is_told_with_its_fix_and_hurts_nobody_else(opened: Opener) -> None:
    names = [*HEADER.split(","), "unit_price", "product_name", "category"]
    lines = [",".join(names)]
    for number, (column, text, _) in enumerate(ODD_CELLS):
        cells = dict(zip(names, (f"o{number}", "m", "2024-05-01", "a", "1", "1", "1", "n", "c"),
                         strict=True))  # fmt: skip
        cells[column] = text
        lines.append(",".join(cells.values()))
    lines.append("good,m,2024-05-01,a,1,1,1,n,c")
    file = opened("\n".join(lines) + "\n")
    found = [(error.column, error.code) for error in file.errors(1_000)]
    assert found == [(column, code) for column, _, code in ODD_CELLS]
    assert [error.row for error in file.errors(1_000)] == list(range(2, len(ODD_CELLS) + 2))
    assert all(error.message.endswith((".", ")")) for error in file.errors(1_000))
    assert only_piece(file).external_id == ["good"]


def test_what_is_within_bounds_is_taken_as_it_is(opened: Opener) -> None:
    rows = [
        f"{'o' * 255},m,2024-05-01,a,2147483647,10000000000000.00",
        "2,👩‍👩‍👧‍👦,20240501,x'); DROP TABLE judged; --,3.0,0.10",
        '="193012345678901234",\'13800000000,2016/5/23 22:02,\t a-1 \t,007,1.500',
    ]
    file = opened("\n".join([HEADER, *rows]))
    piece = only_piece(file)
    assert file.report.rejected_rows == {}
    assert piece.external_id == ["193012345678901234", "o" * 255, "2"]
    assert piece.member == ["13800000000", "m", "👩‍👩‍👧‍👦"]
    assert piece.sku == ["a-1", "a", "x'); DROP TABLE judged; --"]
    assert piece.quantity == [7, 2147483647, 3]
    assert piece.total_minor == [150, 10**15, 10]


def test_a_currency_without_decimals_reads_whole_amounts(opened: Opener) -> None:
    text = f"{HEADER}\n1,m,2024-05-01,a,1,980\n2,m,2024-05-01,a,1,980.00\n3,m,2024-05-01,a,1,9.8\n"
    file = opened(text, currency="JPY")
    assert only_piece(file).total_minor == [980, 980]
    assert told(file) == [(4, "line_total", "too_many_decimals")]


def test_an_unknown_currency_is_refused_before_any_work(opened: Opener) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        opened(GOOD_TEXT, currency="RMB")


def test_products_are_told_once_with_their_last_text(opened: Opener) -> None:
    text = (
        f"{HEADER},product_name,category,type\n"
        "1,m,2024-05-03,b,1,1,Bee,C1,T1\n"
        "2,m,2024-05-01,b,1,1,Bee 2,,\n"
        "3,m,2024-05-02,a,1,1,,,\n"
        "4,m,2024-05-02,c,-1,1,Rejected,,\n"
    )
    assert list(opened(text).products(batch=1)) == [
        [Product("a", None, None, None)],
        [Product("b", "Bee 2", "C1", "T1")],
    ]


def test_skus_without_product_columns_are_products_without_text(opened: Opener) -> None:
    [products] = opened(GOOD_TEXT).products()
    assert [product.sku for product in products] == ["apple", "fig", "pear"]


def test_rejected_rows_go_back_as_they_came_and_run_no_formula(
    opened: Opener, tmp_path: Path
) -> None:
    rows = [
        "=1+1,@m,2024-05-01,+s,-1,-2.00",
        '2,m,2024-05-01,"a,""b""",x,1',
        "3,m,2024-05-01,a,1,1",
    ]
    file = opened("\n".join([f"{HEADER},-note", *(row + ",n" for row in rows)]))
    written = tmp_path / "rejected.csv"
    assert file.write_rejected(written) == 2
    assert written.read_bytes().startswith(b"\xef\xbb\xbf")
    with written.open(encoding="utf-8-sig", newline="") as text:
        header, first, second = csv.reader(text)
    assert header == [*HEADER.split(","), "'-note", "row", "reason"]
    assert first[:8] == ["'=1+1", "'@m", "2024-05-01", "'+s", "'-1", "'-2.00", "n", "2"]
    assert first[8].startswith("negative: ")
    assert second[:8] == ["2", "m", "2024-05-01", 'a,"b"', "x", "1", "n", "3"]


def test_mended_rejected_rows_can_be_imported_as_they_are(opened: Opener, tmp_path: Path) -> None:
    written = tmp_path / "rejected.csv"
    opened(f"{HEADER}\n@7,+m,2024-05-01,=s,-1,3.00\n").write_rejected(written)
    mended = written.read_text(encoding="utf-8-sig").replace("'-1", "1")
    piece = only_piece(opened(mended))
    assert (piece.external_id, piece.member, piece.sku) == (["@7"], ["+m"], ["=s"])


def test_a_file_of_rejected_rows_only_has_no_pieces(opened: Opener) -> None:
    file = opened(f"{HEADER}\n1,m,never,a,1,1\n")
    assert (list(file.pieces()), file.piece_count, list(file.products())) == ([], 0, [])
    assert file.report.first_placed_at is None
    assert file.report.identity_coverage_bps == 0


def test_closing_twice_is_harmless_and_leaves_no_scratch_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    path = tmp_path / "orders.csv"
    path.write_text(GOOD_TEXT)
    with open_orders(path, zone=SHANGHAI, currency="CNY") as file:
        assert list(scratch.iterdir())
    file.close()
    assert list(scratch.iterdir()) == []
    path.write_text("not,these,columns\n")
    with pytest.raises(UnreadableFile):
        open_orders(path, zone=SHANGHAI, currency="CNY")
    assert list(scratch.iterdir()) == []


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),  # order
        st.sampled_from(["p", "q", ""]),  # sku
        st.sampled_from(["0", "1", "-1", "x"]),
        st.integers(0, 99_999),
    ),
    max_size=25,
)


@given(rows=ROWS, dice=st.randoms(use_true_random=False))
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_permuting_rows_gives_the_same_orders(
    opened: Opener, rows: list[tuple[str, str, str, int]], dice: object
) -> None:
    def orders(order: list[tuple[str, str, str, int]]) -> tuple[object, object]:
        lines = [
            f"{key},m{key},2024-05-{ord(key) - 90:02},{sku},{quantity},{total / 100:.2f}"
            for key, sku, quantity, total in order
        ]
        file = opened("\n".join([HEADER, *lines]))
        found = {}
        for piece in file.pieces():
            for i, external_id in enumerate(piece.external_id):
                span = slice(piece.line_start[i], piece.line_start[i + 1])
                found[external_id] = (
                    piece.member[i],
                    piece.placed_at[i],
                    sorted(zip(piece.sku[span], piece.quantity[span], piece.total_minor[span],
                               strict=True)),
                )  # fmt: skip
        file.close()
        return found, dict(file.report.rejected_rows)

    shuffled = list(rows)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert orders(rows) == orders(shuffled)
