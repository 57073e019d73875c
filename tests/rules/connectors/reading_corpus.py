"""Files that go wrong, made by code: text, workbooks and Parquet, each named by its trouble."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

HEADER = "order_id,member,placed_at,sku,quantity,line_total"
GOOD_ROWS = (
    "1001,m1,2024-05-01 10:00:00,apple,2,10.00",
    "1001,m1,2024-05-01 10:00:00,pear,1,3.50",
    "1002,,2024-05-02 11:30:00,apple,0,0",
    "1003,m2,2024-05-03T08:00:00+08:00,fig,1,7",
)
GOOD_TEXT = "\n".join((HEADER, *GOOD_ROWS)) + "\n"

Case = tuple[str, str, bytes]
"""Name, file name, content."""


def all_cases() -> list[Case]:
    """Every made file but the fuzzed ones."""
    return [*text_cases(), *workbook_cases(), *parquet_cases()]


def with_row(row: str) -> bytes:
    """The good file with one more row."""
    return (GOOD_TEXT + row + "\n").encode()


def text_cases() -> Iterator[Case]:
    """Delimited files, and files that only claim to be."""
    for name, content in {**_encodings(), **_shapes(), **_foreign()}.items():
        yield f"text-{name}", "orders.csv", content
    for name, row in _odd_rows().items():
        yield f"row-{name}", "orders.csv", with_row(row)
    yield "name-glob", "orders[1]*?.csv", GOOD_TEXT.encode()
    yield "name-gz", "orders.csv.gz", GOOD_TEXT.encode()
    yield "name-xlsx", "orders.xlsx", GOOD_TEXT.encode()
    yield "name-parquet", "orders.parquet", GOOD_TEXT.encode()


def _encodings() -> dict[str, bytes]:
    chinese = GOOD_TEXT.replace("apple", "苹果")
    rare = GOOD_TEXT.replace("apple", "𠮷野")
    return {
        "utf8-bom": b"\xef\xbb\xbf" + chinese.encode(),
        "gbk": chinese.encode("gbk"),
        "gb18030": rare.encode("gb18030"),
        "big5": GOOD_TEXT.replace("apple", "蘋果").encode("big5"),
        "utf16": chinese.encode("utf-16"),
        "utf16-le": chinese.encode("utf-16-le"),
        "utf16-be": chinese.encode("utf-16-be"),
        "utf16-be-bom": b"\xfe\xff" + chinese.encode("utf-16-be"),
        "utf16-odd-bytes": chinese.encode("utf-16") + b"x",
        "utf16-lone-surrogate": chinese.encode("utf-16") + b"\x00\xd8\n\x00",
        "utf32": chinese.encode("utf-32"),
        "utf8-cut-in-a-character": chinese.encode()[:-1] + "果".encode()[:2],
        "utf8-one-bad-byte": chinese.replace("pear", "pe\ue000").encode().replace(
            "\ue000".encode(), b"\xff"
        ),
        "utf8-surrogate": GOOD_TEXT.encode().replace(b"apple", b"\xed\xa0\x80"),
        "gb18030-surrogate": GOOD_TEXT.encode().replace(b"apple", b"\x83\x36\xc7\x39"),
        "utf8-bom-then-broken": b"\xef\xbb\xbf" + GOOD_TEXT.encode() + b"\xff\xff",
        "latin1": GOOD_TEXT.replace("apple", "café").encode("latin-1"),
        "nul-in-cell": GOOD_TEXT.encode().replace(b"apple", b"ap\0ple"),
        "nul-at-end": GOOD_TEXT.encode() + b"\0" * 64,
        "only-nul": b"\0" * 4096,
    }  # fmt: skip


def _shapes() -> dict[str, bytes]:
    def text(changed: str) -> bytes:
        return changed.encode()

    wide = ",".join(f"x{i}" for i in range(600))
    rows = "".join(f"1,m,2024-05-01,s{i},1,1\n" for i in range(1_001))
    return {
        "empty": b"",
        "blank": b" \r\n \r\n",
        "only-header": text(HEADER + "\n"),
        "only-header-unended": text(HEADER),
        "no-header": text("\n".join(GOOD_ROWS)),
        "tab": text(GOOD_TEXT.replace(",", "\t")),
        "semicolon": text(GOOD_TEXT.replace(",", ";")),
        "pipe": text(GOOD_TEXT.replace(",", "|")),
        "one-column": text("order_id\n1\n2\n"),
        "cr-only": text(GOOD_TEXT.replace("\n", "\r")),
        "crlf": text(GOOD_TEXT.replace("\n", "\r\n")),
        "mixed-ends": text(GOOD_TEXT.replace("\n", "\r\n", 2).replace("pear", "p\rear")),
        "blank-lines": text(GOOD_TEXT.replace("\n", "\n\n")),
        "blank-first": text("\n\n" + GOOD_TEXT),
        "comma-rows": text(GOOD_TEXT + ",,,,,\n,,,,,\n"),
        "trailing-delimiter": text(GOOD_TEXT.replace("\n1", ",\n1")),
        "quoted": text("\n".join(",".join(f'"{cell}"' for cell in line.split(","))
                                 for line in GOOD_TEXT.splitlines())),
        "crlf-in-quotes": text(GOOD_TEXT + '1004,m,2024-05-01,"a\r\nb",1,1\r\n'),
        "newline-in-unread-column": text("note," + HEADER + '\n"two\r\nlines",'
                                         + GOOD_ROWS[0] + "\n"),
        "quote-never-closed": text(GOOD_TEXT + '1004,"m,2024-05-01,a,1,1\n' + GOOD_TEXT * 3),
        "quote-in-quotes": text(GOOD_TEXT + '1004,"m"x,2024-05-01,a,1,1\n'),
        "quote-in-second-line": text(GOOD_TEXT + '1004,"m\nn"x,2024-05-01,a,1,1\n'),
        "ragged-short": text(GOOD_TEXT + "1001,m1\n"),
        "ragged-long": text(GOOD_TEXT + GOOD_ROWS[0] + ",more,cells\n"),
        "ragged-first-cell": text(GOOD_TEXT + "1003\n"),
        "cut-in-a-row": text(GOOD_TEXT)[:-20],
        "end-mark": text(GOOD_TEXT) + b"\x1a",
        "end-mark-on-a-line": text(GOOD_TEXT + "\x1a\r\n"),
        "end-mark-inside": text(GOOD_TEXT + "\x1a\n" + GOOD_ROWS[3] + "\n"),
        "end-mark-after-cell": text(GOOD_TEXT.rstrip()) + b"\x1a",
        "only-end-mark": b"\x1a",
        "duplicate-header": text(GOOD_TEXT.replace("member", "sku", 1)),
        "duplicate-unread-header": text("x,x," + HEADER + "\n1,2," + GOOD_ROWS[0] + "\n"),
        "loose-header": text(GOOD_TEXT.replace("order_id", " Order ID ", 1)),
        "empty-header-cell": text(GOOD_TEXT.replace("member", "", 1)),
        "header-with-sql": text("\"x'); DROP TABLE raw; --\"," + HEADER + "\n1," + GOOD_ROWS[0]),
        "600-columns": text(wide + "\n" + wide + "\n"),
        "1001-lines-of-one-order": text(HEADER + "\n" + rows),
        "cell-10-mb": text(GOOD_TEXT + f"1004,{'m' * 10_000_000},2024-05-01,a,1,1\n"),
        "quoted-cell-10-mb": text(GOOD_TEXT + f'1004,"{"m" * 10_000_000}",2024-05-01,a,1,1\n'),
        "header-2-mb": text("h" * 2_000_000 + "," + GOOD_TEXT),
        "fixed-width-nonsense": text(" customer_id  date number_of_cds  dollar_value\n x\n"),
    }  # fmt: skip


def _odd_rows() -> dict[str, str]:
    return {
        "missing-order": ",m9,2024-05-01,a,1,1",
        "missing-sku": "2001,m9,2024-05-01,,1,1",
        "order-of-256": "o" * 256 + ",m9,2024-05-01,a,1,1",
        "order-of-255": "o" * 255 + ",m9,2024-05-01,a,1,1",
        "member-of-256": "2001," + "会" * 256 + ",2024-05-01,a,1,1",
        "member-emoji": "2001,👩‍👩‍👧‍👦,2024-05-01,a,1,1",
        "member-rounded-phone": "2001,1.38E+10,2024-05-01,a,1,1",
        "order-rounded": "1.93012E+17,m9,2024-05-01,a,1,1",
        "order-as-formula": '="193012345678901234",m9,2024-05-01,a,1,1',
        "order-padded": "\t193012345678901234 \t,'13800000000,2024-05-01,a,1,1",
        "order-bell": "20\x0701,m9,2024-05-01,a,1,1",
        "sku-formula": "2001,m9,2024-05-01,=cmd|' /C calc'!A0,1,1",
        "sku-sql": "2001,m9,2024-05-01,'); DROP TABLE judged; --,1,1",
        "conflict-member": "1001,m2,2024-05-01 10:00:00,a,1,1",
        "conflict-time": "1001,m1,2024-05-01 10:00:01,a,1,1",
        "far-out-cells": "2001,m9,infinity,a,1e400,NaN",
    }


def _foreign() -> dict[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("orders.csv", GOOD_TEXT)
    return {
        "html": b"<html><table><tr><td>order_id</td></tr></table></html>",
        "xml-bom": b"\xef\xbb\xbf <?xml version='1.0'?><orders/>",
        "json": b'[{"order_id": "1", "member": null}]\n',
        "pdf": b"%PDF-1.7\n",
        "gzip": gzip.compress(GOOD_TEXT.encode()),
        "zip": packed.getvalue(),
        "old-workbook": bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 1024,
        "random": random.Random(7).randbytes(5_000),
        "parquet-in-csv": parquet_bytes(),
        "workbook-in-csv": workbook_bytes(),
    }


# -- workbooks ---------------------------------------------------------------------------------


def sheet_rows() -> list[list[Any]]:
    """The good file as typed cells."""
    return [
        HEADER.split(","),
        ["1001", "m1", datetime(2024, 5, 1, 10), "apple", 2, 10],
        ["1001", "m1", datetime(2024, 5, 1, 10), "pear", 1, 3.5],
        ["1002", "", datetime(2024, 5, 2, 11, 30), "apple", 0, 0],
        ["1003", "m2", "2024-05-03T08:00:00+08:00", "fig", 1, 7],
    ]


def workbook_bytes(
    rows: list[list[Any]] | None = None,
    *,
    options: dict[str, Any] | None = None,
    more: Callable[[Any, Any], None] | None = None,
) -> bytes:
    """A workbook with one sheet of ``rows``; ``more`` may add to it."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **(options or {})}) as book:
        sheet = book.add_worksheet("orders")
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for number, row in enumerate(rows or sheet_rows()):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime | date):
                    sheet.write_datetime(number, column, cell, moment)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                else:
                    sheet.write(number, column, cell)
        if more:
            more(book, sheet)
    return buffer.getvalue()


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


