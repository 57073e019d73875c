"""Whether one offer gives at least what another gives, to the same buyers on the same cart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

#: What two offers must have in common for their figures to be compared at all.
_ALIKE: Final = (
    "kind", "scope", "when", "who", "stage", "priority", "group", "exclusive", "requires_code",
    "limit", "budget_terms", "on_return", "personal",
)  # fmt: skip
#: By kind: the figure that may only grow.
_FIGURE: Final = {
    "percent_off": "bps",
    "amount_off": "each",
    "spend_save": "save",
    "spend_percent": "bps",
}


def _may_run_out(offer: Mapping[str, Any]) -> bool:
    """Whether whoever comes late gets nothing of it. (One with a code holds nobody out.)"""
    limit = offer.get("limit") or {}
    return offer.get("budget") is not None or limit.get("total") is not None


def gives_at_least(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> bool:
    """Whether nobody loses who gets ``stronger`` in the place of ``weaker``: documents of offers
    that differ in how much they take off, and in nothing that says of whom, what or when. What
    may run out by itself gives somebody less, however much it takes off."""
    figure = _FIGURE.get(weaker["kind"])
    if figure is None or _may_run_out(stronger):
        return False
    if any(weaker.get(name) != stronger.get(name) for name in _ALIKE):
        return False
    less, more = weaker["params"], stronger["params"]
    if "steps" not in less:
        return bool(more[figure] >= less[figure])
    if bool(less.get("every")) != bool(more.get("every")):
        return False
    return all(_reached(step, more["steps"], figure) for step in less["steps"])


def _reached(step: Mapping[str, Any], others: Sequence[Mapping[str, Any]], figure: str) -> bool:
    """Whether who reaches ``step`` reaches one of ``others`` that takes off as much. The steps of
    an offer do not fall, so a higher one takes nothing back."""
    return any(
        other["spend"] <= step["spend"] and other[figure] >= step[figure] for other in others
    )
