"""What modules above add to what those below tell; joined here, where all are known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import NotFound
from regulars.modules.analytics.parts import also_count, also_measure
from regulars.modules.connectors.queries import faulty_runs
from regulars.modules.experiments.covering import measured
from regulars.modules.members.parts import also_tell
from regulars.modules.programmes.statements import tier_part


def join() -> None:
    """Join every part, before the first request; again changes nothing."""
    also_tell(_tier)
    also_count("faults", faulty_runs)
    also_measure(measured)


def _tier(merchant: MerchantFacts, member_id: UUID, now: datetime) -> Mapping[str, Any]:
    try:
        return tier_part(merchant, member_id, now)
    except NotFound:  # a merchant without a programme has no tiers
        return {}
