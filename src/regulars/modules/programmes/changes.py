"""Pure: what two documents of a programme say differently, field by field.

A document is laid out as facts, each under a key that says what it is about; two documents differ
where the facts under a key do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from .document import (
    EarningPart,
    KeepPart,
    ProgrammeDocument,
    RatePart,
    RedemptionPart,
    TierPart,
    TiersPart,
)

Kind = Literal["added", "removed", "changed"]
Asset = Literal["points", "growth_value"]
Unit = Literal[
    "minor", "count", "bps", "days", "months", "word", "text", "names", "list", "window", "expiry",
    "earns", "worth", "benefit", "period", "weekdays", "yes_no",
]  # fmt: skip
_PLAIN_BPS: Final = 10_000
#: What goes without saying of a tier that only one of the documents has.
_SAID_BY_TIER: Final = frozenset({"tier.name"})


class Key(NamedTuple):
    """What a fact is about: the field, whose points it earns or pays, which tier, rate or benefit
    by code (a rate by its name, and which of those of one name)."""

    field: str
    asset: Asset | None = None
    tier: str | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a document in plain JSON, and in which unit."""

    unit: Unit
    value: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``tier_name`` is by language, of the later document where it has the tier;
    ``item_name`` the name of a benefit by language, or of a rate under every language."""

    key: Key
    kind: Kind
    before: Fact | None
    after: Fact | None
    tier_name: Mapping[str, str]
    item_name: Mapping[str, str]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What ``after`` says differently, in the order of the document; both are valid documents."""
    old, new = (ProgrammeDocument.model_validate(document) for document in (before, after))
    then, now = dict(_facts(old)), dict(_facts(new))
    tiers = {**_tier_names(old), **_tier_names(new)}
    items = {**_item_names(old), **_item_names(new)}
    one_sided = {tier.code for tier in old.tiers.ladder} ^ {t.code for t in new.tiers.ladder}
    return [
        Change(
            key=key,
            kind="added" if key not in then else "removed" if key not in now else "changed",
            before=then.get(key),
            after=now.get(key),
            tier_name=tiers.get(key.tier or "", {}),
            item_name=items.get((key.tier, key.item), {}),
        )
        for key in _in_order(then, now)
        if then.get(key) != now.get(key)
        and not (key.tier in one_sided and key.field in _SAID_BY_TIER)
    ]


def _in_order(then: Mapping[Key, Fact], now: Mapping[Key, Fact]) -> list[Key]:
    """The keys of the later document, each that only the earlier has behind its neighbour."""
    keys = list(now)
    place = 0
    for key in then:
        if key in now:
            place = keys.index(key) + 1
        else:
            keys.insert(place, key)
            place += 1
    return keys


def _facts(document: ProgrammeDocument) -> Iterator[tuple[Key, Fact]]:
    yield Key("name"), Fact("text", document.name)
    yield from _tiers(document.tiers)
    rungs = [tier.code for tier in document.tiers.ladder]
    earning, redeeming = document.earning, document.redeeming
    yield from _earning("points", earning.points, rungs)
    yield from _earning("growth_value", earning.growth_value, rungs)
    yield from _redeeming("points", redeeming.points)
    yield from _redeeming("growth_value", redeeming.growth_value)
    yield Key("leaving.points"), Fact("word", document.leaving.points)
    yield Key("notices.expiring_days"), Fact("days", document.notices.expiring_days)


def _tiers(part: TiersPart) -> Iterator[tuple[Key, Fact]]:
    yield Key("tiers.counter"), Fact("word", part.counter)
    span, count = part.window.span, part.window.count
    rolling = span in ("days", "months")  # the others have no number
    yield Key("tiers.window"), Fact("window", {"span": span, "count": count if rolling else 1})
    yield from _keep(part.keep)
    yield Key("tiers.crossing"), Fact("word", part.crossing)
    unit: Unit = "minor" if part.counter == "spend" else "count"
    for tier in part.ladder:
        yield from _tier(tier, unit)


