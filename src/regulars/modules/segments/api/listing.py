"""The list of segments, the same for every audience."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from regulars.infra.http.answers import part
from regulars.infra.http.fields import PartQuery
from regulars.infra.http.principal import MerchantFacts
from regulars.modules.segments import queries

from .shapes import segment_json


def segments_json(merchant: MerchantFacts, query: PartQuery, now: datetime) -> dict[str, Any]:
    """Segments by code, and how far everybody is read anew where that goes on. Raises Invalid."""
    return {
        **part(queries.segments(merchant.id, now), query, segment_json, lambda view: view.code),
        "reading": queries.reading_everybody(merchant.id, now),
    }
