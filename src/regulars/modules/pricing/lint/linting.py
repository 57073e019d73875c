"""The linter's one question: what would these offers do under this programme?"""

from __future__ import annotations

from typing import Final

from regulars.modules.earning.rules import BPS
from regulars.modules.promotions.types import (
    AmountOff,
    MemberPrice,
    Offer,
    PercentOff,
    SpendSave,
    UnitPrice,
)

from .rules import beside_each_other, bound_bps, live, never_fires, of_points, of_tiers
from .types import Finding, Plan, Report
from .worst import Search

#: From which percentage on an offer ought to have a limit or a budget.
STEEP_BPS: Final = 3_000
_ORDER: Final = {"error": 0, "warning": 1, "note": 2}


def lint(plan: Plan) -> Report:
    """Everything worth knowing before the plan is published, the gravest first."""
    offers = live(plan.offers)
    silent = [finding for offer in offers if (finding := never_fires(plan, offer)) is not None]
    dead = {code for finding in silent for code in finding.offers}
    firing = [offer for offer in offers if offer.code not in dead]
    search = Search(plan, firing)
    search.run()
    findings = [
        *silent,
        *beside_each_other(plan, firing),
        *of_tiers(plan, firing),
        *(_no_limit(offer) for offer in firing if _steep_and_free(offer)),
    ]
    points = of_points(plan, firing)
    if points is not None:
        findings.append(points)
    findings += _of_search(plan, search)
    findings.sort(key=lambda finding: (_ORDER[finding.severity], finding.code, finding.offers))
    return Report(
        findings=tuple(findings),
        dearest=search.dearest,
        deepest=search.deepest,
        a_day=search.again(),
        bound_bps=bound_bps(firing, plan.max_discount_bps),
        carts=search.carts,
    )


def _of_search(plan: Plan, search: Search) -> list[Finding]:
    found = []
    deepest = search.deepest
    if deepest is not None and plan.floor_bps is not None:
        left_bps = BPS - deepest.share_bps
        if left_bps < plan.floor_bps:
            found.append(
                Finding(
                    "below_margin_floor",
                    "error",
                    tuple(one.offer for one in deepest.evaluation.applied),
                    facts={"left_bps": left_bps, "floor_bps": plan.floor_bps},
                    cart=deepest.cart,
                )
            )
    if search.capped() and deepest is not None:
        found.append(
            Finding(
                "capped",
                "note",
                tuple(one.offer for one in deepest.evaluation.applied),
                facts={"max_discount_bps": plan.max_discount_bps},
                cart=deepest.cart,
            )
        )
    return found


def _steep_and_free(offer: Offer) -> bool:
    """A large discount that nothing stops: no limit, no budget, no end, no code."""
    limit = offer.limit
    stops = (limit.total, limit.per_member, offer.budget, offer.when.ends)
    if offer.requires_code or any(stop is not None for stop in stops):
        return False
    match offer.params:
        case PercentOff(bps):
            return bps >= STEEP_BPS
        case SpendSave(steps):
            return any(step.save * BPS >= step.spend * STEEP_BPS for step in steps if step.save)
        case MemberPrice() | UnitPrice() | AmountOff():
            return False
        case _:
            return False


def _no_limit(offer: Offer) -> Finding:
    return Finding("no_limit", "warning", (offer.code,))