# -- Parquet -----------------------------------------------------------------------------------


def columns() -> dict[str, Any]:
    """The good file as typed columns."""
    return {
        "order_id": ["1001", "1001", "1002", "1003"],
        "member": ["m1", "m1", None, "m2"],
        "placed_at": [datetime(2024, 5, day, 10) for day in (1, 1, 2, 3)],
        "sku": ["apple", "pear", "apple", "fig"],
        "quantity": [2, 1, 0, 1],
        "line_total": [Decimal("10.00"), Decimal("3.50"), Decimal("0.00"), Decimal("7.00")],
    }


def parquet_bytes(changes: dict[str, Any] | None = None, **options: Any) -> bytes:
    """A Parquet file of the good columns with some changed."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({**columns(), **(changes or {})}), buffer, **options)
    return buffer.getvalue()


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
        "no-columns": _written(pa.table({})),
        "row-number-column": parquet_bytes({"file_row_number": [1, 2, 3, 4]}),
        "case-twins": parquet_bytes({"SKU": ["x"] * 4}),
        "many-rows-of-one-value": _written(
            pa.table({"order_id": pa.repeat("1", 11_000_000)}), compression="zstd"
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


def _written(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def _no_rows() -> bytes:
    return _written(pa.table(columns()).slice(0, 0))


# -- fuzz --------------------------------------------------------------------------------------


def fuzz_case(kind: str, seed: int) -> Case:
    """A sound file of this kind with a few bytes wrong; the same for one seed."""
    dice = random.Random(seed)
    if kind == "text":
        return f"fuzz-text-{seed}", "orders.csv", _disturbed(GOOD_TEXT.encode(), dice)
    if kind == "workbook":
        good = workbook_bytes()
        part = dice.choice(["sheet1_xml", "sharedStrings_xml", "workbook_xml", "styles_xml"])
        inside = _part(good, part)
        if dice.random() < 0.2:
            return f"fuzz-workbook-{seed}", "orders.xlsx", _disturbed(good, dice)
        return f"fuzz-workbook-{seed}", "orders.xlsx", repacked(
            good, **{part: _disturbed(inside, dice)}
        )  # fmt: skip
    good = bytearray(parquet_bytes(compression=dice.choice(["none", "snappy", "zstd"])))
    for _ in range(dice.randint(1, 6)):
        good[dice.randrange(4, len(good) - 8)] = dice.randrange(256)
    return f"fuzz-parquet-{seed}", "orders.parquet", bytes(good)


def _part(content: bytes, key: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        return archive.read(next(n for n in names if n.endswith(key.replace("_xml", ".xml"))))


def _disturbed(content: bytes, dice: random.Random) -> bytes:
    """Bytes changed, cut, doubled or put in."""
    data = bytearray(content)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(data)) if data else 0
        match dice.randrange(12):
            case 0 | 1 | 2 | 3:
                data[at : at + 1] = bytes([dice.randrange(256)])
            case 4 | 5:
                del data[at : at + dice.randint(1, 40)]
            case 6 | 7:
                data[at:at] = data[at : at + dice.randint(1, 40)]
            case 8 | 9:
                data[at:at] = dice.choice([b'"', b"\0", b"\r", b",", b"\xff", b"\x1a", b"\n\n"])
            case 10:
                data[at : at + 1] = dice.choice([b"9" * 12, b"-", b"&#0;", b"\xff\xff\xff\xff"])
            case _:
                del data[dice.randrange(len(data) + 1) :]
    return bytes(data)
