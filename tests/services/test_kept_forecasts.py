"""Kept rows read in part are the rows, whichever way they are asked for."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.modules.insight import stored

MERCHANT = 987_654
ABOUT = {"as_of": "2026-03-09", "made_at": "2026-03-10T00:00:00Z"}
ROWS = 1_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    chance = random.Random(5)
    return pa.table(
        {
            "member_id": [f"mem_{chance.randrange(60):02}" for _ in range(ROWS)],
            "item": [f"i{chance.randrange(9)}" for _ in range(ROWS)],
            "place": list(range(ROWS)),
        }
    )


@pytest.fixture(scope="module")
def kept(table: pa.Table) -> stored.Stored:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "_GROUP", 64)
        stored.write(MERCHANT, "due-type", table, ABOUT, orders=stored.BY_MEMBER)
    found = stored.read(MERCHANT, "due-type")
    assert found is not None
    assert pq.read_metadata(found.path).num_row_groups == 16
    return found


@settings(max_examples=60, deadline=None)
@given(offset=st.integers(0, ROWS + 80), length=st.integers(1, 200))
def test_a_part_is_that_part(kept: stored.Stored, offset: int, length: int) -> None:
    part = kept.unread().slice(offset, length)
    assert part["place"].to_pylist() == list(range(ROWS))[offset : offset + length]


def test_a_member_and_an_item_keep_the_order(kept: stored.Stored, table: pa.Table) -> None:
    whole = table.to_pylist()
    for wanted in ({"member_id": "mem_07"}, {"item": "i3"}, {"member_id": "mem_07", "item": "i3"}):
        found = kept.rows(**wanted).to_pylist()
        assert found == [
            row for row in whole if all(row[name] == value for name, value in wanted.items())
        ]
        assert found or len(wanted) == 2
    assert kept.rows(member_id=None).to_pylist() == whole
    assert kept.rows(member_id="mem_99").num_rows == 0


def test_one_members_rows_are_in_one_group_or_two(kept: stored.Stored) -> None:
    path = kept.path.with_name("due-type-by-member.parquet")
    metadata = pq.read_metadata(path)
    with_them = 0
    for number in range(metadata.num_row_groups):
        told = metadata.row_group(number).column(0).statistics
        with_them += told.min <= "mem_07" <= told.max
    assert 1 <= with_them <= 2


def test_pieces_are_the_whole(kept: stored.Stored) -> None:
    places = [
        place for piece in kept.unread().to_batches(70) for place in piece["place"].to_pylist()
    ]
    assert places == list(range(ROWS))


def test_a_file_of_another_form_counts_as_none(
    kept: stored.Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_FORM", 99)
    assert stored.read(MERCHANT, "due-type") is None
