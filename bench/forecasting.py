"""How long the forecasts of the demo's year take. Prints one JSON line.

`python -m bench.forecasting`: due by type at the end of week 48 on the Complete Journey, step by
step as the job does it: what is known of the windows that are over, learning from them, and what
the candidates of the day are told. Elapsed seconds; LightGBM uses every core.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from regulars.modules.insight.due.features import features_at
from regulars.modules.insight.due.forecast import anchors_before, foretell, learn_from, window_at

from .eval.journey import day_of_week_end, journey

WEEK, HORIZON = 48, 14


def main() -> None:
    history = journey("type").history
    as_of = day_of_week_end(WEEK)
    known = history.until(as_of)
    windows = [
        window_at(known, anchor, HORIZON) for anchor in anchors_before(known, as_of, HORIZON)
    ]
    begun = time.perf_counter()
    learner = learn_from(windows)
    learnt = time.perf_counter()
    features = features_at(known, as_of, HORIZON)
    learner.probabilities(features.matrix)
    told = time.perf_counter()
    del windows, features
    whole = time.perf_counter()
    foretell(history, as_of, HORIZON)
    print(
        json.dumps(
            {
                "ours": "forecasting",
                "examples": learner.examples,
                "training_s": round(learnt - begun, 2),
                "pairs": len(features_at(known, as_of, HORIZON).pairs),
                "features_and_scores_s": round(told - learnt, 2),
                "whole_s": round(time.perf_counter() - whole, 1),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )


if __name__ == "__main__":
    sys.exit(main())
