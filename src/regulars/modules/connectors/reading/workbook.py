"""XLSX as raw rows: the archive is weighed and looked through before it is opened."""

from __future__ import annotations

import csv
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from .decoding import MAX_COLUMNS, clean_name
from .profiles import hits
from .raw import WRONG_CELL_COUNT, RawWriter, Row
from .types import UnreadableFile

MAX_RATIO = 100
MAX_INFLATED_BYTES = 512 << 20
MAX_CELLS = 10_000_000
MAX_PARTS = 2_000

_FREE_BYTES = 1 << 20  # below this size no ratio is judged: tiny parts compress oddly well
_READ_BYTES = 1 << 18
_OVERLAP_BYTES = 64
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_REFERENCE = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{0,9})([0-9]{1,18})""")
_TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])")
_MARKUP = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def check_archive(path: Path) -> None:
    """Raise UnreadableFile unless the workbook is safe to open.

    What counts is what the parts inflate to, not what the directory says of them: at most
    512 MiB, at most 100 times the file, no document type or entity declarations, and no sheet
    spread over more than 10 million cells.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
        _check_directory(parts, path.stat().st_size)
        allowed = _allowed_bytes(path.stat().st_size)
        with path.open("rb") as file:
            for part in parts:
                allowed -= _check_part(file, part, allowed)
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, ValueError) as failure:
        raise _damaged() from failure
    except (NotImplementedError, RuntimeError) as failure:  # exotic or encrypted archives
        raise _damaged() from failure


def load(path: Path, target: Path, *, known: frozenset[str]) -> tuple[str, ...]:
    """Write a sheet's rows after its header to ``target``, as RawWriter does; the header's names.

    It is the visible sheet whose first filled row has the most ``known`` names; the first of
    equals. The archive must have been checked. Raises UnreadableFile.
    """
    rows = target.with_suffix(".csv")
    with _reader(path, rows) as reader:
        heads = [
            (head["index"], head["row"], _names(head["names"]))
            for head in json.loads(reader.ask() or "[]")
        ]
        heads = [head for head in heads if head[2]]
        if not heads:
            raise UnreadableFile("empty", "The workbook has no visible sheet with content.")
        index, header_row, header = max(heads, key=lambda head: hits(head[2], known))
        if len(header) > MAX_COLUMNS:
            raise UnreadableFile(
                "too_many_columns",
                f"The sheet has over {MAX_COLUMNS} columns: keep those that count.",
            )
        reader.answer(str(index))
    with rows.open(encoding="utf-8", newline="") as file, RawWriter(target, len(header)) as raw:
        raw.add_rows(_rows_after(header_row, file, width=len(header)))
    return header


def _check_directory(parts: list[zipfile.ZipInfo], file_bytes: int) -> None:
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise UnreadableFile(
            "archive", "This is a zip archive, not an .xlsx workbook: unpack it first."
        )
    if len(parts) > MAX_PARTS or len(names) < len(parts):
        raise _damaged()
    if sum(part.file_size for part in parts) > _allowed_bytes(file_bytes):
        raise _bomb()


def _allowed_bytes(file_bytes: int) -> int:
    return min(MAX_INFLATED_BYTES, max(_FREE_BYTES, MAX_RATIO * file_bytes))


def _check_part(file: BinaryIO, part: zipfile.ZipInfo, allowed: int) -> int:
    """Inflate one part to nowhere; its true size. Looks for what must not be in it."""
    size = 0
    before = b""
    extent = _Extent()  # of every part: which ones are sheets is told by yet another part
    for block in _inflated(file, part):
        size += len(block)
        if size > allowed:
            raise _bomb()
        window = before + block
        if _MARKUP.search(window):
            raise UnreadableFile(
                "unsafe_workbook",
                "The workbook declares XML entities, which no spreadsheet program writes: open "
                "it and save it anew.",
            )
        extent.look(window, fresh_from=len(before))
        before = window[-_OVERLAP_BYTES:]
    return size


def _inflated(file: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    file.seek(part.header_offset)
    header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    if header[0] != b"PK\x03\x04" or part.flag_bits & 1:
        raise _damaged()
    file.seek(header[-2] + header[-1], 1)
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _damaged()
    stored = part.compress_type == zipfile.ZIP_STORED
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left = part.compress_size
    while left > 0 and not inflater.eof:
        packed = file.read(min(left, _READ_BYTES))
        if not packed:
            raise _damaged()
        left -= len(packed)
        if stored:
            yield packed
            continue
        while packed and not inflater.eof:
            yield inflater.decompress(packed, _READ_BYTES)
            packed = inflater.unconsumed_tail


class _Extent:
    """How far a sheet reaches: a cell far out makes readers lay out all cells before it."""

    def __init__(self) -> None:
        self._rows = 0
        self._columns = 0
        self._rows_seen = 0
        self._cells_in_row = 0

    def look(self, text: bytes, *, fresh_from: int) -> None:
        """Take in a piece of XML; what stands before ``fresh_from`` was in the last piece too."""
        for letters, digits in _REFERENCE.findall(text):
            self._rows = max(self._rows, int(digits))
            self._columns = max(self._columns, _column_number(letters))
        # Cells and rows without a reference follow the one before.
        for tag in _TAG.finditer(text):
            if tag.end() <= fresh_from - 1:
                continue
            if tag[1] == b"row":
                self._rows_seen += 1
                self._cells_in_row = 0
            else:
                self._cells_in_row += 1
                self._columns = max(self._columns, self._cells_in_row)
        rows = max(self._rows, self._rows_seen)
        if rows * self._columns > MAX_CELLS:
            raise UnreadableFile(
                "too_many_cells",
                f"The sheet reaches to row {rows:,} and column {self._columns:,}: delete stray "
                "cells far out, or save it as CSV.",
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _names(cells: list[str]) -> tuple[str, ...]:
    names = [clean_name(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _rows_after(header_row: int, file: TextIO, *, width: int) -> Iterator[Row]:
    for number, *cells in csv.reader(file):
        if int(number) > header_row:
            beyond = any(cells[width:])
            yield int(number), WRONG_CELL_COUNT if beyond else 0, cells


class _Reader:
    """The process that reads the workbook; see ``workbook_process``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self) -> str:
        """Its one line of sheets; raises UnreadableFile where it has ended instead."""
        out = self._process.stdout
        line = out.readline() if out else ""
        if not line:
            raise _damaged()
        return line

    def answer(self, index: str) -> None:
        """Name the sheet and wait until it is written."""
        self._process.communicate(index + "\n")
        if self._process.returncode:
            raise _damaged()


@contextmanager
def _reader(path: Path, rows: Path) -> Iterator[_Reader]:
    script = Path(__file__).with_name("workbook_process.py")
    process = subprocess.Popen(  # noqa: S603 - our own script, no shell
        [sys.executable, "-I", str(script), str(path.absolute()), str(rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    with process:
        try:
            yield _Reader(process)
        finally:
            if process.poll() is None:
                process.kill()


def _damaged() -> UnreadableFile:
    return UnreadableFile(
        "damaged_workbook",
        "The workbook is damaged or uses what cannot be read: open it, save it anew as .xlsx, or "
        "save it as CSV.",
    )


def _bomb() -> UnreadableFile:
    return UnreadableFile(
        "archive_too_dense",
        f"The workbook unpacks to over {MAX_INFLATED_BYTES >> 20} MiB or over {MAX_RATIO} times "
        "its size: save it as CSV.",
    )
