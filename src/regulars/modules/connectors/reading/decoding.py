"""From bytes to text: what kind of file it is, its encoding, its delimiter and its header."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import chardet

from .profiles import hits
from .types import UnreadableFile

MAX_FILE_BYTES = 1 << 30
MAX_COLUMNS = 512
BLANKS = " \t\r\n\x1a\u00a0\u3000\ufeff\u200b"
"""What is cut off both ends of a cell; 0x1A is the end mark of old systems."""

_BLOCK_BYTES = 1 << 20
_TELLING_BYTES = 1 << 16
_DELIMITERS = (",", "\t", ";")
SPACES = " "
"""The delimiter of fixed-width text: any run of spaces."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_EIGHT_BIT = ("utf-8", "gb18030", "big5")
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5")

_KINDS = (
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "xlsx"),
)
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "old_workbook", "an old .xls or password-protected workbook: save it "
     "as .xlsx without a password, or as CSV"),
    (b"\x1f\x8b", "archive", "a gzip archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "archive", "a zstd archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "archive", "a 7z archive: unpack it first"),
    (b"Rar!", "archive", "a RAR archive: unpack it first"),
    (b"PK\x05\x06", "archive", "an empty zip archive"),
    (b"%PDF", "foreign", "a PDF: export the orders as CSV or XLSX"),
    (b"PARE", "foreign", "an encrypted Parquet file: write it without encryption"),
)  # fmt: skip


_WIDE = re.compile("[\u0800-\U0010ffff]")
"""Characters of three bytes and more in UTF-8, which other encodings hardly ever imitate."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass over the bytes of a file tells. Offsets are in bytes; None = nowhere."""

    kind: str
    sha256: str
    size_bytes: int
    head: bytes
    utf8_breaks_at: int | None
    damaged_utf8: bool
    has_quote: bool
    has_nul: bool
    only_crlf: bool


