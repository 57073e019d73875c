"""Pure: what choices say of the benefits, by a multinomial logit, with how sure it is.

docs/algorithms/surveys.md has the definitions and worked figures. Numbers only: facts come as
choices, nothing is drawn by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

import numpy as np

from regulars.modules.experiments.distributions import normal_quantile, t_quantile

from .types import Answered, Floats, Range, Spread, Standing

#: How strongly utilities are held near zero: a normal prior of deviation 2.
PRIOR: Final = 0.25
SURE: Final = 0.975
_MOST_STEPS: Final = 50
_CLOSE: Final = 1e-10
_MOST_HALVINGS: Final = 30


@dataclass(frozen=True, slots=True)
class _Picks:
    """One row per pick: what could be picked, what was, whether as the best (1) or the worst (-1)
    of it, and by which member."""

    there: Floats
    picked: Floats
    sign: Floats
    who: np.ndarray[tuple[int], np.dtype[np.int64]]
    members: int


def fit(answers: Sequence[Answered], benefits: int, *, prior: float = PRIOR) -> Spread:
    """The utilities of ``benefits`` that make the answers likeliest, around zero.

    The best of a set is picked in proportion to exp(utility); the worst of those left in
    proportion to exp(-utility). The prior keeps what was always picked finite.
    """
    picks = _picks(answers, benefits)
    utilities = np.zeros(benefits)
    value, slope, curve, _scores = _at(utilities, picks, prior)
    for _step in range(_MOST_STEPS):
        step = np.linalg.solve(curve, slope)
        if float(slope @ step) < _CLOSE:
            break
        for _halving in range(_MOST_HALVINGS):
            then = _at(utilities + step, picks, prior)
            if then[0] >= value:
                break
            step = step / 2
        utilities = utilities + step
        value, slope, curve, _scores = then
    utilities = utilities - utilities.mean()
    _value, _slope, curve, scores = _at(utilities, picks, prior)
    inverse: Floats = np.asarray(np.linalg.inv(curve), dtype=np.float64)
    return Spread(utilities, inverse, _by_members(inverse, scores, picks), picks.members)


def _picks(answers: Sequence[Answered], benefits: int) -> _Picks:
    there, picked, sign, who = [], [], [], []
    for member, answer in enumerate(answers):
        for choice in answer.choices:
            there.append([place in choice.shown for place in range(benefits)])
            picked.append(choice.best)
            sign.append(1.0)
            who.append(member)
            if choice.worst is not None:
                left = [place for place in choice.shown if place != choice.best]
                there.append([place in left for place in range(benefits)])
                picked.append(choice.worst)
                sign.append(-1.0)
                who.append(member)
    rows = len(picked)
    chosen = np.zeros((rows, benefits))
    chosen[np.arange(rows), picked] = 1.0
    mask = np.array(there, dtype=np.float64).reshape(rows, benefits)
    return _Picks(mask, chosen, np.array(sign), np.array(who, dtype=np.int64), len(answers))


def _at(utilities: Floats, picks: _Picks, prior: float) -> tuple[float, Floats, Floats, Floats]:
    """The penalised log likelihood, its slope, its curve (turned round), and each pick's slope."""
    signed = picks.sign[:, None] * utilities[None, :]
    least = np.where(picks.there > 0, signed, -np.inf)
    top = least.max(axis=1, keepdims=True, initial=-np.inf)
    weights = picks.there * np.exp(np.minimum(signed - top, 0.0))
    total = weights.sum(axis=1, keepdims=True)
    chances = weights / total
    value = float((picks.picked * signed).sum() - (np.log(total) + top).sum())
    value -= prior / 2 * float(utilities @ utilities)
    scores = picks.sign[:, None] * (picks.picked - chances)
    slope = scores.sum(axis=0) - prior * utilities
    curve = np.diag(chances.sum(axis=0) + prior) - chances.T @ chances
    return value, slope, curve, scores


def _by_members(inverse: Floats, scores: Floats, picks: _Picks) -> Floats:
    """How utilities vary by what each member answered: members differ, and one member's answers
    belong together."""
    own = np.zeros((picks.members, scores.shape[1]))
    np.add.at(own, picks.who, scores)
    own = own - own.mean(axis=0, keepdims=True) if picks.members else own
    factor = picks.members / max(picks.members - 1, 1)
    found: Floats = factor * (inverse @ (own.T @ own) @ inverse)
    return found


