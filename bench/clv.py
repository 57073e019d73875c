"""Lifetime value at a million customers: processor seconds of ours beside those of `lifetimes`.

Synthetic buyers from the model itself (seed 7), about ten million transactions. Each pair runs in
the same minutes on the same data. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from regulars.modules.insight.clv import buying, summary
from regulars.modules.insight.clv.types import Buyers, Cells

SEED: Final = 7
WEEKS: Final = 104
FIRST_DAY: Final = date(2024, 1, 1)
LAST_DAY: Final = FIRST_DAY + timedelta(days=WEEKS * 7 - 1)
# r, alpha (weeks), a, b: about ten purchases a customer in two years.
TRUTH: Final = (0.9, 4.9, 0.55, 5.5)


def transactions(customers: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customer, day number and worth of every transaction, in no order at all."""
    rng = np.random.default_rng(SEED)
    r, alpha, a, b = TRUTH
    rate = rng.gamma(r, 1 / alpha, customers) / 7
    leaves = rng.beta(a, b, customers)
    who = np.arange(customers)
    at = rng.uniform(0, 91, customers)
    found_who, found_at = [], []
    while len(who):
        found_who.append(who)
        found_at.append(at.astype(np.int64))
        stays = rng.random(len(who)) >= leaves[who]
        who, at = who[stays], at[stays]
        at = at + rng.exponential(1 / rate[who])
        inside = at < WEEKS * 7
        who, at = who[inside], at[inside]
    member, day = np.concatenate(found_who), np.concatenate(found_at)
    shuffled = rng.permutation(len(member))
    worth = rng.gamma(6.25, 600, len(member)).astype(np.int64) + 1
    return member[shuffled], day[shuffled] + FIRST_DAY.toordinal(), worth


