"""Pure rules of earning. docs/algorithms/earning.md tells them with worked figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import mul
from typing import NamedTuple
from zoneinfo import ZoneInfo

from regulars.kernel.periods import add_months, day_start, end_of, program_day

from .types import EarnDates, EarningRule, Expiry, Frozen, LineFacts, Rate

BPS = 10_000


def earned(frozen: Frozen, net_minor: Sequence[int]) -> int:
    """What lines with these nets earn: one floor for the whole order, then the cap.

    Splitting an order never earns more, because each part is floored by itself. It does not
    fall when a net rises, so a return never earns (I-10, I-11).
    """
    line_bps = frozen.line_bps
    if frozen.crossings:
        weighted = _weighted_with_crossings(frozen, net_minor)
        exact = weighted * frozen.amount // (frozen.per_minor * BPS * BPS)
    elif line_bps:
        assert len(net_minor) == len(line_bps)
        weighted = sum(map(mul, net_minor, line_bps))
        exact = weighted * frozen.tier_bps * frozen.amount // (frozen.per_minor * BPS * BPS)
    else:
        exact = sum(net_minor) * frozen.tier_bps * frozen.amount // (frozen.per_minor * BPS)
    return exact if frozen.most is None else min(exact, frozen.most)


def _weighted_with_crossings(frozen: Frozen, net_minor: Sequence[int]) -> int:
    """Sum of net x line rate x tier rate where the tier rate rises on the way through the order.

    Lines are walked from the slowest rate to the fastest, however they are written: then the
    order of lines changes nothing, and buying a fast line by itself past the crossing would not
    earn more (I-10). The part of the net past a crossing has the rate that the crossing brings.
    """
    line_bps = frozen.line_bps or (BPS,) * len(net_minor)
    bounds = [*(crossing.above_minor for crossing in frozen.crossings)]
    rates = [frozen.tier_bps, *(crossing.tier_bps for crossing in frozen.crossings)]
    weighted = position = segment = 0
    for bps, net in sorted(zip(line_bps, net_minor, strict=True)):
        left = net
        while left:
            while segment < len(bounds) and position >= bounds[segment]:
                segment += 1
            room = bounds[segment] - position if segment < len(bounds) else left
            part = min(left, room)
            weighted += part * bps * rates[segment]
            position += part
            left -= part
    return weighted


class RateMemo:
    """Rates by sku, each found once; for work over many orders of one merchant, within which what
    the catalogue knows does not change. It must ``learn`` every sku that it is asked for."""

    __slots__ = ("_facts", "_odd", "_open")

    def __init__(self) -> None:
        self._facts: dict[str, LineFacts] = {}
        # By the rates that are open: the skus that do not earn at BPS. Most do, and a small table
        # stays near the processor.
        self._odd: dict[tuple[Rate, ...], dict[str, int]] = {}
        # By the rule as an object: to compare two would cost more than to find the rates anew.
        self._open: dict[tuple[int, date, str | None, str | None], _Open] = {}

    def unknown(self, skus: Iterable[str]) -> set[str]:
        return set(skus) - self._facts.keys()

    def learn(self, facts: Sequence[LineFacts]) -> None:
        self._facts.update((fact.sku, fact) for fact in facts)
        for live, odd in self._odd.items():
            odd.update(_odd_ones(live, facts))

    def of(
        self,
        rule: EarningRule,
        skus: Sequence[str],
        *,
        day: date,
        store: str | None,
        channel: str | None,
    ) -> tuple[int, ...]:
        """The rate of each line in bps; empty where all are 10000."""
        odd = self.special(rule, day=day, store=store, channel=channel)
        if odd.keys().isdisjoint(skus):
            return ()
        return tuple([odd.get(sku, BPS) for sku in skus])

    def special(
        self, rule: EarningRule, *, day: date, store: str | None, channel: str | None
    ) -> Mapping[str, int]:
        """The goods that do not earn at 10000, with their rates; it grows with what is learnt."""
        key = (id(rule), day, store, channel)
        known = self._open.get(key)
        if known is None:
            live = _open_rates(rule, day=day, store=store, channel=channel)
            if live not in self._odd:
                self._odd[live] = dict(_odd_ones(live, self._facts.values()))
            known = self._open[key] = rule, self._odd[live]
        return known[1]


_Open = tuple[EarningRule, dict[str, int]]


def _odd_ones(live: Sequence[Rate], facts: Iterable[LineFacts]) -> Iterator[tuple[str, int]]:
    return ((fact.sku, bps) for fact in facts if (bps := _rate(live, fact)) != BPS)


class KnownLines(NamedTuple):
    """Lines told by their skus alone, with a memo that knows them."""

    skus: Sequence[str]
    memo: RateMemo


Lines = Sequence[LineFacts] | KnownLines


def line_rates(
    rule: EarningRule, lines: Lines, *, day: date, store: str | None, channel: str | None
) -> tuple[int, ...]:
    """The rate of each line in bps; empty where all are 10000."""
    if isinstance(lines, KnownLines):
        return lines.memo.of(rule, lines.skus, day=day, store=store, channel=channel)
    live = _open_rates(rule, day=day, store=store, channel=channel)
    if not live:
        return ()
    found = tuple([_rate(live, line) for line in lines])
    return () if found.count(BPS) == len(found) else found


def _open_rates(
    rule: EarningRule, *, day: date, store: str | None, channel: str | None
) -> tuple[Rate, ...]:
    return tuple([r for r in rule.rates if _open(r, day=day, store=store, channel=channel)])


def _rate(live: Sequence[Rate], line: LineFacts) -> int:
    return max((rate.bps for rate in live if _meets(rate, line)), default=BPS)


def _open(rate: Rate, *, day: date, store: str | None, channel: str | None) -> bool:
    return (
        (not rate.weekdays or day.isoweekday() in rate.weekdays)
        and (not rate.days_of_month or day.day in rate.days_of_month)
        and (rate.from_day is None or rate.from_day <= day)
        and (rate.until_day is None or day < rate.until_day)
        and (not rate.stores or store in rate.stores)
        and (not rate.channels or channel in rate.channels)
    )


def _meets(rate: Rate, line: LineFacts) -> bool:
    if not (rate.categories or rate.types or rate.skus):
        return True
    return line.sku in rate.skus or line.category in rate.categories or line.type in rate.types


def plain(rule: EarningRule, tier: str) -> Frozen:
    """How an order of this tier earns whose lines, time and amount make no difference: one object
    for all of them, since most are such."""
    found = rule.plain.get(tier)
    if found is None:
        rate = rule.tier_bps.get(tier, BPS)
        found = rule.plain[tier] = Frozen(rule.per_minor, rule.amount, rate)
    return found


def cap_left(rule: EarningRule, *, earned_today: int) -> int | None:
    """The most one more order may earn on a day that already earned ``earned_today``."""
    if rule.per_order_max is None and rule.per_day_max is None:
        return None
    bounds = [
        *([rule.per_order_max] if rule.per_order_max is not None else []),
        *([max(0, rule.per_day_max - earned_today)] if rule.per_day_max is not None else []),
    ]
    return min(bounds)


def earn_dates(
    rule: EarningRule, *, earned_at: datetime, zone: ZoneInfo, earned_on: date | None = None
) -> EarnDates:
    """When a reward of ``earned_at`` becomes real and when it is gone; ``earned_on`` is its
    program day, for whoever knows it already.

    Pending ends at the start of the program day that is ``pending_days`` after the day it was
    earned; expiry counts from the day it was earned and falls on the end of its period.
    """
    if rule.pending_days == 0 and rule.expiry.kind == "never":
        return EarnDates(earned_at, None)
    day = earned_on or program_day(earned_at, zone)
    available_at = earned_at
    if rule.pending_days:
        available_at = day_start(day + timedelta(days=rule.pending_days), zone)
    return EarnDates(available_at, expiry_of(rule.expiry, day, zone))


@lru_cache(maxsize=4_096)
def expiry_of(expiry: Expiry, day: date, zone: ZoneInfo) -> datetime | None:
    """The instant at which what was earned on ``day`` is gone (exclusive end), or None."""
    if expiry.kind == "never":
        return None
    if expiry.kind == "days":
        last = day + timedelta(days=expiry.count)
    else:
        last = add_months(day, expiry.count)
    return day_start(end_of(last, expiry.end_of), zone)
