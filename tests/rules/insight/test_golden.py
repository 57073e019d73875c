"""One small made-up shop and what is said of it: a change of these figures is a change of answers.

The future of the shop is known too, and stands beside what was said.
"""

from __future__ import annotations

import numpy as np
import pytest

from makers.rhythms import history, rhythms
from regulars.modules.insight.churn.forecast import ChurnForecast, foretell_churn
from regulars.modules.insight.churn.members import slipped
from regulars.modules.insight.due.forecast import Forecast, foretell
from regulars.modules.insight.due.pairs import bought_within
from regulars.modules.insight.history import trips_of

TOLD = history(rhythms(members=80, items=20, days=240, leavers=0.3, seed=11))


def test_what_is_due() -> None:
    found = foretell(TOLD, 200, 14, with_trees=False)
    assert isinstance(found, Forecast)
    pairs = found.features.pairs
    order = np.argsort(-found.probability)
    middle = len(order) // 2
    shown = [
        (TOLD.members[pairs.member[i]], TOLD.items[pairs.item[i]], float(found.probability[i]))
        for i in (order[0], order[1], order[middle], order[middle + 1], order[-2], order[-1])
    ]
    expected = [
        ("m0061", "i014", 0.999), ("m0051", "i002", 0.999), ("m0035", "i017", 0.778),
        ("m0066", "i009", 0.776), ("m0059", "i018", 0.007), ("m0059", "i003", 0.003),
    ]  # fmt: skip
    for (member, item, said), wanted in zip(shown, expected, strict=True):
        assert (member, item) == wanted[:2]
        assert said == pytest.approx(wanted[2], abs=2e-3)
    assert (len(pairs), found.learner.events) == (453, 1_476)
    assert float(found.probability.sum()) == pytest.approx(296.3, abs=1.0)
    assert int(bought_within(TOLD, pairs, 14).sum()) == 257
    assert [(one.asked, one.happened) for one in found.backtests] == [(452, 282), (449, 295)]


def test_who_slips_away() -> None:
    found = foretell_churn(TOLD, 200, "silent", with_trees=False)
    assert isinstance(found, ChurnForecast)
    assert len(found.probability) == 80
    assert float(found.probability.sum()) == pytest.approx(13.24, abs=0.2)
    assert int(slipped(trips_of(TOLD), found.features.watched).sum()) == 16
    assert found.backtests == (), "too few had left by then to try on"
