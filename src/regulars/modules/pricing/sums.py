"""Discounts that depend on a sum alone: by percent, by threshold, again and again."""

from __future__ import annotations

from collections.abc import Callable

from regulars.modules.promotions.types import Limit, Params, PercentOff, SpendPercent, SpendSave

BPS = 10_000
OfSum = Callable[[int], int]


def of_sum(params: Params, limit: Limit) -> OfSum:
    """The discount on a sum; nothing for kinds that look at lines or units."""
    if isinstance(params, PercentOff):
        bps = params.bps
        return lambda total: total * bps // BPS
    if isinstance(params, SpendSave):
        return _again(params, limit.per_order) if params.every else _saving(params)
    if isinstance(params, SpendPercent):
        return _spend_percent(params)
    return lambda total: 0


def _again(params: SpendSave, per_order: int | None) -> OfSum:
    spend, save = params.steps[0].spend, params.steps[0].save
    if per_order is None:
        return lambda total: min(save * (total // spend), total)
    return lambda total: min(save * min(total // spend, per_order), total)


def _saving(params: SpendSave) -> OfSum:
    steps = [(step.spend, step.save) for step in reversed(params.steps)]
    if len(steps) == 1:
        ((only, saved),) = steps
        if saved <= only:
            return lambda total: saved if total >= only else 0
        return lambda total: min(saved, total) if total >= only else 0

    def highest(total: int) -> int:
        for spend, save in steps:
            if total >= spend:
                return min(save, total)
        return 0

    return highest


def _spend_percent(params: SpendPercent) -> OfSum:
    steps = [(step.spend, step.bps) for step in reversed(params.steps)]

    def highest(total: int) -> int:
        for spend, bps in steps:
            if total >= spend:
                return total * bps // BPS
        return 0

    return highest
