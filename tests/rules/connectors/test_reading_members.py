"""Member files: one row, one person; who they are, where they came from and what they agreed to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regulars.modules.connectors.reading.members import MemberFile, open_members
from regulars.modules.connectors.reading.types import MemberRow, UnreadableFile

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEAD = "phone,email,external,name,birthday,joined_at,channel,consents,refused,consent_at"
Opener = Callable[..., MemberFile]


def opened_at(path: Path, **options: Any) -> MemberFile:
    return open_members(path, zone=ZoneInfo("Asia/Shanghai"), region="CN", now=NOW, **options)


@pytest.fixture
def people(tmp_path: Path, request: pytest.FixtureRequest) -> Opener:
    def open_rows(
        *rows: str, header: str = HEAD, encoding: str = "utf-8", **options: Any
    ) -> MemberFile:
        path = tmp_path / "people.csv"
        path.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
        file = opened_at(path, **options)
        request.addfinalizer(file.close)
        return file

    return open_rows


def rows_of(file: MemberFile) -> list[MemberRow]:
    return [row for piece in file.pieces() for row in piece.rows]


def test_a_row_is_a_person_with_source_and_consent(people: Opener) -> None:
    file = people(
        "13800138000,Ann@Example.com,,安,1990-05-06,2025-03-01 08:00,tmall,"
        "marketing; sms,profiling,2025-03-01T08:00+08:00"
    )
    assert rows_of(file) == [
        MemberRow(
            row=2,
            identities=(("phone", "+8613800138000"), ("email", "ann@example.com")),
            name="安",
            birthday=date(1990, 5, 6),
            joined_at=datetime(2025, 3, 1, tzinfo=UTC),
            joined=True,
            channel="tmall",
            store=None,
            locale="",
            granted=("marketing", "sms"),
            refused=("profiling",),
            consent_version="",
            consent_at=datetime(2025, 3, 1, tzinfo=UTC),
            consent_channel="tmall",
            consent_campaign="",
        )
    ]
    report = file.report
    assert (report.rows, report.people, report.joined, report.with_consents) == (1, 1, 1, 1)
    assert report.by_identity == {"phone": 1, "email": 1}
    assert report.by_source == {"tmall": 1}
    assert report.first_joined_at == datetime(2025, 3, 1, tzinfo=UTC)


def test_who_tells_neither_when_they_joined_nor_a_consent_only_bought(people: Opener) -> None:
    file = people(
        "13800138000,,,,,,,,,",
        "13800138001,,,,,2025-01-01,,,,",
        "13800138002,,,,,,,marketing,,2025-01-01",
        "13800138003,,,,,,,,marketing,2025-01-01",
    )
    assert [row.joined for row in rows_of(file)] == [False, True, True, False]
    assert file.report.joined == 2


def test_a_status_that_is_told_counts(people: Opener) -> None:
    file = people("1,Member,", "2,shopper,2025-01-01", header="external,status,joined_at")
    assert [row.joined for row in rows_of(file)] == [True, False]
    assert file.report.joined == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_headers_are_known_in_every_encoding(people: Opener, encoding: str) -> None:
    file = people(
        "13800138000,安妮,天猫",
        header="手机号,姓名,来源",
        encoding=encoding,
    )
    assert [(row.name, row.channel) for row in rows_of(file)] == [("安妮", "天猫")]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (",,,Nobody,,,,,,", "", "missing_identity"),
        ("12,,,,,,,,,", "phone", "invalid_phone"),
        ("1.38E+10,,,,,,,,,", "phone", "digits_lost"),
        (",not an address,,,,,,,,", "email", "invalid_email"),
        ("13800138009,,,,soon,,,,,", "birthday", "not_a_day"),
        ("13800138009,,,,1988-02-30,,,,,", "birthday", "not_a_day"),
        ("13800138009,,,,,yesterday,,,,", "joined_at", "not_a_time"),
        ("13800138009,,,,,2026-06-02,,,,", "joined_at", "in_the_future"),
        ("13800138009,,,,,,,marketing,,", "consent_at", "consent_without_time"),
        ("13800138009,,,,,,,,marketing,", "consent_at", "consent_without_time"),
        ("13800138009,,,,,,,marketing,,2026-06-02", "consent_at", "in_the_future"),
        ("13800138009,,,,,,,;,,2026-05-02", "consents", "not_purposes"),
    ],
)
def test_a_bad_row_is_told_and_the_others_come(
    people: Opener, row: str, column: str, code: str
) -> None:
    file = people("13800138000,,,,,,,,,", row, "13800138001,,,,,,,,,")
    (error,) = file.errors()
    assert (error.row, error.column, error.code) == (3, column, code)
    assert [one.row for one in rows_of(file)] == [2, 4]
    assert file.report.rejected_rows == {code: 1}


def test_rows_come_as_they_stand_and_pieces_resume(people: Opener) -> None:
    rows = [f",,{i},,,2025-01-{20 - i:02},,,," for i in range(5)]
    pieces = list(people(*rows, piece_members=2).pieces())
    assert [[row.row for row in piece.rows] for piece in pieces] == [[2, 3], [4, 5], [6]]
    assert list(people(*rows, piece_members=2).pieces(start=1)) == pieces[1:]


def test_a_file_without_any_identity_is_refused(people: Opener) -> None:
    with pytest.raises(UnreadableFile) as refused:
        people("Ann,2025-01-01", header="name,joined_at")
    assert refused.value.code == "missing_columns"
    assert "phone, email" in refused.value.message


def test_parquet_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pq.write_table(
        pa.table(
            {
                "phone": [13800138000, None],
                "email": [None, "bo@example.com"],
                "birthday": pa.array([date(1990, 5, 6), None]),
                "joined_at": pa.array([datetime(2025, 3, 1, tzinfo=UTC), None]),
            }
        ),
        path,
    )
    with opened_at(path) as file:
        ann, bo = rows_of(file)
    assert (ann.identities, ann.birthday, ann.joined_at) == (
        (("phone", "+8613800138000"),),
        date(1990, 5, 6),
        datetime(2025, 3, 1, tzinfo=UTC),
    )
    assert (bo.identities, bo.joined) == ((("email", "bo@example.com"),), False)
