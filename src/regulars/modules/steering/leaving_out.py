"""Of whom not even is thought: asked anew each time, and each with the reason that is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.chance import STANDING_SALT, is_held_out
from regulars.modules.experiments.queries import eligible, standing_bps
from regulars.modules.insight import stored
from regulars.modules.members.lookup import carriers
from regulars.modules.members.queries import agreed, refused
from regulars.modules.recommendations.types import PERSONALISATION
from regulars.modules.segments.queries import members_among, segments

from .models import Chosen, Climber
from .types import SOON_DAYS, Asked, Flags, LeftOut, Standing

#: An item that is likelier than not to be bought soon brings the member anyway.
_LIKELY: Final = 0.5


def everybody(merchant: MerchantFacts) -> list[UUID]:
    """Who may be thought of at all, in the order of their ids."""
    return eligible(merchant.id)


def left_out(
    merchant: MerchantFacts, asked: Asked, members: list[UUID], stands: Standing, now: datetime
) -> list[LeftOut | None]:
    """For each member the first reason to leave them out; None: they are a candidate."""
    found: list[LeftOut | None] = [None] * len(members)

    def mark(reason: LeftOut, those: Flags) -> None:
        for at in np.flatnonzero(those).tolist():
            found[at] = found[at] or reason

    def among(ids: set[UUID]) -> Flags:
        return np.array([one in ids for one in members], dtype=bool)

    mark("no_consent", ~among(agreed(merchant.id, asked.consent)))
    mark("not_personal", among(not_personal(merchant.id)))
    mark("excluded", among(_excluded(merchant, now)))
    mark("held_out_of_all", held_out_of_all(merchant.id, members))
    mark("offered_lately", among(given_since(merchant, now, asked.rest_days)))
    if asked.segment is not None:
        mark("not_in_segment", ~among(set(members_among(merchant.id, [asked.segment]))))
    mark("due_soon", due_soon(merchant.id, stands))
    return found


def due_soon(merchant_id: int, stands: Standing) -> Flags:
    """Who is expected within a week, by their own rhythm or for one of their usual items."""
    own: Flags = (stands.ahead >= 1) & (stands.ahead <= SOON_DAYS)
    return own | item_due_soon(merchant_id, stands)


def item_due_soon(merchant_id: int, stands: Standing) -> Flags:
    """Who is expected within a week for one of their usual items, where that is foretold."""
    kept = stored.read(merchant_id, "due-type")
    if kept is None or kept.about.get("abstained"):
        return np.zeros(len(stands.member), dtype=bool)
    rows = kept.rows(["member_id", "probability", "expected_day"], least={"probability": _LIKELY})
    last = stands.as_of + timedelta(days=SOON_DAYS)
    soon = {
        member
        for member, day in zip(
            rows["member_id"].to_pylist(), rows["expected_day"].to_pylist(), strict=True
        )
        if day is not None and stands.as_of < day <= last
    }
    return np.array([one in soon for one in stands.member], dtype=bool)


def given_since(merchant: MerchantFacts, now: datetime, days: int) -> set[UUID]:
    """Who was given a coupon by any plan or ladder within the last ``days`` days."""
    since = now - timedelta(days=days)
    had: set[UUID] = set()
    for table in (Chosen, Climber):
        rows = table.objects.of(merchant.id).filter(given_at__gt=since)
        had.update(rows.values_list("member_id", flat=True))
    return _carriers(merchant.id, had)


def _excluded(merchant: MerchantFacts, now: datetime) -> set[UUID]:
    lists = [one.code for one in segments(merchant.id, now) if one.exclusion]
    return set(members_among(merchant.id, lists)) if lists else set()


def not_personal(merchant_id: int) -> set[UUID]:
    """Who refused personalisation, by any record."""
    return _carriers(merchant_id, refused(merchant_id, PERSONALISATION))


def held_out_of_all(merchant_id: int, members: list[UUID]) -> Flags:
    bps = standing_bps(merchant_id)
    return np.array(
        [bool(bps) and is_held_out(merchant_id, STANDING_SALT, one, bps) for one in members],
        dtype=bool,
    )


def _carriers(merchant_id: int, ids: set[UUID]) -> set[UUID]:
    return set(carriers(merchant_id, sorted(ids)).values())