def error_of(spread: Spread, contrast: Floats) -> float:
    """The standard error of a sum of utilities: the wider of the two that ``spread`` knows."""
    by_model = float(contrast @ spread.by_model @ contrast)
    by_members = float(contrast @ spread.by_members @ contrast)
    return sqrt(max(by_model, by_members, 0.0))


def shares(utilities: Floats) -> Floats:
    """How many in 1 would choose each, were all on offer at once."""
    weights = np.exp(utilities - utilities.max())
    found: Floats = weights / weights.sum()
    return found


def log_odds(spread: Spread, place: int) -> tuple[float, float]:
    """The log odds of choosing one benefit over all others, and their standard error."""
    share = shares(spread.utilities)
    others = 1 - share[place]
    contrast = -share / others
    contrast[place] = 1.0
    return log(share[place] / others), error_of(spread, contrast)


def share_of(spread: Spread, place: int) -> Range:
    """The share who would choose one benefit; its interval stays between nothing and all."""
    middle, error = log_odds(spread, place)
    reach = _t(spread.members) * error
    return Range(_share(middle), _share(middle - reach), _share(middle + reach))


def utility_of(spread: Spread, place: int) -> Range:
    """How far a benefit is above the mean of all."""
    contrast = np.full(len(spread.utilities), -1.0 / len(spread.utilities))
    contrast[place] += 1.0
    middle = float(spread.utilities[place])
    reach = _t(spread.members) * error_of(spread, contrast)
    return Range(middle, middle - reach, middle + reach)


def value_of(share: Range, cost_minor: int | None) -> Range | None:
    """The share per 100 minor units of cost; None where no cost is known, or it costs nothing."""
    if not cost_minor:
        return None
    return Range(*(100 * figure / cost_minor for figure in (share.value, share.low, share.high)))


def dominated_by(spread: Spread, costs: Sequence[int | None], place: int) -> int | None:
    """The place of a benefit that is liked more, beyond chance, and costs no more: the most liked
    of them. Chance is held to 5 % over all pairs together."""
    size, cost = len(spread.utilities), costs[place]
    if cost is None:
        return None
    pairs = size * (size - 1) / 2
    limit = t_quantile(1 - (1 - SURE) / pairs, _degrees(spread.members))
    best: tuple[float, int] | None = None
    for other, theirs in enumerate(costs):
        if other == place or theirs is None or theirs > cost:
            continue
        contrast = np.zeros(size)
        contrast[other], contrast[place] = 1.0, -1.0
        ahead = float(contrast @ spread.utilities)
        if ahead > limit * error_of(spread, contrast) and (best is None or ahead > best[0]):
            best = ahead, other
    return None if best is None else best[1]


def standings(
    spread: Spread, answers: Sequence[Answered], costs: Sequence[int | None]
) -> list[Standing]:
    """What the answers say of each benefit, the most liked first."""
    choices = [choice for answer in answers for choice in answer.choices]
    found = []
    for place, cost in enumerate(costs):
        share = share_of(spread, place)
        found.append(
            Standing(
                place=place,
                utility=utility_of(spread, place),
                share=share,
                value=value_of(share, cost),
                dominated_by=dominated_by(spread, costs, place),
                shown=sum(place in choice.shown for choice in choices),
                best=sum(place == choice.best for choice in choices),
                worst=sum(place == choice.worst for choice in choices),
            )
        )
    return sorted(found, key=lambda one: (-one.share.value, one.place))


def wilson(hits: int, of: int) -> Range:
    """A share with Wilson's 95 % interval; ``of`` is one at least."""
    z, share = normal_quantile(SURE), hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Range(share, max(middle - half, 0.0), min(middle + half, 1.0))


def _t(members: int) -> float:
    return t_quantile(SURE, _degrees(members))


def _degrees(members: int) -> float:
    return float(max(members - 1, 1))


def _share(odds: float) -> float:
    return 1 / (1 + exp(-odds)) if odds >= 0 else exp(odds) / (1 + exp(odds))
