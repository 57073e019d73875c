"""`make eval`: every table, or with arguments one of them on weeks of your choice."""

from __future__ import annotations

import argparse
import sys

from regulars.modules.recommendations.types import MODES

from . import churn, due, recommending


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.eval", description=__doc__)
    parser.add_argument("--only", choices=("due", "churn", "next_basket", "explore"))
    parser.add_argument("--level", choices=tuple(due.TEST_WEEKS), help="of items; all if not given")
    parser.add_argument("--weeks", type=lambda text: tuple(map(int, text.split(","))))
    parser.add_argument("--without-trees", action="store_true", help="as without LightGBM")
    parser.add_argument("--draws", type=int, default=200, help="of the bootstrap")
    args = parser.parse_args()
    trees = False if args.without_trees else None
    if args.only in (None, "due"):
        for level, weeks in due.TEST_WEEKS.items():
            if args.level in (None, level):
                due.evaluate(level, args.weeks or weeks, with_trees=trees, draws=args.draws)
    if args.only in (None, "churn"):
        churn.evaluate(args.weeks or churn.TEST_WEEKS, with_trees=trees)
    for mode in MODES:
        for level, weeks in recommending.TEST_WEEKS.items():
            if args.only in (None, mode) and args.level in (None, level):
                recommending.evaluate(mode, level, args.weeks or weeks, with_trees=trees)
    return 0


if __name__ == "__main__":
    sys.exit(main())
