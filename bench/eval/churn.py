"""Slipping away: ours beside the simple rules, by the very functions of `insight churn`."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from regulars.modules.insight.churn.forecast import foretell_churn
from regulars.modules.insight.churn.members import OUTCOME_DAYS, slipped
from regulars.modules.insight.history import trips_of
from regulars.modules.insight.types import KINDS, Abstained, Kind

from .journey import day_of_week_end, is_over, journey
from .metrics import (
    Floats,
    Ints,
    auc,
    average_precision,
    bootstrap_calibration,
    bootstrap_gain,
    calibration_error,
    calibration_errors_of_the_truth,
    precision_at,
)

TEST_WEEKS: Final = (36, 40, 44)
ECE_TARGET: Final = 0.02
TARGETS: Final[dict[Kind, str]] = {
    "drop": "AUC >= .716, AP >= .265, ECE <= .02",
    "silent": "AUC >= .845, AP >= .388, ECE <= .02",
}


def evaluate(weeks: Sequence[int], *, with_trees: bool | None) -> None:
    """Print one table for each kind: the mean over ``weeks``."""
    told = journey("sku")
    trips = trips_of(told.history)
    for kind in KINDS:
        print(f"\nCHURN, {kind}, weeks {', '.join(map(str, weeks))}")
        found: dict[str, list[list[float]]] = defaultdict(list)
        everything: list[tuple[Floats, Floats, Ints]] = []
        beside: dict[str, list[tuple[Floats, Floats, Floats, Ints]]] = defaultdict(list)
        for week in weeks:
            as_of, began = day_of_week_end(week), time.perf_counter()
            if not is_over(told.history, as_of, OUTCOME_DAYS[kind]):
                continue
            forecast = foretell_churn(told.history, as_of, kind, with_trees=with_trees)
            if isinstance(forecast, Abstained):
                print(f"  week {week}: abstained, {forecast}")
                continue
            seconds, features = time.perf_counter() - began, forecast.features
            happened = slipped(trips, features.watched).astype(np.float64)
            column = features.column
            said = forecast.probability
            for name, scores in {
                "days since last trip": column("recency"),
                "elapsed / own mean gap": column("recency_of_mean"),
                "elapsed / own 90 % gap": column("recency_of_90"),
                "trend 28 d / 112 d": -column("trend_28"),
                "low frequency": -column("trips_112"),
            }.items():
                found[name].append([*_measures(happened, scores), float("nan")])
                beside[name].append((happened, said, scores, features.watched.member))
            found["ours"].append([*_measures(happened, said), calibration_error(happened, said)])
            everything.append((happened, said, features.watched.member))
            print(
                f"  week {week}: {len(said):,} members, base rate {happened.mean():.3f}, expected "
                f"{said.mean():.3f}, {forecast.learner.using} on {forecast.learner.examples:,}, "
                f"{seconds:.0f} s",
                flush=True,
            )
        if not found:
            continue
        print(f"{'':28}{'AUC':>8}{'AP':>8}{'P@10%':>8}{'ECE':>8}")
        for name, rows in found.items():
            means = np.mean(rows, axis=0)
            cells = (f"{'-':>8}" if np.isnan(value) else f"{value:8.4f}" for value in means)
            print(f"{name:28}" + "".join(cells))
        pooled = calibration_error(
            np.concatenate([happened for happened, _, _ in everything]),
            np.concatenate([said for _, said, _ in everything]),
        )
        true = calibration_errors_of_the_truth([said for _, said, _ in everything])
        drawn = bootstrap_calibration(everything)
        low, high = np.quantile(true, [0.05, 0.95])
        print(f"{'target':28}{TARGETS[kind]}")
        _print_gains(found, beside)
        print(
            f"ECE {drawn.value:.4f} [{drawn.low:.4f}, {drawn.high:.4f}] with members drawn again, "
            f"over all weeks at once {pooled:.4f}; of these weeks, were every probability "
            f"exactly true, {true.mean():.4f} [{low:.4f}, {high:.4f}], and at most {ECE_TARGET} "
            f"in {np.mean(true <= ECE_TARGET):.0%} of draws",
            flush=True,
        )


def _print_gains(
    found: Mapping[str, list[list[float]]],
    beside: Mapping[str, Sequence[tuple[Floats, Floats, Floats, Ints]]],
) -> None:
    """Ours less the best simple rule of each measure, members drawn again."""
    for place, name, measure in ((0, "AUC", auc), (1, "AP", average_precision)):
        best = max(beside, key=lambda rule: float(np.mean(found[rule], axis=0)[place]))
        gain = bootstrap_gain(beside[best], measure)
        print(f"{name} less {best}: {gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]")


def _measures(happened: Floats, scores: Floats) -> list[float]:
    everyone = np.zeros(len(happened), dtype=np.int64)
    top = precision_at(happened, scores, everyone, len(happened) // 10)
    return [auc(happened, scores), average_precision(happened, scores), top]
