"""A programme as the rules read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.modules.earning.types import Earning
from regulars.modules.tiers.types import Ladder


@dataclass(frozen=True, slots=True)
class Redemption:
    """What an asset pays: each ``units`` are worth ``minor``, in whole steps alone.

    What a return gives back of a lot that has expired meanwhile lives ``grace_days`` more.
    """

    units: int = 1
    minor: int = 1
    grace_days: int = 30


@dataclass(frozen=True, slots=True)
class Redeeming:
    points: Redemption = Redemption()
    growth_value: Redemption = Redemption()


@dataclass(frozen=True, slots=True)
class Programme:
    """What holds from an instant on: the ladder and what an order earns."""

    number: int
    name: str
    ladder: Ladder
    earning: Earning
    redeeming: Redeeming = Redeeming()
    points_on_leaving: str = "freeze"
    notice_days: int = 30


@dataclass(frozen=True, slots=True)
class VersionView:
    number: int
    effective_at: datetime
    created_at: datetime
    created_by: str
    document: dict[str, Any]
