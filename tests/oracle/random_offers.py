"""Offers by chance, with figures that fit a given cart so that its edges are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.modules.pricing.types import Cart
from regulars.modules.promotions.types import (
    DEFAULT_STAGE,
    GOODS_STAGES,
    AmountOff,
    BuyGet,
    FreeShipping,
    Gift,
    GiftChoice,
    Kind,
    Limit,
    MemberPrice,
    Offer,
    Params,
    PercentOff,
    PointsMultiplier,
    Saving,
    Scope,
    Share,
    SpendPercent,
    SpendSave,
    Stage,
    Status,
    UnitPrice,
    When,
    Who,
)

from .eligibility_oracle import in_scope

if TYPE_CHECKING:
    from .random_carts import Chance

CODES = ("b", "B", "a", "10", "9", "减", "é", "aa", "_", "Z", "z", "0", "券", "m", "M", "k")
KINDS: tuple[Kind, ...] = (
    "member_price",
    "percent_off",
    "percent_off",
    "amount_off",
    "unit_price",
    "buy_get",
    "buy_get",
    "spend_save",
    "spend_save",
    "spend_percent",
    "free_shipping",
    "points_multiplier",
    "gift",
)
BPS = (0, 1, 100, 833, 1_000, 2_000, 3_333, 5_000, 9_999, 10_000)
NONE: frozenset[str] = frozenset()


def random_offer(chance: Chance, cart: Cart, number: int, free: bool = False) -> Offer:
    """An offer for this cart; a ``free`` one has no status, moment or person that forbids it, and
    seldom a group or an exclusion."""
    from .random_carts import random_when

    kind = chance.pick(KINDS)
    scope = Scope() if chance.pick((True, False)) else random_scope(chance)
    params = random_params(chance, kind, cart, scope)
    requires_code = chance.pick((False, False, False, True))
    gross = sum(line.gross_minor for line in cart.lines)
    status: Status = "active"
    if not free and chance.pick((True,) + (False,) * 9):
        status = chance.pick(("paused", "draft", "archived"))
    seldom = (False,) * (20 if free else 7)
    restricts = (False,) if free else (True, False, False, False, False, False)
    return Offer(
        code=CODES[number % len(CODES)] + (str(number) if number >= len(CODES) else ""),
        name="by chance",
        kind=kind,
        params=params,
        stage=random_stage(chance, kind, requires_code),
        scope=scope,
        when=random_when(chance) if chance.pick(restricts) else When(),
        who=random_who(chance) if chance.pick(restricts) else Who(),
        priority=chance.pick((100, 100, 100, 1, 50, 200, -5)),
        group=chance.pick(("g", "h")) if chance.pick((True,) + (False,) * 4) else None,
        exclusive=chance.pick((True, *seldom)),
        requires_code=requires_code,
        limit=random_limit(chance, params, free),
        budget=chance.number(0, gross // 2 + 2) if chance.pick((True,) + (False,) * 5) else None,
        on_return=chance.pick(("keep", "requalify")),
        status=status,
    )


def random_stage(chance: Chance, kind: Kind, requires_code: bool) -> Stage:
    if DEFAULT_STAGE[kind] not in GOODS_STAGES:
        return DEFAULT_STAGE[kind]
    usual: Stage = "coupon" if requires_code else DEFAULT_STAGE[kind]
    return chance.pick((usual, usual, *GOODS_STAGES))


def random_scope(chance: Chance) -> Scope:
    return Scope(
        skus=chance.pick((NONE, NONE, NONE, frozenset({"tea", "mug"}), frozenset({"红茶"}))),
        categories=chance.pick((NONE, NONE, NONE, frozenset({"drinks"}), frozenset({"food"}))),
        tags=chance.pick((NONE, NONE, NONE, frozenset({"new"}), frozenset({"sweet", "daily"}))),
        exclude_skus=chance.pick((NONE, NONE, NONE, frozenset({"tea"}), frozenset({"bread"}))),
    )


def random_who(chance: Chance) -> Who:
    return Who(
        tiers=chance.pick((NONE, NONE, frozenset({"gold"}), frozenset({"gold", "basic"}))),
        segments=chance.pick((NONE, NONE, frozenset({"loyal"}), frozenset({"student"}))),
        channels=chance.pick((NONE, NONE, frozenset({"app"}))),
        stores=chance.pick((NONE, NONE, frozenset({"s1", "s2"}))),
        members_only=chance.pick((True, False)),
    )


def random_limit(chance: Chance, params: Params, free: bool) -> Limit:
    counts = isinstance(params, BuyGet) or (isinstance(params, SpendSave) and params.every)
    per_order = chance.pick((None, None, 1, 2)) if counts else None
    if free:
        return Limit(per_order=per_order)
    rare = (None,) * 6
    return Limit(
        per_order=per_order,
        per_member=chance.pick((*rare, 1, 2)),
        total=chance.pick((*rare, 2, 5, 10)),
    )


def random_params(chance: Chance, kind: Kind, cart: Cart, scope: Scope) -> Params:
    inside = [line for line in cart.lines if in_scope(scope, line)]
    amount = sum(line.gross_minor for line in inside)
    dearest = max((line.unit_price_minor for line in cart.lines), default=0)
    if kind == "member_price":
        skus = {line.sku for line in cart.lines} | {"elsewhere"}
        return MemberPrice({sku: chance.number(0, dearest + 1) for sku in sorted(skus)[:3]})
    if kind == "percent_off":
        return PercentOff(chance.pick(BPS))
    if kind == "amount_off":
        return AmountOff(chance.number(0, dearest // 2 + 1))
    if kind == "unit_price":
        return UnitPrice(chance.number(0, dearest + 1))
    if kind == "buy_get":
        return BuyGet(
            buy=chance.pick((1, 1, 2, 3)),
            get=chance.pick((1, 1, 2)),
            off_bps=chance.pick((10_000, 10_000, 5_000, 3_333, 0)),
            pick=chance.pick(("in_group", "overall")),
            same_item=chance.pick((False, True)),
        )
    if kind == "spend_save":
        return random_saving(chance, amount)
    if kind == "spend_percent":
        spends = rising(chance, amount)
        shares = sorted(chance.pick(BPS) for _ in spends)
        return SpendPercent(tuple(Share(*pair) for pair in zip(spends, shares, strict=True)))
    if kind == "free_shipping":
        return FreeShipping(threshold(chance, sum(line.gross_minor for line in cart.lines)))
    if kind == "points_multiplier":
        return PointsMultiplier(chance.pick((10_000, 15_000, 20_000, 30_000)))
    instead = chance.pick(((), (), (GiftChoice("spare", 1),)))
    return Gift("present", chance.number(1, 2), threshold(chance, amount), instead)


def random_saving(chance: Chance, amount: int) -> SpendSave:
    if chance.pick((True, False, False)):
        spend = max(1, threshold(chance, amount) // chance.pick((1, 2, 3)))
        return SpendSave((Saving(spend, chance.number(0, spend + 1)),), every=True)
    spends = rising(chance, amount)
    saves = sorted(chance.number(0, amount // 2 + 2) for _ in spends)
    return SpendSave(tuple(Saving(*pair) for pair in zip(spends, saves, strict=True)))


def threshold(chance: Chance, amount: int) -> int:
    """Exactly the amount, one beside it, below it by a discount, or anything."""
    part = chance.pick((0, 500, 1_000, 2_000, 5_000, 10_000))
    after = amount - amount * part // 10_000
    return max(0, chance.pick((amount, amount + 1, amount - 1, after, after + 1, amount // 2, 0)))


def rising(chance: Chance, amount: int) -> list[int]:
    return sorted({threshold(chance, amount) for _ in range(chance.number(1, 3))})
