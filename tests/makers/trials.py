"""How far the lift figures can be trusted: simulations on a real year of spend.

Random arms over real households, where the truth is known because it was put there. `python -m
bench.lift` runs all of it, the tests a part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, Final

import numpy as np

from makers.journey import Year, campaign
from regulars.modules.experiments import rules, statistics
from regulars.modules.experiments.types import Effect, Estimate, Floats, Group

Estimator = Callable[[Group, Group], Estimate]
ESTIMATORS: Final[dict[str, Estimator]] = {
    "welch": statistics.welch,
    "cuped": statistics.cuped,
    "lin_hc2": statistics.interacted,
}
SEED: Final = 5
SEMI_SEED: Final = 11
#: Log-odds of complying for average spend, and what a standard deviation more adds.
COMPLYING: Final = (-1.25, 0.8)
LOOKS: Final = 12
ACCRUING_LOOKS: Final = 50
WEEKS: Final = 8


def arms(rng: np.random.Generator, people: int, held_out: float) -> tuple[np.ndarray, np.ndarray]:
    """A random split of ``people``: a fixed number of them held out."""
    order = rng.permutation(people)
    out = round(people * held_out)
    return order[out:], order[:out]


def cell(
    outcome: Floats, before: Floats, *, held_out: float, replications: int, effect: float = 0.0
) -> dict[str, dict[str, float]]:
    """Coverage, share of significant differences and mean error, by estimator.

    ``effect`` is a relative lift given to the treated; without one, significant is false.
    """
    rng = np.random.default_rng(SEED)
    hits = {name: [0, 0, 0.0, 0] for name in ESTIMATORS}
    truth = effect * outcome.mean()
    for _replication in range(replications):
        on, out = arms(rng, len(outcome), held_out)
        treated = Group(outcome=outcome[on] * (1 + effect), before=before[on])
        rest = Group(outcome=outcome[out], before=before[out])
        for name, estimator in ESTIMATORS.items():
            found = estimator(treated, rest)
            told = found.effect
            hits[name][0] += told.low <= truth <= told.high
            hits[name][1] += told.p_value < statistics.ALPHA
            hits[name][2] += told.standard_error
            lift = statistics.relative_lift(found)
            hits[name][3] += lift is not None and lift.low <= effect <= lift.high
    return {
        name: {
            "coverage": covered / replications,
            "significant": found / replications,
            "mean_se": round(error / replications, 4),
            "relative_coverage": relative / replications,
        }
        for name, (covered, found, error, relative) in hits.items()
    }


def semi_synthetic(data: Year, *, replications: int) -> dict[str, dict[str, float]]:
    """A known effect on members who choose themselves, and what each estimator makes of it.

    Treated households that comply spend 10 % more. Who complies is drawn each time, the likelier
    the more was spent just before: that is what makes comparing redeemers with others so wrong.
    """
    rng = np.random.default_rng(SEMI_SEED)
    outcome, before = data.weeks(41, 48) / WEEKS, data.weeks(25, 40) / 16
    recent = data.weeks(33, 40) / WEEKS
    people = len(outcome)
    least, more = COMPLYING
    likely = 1 / (1 + np.exp(-least - more * (recent - recent.mean()) / recent.std()))
    found: dict[str, list[tuple[float, float, float]]] = {}
    truths: list[tuple[float, float]] = []
    for _replication in range(replications):
        complier = rng.random(people) < likely
        gain = np.where(complier, 0.10 * outcome, 0.0)
        truths.append((float(gain.mean()), float(gain[complier].mean())))
        on, out = arms(rng, people, 0.5)
        seen = outcome.copy()
        seen[on] += gain[on]
        treated = Group(outcome=seen[on], before=before[on])
        rest = Group(outcome=seen[out], before=before[out])
        took = complier[on].mean()
        cuped = statistics.cuped(treated, rest).effect
        share = rules.per_redeemer(cuped, redemption=float(took))
        assert share is not None
        change = Group(outcome=seen[on] - recent[on], before=before[on])
        no_change = Group(outcome=seen[out] - recent[out], before=before[out])
        for name, told in (
            ("itt_welch", _interval(statistics.welch(treated, rest).effect)),
            ("itt_cuped", _interval(cuped)),
            (
                "itt_difference_in_differences",
                _interval(statistics.welch(change, no_change).effect),
            ),
            ("cace", (share.value, share.low, share.high)),
            *_naive(seen, recent, on=on, complier=complier),
        ):
            found.setdefault(name, []).append(told)
    offer, each = np.array(truths).T
    return {
        "truth": {"itt": float(offer.mean()), "per_redeemer": float(each.mean())},
        **{
            name: _quality(np.array(told), offer if name.startswith("itt") else each)
            for name, told in found.items()
        },
    }


def _naive(
    seen: Floats, recent: Floats, *, on: np.ndarray, complier: np.ndarray
) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """What a report on redeemers would say: written here, since the product has no such thing."""
    treated = np.zeros(len(seen), dtype=bool)
    treated[on] = True
    redeemed = treated & complier
    for name, others in (("others", ~redeemed), ("non_redeemers", treated & ~complier)):
        yield f"naive_redeemers_vs_{name}", _plain(seen[redeemed], seen[others])
    change = seen - recent
    yield (
        "difference_in_differences_redeemers",
        _plain(change[redeemed], change[treated & ~complier]),
    )


def _plain(one: Floats, other: Floats) -> tuple[float, float, float]:
    error = math.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    difference = float(one.mean() - other.mean())
    return difference, difference - 1.96 * error, difference + 1.96 * error


def _interval(effect: Effect) -> tuple[float, float, float]:
    return effect.difference, effect.low, effect.high


def _quality(told: np.ndarray, truth: Floats) -> dict[str, float]:
    """``told`` is the estimate with its interval, ``truth`` what was true, of each replication."""
    return {
        "bias_percent": round(float(told[:, 0].mean() / truth.mean() - 1) * 100, 1),
        "rmse": round(float(np.sqrt(((told[:, 0] - truth) ** 2).mean())), 3),
        "coverage": float(((told[:, 1] <= truth) & (truth <= told[:, 2])).mean()),
    }


def leads_of_redeemers(
    data: Year, number: int, begins: date, ends: date, *, without: Sequence[int]
) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """By how much redeemers of campaign ``number`` spent more per week on [begins, ends).

    Dollars and percent: than everybody else, than the others it was sent to, and the exposed than
    the rest. Households that were sent one of ``without`` or never bought are left out.
    """
    exposed, redeemed, kept = _roles(data, number, without)
    spent = data.per_week(begins, ends)

    def lead(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
        mine, theirs = spent[one & kept].mean(), spent[other & kept].mean()
        return float(mine - theirs), float(100 * (mine / theirs - 1))

    return lead(redeemed, ~redeemed), lead(redeemed, exposed & ~redeemed), lead(exposed, ~exposed)


def changes_of_exposed(
    data: Year,
    number: int,
    before: date,
    before_ends: date,
    begins: date,
    ends: date,
    *,
    without: Sequence[int],
) -> dict[str, Any]:
    """How spend per week changed from [before, before_ends) to [begins, ends): of the exposed, and
    differences in differences with their 95 % intervals."""
    exposed, redeemed, kept = _roles(data, number, without)
    change = data.per_week(begins, ends) - data.per_week(before, before_ends)
    return {
        "exposed": float(change[exposed & kept].mean()),
        "redeemers_vs_non_redeemers": _plain(
            change[redeemed & kept], change[exposed & ~redeemed & kept]
        ),
        "exposed_vs_unexposed": _plain(change[exposed & kept], change[~exposed & kept]),
    }


def adjusted_leads_of_exposed(
    data: Year,
    number: int,
    window: date,
    before_ends: date,
    begins: date,
    ends: date,
    *,
    without: Sequence[int],
) -> dict[str, tuple[float, float, float]]:
    """What regression on the weeks before makes of the exposed against the rest (HC2, 95 %).

    ``one`` adjusts for spend in [window, before_ends) alone; ``several`` for its square root, the
    trips in it and the spend since the year began too.
    """
    exposed, _redeemed, kept = _roles(data, number, without)
    first, last = ((day - date(2017, 1, 1)).days for day in (window, before_ends))
    spent = data.per_week(window, before_ends)
    trips = data.bought[:, first:last].sum(axis=1) / ((last - first) / 7)
    more = (np.sqrt(spent), trips, data.per_week(date(2017, 1, 1), before_ends))
    outcome = data.per_week(begins, ends)[kept]
    found = {}
    for name, columns in (("one", (spent,)), ("several", (spent, *more))):
        design = np.column_stack([np.ones(len(kept)), exposed, *columns])[kept]
        inverse = np.linalg.pinv(design.T @ design)
        weights = inverse @ design.T @ outcome
        pull = np.einsum("ij,jk,ik->i", design, inverse, design)
        square = (outcome - design @ weights) ** 2 / (1 - pull)
        spread = inverse @ ((design * square[:, None]).T @ design) @ inverse
        half = 1.96 * math.sqrt(spread[1, 1])
        found[name] = (float(weights[1]), float(weights[1] - half), float(weights[1] + half))
    return found


def _roles(
    data: Year, number: int, without: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who was sent the campaign, who redeemed, and who counts at all."""
    sent, redeemed = (data.among(households) for households in campaign(number))
    kept = data.spend.sum(axis=1) > 0
    for other in without:
        kept &= ~data.among(campaign(other)[0])
    return sent, redeemed, kept


