"""Refund identity of priced orders: `python bench/pricing_identity.py --orders 100000`.

Each order is a random cart under random offers, kept or requalified on return, paid in any mix of
cash, points, growth value and stored value, and comes back in random steps of some units of some
lines. A mismatch is a step that takes money, units or points from the member, or anything that is
not back to the cent when all units are (I-11, I-12). No database. Prints one JSON line; exit code
1 when there is a mismatch, with the seed of the first.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from oracle.laws import everything_comes_back, random_steps
from oracle.random_carts import Case, Seeded, random_case
from oracle.returns_adapter import give_back
from regulars.modules.pricing.engine import compile_offers, evaluate
from regulars.modules.pricing.types import Evaluation

OFFERS, LINES = 4, 6


def priced(case: Case) -> Evaluation:
    book = compile_offers(case.offers, max_discount_bps=case.max_discount_bps)
    return evaluate(book, case.cart, case.context)


def return_everything(seed: int) -> tuple[int, bool, bool]:
    """One order and all of its returns: (steps, whether an offer requalifies, whether it fits)."""
    chance = Seeded(seed)
    case = random_case(chance, most_offers=OFFERS, most_lines=LINES)
    evaluation = priced(case)
    steps = random_steps(case, chance)
    back = give_back(
        case.offers,
        case.cart,
        case.context,
        evaluation,
        steps,
        max_discount_bps=case.max_discount_bps,
    )
    applied = {one.offer for one in evaluation.applied}
    anew = any(o.code in applied and o.on_return == "requalify" for o in case.offers)
    try:
        everything_comes_back(case, evaluation, back)
    except AssertionError:
        return len(steps), anew, False
    return len(steps), anew, True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    steps = requalified = 0
    wrong: list[int] = []
    start = time.perf_counter()
    for number in range(arguments.orders):
        seed = arguments.seed * 1_000_000_007 + number
        found, anew, fits = return_everything(seed)
        steps += found
        requalified += anew
        if not fits:
            wrong.append(seed)
    told = {
        "orders": arguments.orders,
        "steps": steps,
        "requalified": requalified,
        "mismatches": len(wrong),
        "first_mismatch_seed": wrong[0] if wrong else None,
        "seconds": round(time.perf_counter() - start, 1),
    }
    print(json.dumps(told))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
