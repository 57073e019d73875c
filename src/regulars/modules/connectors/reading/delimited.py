"""CSV and its kin as raw rows: a fast lane for plain files, a careful one for the rest.

Plain text (no quotes, regular rows, one kind of line end) means the same to every reader, so it
takes the fast lane; whatever that lane stumbles on is read anew, row by row, by the careful one.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.csv

from .decoding import SPACES, Scan, TextShape
from .raw import BROKEN_QUOTES, WRONG_CELL_COUNT, RawWriter
from .types import UnreadableFile

_FAST_ENCODINGS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "gb18030": "gb18030"}
_BLOCK_BYTES = 1 << 20

_TextRow = tuple[int, int, list[str]]  # row number, defect, cells


def load(path: Path, found: Scan, shape: TextShape, target: Path) -> None:
    """Write the rows after the header to ``target``, as RawWriter does.

    Raises UnreadableFile where rows can no longer be told apart.
    """
    plain = (
        not found.has_quote
        and found.only_crlf
        and shape.header_row == 1
        and shape.delimiter != SPACES
        and shape.encoding in _FAST_ENCODINGS
    )
    if plain and _load_fast(path, shape, target):
        return
    with (
        path.open(encoding=shape.encoding, newline="") as file,
        RawWriter(target, len(shape.header)) as raw,
    ):
        raw.add_rows(_careful_rows(file, shape))


def _load_fast(path: Path, shape: TextShape, target: Path) -> bool:
    """Write the rows quickly; False where the file is not as regular as it must be for that."""
    names = [f"c{i}" for i in range(len(shape.header))]
    # An open file, not its name: a name like orders.csv.gz would be unpacked unasked.
    with (
        contextlib.suppress(pa.ArrowException),
        path.open("rb") as file,
        RawWriter(target, len(names)) as raw,
    ):
        batches = pyarrow.csv.open_csv(
            file,
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                skip_rows=1,
                column_names=names,
                encoding=_FAST_ENCODINGS[shape.encoding],
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=shape.delimiter,
                quote_char=False,
                double_quote=False,
                escape_char=False,
                ignore_empty_lines=False,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        row = 2
        for batch in batches:
            rows = pa.array(range(row, row + batch.num_rows), pa.int64())
            raw.add(rows, pa.repeat(pa.scalar(0, pa.uint8()), len(rows)), batch.columns)
            row += batch.num_rows
        return True
    return False


def _careful_rows(file: TextIO, shape: TextShape) -> Iterator[_TextRow]:
    """Rows after the header by RFC 4180; blank lines count as rows and are left out."""
    width = len(shape.header)
    read = _spaced_rows(file) if shape.delimiter == SPACES else _quoted_rows(file, shape.delimiter)
    for number, defect, cells in read:
        if number <= shape.header_row or not cells:
            continue
        if not defect and len(cells) != width:
            if len(cells) > width and not any(cell.strip("\x1a ") for cell in cells[width:]):
                pass  # a delimiter too many at the end of the row
            elif cells[0].strip("\x1a") == "" and len(cells) == 1:
                continue  # an end mark on a line of its own
            else:
                defect = WRONG_CELL_COUNT  # noqa: PLW2901
        yield number, defect, cells


def _spaced_rows(file: TextIO) -> Iterator[_TextRow]:
    for number, text in enumerate(file, start=1):
        yield number, 0, text.strip("\x1a").split()


class _Lines:
    """The lines of a file, the one under the reader's hand kept for a second look."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.current = ""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.current = next(self._file)
        return self.current


def _quoted_rows(file: TextIO, delimiter: str) -> Iterator[_TextRow]:
    lines = _Lines(file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number, lines_before = 0, 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as failure:
            one_line = reader.line_num - lines_before == 1
            _refuse_unless_told(failure, number=number, one_line=one_line)
            yield number, BROKEN_QUOTES, _lenient(lines.current, delimiter)
        else:
            yield number, 0, cells
        lines_before = reader.line_num


def _refuse_unless_told(failure: csv.Error, *, number: int, one_line: bool) -> None:
    """Raise UnreadableFile where a broken row hides where the next one begins."""
    if "larger than field limit" in str(failure):
        raise UnreadableFile(
            "cell_too_large",
            f"A cell of row {number} is longer than {csv.field_size_limit():,} characters; a "
            "quote that is opened and never closed does this too: mend that row.",
        ) from failure
    if not one_line or "unexpected end of data" in str(failure):
        raise UnreadableFile(
            "quote_not_closed",
            f"A quote opened in row {number} is not closed properly, so later rows cannot be "
            "told apart: close it, or write a quote inside a cell twice.",
        ) from failure


def _lenient(line: str, delimiter: str) -> list[str]:
    """The cells of a row with broken quotes, so that the order it belongs to can be told."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
