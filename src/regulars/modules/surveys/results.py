"""What a survey's answers come to: utilities, shares, value per cost, who, and revealed use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from regulars.infra.http.principal import MerchantFacts
from regulars.modules.members.lookup import count_members
from regulars.modules.segments.queries import members_among

from . import queries
from .queries import reasons_in, said_json
from .rules import LEAST_MEMBERS, LEAST_TOLD, groups, reasons_said, status_of, told_of
from .types import Answered, Benefit, Group, Range, Standing, Use, View
from .using import USE_DAYS, uses
from .utilities import fit, standings


def results(merchant: MerchantFacts, view: View, now: datetime) -> dict[str, Any]:
    """All that may be told of a survey's answers, in plain JSON. Nothing tells of one member."""
    closed = status_of(view.opens_at, view.closes_at, now) == "closed"
    told = told_of(queries.answers(merchant.id, view.id), closed=closed)
    segment = view.draft.segment
    asked = len(members_among(merchant.id, [segment])) if segment else count_members(merchant.id)
    found: dict[str, Any] = {
        "told": len(told),
        "members": asked,
        "least_told": LEAST_TOLD,
        "least_members": LEAST_MEMBERS,
        "use_days": USE_DAYS,
        "benefits": [],
        "groups": [],
        "reasons": [],
    }
    if view.draft.kind == "reason":
        return {**found, "reasons": said_json(reasons_said(reasons_in(told)))}
    used = uses(merchant, view.draft.benefits, now)
    return {**found, **_choices(view.draft.benefits, told, used)}


def _choices(
    benefits: Sequence[Benefit], told: Sequence[Answered], used: Sequence[Use | None]
) -> dict[str, Any]:
    if len(told) < LEAST_MEMBERS:
        plain = [_plain(one, use) for one, use in zip(benefits, used, strict=True)]
        return {"benefits": plain, "groups": []}
    costs = [benefit.cost_minor for benefit in benefits]
    found = standings(fit(told, len(benefits)), told, costs)
    ranks = _ranks(found)
    lines = [_line(benefits, one, used[one.place], ranks.get(one.place)) for one in found]
    return {
        "benefits": lines,
        "groups": [_group(benefits, one) for one in groups(told, len(benefits))],
    }


def _ranks(found: Sequence[Standing]) -> dict[int, int]:
    """The rank of each benefit of known cost by value per cost, the best first."""
    priced = [one for one in found if one.value is not None]
    priced.sort(key=lambda one: (-one.value.value if one.value else 0.0, one.place))
    return {one.place: rank for rank, one in enumerate(priced, start=1)}


def _plain(benefit: Benefit, use: Use | None) -> dict[str, Any]:
    """What is known of a benefit before there are answers enough."""
    return {
        "code": benefit.code,
        "name": dict(benefit.name),
        "cost_minor": benefit.cost_minor,
        "utility": None,
        "share": None,
        "value": None,
        "rank": None,
        "dominated_by": None,
        "shown": None,
        "best": None,
        "worst": None,
        "use": None if use is None else _use(use),
    }


def _line(
    benefits: Sequence[Benefit], one: Standing, use: Use | None, rank: int | None
) -> dict[str, Any]:
    better = one.dominated_by
    return {
        **_plain(benefits[one.place], use),
        "utility": _range(one.utility),
        "share": _range(one.share),
        "value": None if one.value is None else _range(one.value),
        "rank": rank,
        "dominated_by": None if better is None else benefits[better].code,
        "shown": one.shown,
        "best": one.best,
        "worst": one.worst,
    }


def _use(use: Use) -> dict[str, Any]:
    return {"could": use.could, "did": use.did, "share": _range(use.share)}


def _group(benefits: Sequence[Benefit], group: Group) -> dict[str, Any]:
    cells = [
        {"code": benefit.code, "share": _range(cell.share), "differs": cell.differs}
        for benefit, cell in zip(benefits, group.cells, strict=True)
    ]
    return {
        "dimension": group.dimension,
        "group": group.group,
        "members": group.members,
        "cells": cells,
    }


def _range(found: Range) -> dict[str, float]:
    return {name: round(getattr(found, name), 6) for name in ("value", "low", "high")}


def rows_of(told: dict[str, Any], part: str) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """The columns and rows of one part as a table: benefits, groups or reasons."""
    if part == "reasons":
        columns = ("reason", "count", "of", "share_bps", "low_bps", "high_bps")
        return columns, told["reasons"]
    if part == "groups":
        heads = ("dimension", "group", "members", "code", *_named("share"), "differs")
        rows = [
            {**_head(group), "code": cell["code"], **_flat("share", cell["share"]),
             "differs": cell["differs"]}
            for group in told["groups"]
            for cell in group["cells"]
        ]  # fmt: skip
        return heads, rows
    all_heads = (
        "code", "name", "cost_minor", *_named("share"), *_named("utility"), *_named("value"),
        "rank", "dominated_by", "shown", "best", "worst", "could_use", "did_use", *_named("use"),
    )  # fmt: skip
    return all_heads, [_row(one) for one in told["benefits"]]


def _head(group: dict[str, Any]) -> dict[str, Any]:
    return {name: group[name] for name in ("dimension", "group", "members")}


def _row(one: dict[str, Any]) -> dict[str, Any]:
    use = one["use"] or {"could": None, "did": None, "share": None}
    return {
        **one,
        "name": one["name"]["en"],
        **_flat("share", one["share"]),
        **_flat("utility", one["utility"]),
        **_flat("value", one["value"]),
        "could_use": use["could"],
        "did_use": use["did"],
        **_flat("use", use["share"]),
    }


def _named(what: str) -> tuple[str, str, str]:
    return what, f"{what}_low", f"{what}_high"


def _flat(what: str, found: dict[str, float] | None) -> dict[str, float | None]:
    told = [None, None, None] if found is None else [found[one] for one in ("value", "low", "high")]
    return dict(zip(_named(what), told, strict=True))
