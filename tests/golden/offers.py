"""Offers from the JSON form of docs/algorithms/pricing.md, section "The offer"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from regulars.modules.promotions.types import (
    DEFAULT_STAGE,
    GOODS_STAGES,
    AmountOff,
    BuyGet,
    FreeShipping,
    Gift,
    GiftChoice,
    Limit,
    MemberPrice,
    NthWeekday,
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
    UnitPrice,
    When,
    Who,
)

PARAMS: dict[str, Callable[[Mapping[str, Any]], Params]] = {
    "member_price": lambda params: MemberPrice(dict(params["prices"])),
    "percent_off": lambda params: PercentOff(params["bps"]),
    "amount_off": lambda params: AmountOff(params["each"]),
    "unit_price": lambda params: UnitPrice(params["price"]),
    "buy_get": lambda params: BuyGet(**params),
    "spend_save": lambda params: SpendSave(
        tuple(Saving(**step) for step in params["steps"]), params.get("every", False)
    ),
    "spend_percent": lambda params: SpendPercent(tuple(Share(**step) for step in params["steps"])),
    "free_shipping": lambda params: FreeShipping(params["spend"]),
    "points_multiplier": lambda params: PointsMultiplier(params["bps"]),
    "gift": lambda params: Gift(
        params["sku"],
        params["quantity"],
        params["spend"],
        tuple(GiftChoice(**one) for one in params.get("instead", ())),
    ),
}


def known(written: Mapping[Any, Any], words: str) -> None:
    """Refuse a word that nobody reads."""
    unknown = set(written) - set(words.split())
    if unknown:
        raise ValueError(f"nobody reads {sorted(unknown)}: the words here are {words}")


def read_offer(written: Mapping[str, Any]) -> Offer:
    known(
        written,
        "code name kind params scope when who stage priority group exclusive requires_code limit"
        " budget on_return held_out_bps status",
    )
    scope, limit = written.get("scope", {}), written.get("limit", {})
    known(scope, "skus categories tags exclude_skus")
    known(limit, "per_order per_member total")
    plain = (
        *("priority", "group", "exclusive", "requires_code", "budget", "on_return"),
        *("held_out_bps", "status"),
    )
    return Offer(
        code=written["code"],
        name=written.get("name", written["code"]),
        kind=written["kind"],
        params=PARAMS[written["kind"]](written["params"]),
        stage=stage_of(written),
        scope=Scope(**{name: frozenset(values) for name, values in scope.items()}),
        when=read_when(written.get("when", {})),
        who=read_who(written.get("who", {})),
        limit=Limit(**limit),
        **{name: written[name] for name in plain if name in written},
    )


def stage_of(written: Mapping[str, Any]) -> Stage:
    """The stage named, else "coupon" where it needs a code and is on goods, else the kind's."""
    default = DEFAULT_STAGE[written["kind"]]
    if "stage" in written:
        stage: Stage = written["stage"]
        return stage
    return "coupon" if written.get("requires_code") and default in GOODS_STAGES else default


def read_when(written: Mapping[str, Any]) -> When:
    known(written, "from until weekdays days_of_month nth_weekdays hours except_days")
    hours = written.get("hours")
    return When(
        begins=read_instant(written.get("from")),
        ends=read_instant(written.get("until")),
        weekdays=frozenset(written.get("weekdays", [])),
        days_of_month=frozenset(written.get("days_of_month", [])),
        nth_weekdays=tuple(NthWeekday(**nth) for nth in written.get("nth_weekdays", [])),
        hours=None if hours is None else (minute_of(hours[0]), minute_of(hours[1])),
        except_days=frozenset(
            date.fromisoformat(str(day)) for day in written.get("except_days", [])
        ),
    )


def read_instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def minute_of(written: str) -> int:
    hour, minute = written.split(":")
    return int(hour) * 60 + int(minute)


def read_who(written: Mapping[str, Any]) -> Who:
    known(written, "tiers segments channels stores members_only")
    lists: dict[str, Any] = {
        name: frozenset(values) for name, values in written.items() if name != "members_only"
    }
    return Who(**lists, members_only=written.get("members_only", False))
