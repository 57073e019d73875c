"""RFM scores as facts: handed over by analytics, written for the members whose scores differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.http.principal import MerchantFacts

from .handing import hand_over
from .settling import Settled
from .types import Cause

Scores = tuple[int, int, int]
"""Recency, frequency and monetary score, 1 to 5."""
SCORE_NAMES: Final = ("recency_score", "frequency_score", "monetary_score")


def take_scores(
    merchant: MerchantFacts, scores: Mapping[UUID, Scores], *, as_of: datetime, now: datetime
) -> Settled:
    """Keep the scores of everybody who has any; whoever is not named has none any more."""
    told = (
        (member_id, dict(zip(SCORE_NAMES, found, strict=True)))
        for member_id, found in sorted(scores.items())
    )
    return hand_over(merchant, "scores", told, Cause("report.rfm", "", as_of), now)
