"""What the lifetime value models are fitted to, and what they come out as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAYS_A_WEEK: Final = 7.0


class TooFewBuyers(ValueError):
    """There are not enough members who came back to learn anything from: ``there`` of ``needed``.

    ``what`` says what those there did.
    """

    def __init__(
        self, what: Literal["came back", "have a worth"], *, there: int, needed: int
    ) -> None:
        super().__init__(f"{there} buyers {what}; {needed} are needed")
        self.what, self.there, self.needed = what, there, needed

    @property
    def told(self) -> dict[str, str | int]:
        """As every forecast says why there is none."""
        return {"reason": "too_few_buyers", "there": self.there, "needed": self.needed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyers:
    """One entry per buyer: ``frequency`` repeat purchases, the last ``recency_days`` after the
    first, watched for ``age_days``; ``repeat_minor`` is what the repeat purchases were worth."""

    frequency: Integers
    recency_days: Integers
    age_days: Integers
    repeat_minor: Integers

    def __len__(self) -> int:
        return len(self.frequency)

    def only(self, which: Integers) -> Buyers:
        """The buyers at ``which``, in that order."""
        return Buyers(
            frequency=self.frequency[which],
            recency_days=self.recency_days[which],
            age_days=self.age_days[which],
            repeat_minor=self.repeat_minor[which],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Buyers with the same history counted together: all that the likelihood looks at."""

    frequency: Integers
    recency_days: Integers
    age_days: Integers
    count: Floats

    @property
    def buyers(self) -> float:
        return float(self.count.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyingModel:
    """BG/NBD: purchase rates over buyers are Gamma(``r``, ``alpha`` weeks), and after each
    purchase a buyer leaves for good with a chance that is Beta(``a``, ``b``)."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    buyers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingModel:
    """Gamma-Gamma: a buyer's purchases are Gamma(``p``, v) in worth, with v over buyers
    Gamma(``q``, ``gamma``); ``gamma`` is in the unit of money the model was fitted in."""

    p: float
    q: float
    gamma: float
    log_likelihood: float
    buyers: int

    @property
    def population_mean(self) -> float:
        """What a purchase of somebody unknown is worth. Only where ``q`` > 1."""
        return self.p * self.gamma / (self.q - 1)
