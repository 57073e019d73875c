"""The law of lists: the highest of each member, in falling order, no item twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.recommendations.ranking.lists import NOTHING, highest, lists_of

PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 9)), st.integers(0, 4).map(float), max_size=40
)


@given(pairs=PAIRS, length=st.integers(1, 6))
def test_a_list_is_the_highest_of_its_member(
    pairs: dict[tuple[int, int], float], length: int
) -> None:
    keys = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    score = np.array(list(pairs.values()), dtype=np.float64)
    members = np.arange(6)
    found = lists_of(
        members, member=keys[:, 0], item=keys[:, 1], score=score, length=length
    )  # fmt: skip
    for member in members:
        own = sorted((-score, item) for (who, item), score in pairs.items() if who == member)
        expected = [item for _, item in own[:length]]
        assert found.item[member].tolist() == expected + [NOTHING] * (length - len(expected))
        assert found.score[member, : len(expected)].tolist() == [-s for s, _ in own[:length]]


@given(
    rows=st.lists(st.lists(st.integers(-3, 3), min_size=5, max_size=5), min_size=1, max_size=5),
    length=st.integers(1, 8),
)
def test_the_highest_columns_fall(rows: list[list[int]], length: int) -> None:
    table = np.array(rows, dtype=np.float32)
    columns, values = highest(table, length)
    assert columns.shape == (len(rows), min(length, 5))
    for row, (own, said) in enumerate(zip(columns, values, strict=True)):
        assert said.tolist() == sorted(table[row], reverse=True)[: len(said)]
        assert table[row, own].tolist() == said.tolist()
        assert len(set(own)) == len(own)
