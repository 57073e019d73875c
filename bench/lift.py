"""How far the lift figures can be trusted: the simulations of tests/makers/trials.py, whole.

2,000 replications (seed 5) of every cell and of peeking, 1,000 (seed 11) of the semi-synthetic
table; minutes of processor time. Prints one JSON line. Needs the public data of
requirements/demo.txt.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from makers import trials
from makers.journey import year

REPLICATIONS: Final = 2_000
ACCRUING_REPLICATIONS: Final = 2_000
SEMI_REPLICATIONS: Final = 1_000


def main() -> int:
    data = year()
    told: dict[str, Any] = trials.cells(data, replications=REPLICATIONS)
    told["peeking"] = trials.peeking(data, replications=REPLICATIONS)
    told["accruing"] = trials.accruing(data, replications=ACCRUING_REPLICATIONS)
    told["semi_synthetic"] = trials.semi_synthetic(data, replications=SEMI_REPLICATIONS)
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
