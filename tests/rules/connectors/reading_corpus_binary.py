"""Workbooks and Parquet files that go wrong, made by code, each named by its trouble."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
from reading_samples import (
    GOOD_TEXT,
    HEADER,
    Case,
    columns,
    parquet_bytes,
    sheet_rows,
    workbook_bytes,
    written,
)


def repacked(content: bytes, **changes: bytes | None) -> bytes:
    """The archive with parts replaced (by their last name, dots as underscores) or left out."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for part in before.infolist():
            key = part.filename.rsplit("/", 1)[-1].replace(".", "_")
            data = changes.get(key, before.read(part))
            if data is not None:
                after.writestr(part.filename, data)
    return buffer.getvalue()


def sheet_xml(inside: str, *, before: str = "") -> bytes:
    """A worksheet part with this content of its sheetData."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<worksheet xmlns="{space}">'
        f"<sheetData>{inside}</sheetData></worksheet>"
    ).encode()


def _inline(reference: str, text: str) -> str:
    place = f' r="{reference}"' if reference else ""
    return f'<c{place} t="inlineStr"><is><t>{text}</t></is></c>'


def _header_cells() -> str:
    cells = "".join(_inline(f"{chr(65 + i)}1", name) for i, name in enumerate(HEADER.split(",")))
    return f'<row r="1">{cells}</row>'


@cache
def lying_archive() -> bytes:
    """A workbook whose directory says that a part is small though it inflates to 80 MB."""
    packed = repacked(workbook_bytes(), sheet1_xml=sheet_xml(_header_cells() + " " * 80_000_000))
    at = packed.rindex(b"xl/worksheets/sheet1.xml") - 46  # its entry in the central directory
    return packed[: at + 24] + struct.pack("<I", 1_000) + packed[at + 28 :]


def _flagged(content: bytes) -> bytes:
    """The archive with every part marked as encrypted in its directory."""
    data = bytearray(content)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def workbook_cases() -> Iterator[Case]:
    """Workbooks, sound and not."""
    good = workbook_bytes()
    header, typed = HEADER.split(","), sheet_rows()
    far = sheet_xml(_header_cells() + f'<row r="1048576">{_inline("XFD1048576", "x")}</row>')
    quoted = sheet_xml(_header_cells() + '<row r="9"><c s=">" r="XFD1048000"/></row>')
    no_reference = sheet_xml(
        "".join(f"<row>{''.join(_inline('', c) for c in line.split(','))}</row>"
                for line in GOOD_TEXT.splitlines())
    )  # fmt: skip
    entity = sheet_xml(
        _header_cells(), before='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    )
    laughs = sheet_xml(_header_cells(), before='<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;">]>')
    strings = b'<sst xmlns="x" count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>'

    def merged(book: Any, sheet: Any) -> None:
        sheet.merge_range("A8:A9", "1005")
        sheet.write_row("B8", ["m1", "2024-05-01", "a", 1, 1])
        sheet.write_row("B9", ["m1", "2024-05-01", "b", 1, 1])

    def formulas(book: Any, sheet: Any) -> None:
        sheet.write_row("A8", ["1006", "m1", "2024-05-01", "a"])
        sheet.write_formula("E8", "=1+1", None, 2)
        sheet.write_formula("F8", "=1/0", None, "#DIV/0!")

    def cover(book: Any, sheet: Any) -> None:
        notes = book.add_worksheet("about")
        notes.write(0, 0, "Please read")
        notes.set_first_sheet()

    def hidden(book: Any, sheet: Any) -> None:
        book.add_worksheet("shown").activate()
        sheet.hide()

    content = {
        "good": good,
        "dates-of-1904": workbook_bytes(options={"date_1904": True}),
        "numeric-phone": workbook_bytes([*typed, [1006, 13800000000, "2024-05-01", "a", 1, 1]]),
        "phone-as-exponent": workbook_bytes([*typed, [1006, "1.38E+10", "2024-05-01", "a", 1, 1]]),
        "number-of-18-digits": workbook_bytes(
            [*typed, [193012345678901234, "m", "2024-05-01", "a", 1, 1]]
        ),
        "noisy-float": workbook_bytes([*typed, ["1006", "m", "2024-05-01", "a", 1, 0.1 + 0.2]]),
        "boolean-cells": workbook_bytes([*typed, [True, False, "2024-05-01", "a", True, 1]]),
        "nul-free-control": workbook_bytes([*typed, ["10\x0106", "m", "2024-05-01", "a", 1, 1]]),
        "merged-cells": workbook_bytes(more=merged),
        "formulas": workbook_bytes(more=formulas),
        "cover-sheet": workbook_bytes(more=cover),
        "hidden-sheet": workbook_bytes(more=hidden),
        "blank-rows": workbook_bytes([[], [], *typed, [], typed[1]]),
        "beyond-header": workbook_bytes([*typed, [*typed[1], "x", "y"]]),
        "only-header": workbook_bytes([header]),
        "no-cells": workbook_bytes([[]]),
        "inline-strings": repacked(good, sheet1_xml=no_reference),
        "far-cell": repacked(good, sheet1_xml=far),
        "far-cell-behind-quote": repacked(good, sheet1_xml=quoted),
        "wrong-dimension": repacked(good, sheet1_xml=sheet_xml(_header_cells()).replace(
            b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')),
        "bad-reference": repacked(good, sheet1_xml=sheet_xml('<row r="1"><c r="??1"/></row>')),
        "reference-zero": repacked(good, sheet1_xml=sheet_xml('<row r="0"><c r="A0"/></row>')),
        "reference-overflow": repacked(good, sheet1_xml=sheet_xml(
            '<row r="99999999999999999999"><c r="ZZZZZZZ9999999999"><v>1</v></c></row>')),
        "no-number": repacked(good, sheet1_xml=sheet_xml(
            _header_cells() + '<row r="2"><c r="E2"><v>NaN</v></c><c r="F2"><v>x</v></c></row>')),
        "string-out-of-range": repacked(good, sheet1_xml=sheet_xml(
            _header_cells() + '<row r="2"><c r="A2" t="s"><v>999</v></c></row>')),
        "external-entity": repacked(good, sheet1_xml=entity),
        "entity-laughs": repacked(good, sheet1_xml=laughs),
        "unclosed-xml": repacked(good, sheet1_xml=sheet_xml(_header_cells())[:-40]),
        "not-xml": repacked(good, sheet1_xml=b"\xff\xfe\0\0 nonsense"),
        "strings-lie": repacked(good, sharedStrings_xml=strings),
        "no-sheet-part": repacked(good, sheet1_xml=None),
        "no-workbook-part": repacked(good, workbook_xml=None),
        "no-relations": repacked(good, workbook_xml_rels=None),
        "bomb": repacked(good, sheet1_xml=sheet_xml(_header_cells() + " " * 30_000_000)),
        "lying-bomb": lying_archive(),
        "cut": good[: len(good) // 2],
        "cut-directory": good[:-10],
        "encrypted-flag": _flagged(good),
        "only-magic": b"PK\x03\x04",
    }  # fmt: skip
    for name, data in content.items():
        yield f"workbook-{name}", "orders.xlsx", data


def parquet_cases() -> Iterator[Case]:
    """Parquet files, sound and not."""
    good = parquet_bytes()
    moments = columns()["placed_at"]
    texts = [b"m1", b"m1", b"m1", b"\xff\xfe"]
    content = {
        "good": good,
        "int96": parquet_bytes(use_deprecated_int96_timestamps=True),
        "zoned": parquet_bytes({"placed_at": pa.array(moments, pa.timestamp("ms", "Asia/Tokyo"))}),
        "nanoseconds": parquet_bytes({"placed_at": pa.array(moments, pa.timestamp("ns"))}),
        "dates": parquet_bytes({"placed_at": [moment.date() for moment in moments]}),
        "time-as-number": parquet_bytes({"placed_at": [1714521600] * 4}),
        "decimal-of-scale-4": parquet_bytes({"line_total": [Decimal("1.0000")] * 4}),
        "decimal-too-fine": parquet_bytes({"line_total": [Decimal("1.0001")] * 4}),
        "decimal-of-38": parquet_bytes(
            {"line_total": pa.array([Decimal(1)] * 4, pa.decimal128(38, 30))}
        ),
        "decimal-huge": parquet_bytes(
            {"line_total": pa.array([Decimal(10) ** 30] * 4, pa.decimal128(38, 2))}
        ),
        "doubles": parquet_bytes({"line_total": [0.1 + 0.2, 1.005, float("nan"), float("inf")]}),
        "double-identifiers": parquet_bytes({"order_id": [1.0, 1.0, 2.5, 1.9e17]}),
        "integers": parquet_bytes({"order_id": [1, 1, 2, 3], "sku": [1, 2, 3, 4]}),
        "unsigned": parquet_bytes({"quantity": pa.array([2**64 - 1, 1, 1, 1], pa.uint64())}),
        "nulls": parquet_bytes({"order_id": pa.nulls(4, pa.string()), "sku": pa.nulls(4)}),
        "booleans": parquet_bytes({"quantity": [True, False, True, True]}),
        "nested": parquet_bytes({"sku": [{"a": 1}] * 4}),
        "list": parquet_bytes({"sku": [["a"], [], None, ["b"]]}),
        "unread-nested": parquet_bytes({"extra": [{"a": [1]}] * 4}),
        "binary-text": parquet_bytes({"member": pa.array([b"m1"] * 4, pa.binary())}),
        "binary-not-text": parquet_bytes({"member": pa.array(texts, pa.binary())}),
        "dictionary": parquet_bytes({"member": pa.array(["m"] * 4).dictionary_encode()}),
        "nul-in-text": parquet_bytes({"sku": ["a\0b"] * 4}),
        "no-rows": _no_rows(),
        "no-columns": written(pa.table({})),
        "row-number-column": parquet_bytes({"file_row_number": [1, 2, 3, 4]}),
        "case-twins": parquet_bytes({"SKU": ["x"] * 4}),
        "many-rows-of-one-value": written(
            pa.table({"order_id": pa.repeat(True, 11_000_000)}), compression="zstd"
        ),
        "cut-footer": good[:-5],
        "cut": good[: len(good) // 2],
        "only-magic": b"PAR1",
        "twice-magic": b"PAR1PAR1",
        "footer-too-long": good[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1",
        "footer-zero": good[:-8] + struct.pack("<I", 0) + b"PAR1",
        "encrypted": b"PARE" + good[4:-4] + b"PARE",
        "pages-overwritten": good[:4] + b"\xff" * 200 + good[204:],
    }
    for name, data in content.items():
        yield f"parquet-{name}", "orders.parquet", data
    yield "parquet-name-glob", "or*d[e]rs?.parquet", good
    yield "parquet-name-quote", "it's.parquet", good


def _no_rows() -> bytes:
    return written(pa.table(columns()).slice(0, 0))
