"""What orders of one day go by: the terms of a long run, found once for many orders. Pure.

``rules.terms_of`` is the rule, and tests hold this equal to it. Programmes whose orders are split
at a threshold or whose points are promised first are left to the rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from regulars.modules.earning.rules import BPS, RateMemo, cap_left, expiry_of, plain
from regulars.modules.earning.types import EarningRule, Frozen

from .rules import Terms
from .types import Programme


class _Earned(NamedTuple):
    """How one asset is earned: ``frozen`` by the first order of the day without ``special``
    goods."""

    rule: EarningRule
    frozen: Frozen
    special: Mapping[str, int]
    expires_at: datetime | None

    def by(self, skus: Sequence[str], earned_today: int) -> Frozen:
        _, frozen, special, _ = self
        most = frozen.most
        if earned_today and most is not None:
            most = cap_left(self.rule, earned_today=earned_today)
        if special and not special.keys().isdisjoint(skus):
            rates = tuple([special.get(sku, BPS) for sku in skus])
            return Frozen(frozen.per_minor, frozen.amount, frozen.tier_bps, rates, (), most)
        if most != frozen.most:
            return frozen._replace(most=most)
        return frozen


class Going(NamedTuple):
    """Of one programme, tier and day; of one store and channel too where rates ask for them."""

    first: Terms
    points: _Earned
    growth_value: _Earned

    def terms(self, skus: Sequence[str], points_today: int, growth_value_today: int) -> Terms:
        """The terms of an order of these goods: mostly one object for all of them."""
        first = self.first
        points = self.points.by(skus, points_today)
        growth_value = self.growth_value.by(skus, growth_value_today)
        if points is first.points and growth_value is first.growth_value:
            return first
        return Terms(first.programme, first.tier, points, growth_value)


_Where = tuple[str, date, str | None, str | None]


class GoingMemo:
    """What orders of one merchant go by, each found once. ``rates`` knows every sku asked for."""

    __slots__ = ("_by_channel", "_by_store", "_found", "_known", "_programme", "_rates", "_zone")

    def __init__(self, rates: RateMemo, zone: ZoneInfo) -> None:
        self._rates = rates
        self._zone = zone
        self._programme: Programme | None = None
        self._by_store = self._by_channel = False
        self._found: dict[_Where, Going] | None = None
        self._known: dict[int, dict[_Where, Going]] = {}

    def of(
        self, programme: Programme, tier: str, day: date, store: str | None, channel: str | None
    ) -> Going | None:
        """None where orders under this programme are left to the rule."""
        if programme is not self._programme:
            self._turn_to(programme)
        if self._found is None:
            return None
        by_store, by_channel = (
            store if self._by_store else None,
            channel if self._by_channel else None,
        )
        where = (tier, day, by_store, by_channel)
        found = self._found.get(where)
        if found is None:
            found = self._found[where] = self._find(programme, *where)
        return found

    def _turn_to(self, programme: Programme) -> None:
        rules = programme.earning.points, programme.earning.growth_value
        left = programme.ladder.crossing == "split" or any(rule.pending_days for rule in rules)
        self._found = None if left else self._known.setdefault(programme.number, {})
        rates = [rate for rule in rules for rate in rule.rates]
        self._by_store = any(rate.stores for rate in rates)
        self._by_channel = any(rate.channels for rate in rates)
        self._programme = programme

    def _find(
        self, programme: Programme, tier: str, day: date, store: str | None, channel: str | None
    ) -> Going:
        points, growth_value = (
            self._earned(rule, tier, day, store, channel)
            for rule in (programme.earning.points, programme.earning.growth_value)
        )
        first = Terms(programme.number, tier, points.frozen, growth_value.frozen)
        return Going(first, points, growth_value)

    def _earned(
        self, rule: EarningRule, tier: str, day: date, store: str | None, channel: str | None
    ) -> _Earned:
        frozen, most = plain(rule, tier), cap_left(rule, earned_today=0)
        if most is not None:
            frozen = frozen._replace(most=most)
        special = self._rates.special(rule, day=day, store=store, channel=channel)
        return _Earned(rule, frozen, special, expiry_of(rule.expiry, day, self._zone))
