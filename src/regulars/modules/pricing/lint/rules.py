"""What can be told of offers and tiers without a cart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import floor
from typing import Final

from regulars.modules.earning.rules import BPS, cap_left
from regulars.modules.earning.types import EarningRule
from regulars.modules.promotions.types import (
    AmountOff,
    BuyGet,
    FreeShipping,
    Gift,
    MemberPrice,
    Offer,
    PercentOff,
    PointsMultiplier,
    Scope,
    SpendPercent,
    SpendSave,
    UnitPrice,
    Who,
)
from regulars.modules.tiers.types import Ladder

from .moments import first_open, may_meet
from .types import Finding, Plan

#: From which share of what is spent points are worth a second look.
RICH_BPS: Final = 2_000


def live(offers: Sequence[Offer]) -> list[Offer]:
    """Those that would count once published: drafts too, since they are what is asked about."""
    return [offer for offer in offers if offer.status in ("active", "draft")]


# ── rules that never fire ─────────────────────────────────────────────────────────────────


def never_fires(plan: Plan, offer: Offer) -> Finding | None:
    """The first reason for which an offer will never count, or None."""
    code = (offer.code,)
    if offer.when.ends is not None and offer.when.ends <= plan.now:
        return Finding("over", "warning", code, facts={"until": offer.when.ends.isoformat()})
    if first_open(offer.when, zone=plan.zone, from_at=plan.now) is None:
        return Finding("never_open", "error", code)
    known = {tier.code for tier in plan.programme.ladder.tiers}
    if offer.who.tiers and not offer.who.tiers & known:
        return Finding("unknown_tier", "error", code, tuple(sorted(offer.who.tiers)))
    if _empty(offer.scope):
        return Finding("nothing_in_scope", "error", code)
    if not _gives(offer):
        return Finding("gives_nothing", "error", code)
    if 0 in (offer.limit.total, offer.limit.per_member, offer.limit.per_order, offer.budget):
        return Finding("no_uses", "error", code)
    needed = threshold(offer)
    if needed > plan.most_minor:
        return Finding("out_of_reach", "warning", code, facts={"spend": needed})
    return None


def _empty(scope: Scope) -> bool:
    only_skus = scope.skus and not (scope.categories or scope.tags)
    return bool(only_skus) and scope.skus <= scope.exclude_skus


def _gives(offer: Offer) -> bool:
    match offer.params:
        case MemberPrice(prices):
            named = {sku for sku in prices if sku not in offer.scope.exclude_skus}
            only = offer.scope.skus and not (offer.scope.categories or offer.scope.tags)
            return bool(named & offer.scope.skus if only else named)
        case PercentOff(bps):
            return bps > 0
        case AmountOff(each):
            return each > 0
        case BuyGet(off_bps=bps):
            return bps > 0
        case SpendSave(steps):
            return any(step.save for step in steps)
        case SpendPercent(steps):
            return any(step.bps for step in steps)
        case PointsMultiplier(bps):
            return bps > BPS
        case _:
            return True


def threshold(offer: Offer) -> int:
    """What must be spent at least before anything is given."""
    match offer.params:
        case SpendSave(steps):
            return min((step.spend for step in steps if step.save), default=0)
        case SpendPercent(steps):
            return min((step.spend for step in steps if step.bps), default=0)
        case FreeShipping(spend) | Gift(spend=spend):
            return spend
        case _:
            return 0


# ── offers beside each other ──────────────────────────────────────────────────────────────


def beside_each_other(plan: Plan, offers: Sequence[Offer]) -> Iterator[Finding]:
    """Exclusives that meet on the same goods, and offers that another one of the group shadows."""
    for one, other in combinations(sorted(offers, key=lambda offer: offer.code), 2):
        both = one.exclusive and other.exclusive
        if both and _share_goods(one, other) and _share_buyers(one.who, other.who):
            at = may_meet(one.when, other.when, zone=plan.zone, from_at=plan.now)
            if at is not None:
                yield Finding(
                    "exclusives_overlap", "warning", (one.code, other.code),
                    facts={"at": at.isoformat()},
                )  # fmt: skip
        for low, high in ((one, other), (other, one)):
            if _shadows(high, low):
                yield Finding("shadowed", "warning", (low.code, high.code))
                break


def _share_goods(one: Offer, other: Offer) -> bool:
    """Whether a line may lie in both scopes; two different words may name one article."""
    a, b = one.scope, other.scope
    if not (a.skus or a.categories or a.tags) or not (b.skus or b.categories or b.tags):
        return True
    only_a = a.skus and not (a.categories or a.tags)
    only_b = b.skus and not (b.categories or b.tags)
    if only_a and only_b:
        return bool((a.skus - a.exclude_skus) & (b.skus - b.exclude_skus))
    return True


def _share_buyers(one: Who, other: Who) -> bool:
    return all(
        not (a and b) or bool(a & b)
        for a, b in (
            (one.tiers, other.tiers),
            (one.channels, other.channels),
            (one.stores, other.stores),
        )
    )


def _shadows(high: Offer, low: Offer) -> bool:
    """Whether in one group ``low`` can never be taken, since ``high`` gives more wherever it
    gives anything; told only where it is certain: equal conditions and kinds alike."""
    if high.group is None or high.group != low.group or type(high.params) is not type(low.params):
        return False
    alike = (high.scope, high.when, high.who, high.stage, high.requires_code, high.exclusive) == (
        low.scope, low.when, low.who, low.stage, low.requires_code, low.exclusive,
    )  # fmt: skip
    unlimited = high.limit.total is high.limit.per_member is high.budget is None
    if not (alike and unlimited):
        return False
    match high.params, low.params:
        case (PercentOff(more), PercentOff(less)) | (AmountOff(more), AmountOff(less)):
            return more > less
        case UnitPrice(less), UnitPrice(more):
            return less < more
        case PointsMultiplier(more), PointsMultiplier(less):
            return more > less
        case _:
            return False


# ── tiers and points ──────────────────────────────────────────────────────────────────────


def of_tiers(plan: Plan, offers: Sequence[Offer]) -> Iterator[Finding]:
    """Tiers nobody reaches, tiers that earn less or pay more than the one below."""
    ladder, earning = plan.programme.ladder, plan.programme.earning
    yield from _out_of_reach(ladder, earning.growth_value)
    for low, high in zip(ladder.tiers, ladder.tiers[1:], strict=False):
        rates = [earning.points.tier_bps.get(tier.code, BPS) for tier in (low, high)]
        if rates[1] < rates[0]:
            told = {"bps": rates}
            yield Finding("tier_earns_less", "error", (), (low.code, high.code), told)
        for offer in offers:
            meant = offer.who.tiers
            if (
                low.code in meant
                and high.code not in meant
                and not _made_up(offer, high.code, offers)
            ):
                yield Finding("tier_pays_more", "warning", (offer.code,), (low.code, high.code))
    points = earning.points
    if points.expiry.kind == "days" and points.expiry.count < points.pending_days:
        facts = {"pending_days": points.pending_days, "expires_after_days": points.expiry.count}
        yield Finding("expires_before_it_is_real", "error", facts=facts)


def _out_of_reach(ladder: Ladder, growth: EarningRule) -> Iterator[Finding]:
    if ladder.counter != "growth_value" or growth.per_day_max is None:
        return
    days = {"days": 1, "months": 31, "calendar_month": 31, "calendar_quarter": 92,
            "calendar_year": 366, "anniversary": 366}.get(ladder.window.span)  # fmt: skip
    if days is None:
        return
    counted = ladder.window.count if ladder.window.span in ("days", "months") else 1
    most = (cap_left(growth, earned_today=0) or 0) and growth.per_day_max * days * counted
    for tier in ladder.tiers:
        if tier.threshold > most:
            facts = {"most": most, "from": tier.threshold}
            yield Finding("tier_out_of_reach", "error", (), (tier.code,), facts)


def _made_up(offer: Offer, tier: str, offers: Sequence[Offer]) -> bool:
    """Whether a higher tier has an offer of the kind on the same goods of its own."""
    return any(
        other.kind == offer.kind
        and other.scope == offer.scope
        and (tier in other.who.tiers or not other.who.tiers)
        for other in offers
        if other is not offer
    )


def of_points(plan: Plan, offers: Sequence[Offer]) -> Finding | None:
    """What points give back of each unit of money spent, at the best rate there is.

    At 100 percent and more, points buy goods that earn the same points again.
    """
    rule, worth = plan.programme.earning.points, plan.programme.redeeming.points
    multiplier = max((o.params.bps for o in offers if isinstance(o.params, PointsMultiplier)),
                     default=BPS)  # fmt: skip
    rate = max((rate.bps for rate in rule.rates), default=BPS)
    tier = max((rule.tier_bps.get(t.code, BPS) for t in plan.programme.ladder.tiers), default=BPS)
    points = rule.amount * max(rate, BPS) * multiplier * tier
    back_bps = points * worth.minor * BPS // (rule.per_minor * BPS**3 * worth.units)
    facts = {"back_bps": back_bps, "multiplier_bps": multiplier, "tier_bps": tier}
    if back_bps >= BPS:
        return Finding("money_loop", "error", facts=facts)
    return Finding("rich_points", "warning", facts=facts) if back_bps >= RICH_BPS else None


def bound_bps(offers: Sequence[Offer], cap_bps: int) -> int:
    """A proven bound on what offers on goods can take of the list price, in bps, up.

    Each offer is given its largest share of whatever is before it, whether or not it may stand
    beside the others; a price or an amount per unit may take all of it.
    """
    kept = Fraction(1)
    for offer in offers:
        kept *= 1 - _most_share(offer)
    return min(cap_bps, BPS - floor(kept * BPS))


def _most_share(offer: Offer) -> Fraction:
    match offer.params:
        case PercentOff(bps):
            return Fraction(bps, BPS)
        case BuyGet(buy, get, off_bps):
            # The discounted units are the cheapest of their group (or of all): at most their part.
            return Fraction(get * off_bps, (buy + get) * BPS)
        case SpendSave(steps):
            shares = (Fraction(step.save, step.spend) if step.spend else 1 for step in steps)
            return min(Fraction(1), max(map(Fraction, shares)))
        case SpendPercent(steps):
            return Fraction(max(step.bps for step in steps), BPS)
        case MemberPrice() | AmountOff() | UnitPrice():
            return Fraction(1)
        case _:
            return Fraction(0)
