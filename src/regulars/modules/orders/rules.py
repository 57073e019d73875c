"""Pure rules of orders: what a paid order freezes and earns, what a return takes back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from regulars.kernel.commerce import part_gone_back
from regulars.modules.earning.rules import BPS, RateMemo, cap_left, earned, line_rates
from regulars.modules.earning.types import Crossing, EarningRule, Frozen, LineFacts
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.types import Ladder

from .errors import OverRefund
from .types import LineView, ReturnedLine


class Terms(NamedTuple):
    """Under what one order earns, for ever: frozen on it when it is paid."""

    programme: int
    tier: str
    points: Frozen
    growth_value: Frozen

    def to_json(self) -> str:
        """As plain JSON; a tier's code needs no escaping."""
        return (
            f'{{"programme":{self.programme},"tier":"{self.tier}",'
            f'"points":{_frozen_text(self.points)},"growth_value":{_frozen_text(self.growth_value)}}}'
        )

    @staticmethod
    def from_json(text: str) -> Terms:
        stored = json.loads(text)
        return Terms(
            stored["programme"],
            stored["tier"],
            _frozen(stored["points"]),
            _frozen(stored["growth_value"]),
        )


def _frozen_text(frozen: Frozen) -> str:
    per_minor, amount, tier_bps, line_bps, crossings, most = frozen
    if not line_bps and not crossings and most is None:
        return f"[{per_minor},{amount},{tier_bps}]"
    rates = ",".join(map(str, line_bps))
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
    lines: Sequence[LineFacts],
    circumstances: Circumstances,
    memo: RateMemo | None = None,
) -> Terms:
    """The terms for an order paid in these circumstances."""
    earning, ladder = programme.earning, programme.ladder
    today = circumstances.points_today, circumstances.growth_value_today
    return Terms(
        programme.number,
        circumstances.tier,
        _freeze(earning.points, ladder, lines, circumstances, today[0], memo),
        _freeze(earning.growth_value, ladder, lines, circumstances, today[1], memo),
    )


def _freeze(
    rule: EarningRule,
    ladder: Ladder,
    lines: Sequence[LineFacts],
    circumstances: Circumstances,
    earned_today: int,
    memo: RateMemo | None,
) -> Frozen:
    rates = (
        line_rates(
            rule,
            lines,
            day=circumstances.day,
            store=circumstances.store,
            channel=circumstances.channel,
            memo=memo,
        )
        if rule.rates
        else ()
    )
    return Frozen(
        per_minor=rule.per_minor,
        amount=rule.amount,
        tier_bps=rule.tier_bps.get(circumstances.tier, BPS),
        line_bps=rates,
        crossings=crossings(rule, ladder, circumstances) if ladder.crossing == "split" else (),
        most=cap_left(rule, earned_today=earned_today),
    )


def crossings(
    rule: EarningRule, ladder: Ladder, circumstances: Circumstances
) -> tuple[Crossing, ...]:
    """Where in the order's net the rates of higher tiers begin (ladders over spend that split)."""
    rank = ladder.rank(circumstances.tier)
    return tuple(
        Crossing(max(0, tier.threshold - circumstances.counter), rule.tier_bps.get(tier.code, BPS))
        for tier in ladder.tiers[rank + 1 :]
    )


def kept_net(lines: Sequence[LineView]) -> list[int]:
    """What each line still costs after its returned units went back."""
    return [
        line.net_minor
        - part_gone_back(line.net_minor, quantity=line.quantity, returned=line.returned)
        if line.returned
        else line.net_minor
        for line in lines
    ]


def with_returns(lines: Sequence[LineView], returns: Mapping[int, int]) -> list[LineView]:
    """The lines after ``returns`` (line -> units, each > 0); raises OverRefund."""
    known = {line.line for line in lines}
    for number in returns:
        if number not in known:
            raise OverRefund(f"The order has no line {number}; lines are numbered from 1.")
    after = []
    for line in lines:
        units = returns.get(line.line, 0)
        left = line.quantity - line.returned
        if units > left:
            raise OverRefund(f"Line {line.line} has {left} left to return, not {units}.")
        after.append(
            LineView(
                line.line,
                line.sku,
                line.quantity,
                line.unit_price_minor,
                line.net_minor,
                line.returned + units,
            )
            if units
            else line
        )
    return after


def cash_back(before: Sequence[LineView], after: Sequence[LineView]) -> tuple[ReturnedLine, ...]:
    """What goes back per line: part x returned // quantity in all, less what went back before."""
    kept = zip(before, after, kept_net(before), kept_net(after), strict=True)
    return tuple(
        ReturnedLine(then.line, now.returned - then.returned, old - new)
        for then, now, old, new in kept
        if now.returned > then.returned
    )


def taken_by_return(frozen: Frozen, before: Sequence[LineView], after: Sequence[LineView]) -> int:
    """What the kept part no longer earns, under the terms of the purchase; never negative."""
    return max(0, earned(frozen, kept_net(before)) - earned(frozen, kept_net(after)))


def wholly_returned(lines: Sequence[LineView]) -> bool:
    """Every unit came back (a line of quantity 0 has none that could)."""
    return any(line.quantity for line in lines) and all(
        line.returned == line.quantity for line in lines
    )
