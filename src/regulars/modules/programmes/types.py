"""A programme as the rules read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.modules.earning.types import Earning
from regulars.modules.tiers.types import Ladder


@dataclass(frozen=True, slots=True)
class Programme:
    """What holds from an instant on: the ladder and what an order earns."""

    number: int
    name: str
    ladder: Ladder
    earning: Earning


@dataclass(frozen=True, slots=True)
class VersionView:
    number: int
    effective_at: datetime
    created_at: datetime
    created_by: str
    document: dict[str, Any]
