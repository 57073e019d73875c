"""Files that go wrong, made by code: delimited text of every kind, and sound files disturbed."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Iterator

from reading_corpus_binary import parquet_cases, repacked, workbook_cases
from reading_samples import (
    GOOD_ROWS,
    GOOD_TEXT,
    HEADER,
    Case,
    parquet_bytes,
    with_row,
    workbook_bytes,
)


def all_cases() -> list[Case]:
    """Every made file but the fuzzed ones."""
    return [*text_cases(), *workbook_cases(), *parquet_cases()]


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
    for _ in range(dice.randint(1, 4)):
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
