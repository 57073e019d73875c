"""Pure: learn from windows that are over, then foretell the one that begins now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import Floats, History, Ints
from regulars.modules.insight.learning.calibrating import Trial, shifted
from regulars.modules.insight.learning.learner import Learner, Settings, Watch, learn
from regulars.modules.insight.types import Abstained, Backtest

from .features import Features, features_at
from .pairs import first_bought

LEAST_HORIZON: Final = 1
MOST_HORIZON: Final = 90
#: The last windows that are over, each so many days before the next.
WINDOWS: Final = 5
STEP_DAYS: Final = 14
#: Before this many days of history nobody has a rhythm.
_LEAST_KNOWN_DAYS: Final = 28
LEAST_PAIRS: Final = 300
LEAST_EVENTS: Final = 30
MOST_EXAMPLES: Final = 600_000
#: The windows that are foretold again, by a learner that has not seen them.
BACKTEST_WINDOWS: Final = 2
_LEAST_EARLIER: Final = 2

SETTINGS: Final = Settings(
    trees=200,
    leaves=31,
    rate=0.05,
    least_in_leaf=200,
    penalty=10.0,
    many=20_000,
    penalty_of_few=300.0,
    rule="decayed_56",
)


@dataclass(frozen=True, slots=True)
class Window:
    """Candidates of a day gone by, and in how many days each was bought again; 0: not in time."""

    features: Features
    waits: Ints

    @property
    def happened(self) -> Floats:
        return (self.waits > 0).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Forecast:
    """How likely each candidate is bought within ``horizon`` days after the anchor.

    ``day_shares`` tell how first purchases spread over those days, ``day_buyers`` how many
    different members stand behind one of them on each day, and ``buyers`` over all the days.
    ``learner`` is the one that foretold, ``backtests`` how the last windows would have gone.
    """

    horizon: int
    features: Features
    probability: Floats
    day_shares: Floats
    day_buyers: Floats
    buyers: float
    learner: Learner
    backtests: tuple[Backtest, ...]


def anchors_before(history: History, as_of: int, horizon: int) -> list[int]:
    """The days whose windows are over at ``as_of``, the latest first."""
    if not len(history):
        return []
    earliest = int(history.day.min()) + _LEAST_KNOWN_DAYS - 1
    days = range(as_of - horizon, earliest - 1, -STEP_DAYS)
    return list(days[:WINDOWS])


def foretell(
    history: History,
    as_of: int,
    horizon: int,
    *,
    with_trees: bool | None = None,
    watch: Watch | None = None,
) -> Forecast | Abstained:
    """Learn from what was known at the end of ``as_of``, and foretell the days after it.

    Abstains where the windows that are over hold too few candidates, or too few that were bought
    or too few that were not. Raises ValueError for a horizon that is not 1 to 90.
    """
    if not LEAST_HORIZON <= horizon <= MOST_HORIZON:
        raise ValueError(f"a horizon is {LEAST_HORIZON} to {MOST_HORIZON} days, not {horizon}")
    known = history.until(as_of)
    days = anchors_before(known, as_of, horizon)
    steps = _Steps(watch, len(days) + 3)
    windows = []
    for anchor in days:
        windows.append(window_at(known, anchor, horizon))
        steps.done()
    few = _too_few(windows)
    if few is not None:
        return few
    learner = learn_from(windows, with_trees=with_trees)
    steps.done()
    trials = _trials(known, windows, horizon, with_trees=with_trees)
    steps.done()
    features = features_at(known, as_of, horizon)
    said = shifted(learner.probabilities(features.matrix), [(t.said, t.happened) for t in trials])
    steps.done()
    backtests = tuple(trial.told for trial in trials)
    day_buyers, buyers = members_behind(windows, horizon)
    return Forecast(
        horizon,
        features,
        said,
        _day_shares(windows, horizon),
        day_buyers,
        buyers,
        learner,
        backtests,
    )


def window_at(known: History, anchor: int, horizon: int) -> Window:
    """The candidates of ``anchor`` and what became of them; the window must be over."""
    features = features_at(known, anchor, horizon)
    return Window(features, first_bought(known, features.pairs, horizon))


def learn_from(windows: list[Window], *, with_trees: bool | None = None) -> Learner:
    """One learner from all examples of the windows, thinned evenly where they are too many."""
    rows = sum(len(window.waits) for window in windows)
    every = -(-rows // MOST_EXAMPLES)
    return learn(
        np.concatenate([window.features.matrix[::every] for window in windows]),
        np.concatenate([window.happened[::every] for window in windows]),
        whose=np.concatenate([window.features.pairs.member[::every] for window in windows]),
        names=windows[0].features.names,
        settings=SETTINGS,
        with_trees=with_trees,
    )


def _too_few(windows: list[Window]) -> Abstained | None:
    pairs = sum(len(window.waits) for window in windows)
    if pairs < LEAST_PAIRS:
        return Abstained("too_few_pairs", pairs, LEAST_PAIRS)
    bought = int(sum(window.happened.sum() for window in windows))
    if min(bought, pairs - bought) < LEAST_EVENTS:
        return Abstained("too_few_outcomes", min(bought, pairs - bought), LEAST_EVENTS)
    return None


def _trials(
    known: History, windows: list[Window], horizon: int, *, with_trees: bool | None
) -> tuple[Trial, ...]:
    """The latest windows, foretold by a learner of the windows that were over when they began."""
    tested = windows[: BACKTEST_WINDOWS if horizon <= STEP_DAYS else 1]
    began = tested[-1].features.pairs.anchor
    earlier = [w for w in windows if w.features.pairs.anchor + horizon <= began]
    if len(earlier) < _LEAST_EARLIER:
        days = anchors_before(known, began, horizon)[:_LEAST_EARLIER]
        earlier = [window_at(known, anchor, horizon) for anchor in days]
    if _too_few(earlier) is not None:
        return ()
    learner = learn_from(earlier, with_trees=with_trees)
    return tuple(
        Trial(
            w.features.pairs.anchor, horizon, learner.probabilities(w.features.matrix), w.happened
        )
        for w in tested
    )


def _day_shares(windows: list[Window], horizon: int) -> Floats:
    """Of those bought within the horizon, the share whose first purchase fell on each day."""
    counts = np.full(horizon, 0.5)
    for window in windows:
        counts += np.bincount(window.waits, minlength=horizon + 1)[1:]
    return np.asarray(counts / counts.sum())


def members_behind(windows: list[Window], horizon: int) -> tuple[Floats, float]:
    """Members behind one first purchase, by day and in all: several fall into one basket.

    A day leans on the mean of all days by as much as one purchase weighs.
    """
    purchases, buyers = np.zeros(horizon), np.zeros(horizon)
    members = 0
    for window in windows:
        bought = window.waits > 0
        day, member = window.waits[bought] - 1, window.features.pairs.member[bought]
        purchases += np.bincount(day, minlength=horizon)
        trips = np.unique(member * horizon + day)
        buyers += np.bincount(trips % horizon, minlength=horizon)
        members += len(np.unique(member))
    whole = buyers.sum() / purchases.sum()
    return (buyers + whole) / (purchases + 1), float(members / purchases.sum())


class _Steps:
    """Counts what is done for whoever watches."""

    def __init__(self, watch: Watch | None, steps: int) -> None:
        self._watch, self._steps, self._done = watch, steps, 0

    def done(self) -> None:
        self._done += 1
        if self._watch is not None:
            self._watch(self._done, self._steps)
