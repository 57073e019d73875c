"""Reads of notices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q

from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant

from .models import Notice
from .types import NoticeView

#: How long a notice without an end is worth showing.
_FRESH: Final = timedelta(days=60)


def standing(merchant_id: int, member_id: UUID, now: datetime) -> list[NoticeView]:
    """What a member was told that is not over yet, the soonest end first."""
    rows = Notice.objects.of(merchant_id).filter(member_id=member_id)
    rows = rows.filter(Q(due_at__gt=now) | Q(due_at=None, at__gt=now - _FRESH))
    found = [view_of(row) for row in rows]
    return sorted(found, key=lambda one: (one.until is None, one.until or now.date(), one.kind))


def recent(merchant_id: int, now: datetime, *, days: int) -> dict[str, int]:
    """How many notices of each kind were announced in the last ``days`` days."""
    rows = (
        Notice.objects.of(merchant_id)
        .filter(at__gt=now - timedelta(days=days), at__lte=now)
        .values_list("kind")
        .annotate(told=Count("about"))
    )
    return dict(rows)


def view_of(row: Notice) -> NoticeView:
    return NoticeView(
        kind=row.kind,  # type: ignore[arg-type]
        member_id=row.member_id,
        announced_at=row.at,
        until=row.day,
        points=row.points,
        tier=row.tier,
        gap=row.gap,
        gap_money_minor=row.gap_money_minor,
        likely_orders=row.likely_orders,
    )


def json_of(view: NoticeView) -> dict[str, Any]:
    return {
        "kind": view.kind,
        "member_id": show("mem", view.member_id),
        "announced_at": show_instant(view.announced_at),
        "until": view.until.isoformat() if view.until else None,
        "points": view.points,
        "tier": view.tier,
        "gap": view.gap,
        "gap_money_minor": view.gap_money_minor,
        "likely_orders": view.likely_orders,
    }
