"""Due to be bought again: ours beside the simple rules, by the very functions of `insight due`."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from regulars.modules.insight.due.forecast import foretell
from regulars.modules.insight.due.pairs import bought_within
from regulars.modules.insight.types import Abstained, Level

from .journey import COLUMN, day_of_week_end, is_over, journey
from .metrics import (
    Floats,
    Ints,
    auc,
    auc_within,
    average_precision,
    bootstrap_ap,
    calibration_error,
    precision_at,
)
from .rules import simple_rules

HORIZON: Final = 14
TEST_WEEKS: Final[dict[Level, tuple[int, ...]]] = {
    "type": (40, 44, 48),
    "sku": (40, 44),
    "category": (40, 44),
}
#: From insight.md's protocol: (AUC, AP, P@5, ECE); None has no target.
TARGETS: Final[dict[Level, str]] = {
    "type": "AUC >= .737, AP >= .469, P@5 >= .374, ECE <= .012",
    "sku": "AUC >= .761, AP >= .427",
    "category": "no target",
}
_HEAD: Final = f"{'':34}{'AUC':>8}{'AP':>8}{'hhAUC':>8}{'P@1':>8}{'P@5':>8}{'P@10':>8}{'ECE':>8}"


def evaluate(level: Level, weeks: Sequence[int], *, with_trees: bool | None, draws: int) -> None:
    """Print the table of one level: the mean over ``weeks``, and the bootstrap of each."""
    told = journey(level)
    history, found = told.history, defaultdict(list)
    print(f"\nDUE, {COLUMN[level]}, within {HORIZON} days, weeks {', '.join(map(str, weeks))}")
    for week in weeks:
        as_of, began = day_of_week_end(week), time.perf_counter()
        if not is_over(history, as_of, HORIZON):
            continue
        forecast = foretell(history, as_of, HORIZON, with_trees=with_trees)
        if isinstance(forecast, Abstained):
            print(f"  week {week}: abstained, {forecast}")
            continue
        pairs, seconds = forecast.features.pairs, time.perf_counter() - began
        happened = bought_within(history, pairs, HORIZON).astype(np.float64)
        rules = simple_rules(history, pairs, HORIZON)
        for name, scores in rules.items():
            short = name.split(",")[0]
            found[short].append(_measures(happened, scores, pairs.member))
        ours = _measures(happened, forecast.probability, pairs.member)
        ours[-1] = calibration_error(happened, forecast.probability)
        found["ours"].append(ours)
        print(
            f"  week {week}: {len(pairs):,} candidates of {len(np.unique(pairs.member)):,} "
            f"members, base rate {happened.mean():.3f}, {forecast.learner.using} "
            f"on {forecast.learner.examples:,}, {seconds:.0f} s; AUC {ours[0]:.4f}, "
            f"AP {ours[1]:.4f}, ECE {ours[-1]:.4f}, expected {forecast.probability.mean():.3f}"
        )
        best = next(name for name in rules if name.startswith("decayed"))
        gain = bootstrap_ap(
            happened, forecast.probability, rules[best], pairs.member, draws=draws, seed=1
        )
        print(
            f"           AP less {best}: {gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]; "
            + "; ".join(
                f"foretold again {t.expected:,.0f}, came {t.happened:,}" for t in forecast.backtests
            ),
            flush=True,
        )
    print(_HEAD)
    for name, rows in found.items():
        print(f"{name:34}" + "".join(_cell(value) for value in np.mean(rows, axis=0)))
    print(f"{'target':34}{TARGETS[level]}", flush=True)


def _measures(happened: Floats, scores: Floats, member: Ints) -> list[float]:
    return [
        auc(happened, scores),
        average_precision(happened, scores),
        auc_within(happened, scores, member),
        precision_at(happened, scores, member, 1),
        precision_at(happened, scores, member, 5),
        precision_at(happened, scores, member, 10),
        float("nan"),
    ]


def _cell(value: float) -> str:
    return f"{'-':>8}" if np.isnan(value) else f"{value:8.4f}"
