"""The reports worked out the slow, obvious way, to hold the expressions against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from typing import Any

Order = Mapping[str, Any]
Purchases = dict[str, dict[date, int]]


def purchases(orders: Sequence[Order], as_of: date, *, buyer: str = "member_id") -> Purchases:
    found: Purchases = defaultdict(lambda: defaultdict(int))
    for order in orders:
        if order["counted"] and order["day"] <= as_of and order[buyer] is not None:
            found[order[buyer]][order["day"]] += order["kept_minor"]
    return found


def bps(part: int, whole: int) -> int:
    exact = Decimal(part) * 10_000 / Decimal(whole) if whole else Decimal(0)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def mean(numbers: Sequence[int]) -> float:
    if not numbers:
        return 0.0
    exact = Decimal(sum(numbers)) / Decimal(len(numbers))
    return float(exact.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP))


def repurchase(orders: Sequence[Order], as_of: date, window_days: int) -> dict[str, Any]:
    inside = [o for o in orders if as_of - timedelta(days=window_days) < o["day"] <= as_of]
    strangers = [o for o in inside if o["member_id"] is None]
    members, others = (
        [len(days) for days in found.values()]
        for found in (
            purchases(inside, as_of),
            purchases(strangers, as_of, buyer="member_key"),
        )
    )
    counted = [o for o in inside if o["counted"]]
    known = [o for o in counted if o["member_id"] is not None]
    again, others_again = (sum(n >= 2 for n in numbers) for numbers in (members, others))
    return {
        "report": "repurchase",
        "as_of": as_of.isoformat(),
        "window_days": window_days,
        "members_active": len(members),
        "members_again": again,
        "rate_bps": bps(again, len(members)),
        "coverage_bps": bps(len(known), len(counted)),
        "others": {
            "buyers_active": len(others),
            "buyers_again": others_again,
            "rate_bps": bps(others_again, len(others)),
        },
    }


def cohorts(orders: Sequence[Order], as_of: date) -> list[dict[str, Any]]:
    bought = purchases(orders, as_of)
    lines = []
    for cohort in sorted({f"{min(days):%Y-%m}" for days in bought.values()}):
        own = [days for days in bought.values() if f"{min(days):%Y-%m}" == cohort]
        months = _months_after(cohort, as_of)
        seen = [(month, _last_day(month) <= as_of) for month in months]
        lines.append(
            {
                "cohort": cohort,
                "size": len(own),
                "over": _last_day(cohort) <= as_of,
                "active": [_active(own, [month]) if over else None for month, over in seen],
                "returned_by": [
                    _active(own, months[: index + 1]) if over else None
                    for index, (_month, over) in enumerate(seen)
                ],
                "first_month_revenue_minor": _revenue(own, cohort),
                "revenue_minor": [_revenue(own, month) if over else None for month, over in seen],
            }
        )
    return lines


def _active(members: Sequence[Mapping[date, int]], months: Sequence[str]) -> int:
    return sum(any(f"{day:%Y-%m}" in months for day in days) for days in members)


def _revenue(members: Sequence[Mapping[date, int]], month: str) -> int:
    return sum(minor for days in members for day, minor in days.items() if f"{day:%Y-%m}" == month)


def _months_after(cohort: str, as_of: date) -> list[str]:
    month = _last_day(cohort) + timedelta(days=1)
    months = []
    while month <= as_of:
        months.append(f"{month:%Y-%m}")
        month = _last_day(f"{month:%Y-%m}") + timedelta(days=1)
    return months


def _last_day(month: str) -> date:
    day = date.fromisoformat(f"{month}-28")
    while f"{day + timedelta(days=1):%Y-%m}" == month:
        day += timedelta(days=1)
    return day


def bought_again(orders: Sequence[Order], as_of: date, within_days: int) -> int:
    return sum(
        len(days) > 1 and (sorted(days)[1] - min(days)).days <= within_days
        for days in purchases(orders, as_of).values()
    )


def rfm_scores(orders: Sequence[Order], as_of: date) -> dict[str, tuple[int, int, int]]:
    bought = purchases(orders, as_of)
    values = {
        member: ((as_of - max(days)).days, len(days), sum(days.values()))
        for member, days in bought.items()
    }
    recency = _scores({member: -value[0] for member, value in values.items()})
    frequency = _scores({member: value[1] for member, value in values.items()})
    monetary = _scores({member: value[2] for member, value in values.items()})
    return {member: (recency[member], frequency[member], monetary[member]) for member in values}


def _scores(values: Mapping[str, int]) -> dict[str, int]:
    ranked = sorted(values.values())
    scores = {}
    for member, value in values.items():
        ranks = [rank for rank, other in enumerate(ranked, start=1) if other == value]
        scores[member] = ceil(Fraction(5) * Fraction(sum(ranks), len(ranks)) / len(ranked))
    return scores


def second_order_share(orders: Sequence[Order], as_of: date, by_days: int) -> Fraction:
    """1 - Kaplan-Meier, from its definition: a product over the days that saw a purchase."""
    waits = []
    for days in purchases(orders, as_of).values():
        first, *later = sorted(days)
        waits.append(((min(later, default=as_of) - first).days, bool(later)))
    waiting = Fraction(1)
    for day in sorted({days for days, bought in waits if bought and days <= by_days}):
        at_risk = sum(days >= day for days, _bought in waits)
        events = sum(bought for days, bought in waits if days == day)
        waiting *= 1 - Fraction(events, at_risk)
    return 1 - waiting
