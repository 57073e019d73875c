"""The kinds of offers, as a registry: each brings the shape of its parameters.

The shape checks what is sent, is pinned in OpenAPI, draws the console's form, and is compiled into
the frozen value that the evaluator reads. A kind is added by one class here and its rule in
pricing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import Field, model_validator

from regulars.infra.http.fields import ExternalId

from . import types
from .parts import (
    MOST_MULTIPLIER_BPS,
    MOST_SKUS,
    MOST_STEPS,
    UNIT,
    Bps,
    Minor,
    Part,
    Units,
    fault,
)
from .types import DEFAULT_STAGE, Kind, Params, Stage

P = TypeVar("P", bound="ParamsPart")


class ParamsPart(Part):
    """The parameters of one kind."""

    def compiled(self) -> Params:
        raise LookupError(f"{type(self).__name__} is no kind")


@dataclass(frozen=True, slots=True)
class KindSpec:
    """A kind: what it is called and the shape of its parameters."""

    kind: Kind
    title: str
    shape: type[ParamsPart]

    @property
    def stage(self) -> Stage:
        return DEFAULT_STAGE[self.kind]


KINDS: Final[dict[str, KindSpec]] = {}


def _kind(name: Kind, title: str) -> Callable[[type[P]], type[P]]:
    def register(shape: type[P]) -> type[P]:
        KINDS[name] = KindSpec(name, title, shape)
        return shape

    return register


@_kind("member_price", "Member price")
class MemberPriceParams(ParamsPart):
    prices: Annotated[
        dict[ExternalId, Minor],
        Field(min_length=1, max_length=MOST_SKUS, title="Price of one unit, by sku"),
    ]

    def compiled(self) -> Params:
        return types.MemberPrice(dict(self.prices))


@_kind("percent_off", "Percent off")
class PercentOffParams(ParamsPart):
    bps: Annotated[Bps, Field(title="Off, in hundredths of a percent")]

    def compiled(self) -> Params:
        return types.PercentOff(self.bps)


@_kind("amount_off", "Amount off each unit")
class AmountOffParams(ParamsPart):
    each: Annotated[Minor, Field(title="Off each unit")]

    def compiled(self) -> Params:
        return types.AmountOff(self.each)


@_kind("unit_price", "Fixed price of a unit")
class UnitPriceParams(ParamsPart):
    price: Annotated[Minor, Field(title="Price of one unit")]

    def compiled(self) -> Params:
        return types.UnitPrice(self.price)


@_kind("buy_get", "Buy some, get some")
class BuyGetParams(ParamsPart):
    buy: Annotated[Units, Field(title="Buy")]
    get: Annotated[Units, Field(title="Get")]
    off_bps: Annotated[Bps, Field(title="Off what one gets, in hundredths of a percent")] = 10_000
    pick: Annotated[Literal["in_group", "overall"], Field(title="Which units are discounted")] = (
        "in_group"
    )
    same_item: Annotated[bool, Field(title="Only units of one sku together")] = False

    def compiled(self) -> Params:
        return types.BuyGet(self.buy, self.get, self.off_bps, self.pick, self.same_item)


class SavingStep(Part):
    spend: Annotated[Minor, Field(title="Spend at least")]
    save: Annotated[Minor, Field(title="Save")]


@_kind("spend_save", "Spend and save")
class SpendSaveParams(ParamsPart):
    steps: Annotated[list[SavingStep], Field(min_length=1, max_length=MOST_STEPS, title="Steps")]
    every: Annotated[bool, Field(title="Again for every multiple")] = False

    @model_validator(mode="after")
    def _rising(self) -> Self:
        _check_rising([(step.spend, step.save) for step in self.steps], "save")
        if self.every and len(self.steps) != 1:
            fault(("steps",), "too_long", "With every there is exactly one step.")
        if self.every and self.steps[0].spend < 1:
            fault(("steps", 0, "spend"), "too_small", "With every a step spends at least 1.")
        return self

    def compiled(self) -> Params:
        steps = tuple(types.Saving(step.spend, step.save) for step in self.steps)
        return types.SpendSave(steps, self.every)


class ShareStep(Part):
    spend: Annotated[Minor, Field(title="Spend at least")]
    bps: Annotated[Bps, Field(title="Off, in hundredths of a percent")]


@_kind("spend_percent", "Spend and get percent off")
class SpendPercentParams(ParamsPart):
    steps: Annotated[list[ShareStep], Field(min_length=1, max_length=MOST_STEPS, title="Steps")]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        _check_rising([(step.spend, step.bps) for step in self.steps], "bps")
        return self

    def compiled(self) -> Params:
        return types.SpendPercent(tuple(types.Share(step.spend, step.bps) for step in self.steps))


@_kind("free_shipping", "Free shipping")
class FreeShippingParams(ParamsPart):
    spend: Annotated[Minor, Field(title="Spend at least")]

    def compiled(self) -> Params:
        return types.FreeShipping(self.spend)


@_kind("points_multiplier", "More points")
class PointsMultiplierParams(ParamsPart):
    bps: Annotated[
        int,
        Field(
            ge=10_000,
            le=MOST_MULTIPLIER_BPS,
            title="Rate of earning, 10000 = as it is",
            json_schema_extra={UNIT: "rate_bps"},
        ),
    ]

    def compiled(self) -> Params:
        return types.PointsMultiplier(self.bps)


class GiftChoicePart(Part):
    sku: Annotated[ExternalId, Field(title="Sku of the gift")]
    quantity: Annotated[Units, Field(title="Units")] = 1


@_kind("gift", "Gift")
class GiftParams(ParamsPart):
    sku: Annotated[ExternalId, Field(title="Sku of the gift")]
    quantity: Annotated[Units, Field(title="Units")]
    spend: Annotated[Minor, Field(title="Spend at least")]
    instead: list[GiftChoicePart] = Field(
        default=[],
        max_length=MOST_STEPS,
        title="Given instead, the first there is, when it is gone",
    )

    def compiled(self) -> Params:
        instead = tuple(types.GiftChoice(one.sku, one.quantity) for one in self.instead)
        return types.Gift(self.sku, self.quantity, self.spend, instead)


AnyParams = (
    MemberPriceParams
    | PercentOffParams
    | AmountOffParams
    | UnitPriceParams
    | BuyGetParams
    | SpendSaveParams
    | SpendPercentParams
    | FreeShippingParams
    | PointsMultiplierParams
    | GiftParams
)


def _check_rising(steps: Sequence[tuple[int, int]], gain: str) -> None:
    for place, (lower, higher) in enumerate(pairwise(steps), 1):
        if higher[0] <= lower[0]:
            fault(("steps", place, "spend"), "not_rising", "Steps rise in what is spent.")
        if higher[1] < lower[1]:
            fault(("steps", place, gain), "falling", "A higher step gives no less.")
