"""Reads of notices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count

from regulars.infra.db import Sql, as_day, as_instant, as_json, as_uuid, fetch_one
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant

from .models import Notice
from .types import Kind, NoticeView

#: How long a notice without an end is worth showing.
_FRESH: Final = timedelta(days=60)


#: A scalar for other gathers: what the person in the CTE ``who`` was told that is not over yet, as
#: of ``:now``; ``standing_of`` reads it. ``:notices_since`` is ``fresh_since(now)``.
NOTICES_OF_WHO: Final = """(SELECT json_group_array(json_array(n.kind, n.member_id, n.at, n.day,
    n.points, n.tier, n.gap, n.gap_money_minor, n.likely_orders))
  FROM notices_notice n WHERE n.merchant_id = :merchant_id
    AND n.member_id = (SELECT carrier FROM who)
    AND (n.due_at > :now OR (n.due_at IS NULL AND n.at > :notices_since)))"""
_STANDING: Final = Sql(f"WITH who AS (SELECT :member_id AS carrier) SELECT {NOTICES_OF_WHO}")


def fresh_since(now: datetime) -> datetime:
    """Since when a notice without an end is worth showing."""
    return now - _FRESH


def standing(merchant_id: int, member_id: UUID, now: datetime) -> list[NoticeView]:
    """What a member was told that is not over yet, the soonest end first."""
    params = {
        "merchant_id": merchant_id,
        "member_id": member_id,
        "now": now,
        "notices_since": fresh_since(now),
    }
    row = fetch_one(_STANDING, params)
    assert row is not None
    return standing_of(row[0], now)


def standing_of(scalar: Any, now: datetime) -> list[NoticeView]:
    """The notices that NOTICES_OF_WHO told, the soonest end first."""
    found = [_view_of(*row) for row in as_json(scalar) or []]
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


def _view_of(
    kind: Kind,
    member_id: Any,
    at: Any,
    day: Any,
    points: int | None,
    tier: str | None,
    gap: int | None,
    gap_money_minor: int | None,
    likely_orders: int | None,
) -> NoticeView:
    announced_at = as_instant(at)
    assert announced_at is not None
    return NoticeView(
        kind=kind,
        member_id=as_uuid(member_id),
        announced_at=announced_at,
        until=as_day(day),
        points=points,
        tier=tier,
        gap=gap,
        gap_money_minor=gap_money_minor,
        likely_orders=likely_orders,
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
