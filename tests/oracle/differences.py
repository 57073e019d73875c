"""Every place in which two evaluations differ, told so that a person can look it up."""

from __future__ import annotations

from regulars.modules.pricing.types import Evaluation, PricedLine, Rejected

TOTALS = ("gross_minor", "discount_minor", "payable_minor", "due_minor", "points_to_earn")
WHOLE = ("shipping_gross_minor", "shipping_discounts", "gifts", "applied")
PER_LINE = (
    "line",
    "gross_minor",
    "discounts",
    "tenders",
    "net_minor",
    "points_to_earn",
    "earn_bps",
    "cash_minor",
)


def differences(found: Evaluation, expected: Evaluation) -> list[str]:
    """Empty where they say the same. ``expected`` is proved, so ``found`` must have no gap.

    Rejections are compared without their order, suggestions not at all: the text fixes neither.
    """
    told = [
        f"{name}: {getattr(found, name)!r}, expected {getattr(expected, name)!r}"
        for name in (*TOTALS, *WHOLE, "certificate")
        if getattr(found, name) != getattr(expected, name)
    ]
    if len(found.lines) != len(expected.lines):
        return [*told, f"{len(found.lines)} lines, expected {len(expected.lines)}"]
    for ours, theirs in zip(found.lines, expected.lines, strict=True):
        told += line_differences(ours, theirs)
    told += [f"not rejected: {one}" for one in less(expected.rejected, found.rejected)]
    told += [f"rejected: {one}" for one in less(found.rejected, expected.rejected)]
    return told


def line_differences(found: PricedLine, expected: PricedLine) -> list[str]:
    return [
        f"line {expected.line}, {name}: {getattr(found, name)!r}, "
        f"expected {getattr(expected, name)!r}"
        for name in PER_LINE
        if getattr(found, name) != getattr(expected, name)
    ]


def less(these: tuple[Rejected, ...], those: tuple[Rejected, ...]) -> list[str]:
    """What stands in these and not in those, each as often as it stands there."""
    left = [reason(one) for one in those]
    told = []
    for one in map(reason, these):
        if one in left:
            left.remove(one)
        else:
            told.append(one)
    return sorted(told)


def reason(one: Rejected) -> str:
    missing = "" if one.missing_minor is None else f", {one.missing_minor} missing"
    return f"{one.offer or one.coupon or '-'}: {one.code}{missing}"
