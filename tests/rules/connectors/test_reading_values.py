"""Money and times: exact, for every currency and zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_samples import HEADER, parquet_bytes

from regulars.kernel.money import MAX_AMOUNT, to_minor
from regulars.modules.connectors.reading.macros import create_macros
from regulars.modules.connectors.reading.orders import OrderFile
from regulars.modules.connectors.reading.zones import offset_sql

Opener = Callable[..., OrderFile]


@pytest.fixture(scope="module")
def words() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    create_macros(connection)
    return connection


AMOUNTS = st.one_of(
    st.from_regex(r"-?[0-9]{1,22}(\.[0-9]{1,22})?", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,15}\.[0-9]{2}0*", fullmatch=True),
    st.text("0123456789.-+eE, ", max_size=12),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
)


@given(texts=st.lists(AMOUNTS, min_size=20, max_size=40))
@pytest.mark.parametrize(("currency", "decimals"), [("CNY", 2), ("JPY", 0), ("KWD", 3)])
@settings(max_examples=8, deadline=None)
def test_amounts_in_files_mean_what_they_mean_everywhere_else(
    words: duckdb.DuckDBPyConnection, currency: str, decimals: int, texts: list[str]
) -> None:
    def expected(text: str) -> int | None:
        try:
            return to_minor(text, currency)
        except ValueError:
            return None

    found = words.execute(
        f"SELECT CASE WHEN is_amount(t) THEN minor(t, {decimals}) END FROM unnest(?) AS u(t)",
        [texts],
    ).fetchall()
    taken = [None if value is None or abs(value) > MAX_AMOUNT else value for (value,) in found]
    assert taken == [expected(text) for text in texts]


@given(values=st.lists(st.floats(0, 10**10), min_size=20, max_size=40))
@settings(max_examples=8, deadline=None)
def test_doubles_round_half_up_as_they_are_written(
    words: duckdb.DuckDBPyConnection, values: list[float]
) -> None:
    found = words.execute(
        "SELECT rounded(x, 2) FROM unnest(?::DOUBLE[]) AS u(x)", [values]
    ).fetchall()
    cent = Decimal("0.01")
    expected = [Decimal(repr(x)).quantize(cent, rounding=ROUND_HALF_UP) for x in values]
    assert [Decimal(text) for (text,) in found] == expected


def test_a_double_of_half_a_cent_goes_up(opened: Opener) -> None:
    data = parquet_bytes({"line_total": [1.005, 0.1 + 0.2, 2.675, 1e-9]})
    [piece] = opened(data).pieces()
    assert piece.total_minor == [101, 30, 268, 0]


TIMES = [
    ("2024-05-23 22:02:11", "2024-05-23T14:02:11"),
    ("2024-05-23T22:02:11", "2024-05-23T14:02:11"),
    ("2024-05-23 22:02", "2024-05-23T14:02:00"),
    ("2016/5/23 22:02", "2016-05-23T14:02:00"),
    ("2016/05/23", "2016-05-22T16:00:00"),
    ("2016-5-3 9:02:01", "2016-05-03T01:02:01"),
    ("20160523", "2016-05-22T16:00:00"),
    ("20160523 22:02", "2016-05-23T14:02:00"),
    ("2024-05-23T22:02:11Z", "2024-05-23T22:02:11"),
    ("2024-05-23T22:02:11z", "2024-05-23T22:02:11"),
    ("2024-05-23T22:02:11.123456789+08:00", "2024-05-23T14:02:11.123456"),
    ("2024-05-23 22:02:11 +0000", "2024-05-23T22:02:11"),
    ("2024-05-23 22:02:11-0530", "2024-05-24T03:32:11"),
    ("2024-05-23 22:02+09", "2024-05-23T13:02:00"),
    ("2024-05-23 24:00:00", "2024-05-23T16:00:00"),
    ("1988-05-23 22:02:11", "1988-05-23T13:02:11"),  # summer time in Shanghai
]


def test_times_are_read_as_people_write_them(opened: Opener) -> None:
    rows = [f"{number},m,{text},a,1,1" for number, (text, _) in enumerate(TIMES)]
    file = opened("\n".join([HEADER, *rows]))
    assert file.errors() == []
    [piece] = file.pieces()
    found = dict(zip(piece.external_id, piece.placed_at, strict=True))
    assert [found[str(number)] for number in range(len(TIMES))] == [
        datetime.fromisoformat(instant).replace(tzinfo=UTC) for _, instant in TIMES
    ]


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2024-03-10 01:59:59", "2024-03-10T06:59:59"),
        ("2024-03-10 02:30:00", "2024-03-10T07:30:00"),  # skipped: 03:30 summer time
        ("2024-03-10 03:00:00", "2024-03-10T07:00:00"),
        ("2024-11-03 00:59:59", "2024-11-03T04:59:59"),
        ("2024-11-03 01:30:00", "2024-11-03T05:30:00"),  # twice: the first
        ("2024-11-03 02:00:00", "2024-11-03T07:00:00"),
    ],
)
def test_a_skipped_hour_moves_on_and_of_a_repeated_hour_the_first_counts(
    opened: Opener, local: str, instant: str
) -> None:
    zone = ZoneInfo("America/New_York")
    file = opened(f"{HEADER}\n1,m,{local},a,1,1\n2,m,2024-07-01,a,1,1\n", zone=zone)
    [piece] = file.pieces()
    found = dict(zip(piece.external_id, piece.placed_at, strict=True))
    assert found["1"] == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@given(
    zone=st.sampled_from(
        ["UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin", "America/St_Johns"]
    ).map(ZoneInfo),
    moments=st.lists(
        st.datetimes(datetime(1985, 1, 1), datetime(2035, 1, 1)), min_size=20, max_size=60
    ),
)  # fmt: skip
@settings(max_examples=8, deadline=None)
def test_local_times_follow_the_zone_wherever_it_changes(
    words: duckdb.DuckDBPyConnection, zone: ZoneInfo, moments: list[datetime]
) -> None:
    sql = offset_sql(zone, local="t", first=min(moments), last=max(moments))
    found = words.execute(f"SELECT {sql} FROM unnest(?::TIMESTAMP[]) AS u(t)", [moments]).fetchall()
    expected = [moment.replace(tzinfo=zone).utcoffset() for moment in moments]
    assert [timedelta(microseconds=offset) for (offset,) in found] == expected


def test_typed_times_of_parquet_are_instants_or_the_shops_time(opened: Opener) -> None:
    local = [datetime(2024, 5, day, 10) for day in (1, 1, 2, 3)]
    first = datetime(2024, 5, 1, 2, tzinfo=UTC)
    for kind, expected in (
        (pa.timestamp("us"), first),
        (pa.timestamp("ns"), first),
        (pa.timestamp("ms", "UTC"), first + timedelta(hours=8)),
    ):
        [piece] = opened(parquet_bytes({"placed_at": pa.array(local, kind)})).pieces()
        assert piece.placed_at[0] == expected
