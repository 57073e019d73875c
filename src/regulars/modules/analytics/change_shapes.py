"""What the report on two versions of a programme gives: plain dictionaries, ready for JSON."""

from __future__ import annotations

from typing import Any, Literal

# pydantic reads these shapes for OpenAPI, and before Python 3.12 only in this form.
from typing_extensions import TypedDict

State = Literal["whole", "no_history", "short", "not_over", "never"]
SideName = Literal["before", "after"]


class ChangeLine(TypedDict):
    """One difference of the documents: in words, and each side's value as the document has it
    (None: it says nothing of it)."""

    field: str
    asset: str | None
    tier: str | None
    item: str | None
    kind: Literal["added", "removed", "changed"]
    label: str
    before: str
    after: str
    before_value: Any
    after_value: Any


class TierStand(TypedDict):
    """How many stood on a tier before the window and at its end."""

    tier: str
    name: str
    members_before: int
    members: int


class SideFigures(TypedDict):
    """One window. Sales are after refunds; ``issued_per_100`` is points issued less taken back for
    each 100 (of the currency) of members' sales, ``issued_bps`` what they are worth as a share of
    those sales; both None where members bought nothing. Worth is at what the version redeems
    ``value_points`` at: ``value_minor``. ``outstanding`` is at the end of the window."""

    orders: int
    orders_with_member: int
    coverage_bps: int
    revenue_minor: int
    member_minor: int
    members_active: int
    members_again: int
    rate_bps: int
    issued: int
    taken_back: int
    issued_per_100: float | None
    issued_bps: int | None
    spent: int
    spent_minor: int
    outstanding: int
    liability_minor: int
    value_points: int
    value_minor: int
    joined: int
    upgraded: int
    downgraded: int
    tiers: list[TierStand]


class ChangeSide(TypedDict):
    """A version with its window; ``figures`` are None unless ``state`` is whole. Days are None
    where the version never held for a whole one."""

    version: int
    name: str
    effective_at: str
    until: str | None
    first_day: str | None
    last_day: str | None
    state: State
    figures: SideFigures | None


class ChangeWeek(TypedDict):
    """A whole week that is over; ``week`` counts away from the change: -1 is the last before."""

    side: SideName
    week: int
    first_day: str
    last_day: str
    orders: int
    member_minor: int
    members_active: int
    members_again: int
    issued: int
    spent: int


class MovedByVersion(TypedDict):
    """Whom the later version moved by recounting, up to and with ``last_day``."""

    last_day: str
    up: int
    down: int


class ChangeFlow(TypedDict):
    """From the end of the window before to the end of the window after; None is outside."""

    from_tier: str | None
    to_tier: str | None
    members: int


class MeasuredBy(TypedDict):
    """An experiment that ran in the window after, and what it says of its metric: the difference
    per member with its interval. ``covers`` where it ran on every day of the window so far."""

    id: str
    code: str
    name: str
    scope: str
    offer: str | None
    status: str
    metric: str
    first_day: str
    last_day: str
    covers: bool
    verdict: str | None
    difference: float | None
    low: float | None
    high: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    readable_on: str | None


class ProgrammeChangeReport(TypedDict):
    """Two versions beside each other. Nothing here is an effect: see docs/algorithms.

    ``before`` is None where there is no earlier version, both where there is no programme.
    ``longest_days`` is how long a window both sides can fill now.
    """

    report: Literal["programme_change"]
    as_of: str
    window_days: int
    longest_days: int
    before: ChangeSide | None
    after: ChangeSide | None
    changes: list[ChangeLine]
    weeks: list[ChangeWeek]
    flow: list[ChangeFlow] | None
    moved_by_version: MovedByVersion | None
    measured: list[MeasuredBy]
