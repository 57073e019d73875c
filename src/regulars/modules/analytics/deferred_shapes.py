"""What the deferred points report gives: plain dictionaries, as in report_shapes."""

from __future__ import annotations

from typing import Literal

# pydantic reads these shapes for OpenAPI, and before Python 3.12 only in this form.
from typing_extensions import TypedDict

from regulars.modules.analytics.types import ValueFrom


class DeferredCohort(TypedDict):
    """Points earned in one month. ``expected`` of ``issued`` (net of what was taken back) will ever
    be redeemed; ``initial_bps`` is what was expected when they were sold, and split the price."""

    month: str
    issued: int
    redeemed: int
    expired: int
    outstanding: int
    expected: int
    expected_bps: int
    initial_bps: int
    allocated_minor: int
    recognised_minor: int
    deferred_minor: int


class DeferredMonth(TypedDict):
    """opening + deferred - released = closing."""

    month: str
    opening_minor: int
    deferred_minor: int
    released_minor: int
    closing_minor: int


class RedeemedAtAge(TypedDict):
    """Of points issued, the share redeemed so many months after they were earned."""

    age_months: int
    redeemed_bps: int


class WhatIfCohort(TypedDict):
    """A cohort as it would stand; ``difference_minor`` is beside the estimate."""

    month: str
    expected: int
    expected_bps: int
    deferred_minor: int
    difference_minor: int


class DeferredWhatIf(TypedDict):
    """The same points under another expiry, nobody behaving otherwise, or with another share of
    what is held never to be redeemed, or both; ``difference_minor`` is beside the estimate."""

    expiry_months: int | None
    breakage_bps: int | None
    expected: int
    expected_bps: int
    deferred_minor: int
    difference_minor: int
    cohorts: list[WhatIfCohort]


class DeferredPointsReport(TypedDict):
    """Points as deferred revenue, in the shape of IFRS 15: an estimate, never a booked figure.

    ``learnt`` is false while there is less than a year of history: then ``assumed_bps`` of what
    members hold is expected to be redeemed. ``tail_bps`` is taken of what is still good beyond the
    oldest age seen.
    """

    report: Literal["deferred_points"]
    as_of: str
    estimate: Literal[True]
    learnt: bool
    value_points: int
    value_minor: int
    value_from: ValueFrom
    assumed_bps: int
    tail_bps: int
    issued: int
    redeemed: int
    expired: int
    outstanding: int
    expected: int
    expected_bps: int
    allocated_minor: int
    recognised_minor: int
    deferred_minor: int
    cohorts: list[DeferredCohort]
    journal: list[DeferredMonth]
    development: list[RedeemedAtAge]
    what_if: DeferredWhatIf | None
