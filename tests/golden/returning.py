"""What returns give back, in the words of a golden cart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oracle.returns_oracle import StepBack


def returns_as_told(steps: Sequence[StepBack]) -> list[dict[str, Any]]:
    told = []
    for step in steps:
        lines = []
        for line in step.lines:
            shown = {
                "line": line.line,
                "quantity": line.quantity,
                "cash": line.cash_minor,
                "points": line.points,
                "growth_value": line.growth_value,
                "stored_value": line.stored_value,
            }
            fixed = ("line", "quantity", "cash")
            lines.append({name: v for name, v in shown.items() if v or name in fixed})
        shown_step: dict[str, Any] = {
            "worth": step.worth_minor,
            "points_taken_back": step.points_taken_back,
            "lines": lines,
        }
        if step.gifts:
            shown_step["gifts"] = [f"{g.offer}: {g.quantity} x {g.sku}" for g in step.gifts]
        told.append(shown_step)
    return told
