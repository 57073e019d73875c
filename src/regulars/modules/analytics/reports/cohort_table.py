"""The cohort table, and how many bought a next time within so many days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import Final

from ibis import _

from regulars.modules.analytics.expressions import months
from regulars.modules.analytics.expressions.cohorts import (
    cohort_cells,
    first_returns,
    member_months,
)
from regulars.modules.analytics.expressions.purchases import purchases
from regulars.modules.analytics.expressions.second_purchase import bought_again, waits
from regulars.modules.analytics.facts import Facts, Row
from regulars.modules.analytics.report_shapes import (
    AverageMonth,
    Cohort,
    CohortsReport,
    NextPurchase,
)
from regulars.modules.analytics.rounding import share_bps

WITHIN_DAYS: Final = (30, 60, 90, 180, 365)
_LADDER: Final = 3  # the second, third and fourth purchase


def cohorts(facts: Facts, *, as_of: date) -> CohortsReport:
    """Members by month of first purchase, month by month; who bought again, and how soon."""
    with facts.open() as tables:
        bought = tables.keep("purchases", purchases(tables.table("orders"), as_of=as_of))
        monthly = tables.keep("member_months", member_months(bought))
        cells = tables.rows(cohort_cells(monthly))
        returns = tables.rows(first_returns(monthly))
        ladder = tables.rows(
            bought_again(waits(bought, as_of=as_of), within_days=WITHIN_DAYS, up_to_number=_LADDER)
        )
    table = _cohorts(cells, returns, as_of=as_of)
    next_purchase = [_next_purchase(row) for row in ladder]
    return {
        "report": "cohorts",
        "as_of": as_of.isoformat(),
        "members": sum(cohort["size"] for cohort in table),
        "cohorts": table,
        "average": _average(table),
        "bought_again_within_days": (
            next_purchase[0]["within_days"] if next_purchase else {str(d): 0 for d in WITHIN_DAYS}
        ),
        "next_purchase": next_purchase,
    }


def cohort_members(facts: Facts, *, as_of: date, cohort: str, month: int) -> list[str]:
    """The members behind one cell: of ``cohort`` (YYYY-MM) and active ``month`` months later.

    Raises ValueError where ``cohort`` is no month.
    """
    first = months.number_of(date.fromisoformat(f"{cohort}-01"))
    with facts.open() as tables:
        monthly = member_months(purchases(tables.table("orders"), as_of=as_of))
        cell = monthly.filter(_.cohort == first, _.offset == month)
        rows = tables.rows(cell.select("member_id").order_by("member_id"))
    return [row["member_id"] for row in rows]


def _cohorts(cells: Sequence[Row], returns: Sequence[Row], *, as_of: date) -> list[Cohort]:
    members = {(row["cohort"], row["offset"]): row["members"] for row in cells}
    revenue = {(row["cohort"], row["offset"]): row["revenue_minor"] for row in cells}
    returned = {(row["cohort"], row["offset"]): row["members"] for row in returns}
    table: list[Cohort] = []
    for first in sorted({cohort for cohort, _offset in members}):
        offsets = range(1, months.number_of(as_of) - first + 1)
        over = [months.last_day(first + offset) <= as_of for offset in offsets]
        by_then = accumulate(returned.get((first, offset), 0) for offset in offsets)
        table.append(
            {
                "cohort": months.text_of(first),
                "size": members[first, 0],
                "over": months.last_day(first) <= as_of,
                "active": _known([members.get((first, o), 0) for o in offsets], over),
                "returned_by": _known(list(by_then), over),
                "first_month_revenue_minor": revenue[first, 0],
                "revenue_minor": _known([revenue.get((first, o), 0) for o in offsets], over),
            }
        )
    return table


def _known(numbers: Sequence[int], over: Sequence[bool]) -> list[int | None]:
    return [number if is_over else None for number, is_over in zip(numbers, over, strict=True)]


def _average(table: Sequence[Cohort]) -> list[AverageMonth]:
    average: list[AverageMonth] = []
    for index in range(max((len(cohort["active"]) for cohort in table), default=0)):
        seen = [
            (cohort["size"], active, returned_by)
            for cohort in table
            for active, returned_by in zip(
                cohort["active"][index : index + 1],
                cohort["returned_by"][index : index + 1],
                strict=True,
            )
            if active is not None and returned_by is not None
        ]
        if not seen:
            break
        members = sum(size for size, _active, _returned in seen)
        average.append(
            {
                "month": index + 1,
                "members": members,
                "active_bps": share_bps(sum(active for _size, active, _r in seen), members),
                "returned_by_bps": share_bps(sum(back for _size, _active, back in seen), members),
            }
        )
    return average


def _next_purchase(row: Row) -> NextPurchase:
    return {
        "purchase": row["number"],
        "members": row["members"],
        "ever": row["ever"],
        "within_days": {str(days): row[f"within_{days}"] for days in WITHIN_DAYS},
    }
