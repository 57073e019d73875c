"""Text files: encodings, delimiters, odd shapes, and the two lanes that must agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_corpus import text_cases
from reading_samples import GOOD_TEXT, HEADER

from regulars.modules.connectors.reading import delimited
from regulars.modules.connectors.reading.decoding import scan, text_shape
from regulars.modules.connectors.reading.orders import OrderFile
from regulars.modules.connectors.reading.profiles import known_names
from regulars.modules.connectors.reading.types import UnreadableFile

Opener = Callable[..., OrderFile]
CASES = {name: (file_name, content) for name, file_name, content in text_cases()}


def skus(file: OrderFile) -> list[str]:
    return [sku for piece in file.pieces() for sku in piece.sku]


def refusal(opened: Opener, content: str | bytes, **options: object) -> str:
    with pytest.raises(UnreadableFile) as refused:
        opened(content, **options)
    assert len(refused.value.message) > 20
    return refused.value.code


@pytest.mark.parametrize(
    ("encoding", "told", "sku"),
    [
        ("utf-8", "utf-8", "苹果"),
        ("utf-8-sig", "utf-8-sig", "苹果"),
        ("gbk", "gb18030", "苹果"),
        ("gb18030", "gb18030", "𠮷野"),
        ("big5", "big5", "蘋果"),
        ("utf-16", "utf-16", "苹果"),
        ("utf-16-le", "utf-16-le", "苹果"),
        ("utf-16-be", "utf-16-be", "苹果"),
    ],
)
@pytest.mark.parametrize("quoted", [False, True])
def test_every_usual_encoding_is_told_and_read(
    opened: Opener, encoding: str, told: str, sku: str, quoted: bool
) -> None:
    sku_cell = f'"{sku}"' if quoted else sku  # without quotes the fast lane reads it
    file = opened(GOOD_TEXT.replace("apple", sku_cell).encode(encoding))
    assert file.report.encoding == told
    assert skus(file) == [sku, "pear", sku, "fig"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_told(opened: Opener, delimiter: str, end: str) -> None:
    file = opened(GOOD_TEXT.replace(",", delimiter).replace("\n", end))
    assert file.report.delimiter == delimiter
    assert skus(file) == ["apple", "pear", "apple", "fig"]


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("text-nul-in-cell", "nul_byte"),
        ("text-only-nul", "empty"),
        ("text-empty", "empty"),
        ("text-utf8-one-bad-byte", "damaged_text"),
        ("text-utf8-cut-in-a-character", "damaged_text"),
        ("text-utf8-bom-then-broken", "damaged_text"),
        ("text-latin1", "unknown_encoding"),
        ("text-quote-never-closed", "quote_not_closed"),
        ("text-quote-in-second-line", "quote_not_closed"),
        ("text-cell-10-mb", "cell_too_large"),
        ("text-quoted-cell-10-mb", "cell_too_large"),
        ("text-duplicate-header", "duplicate_column"),
        ("text-empty-header-cell", "missing_columns"),
        ("text-no-header", "missing_columns"),
        ("text-600-columns", "too_many_columns"),
        ("text-html", "foreign"),
        ("text-pdf", "foreign"),
        ("text-gzip", "archive"),
        ("text-zip", "archive"),
        ("text-old-workbook", "old_workbook"),
    ],
)
def test_what_is_no_order_file_is_refused_with_its_reason(
    opened: Opener, case: str, code: str
) -> None:
    name, content = CASES[case]
    assert refusal(opened, content, name=name) == code


@pytest.mark.parametrize(
    "case",
    ["name-glob", "name-gz", "name-xlsx", "name-parquet", "text-parquet-in-csv",
     "text-workbook-in-csv", "text-blank-first", "text-blank-lines", "text-comma-rows",
     "text-loose-header", "text-quoted", "text-end-mark", "text-end-mark-on-a-line",
     "text-end-mark-after-cell"],
)  # fmt: skip
def test_content_counts_not_the_name_and_padding_is_no_content(opened: Opener, case: str) -> None:
    name, content = CASES[case]
    file = opened(content, name=name)
    assert file.report.rejected_rows == {}
    assert (file.report.rows, skus(file)) == (4, ["apple", "pear", "apple", "fig"])


def test_row_numbers_count_blank_lines_and_quoted_line_breaks_as_a_spreadsheet_does(
    opened: Opener,
) -> None:
    text = f'note,{HEADER}\n\n"two\r\nlines",1,m,2024-05-01,a,1,1\nx,2,m,never,a,1,1\n'
    file = opened(text)
    [piece] = file.pieces()
    assert piece.first_row == [3]
    assert [error.row for error in file.errors()] == [4]


@pytest.mark.parametrize(
    ("row", "lost"),
    [
        ("1001,m1", ["1001"]),
        ("1001,m1,2024-05-01 10:00:00,apple,1,1,1", ["1001"]),
        ("1003", ["1003"]),
        ('1002,"m"1,2024-05-01,a,1,1', ["1002"]),
        ("1009,m1", []),
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_a_ragged_row_is_told_and_takes_only_its_own_order_along(
    opened: Opener, row: str, lost: list[str], last: bool
) -> None:
    lines = GOOD_TEXT.splitlines()
    lines.insert(len(lines) if last else 1, row)
    file = opened("\n".join(lines))
    [error] = [error for error in file.errors() if error.code != "order_rejected"]
    assert error.row == (6 if last else 2)
    assert error.code == ("broken_quotes" if '"' in row else "wrong_cell_count")
    found = {order for piece in file.pieces() for order in piece.external_id}
    assert found == {"1001", "1002", "1003"} - set(lost)


def test_an_end_mark_inside_the_file_hides_nothing(opened: Opener) -> None:
    file = opened(CASES["text-end-mark-inside"][1])
    assert skus(file) == ["apple", "pear", "apple", "fig", "fig"]


def test_a_missing_file_and_a_folder_are_refused(opened: Opener, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(UnreadableFile) as refused:
            scan(path)
        assert refused.value.code == "not_found"


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters='",\r\n\x00"', exclude_categories=["Cs"]),
    max_size=6,
)


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12))
@settings(max_examples=40, deadline=None)
def test_both_lanes_read_plain_text_alike(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    import pyarrow.parquet as pq

    folder = tmp_path_factory.mktemp("lanes")
    path = folder / "plain.csv"
    path.write_text(
        "".join(",".join(row) + "\n" for row in [["order_id", "sku", "x"], *rows]), encoding="utf-8"
    )
    found = scan(path)
    if found.kind != "csv":
        return
    shape = text_shape(path, found, known=known_names())
    delimited.load(path, found, shape, folder / "fast")
    if not delimited._load_fast(path, shape, folder / "fast"):
        return
    fast = pq.read_table(folder / "fast").to_pylist()
    with (
        path.open(encoding="utf-8", newline="") as file,
        delimited.RawWriter(folder / "careful", len(shape.header)) as raw,
    ):
        raw.add_rows(delimited._careful_rows(file, shape))
    careful = pq.read_table(folder / "careful").to_pylist()
    filled = [row for row in fast if any(row[f"c{i}"] for i in range(len(shape.header)))]
    assert [row for row in careful if any(list(row.values())[2:])] == filled