@dataclass(frozen=True, slots=True)
class TextShape:
    """How the text of a delimited file is to be read. ``header_row`` counts from 1."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_row: int


@dataclass(slots=True)
class _Tally:
    """Running findings over the blocks of a file."""

    decoder: codecs.IncrementalDecoder = field(
        default_factory=codecs.getincrementaldecoder("utf-8")
    )
    size_bytes: int = 0
    returns: int = 0
    crlfs: int = 0
    last: bytes = b""
    has_quote: bool = False
    has_nul: bool = False
    wide: bool = False
    utf8_breaks_at: int | None = None
    damaged_utf8: bool = False

    def add(self, block: bytes) -> None:
        self.has_quote = self.has_quote or b'"' in block
        self.has_nul = self.has_nul or b"\0" in block
        self.returns += block.count(b"\r")
        self.crlfs += block.count(b"\r\n") + (self.last == b"\r" and block[:1] == b"\n")
        self.last = block[-1:]
        if self.utf8_breaks_at is None:
            self._decode(block)
        self.size_bytes += len(block)

    def _decode(self, block: bytes) -> None:
        pending = len(self.decoder.getstate()[0])
        try:
            text = self.decoder.decode(block, final=not block)
        except UnicodeDecodeError as broken:
            self.utf8_breaks_at = self.size_bytes - pending + broken.start
            # Text that is UTF-8 but for a few bytes would read as nonsense in another encoding.
            text = block.decode("utf-8", errors="replace")
            bad = text.count("\ufffd")
            self.damaged_utf8 = self.wide or len(_WIDE.findall(text)) - bad > bad
        else:
            self.wide = self.wide or _WIDE.search(text) is not None


def scan(path: Path) -> Scan:
    """Read the file once: its kind by content (never by name), its digest, its findings.

    Raises UnreadableFile for a file that is not there, empty, too large or of a foreign kind.
    """
    digest = hashlib.sha256()
    tally = _Tally()
    head = b""
    try:
        if not path.is_file():
            raise UnreadableFile("not_found", "There is no such file: check its name.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableFile(
                "file_too_large", "The file is over 1 GiB: split it, for instance by month."
            )
        for block in _blocks(path):
            digest.update(block)
            if not head:
                head = block
                kind = _kind(head)
            if kind == "csv":
                tally.add(block)
            else:
                tally.size_bytes += len(block)
    except OSError as failure:
        raise UnreadableFile(
            "not_found", f"The file cannot be opened: {failure.strerror}."
        ) from failure
    if not head.strip(BLANKS.encode() + b"\0"):
        raise UnreadableFile("empty", "The file is empty: export it again.")
    if kind == "csv":
        tally.add(b"")
    return Scan(
        kind=kind,
        sha256=digest.hexdigest(),
        size_bytes=tally.size_bytes,
        head=head,
        utf8_breaks_at=tally.utf8_breaks_at,
        damaged_utf8=tally.damaged_utf8,
        has_quote=tally.has_quote,
        has_nul=tally.has_nul,
        only_crlf=tally.returns == tally.crlfs,
    )


def text_shape(path: Path, found: Scan, *, known: frozenset[str]) -> TextShape:
    """The encoding and delimiter under which the header has the most ``known`` names.

    A byte order mark decides; else strict UTF-8, GB18030, UTF-16 and Big5 are tried in this
    order (Big5 before GB18030 where its characters are the likelier ones), and the whole file
    must decode. Raises UnreadableFile where none fits.
    """
    bom = next((name for mark, name in _BOMS if found.head.startswith(mark)), None)
    encodings = [bom] if bom else _plausible(found)
    shapes = [shape for name in encodings if (shape := _header_under(found, name, known))]
    scored = [
        (score, shape)
        for shape in shapes
        if (score := hits(shape.header, known)) or not shape.encoding.startswith("utf-16-")
    ]
    for _, shape in sorted(scored, key=lambda entry: entry[0], reverse=True):
        if _decodes(path, shape.encoding):
            return _checked(shape)
    raise _no_encoding(found)


def clean_name(cell: str) -> str:
    """A header cell without blanks around it, spreadsheet quoting or a leading apostrophe."""
    name = cell.strip(BLANKS)
    if name.startswith('="') and name.endswith('"'):
        name = name[2:-1].strip(BLANKS)
    return name.removeprefix("'")


def _kind(head: bytes) -> str:
    for magic, code, what in _FOREIGN:
        if head.startswith(magic):
            raise UnreadableFile(code, f"This is {what}.")
    if head.lstrip(codecs.BOM_UTF8 + b" \t\r\n")[:1] == b"<":
        raise UnreadableFile(
            "foreign", "This is a web page or XML: open it in a spreadsheet and save it as XLSX."
        )
    return next((kind for magic, kind in _KINDS if head.startswith(magic)), "csv")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


def _plausible(found: Scan) -> list[str]:
    """The encodings to try, the likeliest first."""
    encodings = list(_ENCODINGS)
    if found.has_nul or found.damaged_utf8:
        return [name for name in encodings if name not in _EIGHT_BIT]
    if found.utf8_breaks_at is None:
        return encodings
    encodings.remove("utf-8")
    told = chardet.detect(found.head[:_TELLING_BYTES])["encoding"] or ""
    if told.casefold().startswith("big5"):
        encodings.sort(key=lambda name: name != "big5")
    return encodings


def _header_under(found: Scan, encoding: str, known: frozenset[str]) -> TextShape | None:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        text = decoder.decode(found.head, final=len(found.head) == found.size_bytes)
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    header, header_row, delimiter = max(
        (_header(text, delimiter) for delimiter in _DELIMITERS),
        key=lambda read: (hits(read[0], known), len(read[0])),
    )
    if len(header) == 1 and hits(header[0].split(), known) > 1:
        header, delimiter = tuple(header[0].split()), SPACES
    return TextShape(encoding, delimiter, header, header_row)


def _header(text: str, delimiter: str) -> tuple[tuple[str, ...], int, str]:
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for number, row in enumerate(rows, start=1):
            names = tuple(clean_name(cell) for cell in row)
            if any(names):
                return names, number, delimiter
    except csv.Error:  # a cell beyond all bounds
        pass
    return (), 1, delimiter


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(path):
            if "\0" in decoder.decode(block):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _checked(shape: TextShape) -> TextShape:
    if not any(shape.header):
        raise UnreadableFile("no_header", "The first row must name the columns.")
    if len(shape.header) > MAX_COLUMNS:
        raise UnreadableFile(
            "too_many_columns", f"The file has over {MAX_COLUMNS} columns: keep those that count."
        )
    return shape


def _no_encoding(found: Scan) -> UnreadableFile:
    if found.has_nul:
        return UnreadableFile(
            "nul_byte", "The file holds NUL bytes, so it is damaged or no text: export it again."
        )
    if found.damaged_utf8 or found.head.startswith(codecs.BOM_UTF8):
        return UnreadableFile(
            "damaged_text",
            f"The text is UTF-8 up to byte {found.utf8_breaks_at} and broken there: export it "
            "again, or save it anew as CSV UTF-8.",
        )
    return UnreadableFile(
        "unknown_encoding",
        "The text is in no encoding that can be told (UTF-8, GB18030, UTF-16, Big5): save it as "
        "CSV UTF-8.",
    )
