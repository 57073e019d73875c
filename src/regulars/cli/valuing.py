"""`insight clv`: what each member may still bring, learnt from the orders so far."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Final

from .frame import Commands, Refused, given_day, start, the_merchant
from .words import say

if TYPE_CHECKING:
    from regulars.infra.http.principal import MerchantFacts
    from regulars.modules.insight.clv.scoring import Scores
    from regulars.modules.insight.clv.types import TooFewBuyers

_FORMATS: Final = ("csv", "parquet", "json")


def register(commands: Commands) -> None:
    verb = commands.verb("insight clv", "what each member may still bring", _run)
    verb.add_argument("--as-of", metavar="DAY", help=say("learn up to and with this day"))
    verb.add_argument("--horizon", metavar="DAYS", type=int, help=say("days to look ahead"))
    verb.add_argument("--format", choices=_FORMATS, default="csv")


def cli_clv(
    merchant: MerchantFacts,
    *,
    as_of: str | None = None,
    horizon: int | None = None,
    format: str = "csv",
) -> str | bytes:
    """Lifetime values as CSV text, Parquet bytes, or what to know about them as JSON.

    How the same expectations fared over the last ``horizon`` days is told on stderr; where too few
    came back to learn from that is, and there are no lines. Raises Refused for a day or horizon
    that is none.
    """
    from regulars.modules.insight.clv import answering, report
    from regulars.modules.insight.clv.scoring import MOST_HORIZON_DAYS
    from regulars.modules.insight.clv.types import TooFewBuyers

    days = answering.HORIZON_DAYS if horizon is None else horizon
    if not 1 <= days <= MOST_HORIZON_DAYS:
        raise Refused(say("A horizon is 1 to {most} days.", most=MOST_HORIZON_DAYS))
    day = given_day(as_of) or answering.today(merchant)
    found: Scores | None = None
    try:
        found, held = answering.lifetime_values(merchant, as_of=day, horizon_days=days)
    except TooFewBuyers as few:
        print(_why_none(few), file=sys.stderr)
        told = report.facts_of_none(few, as_of=day, horizon_days=days)
    else:
        told = report.facts_of(found, held)
        if format != "json":
            _tell(told["calibration"])
    if format == "json":
        return json.dumps(told, ensure_ascii=False) + "\n"
    return report.to_parquet(found) if format == "parquet" else report.to_csv(found)


def _run(args: argparse.Namespace) -> None:
    start()
    format = "json" if args.json else args.format
    try:
        found = cli_clv(the_merchant(args), as_of=args.as_of, horizon=args.horizon, format=format)
    except ModuleNotFoundError as missing:
        text = "{module} is missing: pip install 'regulars[insight]'."
        raise Refused(say(text, module=missing.name)) from None
    if isinstance(found, bytes):
        sys.stdout.buffer.write(found)
    else:
        sys.stdout.write(found)


def _why_none(few: TooFewBuyers) -> str:
    text = {
        "came back": (
            "Too few members came back to learn from: {there}, at least {needed} are needed."
        ),
        "have a worth": (
            "Too few members came back and paid anything to learn from: {there}, at least {needed} "
            "are needed."
        ),
    }[few.what]
    return say(text, there=few.there, needed=few.needed)


def _tell(held: dict[str, int | float | None] | None) -> None:
    if held is None or held["off_bps"] is None:
        text = "not held against the past: too little history before it"
        print(say(text), file=sys.stderr)
        return
    text = (
        "held against the last {days} days: {predicted:,.0f} purchases expected, {actual:,} made "
        "({off:+.1f} %)"
    )
    print(
        say(
            text,
            days=held["horizon_days"],
            predicted=held["predicted_purchases"],
            actual=held["actual_purchases"],
            off=(held["off_bps"] or 0) / 100,
        ),
        file=sys.stderr,
    )
