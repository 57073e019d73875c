"""The deferred points report: what buyers paid for points that are still to be redeemed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from regulars.modules.analytics.deferred_shapes import (
    DeferredCohort,
    DeferredMonth,
    DeferredPointsReport,
    DeferredWhatIf,
    RedeemedAtAge,
    WhatIfCohort,
)
from regulars.modules.analytics.expressions import months
from regulars.modules.analytics.expressions.points import cohort_moves
from regulars.modules.analytics.expressions.purchases import member_sales
from regulars.modules.analytics.facts import Facts, Row
from regulars.modules.analytics.liability import (
    WHOLE_BPS,
    Cohort,
    Estimate,
    JournalMonth,
    Move,
    Terms,
    estimate,
    with_breakage,
)
from regulars.modules.analytics.rounding import half_up, share_bps
from regulars.modules.analytics.types import PostingKinds


def deferred_points(
    facts: Facts, *, as_of: date, terms: Terms, kinds: PostingKinds | None = None
) -> DeferredPointsReport:
    """The estimate at the end of ``as_of``, with the journal of every month up to it.

    What an order was worth counts after the refunds known when the facts were exported.
    """
    with facts.open() as tables:
        moved = tables.rows(cohort_moves(tables.table("lot_moves"), as_of=as_of))
        sold = tables.rows(member_sales(tables.table("orders"), as_of=as_of))
    moves = [move for row in moved for move in _moves(row, kinds or PostingKinds())]
    sales_minor = {int(row["month"]): int(row["kept_minor"]) for row in sold}

    def under(some: Terms) -> Estimate:
        month = months.number_of(as_of)
        return estimate(
            moves,
            sales_minor=sales_minor,
            month=month,
            over=months.last_day(month) == as_of,
            terms=some,
        )

    found = under(replace(terms, expiry_months=None, breakage_bps=None))
    other = _other(found, under, terms)
    issued, redeemed, expired, expected, allocated, recognised = (
        _sum(found, name) for name in _SUMMED
    )
    return {
        "report": "deferred_points",
        "as_of": as_of.isoformat(),
        "estimate": True,
        "learnt": found.learnt,
        "value_points": terms.value.points,
        "value_minor": terms.value.minor,
        "value_from": terms.value.said_by,
        "assumed_bps": terms.expected_bps,
        "tail_bps": terms.tail_bps,
        "issued": issued,
        "redeemed": redeemed,
        "expired": expired,
        "outstanding": issued - redeemed - expired,
        "expected": expected,
        "expected_bps": share_bps(expected, issued),
        "allocated_minor": allocated,
        "recognised_minor": recognised,
        "deferred_minor": allocated - recognised,
        "cohorts": [_cohort(cohort) for cohort in found.cohorts],
        "journal": [_line(line) for line in found.journal],
        "development": _development(found),
        "what_if": _what_if(found, other, issued, terms),
    }


_SUMMED: Final = (
    "issued",
    "redeemed",
    "expired",
    "expected",
    "allocated_minor",
    "recognised_minor",
)


def _sum(found: Estimate, name: str) -> int:
    return sum(getattr(cohort, name) for cohort in found.cohorts)


def _moves(row: Row, kinds: PostingKinds) -> Sequence[Move]:
    """One line of movements as what it means for its cohort; what a merge carries adds up to
    nothing, and counts as issued and taken back."""
    kind, up, down = row["kind"], int(row["credited"]), int(row["debited"])
    if kind in kinds.spent:
        told = (("redeemed", down - up),)
    elif kind in kinds.expired:
        told = (("expired", down - up),)
    else:
        told = (("issued", up - down),)
    return [
        Move(
            cohort=int(row["cohort"]),
            month=int(row["month"]),
            happened=happened,  # type: ignore[arg-type]
            points=points,
            until=None if row["until"] is None else int(row["until"]),
        )
        for happened, points in told
        if points
    ]


def _cohort(cohort: Cohort) -> DeferredCohort:
    return {
        "month": months.text_of(cohort.month),
        "issued": cohort.issued,
        "redeemed": cohort.redeemed,
        "expired": cohort.expired,
        "outstanding": cohort.outstanding,
        "expected": cohort.expected,
        "expected_bps": share_bps(cohort.expected, max(cohort.issued, 0)),
        "initial_bps": cohort.initial_bps,
        "allocated_minor": cohort.allocated_minor,
        "recognised_minor": cohort.recognised_minor,
        "deferred_minor": cohort.deferred_minor,
    }


def _line(line: JournalMonth) -> DeferredMonth:
    return {
        "month": months.text_of(line.month),
        "opening_minor": line.opening_minor,
        "deferred_minor": line.deferred_minor,
        "released_minor": line.released_minor,
        "closing_minor": line.closing_minor,
    }


def _development(found: Estimate) -> list[RedeemedAtAge]:
    return [
        {
            "age_months": age,
            "redeemed_bps": half_up(share.numerator * WHOLE_BPS, share.denominator),
        }
        for age, share in enumerate(found.development)
    ]


def _other(
    found: Estimate, under: Callable[[Terms], Estimate], terms: Terms
) -> Sequence[Cohort] | None:
    """The cohorts of ``found`` under what is asked of ``terms``; None where nothing is."""
    if terms.expiry_months is None and terms.breakage_bps is None:
        return None
    cohorts = found.cohorts if terms.expiry_months is None else under(terms).cohorts
    if terms.breakage_bps is None or not cohorts:
        return cohorts
    return with_breakage(
        cohorts,
        month=found.journal[-1].month,
        breakage_bps=terms.breakage_bps,
        expiry_months=terms.expiry_months,
    )


def _what_if(
    found: Estimate, other: Sequence[Cohort] | None, issued: int, terms: Terms
) -> DeferredWhatIf | None:
    if other is None:
        return None
    deferred = sum(cohort.deferred_minor for cohort in found.cohorts)
    then = sum(cohort.deferred_minor for cohort in other)
    expected = sum(cohort.expected for cohort in other)
    return {
        "expiry_months": terms.expiry_months,
        "breakage_bps": terms.breakage_bps,
        "expected": expected,
        "expected_bps": share_bps(expected, issued),
        "deferred_minor": then,
        "difference_minor": then - deferred,
        "cohorts": [_changed(was, would) for was, would in zip(found.cohorts, other, strict=True)],
    }


def _changed(was: Cohort, would: Cohort) -> WhatIfCohort:
    return {
        "month": months.text_of(would.month),
        "expected": would.expected,
        "expected_bps": share_bps(would.expected, max(would.issued, 0)),
        "deferred_minor": would.deferred_minor,
        "difference_minor": would.deferred_minor - was.deferred_minor,
    }
