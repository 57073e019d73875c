"""Pure: how an order's points and growth value came about, part by part, as it was frozen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regulars.modules.earning.rules import BPS
from regulars.modules.earning.types import Frozen
from regulars.modules.programmes.rules import Terms

from .rules import kept_net
from .types import LineView


def explained(terms: Terms, lines: Sequence[LineView]) -> list[dict[str, Any]]:
    """The parts in the order in which they are reckoned, points first.

    Each names its ``asset``; ``base_minor`` is what the kept lines cost, rates are in bps.
    """
    return [
        *_parts("points", terms.points, lines),
        *_parts("growth_value", terms.growth_value, lines),
    ]


def _parts(asset: str, frozen: Frozen, lines: Sequence[LineView]) -> list[dict[str, Any]]:
    if frozen.amount == 0:
        return []
    parts: list[dict[str, Any]] = [
        {
            "code": "base",
            "asset": asset,
            "base_minor": sum(kept_net(lines)),
            "per_minor": frozen.per_minor,
            "amount": frozen.amount,
        }
    ]
    parts += [
        {"code": "line", "asset": asset, "line": line.line, "bps": bps}
        for line, bps in zip(lines, frozen.line_bps or (BPS,) * len(lines), strict=True)
        if bps != BPS
    ]
    if frozen.tier_bps != BPS:
        parts.append({"code": "tier", "asset": asset, "tier_bps": frozen.tier_bps})
    parts += [
        {
            "code": "crossing",
            "asset": asset,
            "above_minor": crossing.above_minor,
            "tier_bps": crossing.tier_bps,
        }
        for crossing in frozen.crossings
    ]
    if frozen.most is not None:
        parts.append({"code": "most", "asset": asset, asset: frozen.most})
    return parts
