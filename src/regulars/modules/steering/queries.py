"""Reads of steering: plans as they stand, and the list of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

from django.db.models import Count

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import NotFound
from regulars.modules.insight import stored
from regulars.modules.insight.queries import Listed, nothing

from .models import Chosen, Plan
from .types import MILLI, Asked, Reason

Status = Literal["waiting", "ready", "failed", "starting", "giving", "given", "stopped"]
#: What a list shows of each member, in the order of the columns of its CSV.
COLUMNS: Final = (
    "reason", "offer", "item", "from_day", "until", "state", "days_ago", "usual_days",
    "chance_bps", "lift_bps", "worth_minor", "cost_minor", "gain_minor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as it stands; ``found`` is what it came to, None before it was worked out.

    ``done`` of ``of`` are steps while it is worked out, coupons once it was started;
    ``outcomes`` are the members whose turn came, by what became of it.
    """

    id: UUID
    name: str
    status: Status
    asked: Asked
    found: Mapping[str, Any] | None
    as_of: date | None
    done: int
    of: int
    error: str
    created_at: datetime
    created_by: str
    started_at: datetime | None
    started_by: str
    stopped_at: datetime | None
    outcomes: Mapping[str, int]


def plan_view(merchant_id: int, plan_id: UUID) -> PlanView:
    """Raises NotFound."""
    row = Plan.objects.of(merchant_id).filter(id=plan_id).first()
    if row is None:
        raise NotFound
    return view(row)


def plans(merchant_id: int, *, limit: int, after: UUID | None = None) -> list[PlanView]:
    """Newest first, one more than ``limit``."""
    rows = Plan.objects.of(merchant_id).order_by("-id")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [view(row) for row in rows[: limit + 1]]


def people(merchant: MerchantFacts, plan_id: UUID, *, reason: Reason | None) -> Listed:
    """Everybody with the reason, or those with one; who gets something first. Raises NotFound."""
    found = plan_view(merchant.id, plan_id)
    as_of = found.as_of.isoformat() if found.as_of else None
    about = {"as_of": as_of, "currency": merchant.currency}
    kept = stored.read(merchant.id, file_of(plan_id))
    if kept is None or found.found is None:
        return nothing(about)
    rows = kept.unread() if reason is None else kept.rows(reason=reason)
    return Listed(about, f"{plan_id.hex}.{reason or 'all'}", rows, _shaped)


def file_of(plan_id: UUID) -> str:
    """What the list of a plan is called among the files of a merchant."""
    return f"plan-{plan_id.hex}"


def asked_of(row: Plan) -> Asked:
    asked = dict(row.asked)
    like = {arm: tuple(offers) for arm, offers in asked.pop("like").items()}
    return Asked(**{**asked, "arms": tuple(asked["arms"])}, like=like)


def view(row: Plan) -> PlanView:
    told = cast(Any, row)  # the column holds what the services let in
    return PlanView(
        id=row.id,
        name=row.name,
        status=told.status,
        asked=asked_of(row),
        found=row.found,
        as_of=row.as_of,
        done=row.done,
        of=row.of,
        error=row.error,
        created_at=row.created_at,
        created_by=row.created_by,
        started_at=row.started_at,
        started_by=row.started_by,
        stopped_at=row.stopped_at,
        outcomes=_outcomes(row) if row.started_at else {},
    )


def _outcomes(row: Plan) -> dict[str, int]:
    """How the giving stands: by outcome, ``waiting`` for those whose turn did not come."""
    rows = Chosen.objects.of(row.merchant_id).filter(plan_id=row.id, held_out=False)
    counted = rows.values_list("outcome").annotate(members=Count("member_id"))
    return {outcome or "waiting": members for outcome, members in counted.order_by("outcome")}


def _shaped(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Money in whole minor units: a cost is rounded up, a gain down."""
    return [
        {
            **{name: row[name] for name in ("member_id", *COLUMNS) if name in row},
            "cost_minor": -(-row["cost_milli"] // MILLI),
            "gain_minor": row["gain_milli"] // MILLI,
        }
        for row in rows
    ]
