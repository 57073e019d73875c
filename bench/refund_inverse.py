"""Refund inverse over many random orders: `python bench/refund_inverse.py --orders 100000`.

Each order of 1 to 50 lines earns under random terms and comes back in random steps, lines in any
order. A mismatch is a step after which the purse holds something else than what the kept part
earns, a clawback below zero, a debt, or anything left at the end (I-11, T-07). No database.
Prints one JSON line; exit code 1 when there is a mismatch.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from regulars.modules.earning.rules import earned
from regulars.modules.earning.types import Crossing, Frozen
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.types import POINTS, Cause, Pending

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ORDER, REFUND = Cause("order", f"ord_{1:032x}"), Cause("refund", f"ref_{2:032x}")
RATES = (0, 5_000, 9_999, 10_000, 10_000, 10_001, 12_500, 15_000, 20_000, 33_333)


def random_terms(chance: random.Random, nets: list[int]) -> Frozen:
    """Line rates for half of the orders, crossings for a third, a cap for a fifth."""
    tier_rates = sorted(chance.choices(RATES, k=chance.choice((1, 1, 2, 3))))
    aboves = sorted(chance.randint(0, sum(nets)) for _ in tier_rates[1:])
    line_bps = tuple(chance.choices(RATES, k=len(nets))) if chance.random() < 0.5 else ()
    return Frozen(
        per_minor=chance.choice((1, 7, 100, 100, 1_000)),
        amount=chance.choice((1, 1, 3, 10)),
        tier_bps=tier_rates[0],
        line_bps=line_bps,
        crossings=tuple(Crossing(*pair) for pair in zip(aboves, tier_rates[1:], strict=True)),
        most=chance.randint(0, 500) if chance.random() < 0.2 else None,
    )


def random_lines(chance: random.Random) -> tuple[list[int], list[int]]:
    """Nets and quantities: most orders are short, some have 50 lines."""
    count = min(50, 1 + int(chance.expovariate(1 / 6)))
    most = chance.choice((9, 500, 50_000))
    nets = [chance.randint(0, most) for _ in range(count)]
    return nets, [chance.choice((1, 1, 1, 2, 3, 7)) for _ in range(count)]


def return_everything(chance: random.Random) -> tuple[int, int]:
    """One order and all of its returns: (steps, mismatches)."""
    nets, quantities = random_lines(chance)
    frozen = random_terms(chance, nets)
    purse, journal = Purse(merchant_id=1, member_id=UUID(int=1), asset=POINTS), Journal()
    net = earned(frozen, nets)
    if net and chance.random() < 0.5:
        purse.promise(journal, Pending(UUID(int=2), POINTS, net, NOON, NOON, None, *ORDER))
    elif net:
        purse.credit(
            journal, net, kind="earn", cause=ORDER, at=NOON, earned_at=NOON, expires_at=None
        )
    own_lots = [lot for _, lot in journal.new_lots]
    back, kept = [0] * len(nets), list(nets)
    still_here = list(range(len(nets)))
    steps = mismatches = 0
    while still_here:
        steps += 1
        place = chance.randrange(len(still_here))
        line = still_here[place]
        back[line] += chance.randint(1, quantities[line] - back[line])
        kept[line] = nets[line] - nets[line] * back[line] // quantities[line]
        if back[line] == quantities[line]:
            still_here[place] = still_here[-1]
            still_here.pop()
        taken, net = net, earned(frozen, kept)
        taken -= net
        if taken > 0:
            purse.clawback(journal, taken, order=ORDER, cause=REFUND, at=NOON, own_lots=own_lots)
        if taken < 0 or purse.debt or purse.balance + purse.pending != net:
            mismatches += 1
    nothing_left = not (purse.balance or purse.pending or purse.lots or purse.pendings)
    return steps, mismatches + (not nothing_left)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    steps = mismatches = 0
    start = time.perf_counter()
    for _ in range(arguments.orders):
        found = return_everything(chance)
        steps += found[0]
        mismatches += found[1]
    told = {
        "orders": arguments.orders,
        "steps": steps,
        "mismatches": mismatches,
        "seconds": round(time.perf_counter() - start, 1),
    }
    print(json.dumps(told))
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
