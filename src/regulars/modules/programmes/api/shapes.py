"""Programmes and statements as they come in and go out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from regulars.infra.http.fields import Day, Instant, Strict
from regulars.kernel.instants import show_instant
from regulars.modules.programmes.document import ProgrammeDocument
from regulars.modules.programmes.types import VersionView

Effects = Annotated[
    list[dict[str, Any]], Field(description="What changed: event names and their particulars")
]


class ProgrammeIn(Strict):
    document: ProgrammeDocument
    effective_at: Annotated[
        Instant | None, Field(description="From when it holds; now where it is left out")
    ] = None


class VersionOut(Strict):
    number: int
    effective_at: Instant
    created_by: str
    document: Annotated[dict[str, Any], Field(description="As PUT /programme takes it")]


class EarlierOut(Strict):
    number: int
    effective_at: Instant
    created_by: str


class ProgrammeOut(Strict):
    current: VersionOut
    upcoming: list[VersionOut]
    past: list[EarlierOut]


class PublishedOut(VersionOut):
    effects: Effects


class TierNameOut(Strict):
    code: str
    name: str


class CounterOut(Strict):
    name: Annotated[str, Field(description="growth_value, spend (minor units) or orders")]
    value: int


class WindowOut(Strict):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    span: str
    count: int
    first_day: Annotated[Day | None, Field(alias="from")]
    until: Day | None


class FloorOut(Strict):
    tier: str
    until: Day
    reason: str


class CauseOut(Strict):
    type: str
    id: str


class MoveOut(Strict):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    at: Instant
    before: Annotated[str | None, Field(alias="from")]
    to: str
    reason: str
    counter: int
    threshold: int
    cause: CauseOut


class RungOut(Strict):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    code: str
    name: str
    threshold: Annotated[int, Field(alias="from")]


class StatementOut(Strict):
    """Where a member stands. Days are the last on which something holds."""

    tier: TierNameOut
    counter: CounterOut
    window: WindowOut
    next: TierNameOut | None
    threshold_next: int | None
    gap: Annotated[int | None, Field(description="What the counter lacks to the next tier")]
    gap_money_minor: Annotated[
        int | None, Field(description="What one more order must cost at least to close the gap")
    ]
    keep_until: Day | None
    keep_from: Annotated[int | None, Field(description="What the counter must reach to keep it")]
    keep_gap: int | None
    grace_until: Day | None
    floor: FloorOut | None
    history: list[MoveOut]
    ladder: list[RungOut]


def version_json(view: VersionView) -> dict[str, Any]:
    return {**earlier_json(view), "document": view.document}


def earlier_json(view: VersionView) -> dict[str, Any]:
    return {
        "number": view.number,
        "effective_at": show_instant(view.effective_at),
        "created_by": view.created_by,
    }


def programme_json(versions: list[VersionView], now: datetime) -> dict[str, Any]:
    """The version in force, those to come, and those before; ``versions`` in order of effect."""
    held = [view for view in versions if view.effective_at <= now] or versions[:1]
    ahead = [view for view in versions if view.effective_at > now and view not in held]
    return {
        "current": version_json(held[-1]),
        "upcoming": [version_json(view) for view in ahead],
        "past": [earlier_json(view) for view in reversed(held[:-1])],
    }