def spent(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Processor and wall seconds of all threads, and what came out."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    return time.process_time() - cpu, time.perf_counter() - wall, found


def written(member: np.ndarray, day: np.ndarray, worth: np.ndarray, folder: Path) -> Any:
    """The transactions as the product has them: fact files on disk, with ids and identities."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from regulars.modules.analytics.facts import Facts
    from regulars.modules.analytics.facts_schema import arrow_schema

    schema = arrow_schema("orders")
    halves = np.random.default_rng(SEED).integers(0, 2**62, (int(member.max()) + 1, 2)).tolist()
    ids = pa.array([f"mem_{one:016x}{two:016x}" for one, two in halves])
    keys = pa.array([f"c{number * 7919 % 10_000_019:08d}" for number in range(len(ids))])
    epoch = date(1970, 1, 1).toordinal()
    whole = {
        "member_id": ids.take(pa.array(member)),
        "member_key": keys.take(pa.array(member)),
        "day": pa.array((day - epoch).astype(np.int32)).cast(pa.date32()),
        "kept_minor": pa.array(worth),
        "net_minor": pa.array(worth),
        "counted": pa.array(np.ones(len(member), dtype=bool)),
    }
    rows = len(member)
    columns = [whole.get(f.name, pa.nulls(rows, f.type)) for f in schema]
    place = folder / "orders" / "month=2024-01"
    place.mkdir(parents=True)
    pq.write_table(
        pa.Table.from_arrays(columns, schema=schema), place / "facts.parquet", compression="zstd"
    )
    return Facts(folder, memory_mb=2048)


def through_facts(facts: Any) -> Any:
    """The summary as the product makes it: Ibis, DuckDB, and one packed sort."""
    from regulars.modules.insight.clv.reading import read_history

    return read_history(facts, as_of=LAST_DAY).buyers(as_of=LAST_DAY)[0]


def with_names(facts: Any) -> Any:
    """The same by name and with the ids, as `insight clv` writes it: ready to be fitted."""
    from regulars.modules.insight.clv.reading import read_named

    history, names = read_named(facts, as_of=LAST_DAY)
    return history.buyers(as_of=LAST_DAY)[0], names


def theirs_with_ids(folder: Path) -> Any:
    """`lifetimes` on the same fact files, with the ids that are in them."""
    import pandas as pd

    warnings.simplefilter("ignore")
    from lifetimes.utils import summary_data_from_transaction_data

    def work() -> Any:
        frame = pd.read_parquet(
            folder / "orders", columns=["member_id", "day", "kept_minor", "counted"]
        )
        frame["day"] = pd.to_datetime(frame["day"])
        return summary_data_from_transaction_data(
            frame[frame["counted"]],
            "member_id",
            "day",
            "kept_minor",
            observation_period_end=pd.Timestamp(LAST_DAY),
        )

    return spent(work)


def theirs(member: np.ndarray, day: np.ndarray, worth: np.ndarray) -> Any:
    import pandas as pd

    warnings.simplefilter("ignore")
    from lifetimes.utils import summary_data_from_transaction_data

    start = np.datetime64(FIRST_DAY) - np.timedelta64(FIRST_DAY.toordinal(), "D")
    frame = pd.DataFrame({"id": member, "at": start + day.astype("timedelta64[D]"), "worth": worth})
    return spent(
        lambda: summary_data_from_transaction_data(
            frame, "id", "at", "worth", observation_period_end=pd.Timestamp(LAST_DAY)
        )
    )


def their_fit(buyers: Buyers) -> Any:
    from lifetimes import BetaGeoFitter

    frequency, recency = buyers.frequency, buyers.recency_days / 7
    return spent(lambda: BetaGeoFitter().fit(frequency, recency, buyers.age_days / 7))


def our_fit(buyers: Buyers) -> Any:
    def work() -> Any:
        cells: Cells = summary.cells_of(buyers)
        return buying.fit(cells)

    return spent(work)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--customers", type=int, default=1_000_000)
    asked.add_argument("--without-lifetimes", action="store_true")
    given = asked.parse_args()
    member, day, worth = transactions(given.customers)
    last = LAST_DAY.toordinal()
    told: dict[str, Any] = {"customers": given.customers, "transactions": len(member)}

    cpu, wall, buyers = spent(
        lambda: summary.summarise(member, day, worth, members=given.customers, as_of_day=last)
    )
    told["summary_arrays_cpu_s"], told["summary_arrays_wall_s"] = round(cpu, 2), round(wall, 2)
    with TemporaryDirectory() as folder:
        facts = written(member, day, worth, Path(folder))
        cpu, wall, same = spent(lambda: through_facts(facts))
        told["summary_facts_cpu_s"], told["summary_facts_wall_s"] = round(cpu, 2), round(wall, 2)
        cpu, wall, (named, names) = spent(lambda: with_names(facts))
        told["summary_named_cpu_s"], told["summary_named_wall_s"] = round(cpu, 2), round(wall, 2)
        if not given.without_lifetimes:
            cpu, wall, with_ids = theirs_with_ids(Path(folder))
            told["lifetimes_summary_ids_cpu_s"] = round(cpu, 2)
            told["lifetimes_summary_ids_wall_s"] = round(wall, 2)
            of = with_ids["frequency"].reindex(names.member_id.to_pylist())
            assert np.array_equal(of.to_numpy().astype(np.int64), named.frequency)
            del with_ids, of
        del named, names
    for name in ("frequency", "recency_days", "age_days", "repeat_minor"):
        ours, facts = np.sort(getattr(buyers, name)), np.sort(getattr(same, name))
        assert np.array_equal(ours, facts), f"{name} differs between arrays and facts"
    cpu, wall, model = our_fit(buyers)
    told["fit_cpu_s"], told["fit_wall_s"] = round(cpu, 2), round(wall, 2)
    told["fit"] = [round(v, 4) for v in (model.r, model.alpha, model.a, model.b)]
    few = np.random.default_rng(SEED).choice(given.customers, given.customers // 10, replace=False)
    names = ("frequency", "recency_days", "age_days", "repeat_minor")
    cpu, _wall, near = our_fit(Buyers(**{n: getattr(buyers, n)[few] for n in names}))
    told["fit_tenth_cpu_s"] = round(cpu, 2)
    told["fit_tenth"] = [round(v, 4) for v in (near.r, near.alpha, near.a, near.b)]
    if not given.without_lifetimes:
        cpu, wall, frame = theirs(member, day, worth)
        told["lifetimes_summary_cpu_s"] = round(cpu, 2)
        told["lifetimes_summary_wall_s"] = round(wall, 2)
        assert np.array_equal(frame["frequency"].to_numpy().astype(np.int64), buyers.frequency)
        assert np.array_equal(frame["recency"].to_numpy().astype(np.int64), buyers.recency_days)
        assert np.array_equal(frame["T"].to_numpy().astype(np.int64), buyers.age_days)
        cpu, wall, fitted = their_fit(buyers)
        told["lifetimes_fit_cpu_s"], told["lifetimes_fit_wall_s"] = round(cpu, 2), round(wall, 2)
        theirs_are = fitted.params_[["r", "alpha", "a", "b"]].to_numpy()
        told["lifetimes_fit"] = [round(float(v), 4) for v in theirs_are]
        told["summary_ratio"] = round(
            told["summary_facts_cpu_s"] / told["lifetimes_summary_cpu_s"], 3
        )
        for name, beside in (
            ("named", "lifetimes_summary"),
            ("named_ids", "lifetimes_summary_ids"),
        ):
            told[f"summary_{name}_ratio"] = round(
                told["summary_named_cpu_s"] / told[f"{beside}_cpu_s"], 3
            )
        told["summary_arrays_ratio"] = round(
            told["summary_arrays_cpu_s"] / told["lifetimes_summary_cpu_s"], 3
        )
        told["fit_ratio"] = round(told["fit_cpu_s"] / told["lifetimes_fit_cpu_s"], 3)
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
