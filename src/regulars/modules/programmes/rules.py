"""Pure rules of programmes: the terms under which one order earns, for ever."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from regulars.modules.earning.rules import BPS, Lines, cap_left, line_rates, plain
from regulars.modules.earning.types import Crossing, EarningRule, Frozen
from regulars.modules.tiers.types import Ladder

from .types import Programme


class Terms(NamedTuple):
    """Under what one order earns, for ever: frozen on it when it is paid."""

    programme: int
    tier: str
    points: Frozen
    growth_value: Frozen

    def to_json(self) -> str:
        """As plain JSON; a tier's code needs no escaping."""
        return _terms_text(self)

    @staticmethod
    def from_json(text: str) -> Terms:
        stored = json.loads(text)
        return Terms(
            stored["programme"],
            stored["tier"],
            _frozen(stored["points"]),
            _frozen(stored["growth_value"]),
        )


@lru_cache(maxsize=1_024)
def _terms_text(terms: Terms) -> str:
    programme, tier, points, growth_value = terms
    return (
        f'{{"programme":{programme},"tier":"{tier}",'
        f'"points":{_frozen_text(points)},"growth_value":{_frozen_text(growth_value)}}}'
    )


def _frozen_text(frozen: Frozen) -> str:
    per_minor, amount, tier_bps, line_bps, crossings, most = frozen
    if not line_bps and not crossings and most is None:
        return f"[{per_minor},{amount},{tier_bps}]"
    rates = ",".join(map(str, line_bps)) if line_bps else ""
    bounds = ",".join([f"[{above_minor},{bps}]" for above_minor, bps in crossings])
    left = "null" if most is None else most
    return f"[{per_minor},{amount},{tier_bps},[{rates}],[{bounds}],{left}]"


def _frozen(row: Sequence[Any]) -> Frozen:
    per_minor, amount, tier_bps, *more = row
    if not more:
        return Frozen(per_minor, amount, tier_bps)
    line_bps, crossings, most = more
    return Frozen(
        per_minor, amount, tier_bps, tuple(line_bps), tuple(Crossing(*c) for c in crossings), most
    )


class Circumstances(NamedTuple):
    """What the terms of an order depend on, besides the programme."""

    tier: str
    counter: int
    day: date
    store: str | None
    channel: str | None
    points_today: int
    growth_value_today: int


def terms_of(
    programme: Programme,
    lines: Lines,
    circumstances: Circumstances,
    promised_bps: Sequence[int] = (),
) -> Terms:
    """The terms for an order paid in these circumstances.

    ``promised_bps`` are the rates by line at which a quote promised points, where one did.
    """
    earning, ladder = programme.earning, programme.ladder
    today = circumstances.points_today, circumstances.growth_value_today
    points = _freeze(earning.points, ladder, lines, circumstances, today[0])
    if promised_bps:
        everywhere = all(bps == BPS for bps in promised_bps)
        points = points._replace(line_bps=() if everywhere else tuple(promised_bps))
    return Terms(
        programme.number,
        circumstances.tier,
        points,
        _freeze(earning.growth_value, ladder, lines, circumstances, today[1]),
    )


def _freeze(
    rule: EarningRule,
    ladder: Ladder,
    lines: Lines,
    circumstances: Circumstances,
    earned_today: int,
) -> Frozen:
    tier, _, day, store, channel, _, _ = circumstances
    rates = line_rates(rule, lines, day=day, store=store, channel=channel) if rule.rates else ()
    bounds = crossings(rule, ladder, circumstances) if ladder.crossing == "split" else ()
    most = cap_left(rule, earned_today=earned_today)
    frozen = plain(rule, tier)
    if not rates and not bounds and most is None:
        return frozen
    return Frozen(frozen.per_minor, frozen.amount, frozen.tier_bps, rates, bounds, most)


def crossings(
    rule: EarningRule, ladder: Ladder, circumstances: Circumstances
) -> tuple[Crossing, ...]:
    """Where in the order's net the rates of higher tiers begin (ladders over spend that split)."""
    rank = ladder.rank(circumstances.tier)
    return tuple(
        Crossing(max(0, tier.threshold - circumstances.counter), rule.tier_bps.get(tier.code, BPS))
        for tier in ladder.tiers[rank + 1 :]
    )
