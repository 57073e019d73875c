"""Pure: learn who slipped away before, then say who is about to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import Floats, History, Trips, trips_of
from regulars.modules.insight.learning.calibrating import Trial
from regulars.modules.insight.learning.learner import Learner, Settings, Watch, learn
from regulars.modules.insight.types import Abstained, Backtest, Kind

from .features import MemberFeatures, member_features
from .members import OUTCOME_DAYS, RHYTHM_DAYS, slipped, watched_at

WINDOWS: Final = 13
STEP_DAYS: Final = 7
LEAST_MEMBERS: Final = 200
LEAST_EVENTS: Final = 20
_LEAST_EARLIER: Final = 5

SETTINGS: Final = Settings(
    trees=150,
    leaves=7,
    rate=0.02,
    least_in_leaf=100,
    penalty=30.0,
    share_of_trees=0.35,
    many=3_000,
    penalty_of_few=300.0,
)


@dataclass(frozen=True, slots=True)
class Window:
    """The members watched on a day gone by, and whether each slipped away."""

    features: MemberFeatures
    happened: Floats


@dataclass(frozen=True, slots=True)
class ChurnForecast:
    """How likely each watched member slips away; ``backtests`` is how the latest window
    would have gone, where it could be foretold."""

    kind: Kind
    features: MemberFeatures
    probability: Floats
    learner: Learner
    backtests: tuple[Backtest, ...]


def foretell_churn(
    history: History,
    as_of: int,
    kind: Kind,
    *,
    with_trees: bool | None = None,
    watch: Watch | None = None,
) -> ChurnForecast | Abstained:
    """Learn from what was known at the end of ``as_of``, and foretell who slips away after it."""
    trips = trips_of(history.until(as_of))
    days = _anchors(trips, as_of, kind)
    windows = [_window(trips, anchor, kind) for anchor in days]
    few = _too_few(windows)
    if few is not None:
        return few
    learner = _learn(windows, with_trees)
    features = member_features(watched_at(trips, as_of, kind))
    said = learner.probabilities(features.matrix)
    if watch is not None:
        watch(1, 1)
    return ChurnForecast(kind, features, said, learner, _backtest(trips, windows[0], with_trees))


def _anchors(trips: Trips, as_of: int, kind: Kind) -> list[int]:
    """The days whose outcome is known at ``as_of`` and that have a whole rhythm behind them."""
    if not len(trips.day):
        return []
    earliest = int(trips.day.min()) - 1 + RHYTHM_DAYS
    return list(range(as_of - OUTCOME_DAYS[kind], earliest - 1, -STEP_DAYS)[:WINDOWS])


def _window(trips: Trips, anchor: int, kind: Kind) -> Window:
    watched = watched_at(trips, anchor, kind)
    return Window(member_features(watched), slipped(trips, watched).astype(np.float64))


def _learn(windows: list[Window], with_trees: bool | None) -> Learner:
    return learn(
        np.concatenate([window.features.matrix for window in windows]),
        np.concatenate([window.happened for window in windows]),
        whose=np.concatenate([window.features.watched.member for window in windows]),
        names=windows[0].features.names,
        settings=SETTINGS,
        with_trees=with_trees,
    )


def _too_few(windows: list[Window]) -> Abstained | None:
    members = sum(len(window.happened) for window in windows)
    if members < LEAST_MEMBERS:
        return Abstained("too_few_members", members, LEAST_MEMBERS)
    gone = int(sum(window.happened.sum() for window in windows))
    if min(gone, members - gone) < LEAST_EVENTS:
        return Abstained("too_few_outcomes", min(gone, members - gone), LEAST_EVENTS)
    return None


def _backtest(trips: Trips, window: Window, with_trees: bool | None) -> tuple[Backtest, ...]:
    """The latest window that is over, foretold from those that were over when it began.

    None where those were few: what a poor learner missed says nothing of a better one.
    """
    watched = window.features.watched
    days = _anchors(trips, watched.anchor, watched.kind)
    if len(days) < _LEAST_EARLIER:
        return ()
    earlier = [_window(trips, anchor, watched.kind) for anchor in days]
    if _too_few(earlier) is not None:
        return ()
    said = _learn(earlier, with_trees).probabilities(window.features.matrix)
    return (Trial(watched.anchor, OUTCOME_DAYS[watched.kind], said, window.happened).told,)
