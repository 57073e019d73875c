"""When and for whom: an offer's conditions on time and buyer, compiled once per version.

Offers with equal conditions share a gate, so a thousand offers of one campaign are asked once.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from regulars.modules.promotions.festivals import falls_on
from regulars.modules.promotions.types import NthWeekday, When, Who, begins_for

from .types import Context

Predicate = Callable[[Mapping[str, Any]], bool]
"""A compiled rule over the buyer's facts."""
Closed = Literal["not_now", "not_for_member"]
_MinuteTest = Callable[[datetime], bool]
_BuyerTest = Callable[[Context], bool]


class Gate:
    """What stands before some offers; ``closed`` says why nobody passes, or None."""

    __slots__ = ("_local", "_tests", "_when")

    def __init__(self, when: When, who: Who, predicate: Predicate | None) -> None:
        self._when = when
        self._local = local_tests(when)
        self._tests = buyer_tests(who, predicate)

    def closed(self, context: Context, local: datetime) -> Closed | None:
        """``local`` is the context's instant in the merchant's zone."""
        when = self._when
        begins = when.begins
        if when.early:
            begins = begins_for(begins, when.early, context.buyer.tier)
        if begins is not None and context.at < begins:
            return "not_now"
        if when.ends is not None and context.at >= when.ends:
            return "not_now"
        for fits in self._local:
            if not fits(local):
                return "not_now"
        for meant in self._tests:
            if not meant(context):
                return "not_for_member"
        return None

    def opens_at(self, context: Context) -> datetime | None:
        """From when on this buyer may, where others may at another time and it is still to come."""
        when = self._when
        if not when.early:
            return None
        begins = begins_for(when.begins, when.early, context.buyer.tier)
        return begins if begins is not None and context.at < begins else None


def local_tests(when: When) -> tuple[_MinuteTest, ...]:
    """The parts of ``when`` that are read in the merchant's zone: each has to hold."""
    tests: list[_MinuteTest] = []
    if when.weekdays:
        weekdays = when.weekdays
        tests.append(lambda local: local.isoweekday() in weekdays)
    if when.days_of_month:
        days = when.days_of_month
        tests.append(lambda local: local.day in days)
    if when.nth_weekdays:
        meant = when.nth_weekdays
        tests.append(lambda local: any(_is_nth(local, nth) for nth in meant))
    if when.festivals:
        spans = when.festivals
        tests.append(lambda local: any(falls_on(span, local.date()) for span in spans))
    if when.hours is not None:
        first, end = when.hours
        tests.append(lambda local: first <= local.hour * 60 + local.minute < end)
    if when.except_days:
        rests = when.except_days
        tests.append(lambda local: local.date() not in rests)
    return tuple(tests)


def _is_nth(local: datetime, meant: NthWeekday) -> bool:
    if local.isoweekday() != meant.weekday:
        return False
    if meant.nth == -1:
        return local.day + 7 > monthrange(local.year, local.month)[1]
    return (local.day - 1) // 7 + 1 == meant.nth


def buyer_tests(who: Who, predicate: Predicate | None) -> tuple[_BuyerTest, ...]:
    """For whom: every field given has to hold, any value of a list is enough."""
    tests: list[_BuyerTest] = []
    if who.members_only:
        tests.append(lambda context: context.buyer.is_member)
    if who.tiers:
        tiers = who.tiers
        tests.append(lambda context: context.buyer.tier in tiers)
    if who.channels:
        channels = who.channels
        tests.append(lambda context: context.channel in channels)
    if who.stores:
        stores = who.stores
        tests.append(lambda context: context.store in stores)
    if who.segments:
        segments = who.segments
        tests.append(lambda context: not segments.isdisjoint(context.buyer.segments))
    if predicate is not None:
        tests.append(lambda context: predicate(context.buyer.facts))
    return tuple(tests)


#: Where nothing is asked.
OPEN = Gate(When(), Who(), None)