def _keep(part: KeepPart) -> Iterator[tuple[Key, Fact]]:
    yield Key("keep.mode"), Fact("word", part.mode)
    if part.mode == "period":
        yield Key("keep.months"), Fact("months", part.months)
        yield Key("keep.end_of"), Fact("word", part.end_of)
        yield Key("keep.grace_days"), Fact("days", part.grace_days)
        yield Key("keep.step"), Fact("word", part.step)
        yield Key("keep.warn_days"), Fact("days", part.warn_days)
        yield Key("keep.hold_on_refund"), Fact("yes_no", part.hold_on_refund)


def _tier(tier: TierPart, unit: Unit) -> Iterator[tuple[Key, Fact]]:
    code = tier.code
    yield Key("tier.from", tier=code), Fact(unit, tier.threshold)
    if tier.keep_from not in (None, tier.threshold):
        yield Key("tier.keep_from", tier=code), Fact(unit, tier.keep_from)
    yield Key("tier.name", tier=code), Fact("names", tier.name.by_locale())
    for benefit in tier.benefits:
        told = {"name": benefit.name.by_locale()}
        told["text"] = benefit.text.by_locale() if benefit.text else {}
        yield Key("tier.benefit", tier=code, item=benefit.code), Fact("benefit", told)


def _earning(asset: Asset, part: EarningPart, rungs: list[str]) -> Iterator[tuple[Key, Fact]]:
    earns = {"per_minor": part.per_minor, "amount": part.amount}
    yield Key("earning.rate", asset), Fact("earns", earns)
    yield Key("earning.pending_days", asset), Fact("days", part.pending_days)
    expiry = part.expiry.model_dump()
    never = {"kind": "never"}  # with which no number and no end mean anything
    yield (
        Key("earning.expiry", asset),
        Fact("expiry", never if expiry["kind"] == "never" else expiry),
    )
    for code in rungs:
        bps = part.tier_bps.get(code, _PLAIN_BPS)
        if bps != _PLAIN_BPS:
            yield Key("earning.tier_bps", asset, tier=code), Fact("bps", bps)
    seen: Counter[str] = Counter()
    for rate in part.rates:
        seen[rate.name] += 1
        item = rate.name if seen[rate.name] == 1 else f"{rate.name} ({seen[rate.name]})"
        yield from _rate(asset, item, rate)
    for field, most in (("per_order_max", part.per_order_max), ("per_day_max", part.per_day_max)):
        if most is not None:
            yield Key(f"earning.{field}", asset), Fact("count", most)


def _rate(asset: Asset, item: str, rate: RatePart) -> Iterator[tuple[Key, Fact]]:
    yield Key("rate.bps", asset, item=item), Fact("bps", rate.bps)
    for field in ("categories", "types", "skus", "stores", "channels"):
        if named := getattr(rate, field):
            yield Key(f"rate.{field}", asset, item=item), Fact("list", sorted(set(named)))
    if rate.weekdays:
        yield Key("rate.weekdays", asset, item=item), Fact("weekdays", sorted(set(rate.weekdays)))
    if rate.days_of_month:
        days = sorted(set(rate.days_of_month))
        yield Key("rate.days_of_month", asset, item=item), Fact("list", [str(day) for day in days])
    if rate.from_day or rate.until_day:
        ends = [day.isoformat() if day else None for day in (rate.from_day, rate.until_day)]
        yield Key("rate.period", asset, item=item), Fact("period", ends)


def _redeeming(asset: Asset, part: RedemptionPart) -> Iterator[tuple[Key, Fact]]:
    worth = {"units": part.units, "minor": part.minor}
    yield Key("redeeming.worth", asset), Fact("worth", worth)
    yield Key("redeeming.grace_days", asset), Fact("days", part.grace_days)


def _tier_names(document: ProgrammeDocument) -> dict[str, Mapping[str, str]]:
    return {tier.code: tier.name.by_locale() for tier in document.tiers.ladder}


def _item_names(
    document: ProgrammeDocument,
) -> dict[tuple[str | None, str | None], Mapping[str, str]]:
    return {
        (tier.code, benefit.code): benefit.name.by_locale()
        for tier in document.tiers.ladder
        for benefit in tier.benefits
    }
