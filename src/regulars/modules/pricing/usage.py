"""Whether what is counted of an offer still lets it count, and what its budget allows."""

from __future__ import annotations

from regulars.modules.promotions.types import Offer

from .types import Context, RejectionCode


def used_up(offer: Offer, context: Context) -> tuple[RejectionCode | None, int | None]:
    """Whether a limit or the budget forbids the offer, and what its budget still allows."""
    uses = context.uses.get(offer.code)
    by_member, in_all = (0, 0) if uses is None else (uses.by_member, uses.in_all)
    limit = offer.limit
    if limit.per_member is not None and by_member >= limit.per_member:
        return "limit_reached", None
    if limit.total is not None and in_all >= limit.total:
        return "limit_reached", None
    budget = budget_left(offer, context)
    return ("budget_spent", None) if budget is not None and budget <= 0 else (None, budget)


def budget_left(offer: Offer, context: Context) -> int | None:
    """What the offer's budget still allows; None without one."""
    if offer.budget is None:
        return None
    uses = context.uses.get(offer.code)
    left = None if uses is None else uses.budget_left_minor
    return offer.budget if left is None else left
