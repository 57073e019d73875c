"""Reads of experiments: what there is, who is in which arm, and everybody as one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import numpy as np

from regulars.infra.db import Sql, any_of, as_uuid, fetch_all, fetch_one
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import show

from .models import Experiment
from .types import Arm, Floats, Plan, View

_ASSIGNED: Final = Sql(
    "SELECT coalesce(m.merged_into, a.member_id), a.member_id, a.held_out, a.before_orders, "
    "a.before_minor, a.before_days FROM experiments_assignment a "
    "LEFT JOIN members_member m ON m.merchant_id = a.merchant_id AND m.id = a.member_id "
    "WHERE a.merchant_id = :merchant_id AND a.experiment_id = :experiment_id "
    "ORDER BY a.member_id"
)
_ELIGIBLE: Final = Sql(
    "SELECT id FROM members_member WHERE merchant_id = :merchant_id AND merged_into IS NULL "
    "AND status <> 'erased' ORDER BY id"
)
_ELIGIBLE_OF: Final = Sql(
    "SELECT id FROM members_member WHERE merchant_id = :merchant_id AND merged_into IS NULL "
    f"AND status <> 'erased' AND {any_of('id')} ORDER BY id"
)
_ARM: Final = Sql(
    "SELECT a.held_out FROM experiments_assignment a LEFT JOIN members_member m "
    "ON m.merchant_id = a.merchant_id AND m.id = a.member_id "
    "WHERE a.merchant_id = :merchant_id AND a.experiment_id = :experiment_id "
    "AND (a.member_id = :member_id OR m.merged_into = :member_id) "
    "ORDER BY CASE WHEN a.member_id = :member_id THEN 0 ELSE 1 END, a.member_id LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Assigned:
    """Everybody assigned, as one person each: shown id, arm, and the weeks before.

    ``across`` are people whose records, merged since, were in both arms; they stay in the arm of
    the record that carries on (or of the first assigned, where that one joined later).
    """

    member: list[str]
    held_out: np.ndarray[Any, np.dtype[np.bool_]]
    before_orders: Floats
    before_minor: Floats
    before_days: Floats
    across: int


def experiment(merchant_id: int, experiment_id: UUID) -> View:
    """Raises NotFound."""
    row = Experiment.objects.of(merchant_id).filter(id=experiment_id).first()
    if row is None:
        raise NotFound
    return view(row)


def experiments(
    merchant_id: int, *, limit: int, after: UUID | None = None, offer: str | None = None
) -> list[View]:
    """Newest first, one more than ``limit``; of all, or of one ``offer``."""
    rows = Experiment.objects.of(merchant_id).order_by("-id")
    if offer is not None:
        rows = rows.filter(offer=offer)
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [view(row) for row in rows[: limit + 1]]


def standing_bps(merchant_id: int) -> int:
    """How many are held out of every campaign now; 0 where the merchant has no such holdout."""
    row = Experiment.objects.of(merchant_id).filter(scope="everything", status="running").first()
    return row.held_out_bps if row else 0


def arm_of(merchant_id: int, experiment_id: UUID, member_id: UUID) -> Arm | None:
    """The arm of a member; None where they are no part of it. ``member_id`` carries on."""
    params = {
        "merchant_id": merchant_id,
        "experiment_id": experiment_id,
        "member_id": member_id,
    }
    row = fetch_one(_ARM, params)
    return None if row is None else ("held_out" if row[0] else "treated")


def eligible(merchant_id: int, among: Sequence[UUID] | None = None) -> list[UUID]:
    """Members who may be assigned: nobody who goes on as somebody else."""
    params: dict[str, Any] = {"merchant_id": merchant_id}
    if among is None:
        rows = fetch_all(_ELIGIBLE, params)
    else:
        rows = fetch_all(_ELIGIBLE_OF, {**params, "ids": list(among)})
    return [as_uuid(id_) for (id_,) in rows]


def assigned(merchant_id: int, experiment_id: UUID) -> Assigned:
    """Who was assigned, merged records counted as the one person they are."""
    rows = fetch_all(_ASSIGNED, {"merchant_id": merchant_id, "experiment_id": experiment_id})
    people: dict[UUID, list[Any]] = {}
    across: set[UUID] = set()
    for carrier_id, own_id, held_out, *before in rows:
        carrier, own, out = as_uuid(carrier_id), as_uuid(own_id), bool(held_out)
        person = people.get(carrier)
        if person is None:
            people[carrier] = [out, *before]
            continue
        if person[0] != out:
            across.add(carrier)
        if own == carrier:
            person[0] = out
        for place, value in enumerate(before, start=1):
            person[place] += value
    columns = list(zip(*people.values(), strict=True)) or [(), (), (), ()]
    return Assigned(
        member=[show("mem", carrier) for carrier in people],
        held_out=np.array(columns[0], dtype=np.bool_),
        before_orders=np.array(columns[1], dtype=np.float64),
        before_minor=np.array(columns[2], dtype=np.float64),
        before_days=np.array(columns[3], dtype=np.float64),
        across=len(across),
    )


def view(row: Experiment) -> View:
    """A row as others see it."""
    told = cast(Any, row)  # the columns hold what the schemas let in
    return View(
        id=row.id,
        plan=Plan(
            code=row.code,
            name=row.name,
            scope=told.scope,
            metric=told.metric,
            looking=told.looking,
            looks=row.looks,
            held_out_bps=row.held_out_bps,
            days=row.days,
            rebought_days=row.rebought_days,
            least_bps=row.least_bps,
            offer=row.offer or None,
        ),
        status=told.status,
        created_at=row.created_at,
        created_by=row.created_by,
        assigned_on=row.assigned_on,
        decided_at=row.decided_at,
        verdict=told.verdict or None,
        result=row.result,
        opens_at=row.opens_at,
    )
