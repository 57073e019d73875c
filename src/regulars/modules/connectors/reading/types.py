"""What crosses the border of the reading rooms: pieces, reports, previews and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


class UnreadableFile(Exception):
    """The file as a whole cannot be read; nothing of it has been handed over.

    ``code`` is stable, for programs; ``message`` tells a person what is wrong and the fix.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class OrderPiece:
    """Some orders by (placed_at, first row), as columns; the same for one file at every reading.

    ``line_start`` has one entry more than there are orders: the lines of order ``i`` are
    ``line_start[i]:line_start[i + 1]`` of the line columns, in file order. Row numbers count
    the header as row 1. ``member`` is an external identity's text; None counts against coverage.
    """

    number: int
    first_row: list[int]
    external_id: list[str]
    member: list[str | None]
    placed_at: list[datetime]
    channel: list[str | None]
    store: list[str | None]
    line_start: list[int]
    sku: list[str]
    quantity: list[int]
    unit_price_minor: list[int | None]
    total_minor: list[int]


@dataclass(frozen=True, slots=True)
class RefundPiece:
    """Some refunds by (refunded_at, first row), as columns; laid out as an OrderPiece is.

    ``line`` is the number of the order's line, from 1; ``quantity`` is at least 1.
    """

    number: int
    first_row: list[int]
    order_id: list[str]
    refund_id: list[str]
    refunded_at: list[datetime]
    line_start: list[int]
    line: list[int]
    quantity: list[int]


@dataclass(frozen=True, slots=True)
class Product:
    """One sku of the accepted rows, with the last text that the file gives for each field."""

    sku: str
    name: str | None
    category: str | None
    type: str | None


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was not taken. ``message`` tells the fix; ``raw`` is the cell as it stands."""

    row: int
    column: str
    code: str
    message: str
    raw: str | None


@dataclass(frozen=True, slots=True)
class FileReport:
    """What importing the order file would bring. Counts are of accepted rows unless said.

    ``rows`` are all data rows but blank ones; ``rejected_rows`` counts each rejected row once,
    by code. ``identity_coverage_bps`` is the share of lines whose order names a member.
    """

    kind: str
    profile: str
    encoding: str | None
    delimiter: str | None
    sha256: str
    size_bytes: int
    rows: int
    orders: int
    lines: int
    members: int
    stores: int
    first_placed_at: datetime | None
    last_placed_at: datetime | None
    zero_quantity_lines: int
    lines_off_unit_price: int
    total_minor: int
    identity_coverage_bps: int
    rejected_rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RefundReport:
    """What importing the refund file would bring; counts as in FileReport."""

    kind: str
    profile: str
    encoding: str | None
    delimiter: str | None
    sha256: str
    size_bytes: int
    rows: int
    refunds: int
    orders: int
    lines: int
    quantity: int
    first_refunded_at: datetime | None
    last_refunded_at: datetime | None
    rejected_rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One person of a member file. ``identities`` are (type, normalised value); ``joined`` says
    whether the row tells of a member, or of somebody who only bought. A row with consents or
    refusals tells when they were given."""

    row: int
    identities: tuple[tuple[str, str], ...]
    name: str
    birthday: date | None
    joined_at: datetime | None
    joined: bool
    channel: str | None
    store: str | None
    locale: str
    granted: tuple[str, ...]
    refused: tuple[str, ...]
    consent_version: str
    consent_at: datetime | None
    consent_channel: str
    consent_campaign: str


@dataclass(frozen=True, slots=True)
class MemberPiece:
    """Some people in the order of their rows."""

    number: int
    rows: tuple[MemberRow, ...]


@dataclass(frozen=True, slots=True)
class MemberReport:
    """What a member file holds; counts as in FileReport. ``joined`` rows tell of members,
    ``by_identity`` counts the rows that carry each type of identity, ``by_source`` the rows of
    each channel ("" for none), the most frequent ones."""

    kind: str
    profile: str
    encoding: str | None
    delimiter: str | None
    sha256: str
    size_bytes: int
    rows: int
    people: int
    joined: int
    with_consents: int
    by_identity: Mapping[str, int]
    by_source: Mapping[str, int]
    first_joined_at: datetime | None
    last_joined_at: datetime | None
    rejected_rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """Which column of the file is read as ``field``, and how sure that is (10,000 = certain)."""

    field: str
    column: str
    confidence_bps: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The file's columns, how they would be read, and its first rows as they stand.

    ``profile`` is None where no profile fits well enough to be taken without asking.
    """

    columns: tuple[str, ...]
    profile: str | None
    confidence_bps: int
    mapping: tuple[ColumnMatch, ...]
    rows: tuple[tuple[str | None, ...], ...]
