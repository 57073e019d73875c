"""What other items say about one: both ways to work it out, against the textbook's."""

from __future__ import annotations

import numpy as np
import pytest

from makers.rhythms import history, rhythms
from regulars.modules.insight.due import similar
from regulars.modules.insight.due.pairs import decayed_counts, pairs_at


@pytest.mark.parametrize("members", [12, 60])
def test_scores_are_those_of_the_regression(members: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "LEAST_MEMBERS", 1)
    monkeypatch.setattr(similar, "PENALTY", 3.0)
    told = history(rhythms(members=members, items=25, days=150))
    pairs = pairs_at(told, 149)
    table = np.zeros((len(told.members), len(told.items)))
    table[pairs.member, pairs.item] = np.log1p(decayed_counts(pairs, 112.0))
    used = np.unique(pairs.item)
    weights = np.zeros((len(told.items), len(told.items)))
    for item in used:
        others = used[used != item]
        x = table[:, others]
        gram = x.T @ x + 3.0 * np.eye(len(others))
        weights[others, item] = np.linalg.solve(gram, x.T @ table[:, item])
    expected = (table @ weights)[pairs.member, pairs.item]
    np.testing.assert_allclose(similar.similar_scores(pairs), expected, rtol=1e-3, atol=1e-4)
    few = len(np.unique(pairs.member)) <= len(used)
    assert few == (members == 12), "each case goes another way"
