"""Member files: people as another system knew them, each row one person with source and consent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from regulars.kernel.errors import Invalid
from regulars.modules.members.rules import normalised
from regulars.modules.members.types import IDENTITY_TYPES

from .fields import Field, Kind, Problem
from .profiles import MEMBER_PROFILES
from .reader import ReadFile
from .sieve import Grouping, Sieve, instant
from .table import damage_told
from .types import MemberPiece, MemberReport, MemberRow, UnreadableFile

PIECE_MEMBERS: Final = 2_000
#: A dry run keeps in memory whom each identity of the file belongs to.
MOST_ROWS: Final = 2_000_000

_SOURCES_TOLD: Final = 50
_BATCH: Final = 10_000
_WORDS: Final = "member", "shopper"
_MOST = {"name": 100, "locale": 10, "consent_version": 40, "consent_channel": 40,
         "consent_campaign": 100}  # fmt: skip
_TEXTS: Final = (
    *IDENTITY_TYPES,
    "name",
    "status",
    "channel",
    "store",
    "locale",
    "consents",
    "refused",
    "consent_version",
    "consent_channel",
    "consent_campaign",
)
_FIELDS: Final = (
    Field("row_id", Kind.IDENTIFIER),
    Field("joined_at", Kind.TIME),
    Field("consent_at", Kind.TIME),
    Field("birthday", Kind.DAY),
    *(Field(name, Kind.IDENTIFIER, most=_MOST.get(name, 255)) for name in _TEXTS),
)
_PURPOSES: Final = "[^;|]{1,40}([;|][^;|]{1,40})*"
_NOBODY: Final = " AND ".join(f"t_{name} IS NULL" for name in IDENTITY_TYPES)
_CHECKS: Final = (
    (
        _NOBODY,
        Problem(
            None,
            "missing_identity",
            "Nothing says who this is: fill a phone, email, number or another identity.",
        ),
    ),
    (
        "lower(t_status) NOT IN ('member', 'shopper')",
        Problem(
            "status",
            "unknown_status",
            "Write member (joined) or shopper (only bought), or leave the cell empty.",
        ),
    ),
    (
        "NOT regexp_full_match(lower(replace(t_locale, '_', '-')), '[a-z]{2}(-[a-z]{2,7})?')",
        Problem("locale", "not_a_language", "Write a language as zh-hans or en."),
    ),
    *(
        (
            f"NOT regexp_full_match(t_{name}, '{_PURPOSES}')",
            Problem(
                name,
                "not_purposes",
                "Write purposes of up to 40 characters with ; between them: marketing; sms.",
            ),
        )
        for name in ("consents", "refused")
    ),
    (
        "(t_consents IS NOT NULL OR t_refused IS NOT NULL) AND t_consent_at IS NULL",
        Problem(
            "consent_at",
            "consent_without_time",
            "A consent is worth what proves it: fill consent_at with when it was given.",
        ),
    ),
)
_GROUPING: Final = Grouping(
    noun="person",
    key="row_id",
    time="joined_at",
    same=(*_TEXTS,),
    times=("consent_at",),
    checks=_CHECKS,
)
_SPELT: Final = {
    "phone": Problem("phone", "invalid_phone", "Write a phone number as +8613800138000."),
    "email": Problem("email", "invalid_email", "Write an address as name@example.com."),
}


class MemberFile(ReadFile):
    """A member file that has been read and judged. Close it: it holds scratch files."""

    report: MemberReport

    def __init__(self, path: Path, *, region: str, now: datetime, **reading: Any) -> None:
        self._region = region
        self._now_us = int(now.timestamp() * 1_000_000)
        super().__init__(path, **reading)

    def pieces(self, start: int = 0) -> Iterator[MemberPiece]:
        """The accepted people from piece ``start`` on; the same pieces at every reading."""
        for number in range(start, self.piece_count):
            with damage_told():
                piece = self._piece(number)
            yield piece

    def stores(self) -> list[str]:
        """The stores that accepted people name."""
        with damage_told():
            rows = self._sieve.connection.execute(
                "SELECT DISTINCT store FROM groups WHERE store IS NOT NULL ORDER BY store"
            ).fetchall()
        return [store for (store,) in rows]

    def _prepared(self, sieve: Sieve) -> None:
        if sieve.rows > MOST_ROWS:
            raise UnreadableFile(
                "too_many_rows", f"A member file has up to {MOST_ROWS:,} rows: split it."
            )
        self._reject_misspelt(sieve)
        self._reject_future(sieve)
        # As they stand in the file, not by time: of two rows of one person the first one comes in.
        sieve.connection.execute(
            "CREATE TABLE turned AS SELECT row_number() OVER (ORDER BY first_row) - 1 AS seq, "
            "g.* EXCLUDE (seq), l.birthday FROM groups g JOIN lines l ON l.row = g.first_row; "
            "DROP TABLE groups; ALTER TABLE turned RENAME TO groups"
        )
        self.report = self._reported(sieve)

    def _reject_misspelt(self, sieve: Sieve) -> None:
        """What only a library of numbering plans can tell. (Names, and what else no expression
        reads, are checked with the other cells.)"""
        for name, problem in _SPELT.items():
            faulty: list[int] = []
            query = f"SELECT first_row, {name} FROM groups WHERE {name} IS NOT NULL"
            answer = sieve.connection.cursor().execute(query)
            while rows := answer.fetchmany(_BATCH):
                faulty += [row for row, text in rows if self._spelt(name, text) is None]
            if faulty:
                sieve.reject(faulty, problem)

    def _reject_future(self, sieve: Sieve) -> None:
        for name, moment in (("joined_at", "at_us"), ("consent_at", "consent_at_us")):
            query = f"SELECT first_row FROM groups WHERE {moment} > {self._now_us}"
            late = [row for (row,) in sieve.connection.execute(query).fetchall()]
            if late:
                told = "This has not come yet: correct the time."
                sieve.reject(late, Problem(name, "in_the_future", told))

    def _spelt(self, name: str, text: str) -> str | None:
        try:
            return normalised(type=name, value=text, region=self._region)
        except Invalid:
            return None

    def _piece(self, number: int) -> MemberPiece:
        columns, _ = self._slice(
            number,
            groups=f"first_row, at_us, consent_at_us, birthday, {', '.join(_TEXTS)}",
            lines="row",
        )
        columns.pop()  # a person has one row
        return MemberPiece(
            number=number,
            rows=tuple(self._row(*cells) for cells in zip(*columns, strict=True)),
        )

    def _row(self, row: int, at_us: int | None, consent_us: int | None, *cells: Any) -> MemberRow:
        birthday, *rest = cells
        texts: dict[str, str | None] = dict(zip(_TEXTS, rest, strict=True))
        granted, refused = _purposes(texts["consents"]), _purposes(texts["refused"])
        identities = []
        for kind in IDENTITY_TYPES:
            text = texts[kind]
            spelt = None if text is None else self._spelt(kind, text)
            if spelt is not None:
                identities.append((kind, spelt))
        stated = (texts["status"] or "").lower()
        told = at_us is not None or bool(granted)
        return MemberRow(
            row=row,
            identities=tuple(identities),
            name=texts["name"] or "",
            birthday=birthday,
            joined_at=None if at_us is None else instant(at_us),
            joined=stated == _WORDS[0] if stated in _WORDS else told,
            channel=texts["channel"],
            store=texts["store"],
            locale=(texts["locale"] or "").lower().replace("_", "-"),
            granted=tuple(purpose for purpose in granted if purpose not in refused),
            refused=refused,
            consent_version=texts["consent_version"] or "",
            consent_at=None if consent_us is None else instant(consent_us),
            consent_channel=texts["consent_channel"] or (texts["channel"] or "")[:40],
            consent_campaign=texts["consent_campaign"] or "",
        )

    def _reported(self, sieve: Sieve) -> MemberReport:
        identities = ", ".join(f"count({name})" for name in IDENTITY_TYPES)
        people, joined, consents, first_us, last_us, *counts = sieve.one(
            "SELECT count(*), count(*) FILTER (coalesce(lower(status) = 'member', "
            "at_us IS NOT NULL OR consents IS NOT NULL)), "
            "count(*) FILTER (consents IS NOT NULL OR refused IS NOT NULL), "
            f"min(at_us), max(at_us), {identities} FROM groups"
        )
        sources = sieve.connection.execute(
            "SELECT coalesce(channel, ''), count(*) AS people FROM groups GROUP BY 1 "
            f"ORDER BY people DESC, 1 LIMIT {_SOURCES_TOLD}"
        ).fetchall()
        by_identity = dict(zip(IDENTITY_TYPES, counts, strict=True))
        return MemberReport(
            **self._source_facts(sieve),
            people=people,
            joined=joined,
            with_consents=consents,
            by_identity={kind: count for kind, count in by_identity.items() if count},
            by_source=dict(sources),
            first_joined_at=None if first_us is None else instant(first_us),
            last_joined_at=None if last_us is None else instant(last_us),
        )


def open_members(
    path: Path,
    *,
    profile: str = "auto",
    zone: ZoneInfo,
    region: str,
    now: datetime,
    piece_members: int = PIECE_MEMBERS,
    columns: Mapping[str, str] | None = None,
) -> MemberFile:
    """Read and judge a member file, as ``open_orders`` does an order file.

    ``region`` is the country that a phone number without one is read in; nobody has joined or
    agreed after ``now``.
    """
    return MemberFile(
        path,
        region=region,
        now=now,
        profiles=MEMBER_PROFILES,
        profile=profile,
        columns=columns,
        fields=_FIELDS,
        grouping=_GROUPING,
        zone=zone,
        piece_groups=piece_members,
    )


def _purposes(text: str | None) -> tuple[str, ...]:
    parts = (text or "").replace("|", ";").split(";")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
