"""Every member's expectations, from the facts; and how such expectations fared before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from regulars.modules.analytics.facts import Facts

from . import buying, spending
from .reading import read_history, read_named
from .summary import cells_of
from .types import Buyers, BuyingModel, Floats, Integers, SpendingModel, TooFewBuyers

MOST_HORIZON_DAYS: Final = 3_660
TOP_TENTH: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What expectations are made with. ``correlation`` is between how often and how much repeat
    buyers buy: the further from 0, the less the value is to be trusted."""

    buying: BuyingModel
    spending: SpendingModel
    correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Per buyer: purchases to expect within ``horizon_days``, what they are worth in minor units,
    and the chance of still being a buyer (NaN for one-time buyers); from ``purchases`` so far, the
    last ``days_ago``."""

    as_of: date
    horizon_days: int
    member: pa.Array
    member_id: pa.Array
    purchases: Integers
    days_ago: Integers
    expected_purchases: Floats
    expected_value_minor: Integers
    probability_alive: Floats
    models: Models


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationGroup:
    """Buyers with ``least`` to ``most`` purchases by then (None: or more), as foretold and come."""

    least: int
    most: int | None
    buyers: int
    predicted_purchases: float
    actual_purchases: int
    predicted_value_minor: int
    actual_value_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The same expectations made ``horizon_days`` earlier, beside what those buyers then did.

    ``top_tenth_share`` of the actual value came from the tenth with the highest expectations.
    """

    as_of: date
    horizon_days: int
    buyers: int
    predicted_purchases: float
    actual_purchases: int
    predicted_value_minor: int
    actual_value_minor: int
    top_tenth_share: float
    correlation: float
    mean_absolute_error: float
    groups: tuple[CalibrationGroup, ...]

    @property
    def off_bps(self) -> int | None:
        """How far the total of purchases was predicted off; None where nobody bought."""
        if not self.actual_purchases:
            return None
        return round((self.predicted_purchases / self.actual_purchases - 1) * 10_000)


def scores(
    facts: Facts, *, as_of: date, horizon_days: int, paid_back: Mapping[str, int] | None = None
) -> Scores:
    """Expectations of every buyer known at the end of ``as_of``, learnt from nothing later.

    ``paid_back`` is what orders gave back since, see ``read_history``.
    Raises ValueError for a horizon out of 1 to 3,660 days and TooFewBuyers where the history
    cannot carry a model.
    """
    _check(horizon_days)
    history, names = read_named(facts, as_of=as_of, paid_back=paid_back)
    # Everybody read bought up to then: the buyers are the names, in their order.
    buyers, _all = history.buyers(as_of=as_of)
    models = fitted(buyers)
    purchases, value = _expected(buyers, models, horizon_days=horizon_days)
    return Scores(
        as_of=as_of,
        horizon_days=horizon_days,
        member=names.name,
        member_id=names.member_id,
        purchases=buyers.frequency + 1,
        days_ago=buyers.age_days - buyers.recency_days,
        expected_purchases=purchases,
        expected_value_minor=value,
        probability_alive=buying.probability_alive(
            models.buying,
            frequency=buyers.frequency,
            recency_days=buyers.recency_days,
            age_days=buyers.age_days,
        ),
        models=models,
    )


def calibration(
    facts: Facts, *, as_of: date, horizon_days: int, paid_back: Mapping[str, int] | None = None
) -> Calibration | None:
    """What would have been expected ``horizon_days`` before ``as_of``, and what happened since.

    None where the history before that day cannot carry a model.
    """
    _check(horizon_days)
    then = as_of - timedelta(days=horizon_days)
    history = read_history(facts, as_of=as_of, paid_back=paid_back)
    buyers, places = history.buyers(as_of=then)
    try:
        models = fitted(buyers)
    except TooFewBuyers:
        return None
    purchases, value = _expected(buyers, models, horizon_days=horizon_days)
    days, worth = history.after(then, as_of=as_of)
    days, worth = days[places], worth[places]
    first = np.argsort(-value, kind="stable")[: max(1, len(places) // TOP_TENTH)]
    return Calibration(
        as_of=as_of,
        horizon_days=horizon_days,
        buyers=len(places),
        predicted_purchases=float(purchases.sum()),
        actual_purchases=int(days.sum()),
        predicted_value_minor=int(value.sum()),
        actual_value_minor=int(worth.sum()),
        top_tenth_share=float(worth[first].sum() / worth.sum()) if worth.sum() else 0.0,
        correlation=_together(purchases, days),
        mean_absolute_error=float(np.abs(purchases - days).mean()),
        groups=_grouped(buyers.frequency + 1, purchases, days, value, worth),
    )


def fitted(buyers: Buyers) -> Models:
    """Both models of these buyers. Raises TooFewBuyers."""
    mean = _mean(buyers)
    return Models(
        buying=buying.fit(cells_of(buyers)),
        spending=spending.fit(buyers.frequency, mean),
        correlation=spending.correlation(buyers.frequency, mean),
    )


def _expected(buyers: Buyers, models: Models, *, horizon_days: int) -> tuple[Floats, Integers]:
    purchases = buying.expected_purchases(
        models.buying,
        frequency=buyers.frequency,
        recency_days=buyers.recency_days,
        age_days=buyers.age_days,
        horizon_days=horizon_days,
    )
    each = spending.expected_mean(models.spending, frequency=buyers.frequency, mean=_mean(buyers))
    return purchases, np.rint(purchases * each).astype(np.int64)


def _mean(buyers: Buyers) -> Floats:
    """What the repeat purchases of each buyer were worth on average, in minor units."""
    mean: Floats = buyers.repeat_minor / np.maximum(buyers.frequency, 1)
    return mean


def _together(predicted: Floats, actual: Integers) -> float:
    if len(actual) < 2 or not np.ptp(predicted) or not np.ptp(actual):
        return 0.0
    return float(np.corrcoef(predicted, actual)[0, 1])


def _check(horizon_days: int) -> None:
    if not 1 <= horizon_days <= MOST_HORIZON_DAYS:
        raise ValueError(f"a horizon is 1 to {MOST_HORIZON_DAYS} days")


def _grouped(
    so_far: Integers, purchases: Floats, days: Integers, value: Integers, worth: Floats
) -> tuple[CalibrationGroup, ...]:
    """The totals by how many purchases were known: twice as many in each group as in the last."""
    edges = [1, 2, *(2**power + 1 for power in range(1, 7))]
    found = []
    for least, after in zip(edges, [*edges[1:], None], strict=True):
        inside = so_far >= least
        if after is not None:
            inside &= so_far < after
        if inside.any():
            found.append(
                CalibrationGroup(
                    least=least,
                    most=None if after is None else after - 1,
                    buyers=int(inside.sum()),
                    predicted_purchases=float(purchases[inside].sum()),
                    actual_purchases=int(days[inside].sum()),
                    predicted_value_minor=int(value[inside].sum()),
                    actual_value_minor=int(worth[inside].sum()),
                )
            )
    return tuple(found)