def peeking(data: Year, *, replications: int) -> dict[str, float]:
    """How often nothing is called something when an A/A test is looked at every week.

    The same members, 12 weekly looks: weeks 41 to 52 of spend so far. Ever past its limit at any
    look counts, as the reader would have stopped there.
    """
    rng = np.random.default_rng(SEED)
    before = data.weeks(25, 40)
    sums = [data.weeks(41, 40 + look) for look in range(1, LOOKS + 1)]
    people = len(before)
    ever = dict.fromkeys(("usual", "obrien_fleming", "always_valid"), 0)
    for _replication in range(replications):
        on, out = arms(rng, people, 0.5)
        past = dict.fromkeys(ever, False)
        for look, outcome in enumerate(sums, start=1):
            told = statistics.cuped(
                Group(outcome=outcome[on], before=before[on]),
                Group(outcome=outcome[out], before=before[out]),
            )
            always = statistics.always_valid(told, members=people)
            planned = statistics.at_look(told, number=look, planned=LOOKS)
            for name, one in (
                ("usual", told),
                ("obrien_fleming", planned),
                ("always_valid", always),
            ):
                past[name] |= not one.effect.low <= 0 <= one.effect.high
        for name, passed in past.items():
            ever[name] += passed
    return {name: times / replications for name, times in ever.items()}


