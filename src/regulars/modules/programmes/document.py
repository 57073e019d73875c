"""The programme document: what `PUT /programme` takes, what the console's form draws.

The schema is pinned in OpenAPI. `compiled` turns a document into the types that the rules read.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from regulars.kernel.periods import Window
from regulars.modules.earning.types import Earning, EarningRule, Expiry, Rate
from regulars.modules.tiers.types import Benefit, Keep, Ladder, Tier

from .types import Programme, Redeeming, Redemption

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Bps = Annotated[int, Field(ge=0, le=1_000_000)]
Amount = Annotated[int, Field(ge=0, le=10**12)]
Day = Annotated[date, BeforeValidator(lambda v: date.fromisoformat(v) if isinstance(v, str) else v)]


class Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Names(Part):
    """One text in the three languages of the faces."""

    model_config = ConfigDict(strict=True, extra="forbid", populate_by_name=True)
    en: Text
    zh_hans: Text = Field(alias="zh-hans")
    zh_hant: Text = Field(alias="zh-hant")

    def by_locale(self) -> dict[str, str]:
        return {"en": self.en, "zh-hans": self.zh_hans, "zh-hant": self.zh_hant}


class BenefitPart(Part):
    code: Code
    name: Names
    text: Names | None = None


class TierPart(Part):
    """A rung: reached at ``from``, kept at ``keep_from`` (the same where it is not given)."""

    model_config = ConfigDict(strict=True, extra="forbid", populate_by_name=True)
    code: Code
    name: Names
    threshold: Amount = Field(alias="from")
    keep_from: Amount | None = None
    benefits: list[BenefitPart] = Field(default_factory=list, max_length=50)


class WindowPart(Part):
    span: Literal[
        "days",
        "months",
        "calendar_month",
        "calendar_quarter",
        "calendar_year",
        "anniversary",
        "lifetime",
    ]
    count: Annotated[int, Field(ge=1, le=3_660)] = 1

    @model_validator(mode="after")
    def _counted(self) -> Self:
        # A version that cannot be read would answer for the shop until it is replaced.
        Window(self.span, self.count)
        return self


class KeepPart(Part):
    mode: Literal["follow", "period"] = "follow"
    months: Annotated[int, Field(ge=1, le=120)] = 12
    end_of: Literal["day", "month", "quarter", "year"] = "day"
    grace_days: Annotated[int, Field(ge=0, le=365)] = 0
    step: Literal["one", "counter"] = "one"
    warn_days: Annotated[int, Field(ge=1, le=180)] = 30
    hold_on_refund: bool = True


class TiersPart(Part):
    counter: Literal["growth_value", "spend", "orders"]
    window: WindowPart
    keep: KeepPart = KeepPart()
    crossing: Literal["before", "split"] = "before"
    ladder: Annotated[list[TierPart], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        thresholds = [tier.threshold for tier in self.ladder]
        if thresholds[0] != 0:
            raise ValueError("the first tier starts at 0, so that every member stands on one")
        if any(a >= b for a, b in pairwise(thresholds)):
            raise ValueError("thresholds rise from tier to tier")
        if len({tier.code for tier in self.ladder}) < len(self.ladder):
            raise ValueError("every tier has a code of its own")
        if any((tier.keep_from or 0) > tier.threshold for tier in self.ladder):
            raise ValueError("keeping a tier asks no more than reaching it")
        if self.crossing == "split" and self.counter != "spend":
            raise ValueError("an order is split at a threshold only where spend is counted")
        return self


class ExpiryPart(Part):
    kind: Literal["never", "days", "months"] = "never"
    count: Annotated[int, Field(ge=0, le=3_660)] = 0
    end_of: Literal["day", "month", "quarter", "year"] = "day"

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.kind != "never" and self.count == 0 and self.end_of == "day":
            raise ValueError("what is earned lives at least a day")
        return self


class RatePart(Part):
    name: Text
    bps: Bps
    categories: list[Text] = Field(default_factory=list, max_length=500)
    types: list[Text] = Field(default_factory=list, max_length=500)
    skus: list[Text] = Field(default_factory=list, max_length=5_000)
    stores: list[Text] = Field(default_factory=list, max_length=5_000)
    channels: list[Text] = Field(default_factory=list, max_length=100)
    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field(default_factory=list, max_length=7)
    days_of_month: list[Annotated[int, Field(ge=1, le=31)]] = Field(
        default_factory=list, max_length=31
    )
    from_day: Day | None = None
    until_day: Day | None = None


class EarningPart(Part):
    """``amount`` for each whole ``per_minor`` of net. Rates are in bps, 10000 = as it is."""

    per_minor: Annotated[int, Field(ge=1, le=10**9)] = 100
    amount: Annotated[int, Field(ge=0, le=10**6)] = 1
    pending_days: Annotated[int, Field(ge=0, le=365)] = 0
    expiry: ExpiryPart = ExpiryPart()
    tier_bps: dict[Code, Bps] = Field(default_factory=dict)
    rates: list[RatePart] = Field(default_factory=list, max_length=200)
    per_order_max: Amount | None = None
    per_day_max: Amount | None = None


class EarningsPart(Part):
    points: EarningPart
    growth_value: EarningPart

    @model_validator(mode="after")
    def _growth_value_at_once(self) -> Self:
        if self.growth_value.pending_days or self.growth_value.expiry.kind != "never":
            raise ValueError(
                "growth value counts at once and for ever; the tiers' window decides what counts"
            )
        return self


class RedemptionPart(Part):
    """Each ``units`` pay ``minor`` (in minor units of money), in whole steps. What a return gives
    back of a lot that has expired meanwhile lives ``grace_days`` more."""

    units: Annotated[int, Field(ge=1, le=10**6)] = 1
    minor: Annotated[int, Field(ge=1, le=10**6)] = 1
    grace_days: Annotated[int, Field(ge=1, le=365)] = 30


class RedeemingPart(Part):
    points: RedemptionPart = RedemptionPart()
    growth_value: RedemptionPart = RedemptionPart()


class LeavingPart(Part):
    """What becomes of the points of who leaves: ``freeze`` keeps them for a coming back (they
    still expire in time), ``lapse`` takes what is available then."""

    points: Literal["freeze", "lapse"] = "freeze"


class NoticesPart(Part):
    """Points that expire within ``expiring_days`` are told of, once."""

    expiring_days: Annotated[int, Field(ge=1, le=180)] = 30


class ProgrammeDocument(Part):
    name: Text
    tiers: TiersPart
    earning: EarningsPart
    redeeming: RedeemingPart = RedeemingPart()
    leaving: LeavingPart = LeavingPart()
    notices: NoticesPart = NoticesPart()

    @model_validator(mode="after")
    def _known_tiers(self) -> Self:
        codes = {tier.code for tier in self.tiers.ladder}
        for part in (self.earning.points, self.earning.growth_value):
            unknown = set(part.tier_bps) - codes
            if unknown:
                raise ValueError(f"tier_bps names tiers that the ladder lacks: {sorted(unknown)}")
        if self.tiers.crossing == "split":
            rates = [self.earning.points.tier_bps.get(t.code, 10_000) for t in self.tiers.ladder]
            if rates != sorted(rates):
                raise ValueError("with split, a higher tier earns no slower than a lower one")
        return self


def compiled(number: int, document: dict[str, Any]) -> Programme:
    """The programme of a stored (already validated) document."""
    parsed = ProgrammeDocument.model_validate(document)
    return Programme(
        number=number,
        name=parsed.name,
        ladder=_ladder(parsed.tiers),
        earning=Earning(
            points=_rule(parsed.earning.points), growth_value=_rule(parsed.earning.growth_value)
        ),
        redeeming=Redeeming(
            points=Redemption(**parsed.redeeming.points.model_dump()),
            growth_value=Redemption(**parsed.redeeming.growth_value.model_dump()),
        ),
        points_on_leaving=parsed.leaving.points,
        notice_days=parsed.notices.expiring_days,
    )


def _ladder(part: TiersPart) -> Ladder:
    return Ladder(
        counter=part.counter,
        window=Window(part.window.span, part.window.count),
        keep=Keep(**part.keep.model_dump()),
        crossing=part.crossing,
        tiers=tuple(
            Tier(
                code=tier.code,
                name=tier.name.by_locale(),
                threshold=tier.threshold,
                keep_threshold=tier.threshold if tier.keep_from is None else tier.keep_from,
                benefits=tuple(
                    Benefit(b.code, b.name.by_locale(), b.text.by_locale() if b.text else {})
                    for b in tier.benefits
                ),
            )
            for tier in part.ladder
        ),
    )


def _rule(part: EarningPart) -> EarningRule:
    return EarningRule(
        per_minor=part.per_minor,
        amount=part.amount,
        pending_days=part.pending_days,
        expiry=Expiry(**part.expiry.model_dump()),
        tier_bps=dict(part.tier_bps),
        rates=tuple(
            Rate(
                name=rate.name,
                bps=rate.bps,
                categories=frozenset(rate.categories),
                types=frozenset(rate.types),
                skus=frozenset(rate.skus),
                stores=frozenset(rate.stores),
                channels=frozenset(rate.channels),
                weekdays=frozenset(rate.weekdays),
                days_of_month=frozenset(rate.days_of_month),
                from_day=rate.from_day,
                until_day=rate.until_day,
            )
            for rate in part.rates
        ),
        per_order_max=part.per_order_max,
        per_day_max=part.per_day_max,
    )
