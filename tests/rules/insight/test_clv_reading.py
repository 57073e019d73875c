"""Purchases and names out of fact files in one reading: whose is whose, in the order of names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis import _

from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.facts_schema import arrow_schema
from regulars.modules.insight.clv import reading
from regulars.modules.insight.clv.reading import all_the_same, first_rows, read_history, read_named

FIRST = date(2026, 1, 5)
AS_OF = date(2026, 3, 31)
Order = tuple[str | None, str | None, int, int]


def id_of(number: int) -> str:
    return f"mem_{number:032x}"


def written(root: Path, orders: list[Order]) -> Facts:
    """Orders of member, identity, day after FIRST and worth, each month a file."""
    schema = arrow_schema("orders")
    by_month: dict[str, list[dict[str, Any]]] = {}
    for member, key, after, worth in orders:
        day = FIRST + timedelta(days=after)
        row = dict.fromkeys(schema.names)
        row |= {"member_id": member, "member_key": key, "day": day, "kept_minor": worth}
        by_month.setdefault(f"{day:%Y-%m}", []).append(row | {"counted": worth > 0})
    for month, rows in by_month.items():
        place = root / "orders" / f"month={month}"
        place.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), place / "facts.parquet")
    return Facts(root)


def members(count: int) -> list[Order]:
    """Three orders each, the third on the day of the first; every fourth has no identity."""
    found: list[Order] = []
    for number in range(count):
        key = None if number % 4 == 0 else f"card {(number * 7) % count:03d}"
        who = id_of(number * 2_654_435_761)
        found += [(who, key, number % 20, 100), (who, key, 40 + number % 9, 10 + number)]
        found.append((who, key, number % 20, 5))
    return found


def test_names_stand_in_their_order_and_each_with_their_own_purchases(tmp_path: Path) -> None:
    orders = members(60)
    strangers: list[Order] = [(None, "card 999", 3, 50), (id_of(1), "card 998", 3, 0)]
    later: list[Order] = [(id_of(2), "card 997", 200, 50)]
    facts = written(tmp_path, [*orders, *strangers, *later])
    history, names = read_named(facts, as_of=AS_OF)
    told = names.name.to_pylist()
    assert told == sorted({key or who for who, key, _day, _worth in orders if who})
    assert history.people == len(names.member_id) == 60
    buyers, places = history.buyers(as_of=AS_OF)
    assert places.tolist() == list(range(60))
    by_id = {who: (key, day, worth) for who, key, day, worth in orders[1::3]}
    firsts = {who: day for who, _key, day, _worth in orders[::3]}
    for place, who in enumerate(names.member_id.to_pylist()):
        key, day, worth = by_id[who]
        assert told[place] == (key or who)
        assert buyers.frequency[place] == 1
        assert buyers.recency_days[place] == day - firsts[who]
        assert buyers.repeat_minor[place] == worth
    nameless = read_history(facts, as_of=AS_OF).buyers(as_of=AS_OF)[0]
    for column in ("frequency", "recency_days", "age_days", "repeat_minor"):
        assert sorted(getattr(nameless, column)) == sorted(getattr(buyers, column))


def test_of_nothing_there_are_no_names(tmp_path: Path) -> None:
    history, names = read_named(Facts(tmp_path), as_of=AS_OF)
    assert history.people == len(names.name) == len(names.member_id) == 0


@pytest.mark.parametrize("collisions", [1, len(reading._SALTS)])
def test_two_ids_with_one_number_are_told_apart_by_another_salt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, collisions: int
) -> None:
    facts = written(tmp_path, members(60))
    whole = read_named(facts, as_of=AS_OF)[1].name.to_pylist()
    honest, asked = reading._hashed, []

    def poor(text: Any) -> Any:
        asked.append(text)
        # All ids are of one length: one number for all.
        return _.member_id.length().cast("uint64") if len(asked) <= collisions else honest(text)

    monkeypatch.setattr(reading, "_hashed", poor)
    if collisions < len(reading._SALTS):
        assert read_named(facts, as_of=AS_OF)[1].name.to_pylist() == whole
        assert len(asked) == 2
    else:
        with pytest.raises(RuntimeError, match="collide"):
            read_named(facts, as_of=AS_OF)


LONG = 70_001


@pytest.mark.parametrize(
    "id_of",
    [lambda n: f"mem_{n:032x}", lambda n: f"m{n}", lambda n: f"{'é' * (n % 2)}{n:05d}"],
    ids=["one length", "unlike", "letters of two bytes"],
)
@pytest.mark.parametrize("wrong", [None, 0, 40_000, LONG - 1])
def test_a_row_with_another_id_than_its_member_is_seen(
    id_of: Callable[[int], str], wrong: int | None
) -> None:
    """Wherever it is: rows come in pieces, and are looked at in steps."""
    own = [id_of(number) for number in range(500)]
    member = np.arange(LONG) % 500
    ids = [own[one] for one in member]
    if wrong is not None:
        ids[wrong] = own[(wrong + 1) % 500]
    cuts = [0, 10, 10, 33_000, LONG]
    pieces = [pa.array(ids[a:b], pa.string()) for a, b in pairwise(cuts)]
    # A piece of a longer array begins in its middle.
    pieces[-1] = pa.array([own[7], *ids[33_000:]], pa.string()).slice(1)
    told = pa.chunked_array(pieces, pa.string())
    assert all_the_same(told, pa.array(own, pa.string()), member) == (wrong is None)


def test_members_are_first_seen_where_their_number_is_new() -> None:
    assert first_rows(np.array([0, 0, 1, 0, 2, 1, 3])).tolist() == [0, 2, 4, 6]
    assert first_rows(np.array([], dtype=np.int64)).tolist() == []
