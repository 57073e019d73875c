"""What the reports of recruitment and frequency give, as report_shapes has it."""

from __future__ import annotations

from typing import Literal

# pydantic reads these shapes for OpenAPI, and before Python 3.12 only in this form.
from typing_extensions import TypedDict


class RecruitmentAge(TypedDict):
    """Of those who ``joined`` at least ``days`` before: who bought once and twice within them."""

    days: int
    joined: int
    first: int
    second: int
    first_bps: int
    second_bps: int


class RecruitmentLine(TypedDict):
    """Who joined by one source or in one month, and what came of it since that day.

    Each share is of the step before: ``first_bps`` of who joined, ``second_bps`` of who bought.
    """

    name: str | None
    joined: int
    first: int
    second: int
    third: int
    first_bps: int
    second_bps: int
    third_bps: int
    revenue_minor: int
    revenue_per_member_minor: float
    ages: list[RecruitmentAge]


class BrokenStep(TypedDict):
    """A step that fewer than half as many of a source pass as of all, judged at the oldest age."""

    source: str | None
    step: Literal["first", "second"]
    bps: int
    all_bps: int


class RecruitmentReport(TypedDict):
    """Members who joined of their own accord; shoppers, whom an order brought, are left out."""

    report: Literal["recruitment"]
    as_of: str
    total: RecruitmentLine
    sources: list[RecruitmentLine]
    cohorts: list[RecruitmentLine]
    broken: list[BrokenStep]


class FrequencyGroup(TypedDict):
    """``bought`` counts buyers by how often: once to four times, five times or more. Of orders
    without anybody known buyers cannot be told: None."""

    group: Literal["members", "shoppers", "unknown"]
    orders: int
    revenue_minor: int
    order_value_minor: float
    buyers: int | None
    purchases: int | None
    frequency: float | None
    bought: list[int] | None


class FrequencyReport(TypedDict):
    """Members beside shoppers and nobody known. The difference is no effect of membership."""

    report: Literal["frequency"]
    as_of: str
    window_days: int
    groups: list[FrequencyGroup]