def accruing(data: Year, *, replications: int) -> dict[str, float]:
    """The same where members come one by one and are looked at 50 times on the way."""
    rng = np.random.default_rng(SEED)
    outcome, before = data.weeks(41, 48), data.weeks(25, 40)
    people = len(outcome)
    steps = np.linspace(people // ACCRUING_LOOKS, people, ACCRUING_LOOKS).astype(int)
    ever = dict.fromkeys(("usual", "always_valid"), 0)
    for _replication in range(replications):
        order = rng.permutation(people)
        treated = rng.random(people) < 0.5
        past = dict.fromkeys(ever, False)
        for members in steps:
            come = order[:members]
            on, out = come[treated[:members]], come[~treated[:members]]
            told = statistics.cuped(
                Group(outcome=outcome[on], before=before[on]),
                Group(outcome=outcome[out], before=before[out]),
            )
            always = statistics.always_valid(told, members=members)
            past["usual"] |= told.effect.p_value < statistics.ALPHA
            past["always_valid"] |= not always.effect.low <= 0 <= always.effect.high
        for name, passed in past.items():
            ever[name] += passed
    return {name: times / replications for name, times in ever.items()}


def cells(data: Year, *, replications: int) -> dict[str, Any]:
    spend, before = data.weeks(41, 48), data.weeks(25, 40)
    again = data.bought[:, 280:294].any(axis=1).astype(np.float64)
    again_before = data.bought[:, 168:280].sum(axis=1).astype(np.float64)
    runs = replications
    return {
        "spend_50_50": cell(spend, before, held_out=0.5, replications=runs),
        "spend_90_10": cell(spend, before, held_out=0.1, replications=runs),
        "spend_50_50_plus_5": cell(spend, before, held_out=0.5, replications=runs, effect=0.05),
        "spend_90_10_plus_5": cell(spend, before, held_out=0.1, replications=runs, effect=0.05),
        "rebought_14_50_50": cell(again, again_before, held_out=0.5, replications=runs),
    }
