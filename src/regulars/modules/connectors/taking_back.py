"""Undoing a member file: people who have nothing but what it brought go, the others keep theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from django.db import transaction

from regulars.infra.db import Sql, any_of, as_json, as_uuid, fetch_all, retrying, run
from regulars.infra.recording import Writes
from regulars.modules.members.taking_back import Taken, take_back
from regulars.modules.orders.settlement import Scope

_BATCH: Final = 500
_NEXT: Final = Sql(
    "SELECT DISTINCT member_id FROM connectors_broughtrow WHERE merchant_id = :merchant_id "
    "AND run_id = :run_id AND member_id > :after ORDER BY member_id LIMIT :most"
)
_ROWS: Final = Sql(
    "SELECT member_id, outcome, given FROM connectors_broughtrow "
    f"WHERE merchant_id = :merchant_id AND run_id = :run_id AND {any_of('member_id')} ORDER BY row"
)
_UNDONE: Final = Sql(
    "UPDATE connectors_broughtrow SET outcome = 'undone' "
    f"WHERE merchant_id = :merchant_id AND run_id = :run_id AND {any_of('member_id')}"
)
_OWNED: Final = "SELECT member_id FROM {} WHERE merchant_id = :merchant_id AND " + any_of(
    "member_id"
)
#: Whoever has a row in one of these has a life of their own here.
_SETTLED: Final = Sql(
    " UNION ".join(
        [
            *(
                _OWNED.format(table)
                for table in (
                    "orders_order",
                    "ledger_account",
                    "coupons_coupon",
                    "tiers_standing",
                    "experiments_assignment",
                )
            ),
            "SELECT merged_into FROM members_member WHERE merchant_id = :merchant_id AND "
            + any_of("merged_into"),
        ]
    )
)
_FIRST: Final = UUID(int=0)


def take_back_run(
    scope: Scope, run_id: UUID, *, progress: Callable[[int], None] = lambda done: None
) -> tuple[int, int]:
    """Take back what the rows of a run gave: how many records went, how many people stay.

    Each batch is one transaction; what was cut off goes on when it is called again.
    """
    removed, kept, after = 0, 0, _FIRST
    while True:
        params = {
            "merchant_id": scope.merchant_id,
            "run_id": run_id,
            "after": after,
            "most": _BATCH,
        }
        ids = [as_uuid(row[0]) for row in fetch_all(_NEXT, params)]
        if not ids:
            return removed, kept
        gone, people = retrying(lambda ids=ids: _take_back(scope, run_id, ids))  # type: ignore[misc]
        removed, kept, after = removed + gone, kept + people - gone, ids[-1]
        progress(removed + kept)


@transaction.atomic
def _take_back(scope: Scope, run_id: UUID, ids: Sequence[UUID]) -> tuple[int, int]:
    params = {"merchant_id": scope.merchant_id, "run_id": run_id, "ids": list(ids)}
    taken: dict[UUID, Taken] = {}
    for member_id, outcome, given in fetch_all(_ROWS, params):
        if outcome in ("undone", "left"):
            continue
        one = taken.setdefault(as_uuid(member_id), Taken(as_uuid(member_id)))
        one.created = one.created or outcome == "created"
        one.given.append(as_json(given))
    if not taken:
        return 0, 0
    settled = {
        as_uuid(row[0])
        for row in fetch_all(_SETTLED, {"merchant_id": scope.merchant_id, "ids": list(taken)})
    }
    writes = Writes()
    removed = take_back(
        writes, scope.merchant_id, list(taken.values()), settled=settled, now=scope.now
    )
    writes.record()
    run(_UNDONE, params)
    return removed, len(taken)
