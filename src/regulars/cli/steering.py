"""`insight plan`: whom to spend a budget on, worked out now and kept as a draft."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Final
from uuid import UUID

from .asking import asked
from .frame import Commands, Refused, start, the_merchant
from .progress import bar
from .tables import add_options, hand_over
from .words import say

if TYPE_CHECKING:
    from regulars.modules.steering.queries import PlanView

_HELD_OUT_BPS: Final = 2_000
_REST_DAYS: Final = 28


def register(commands: Commands) -> None:
    plan = commands.verb("insight plan", "whom to send which coupon under a budget", _plan)
    plan.add_argument(
        "--offer",
        metavar="CODE",
        action="append",
        required=True,
        help=say("an offer that needs a coupon; again for more of them"),
    )
    plan.add_argument(
        "--budget", metavar="MINOR", type=int, required=True, help=say("in minor units")
    )
    plan.add_argument(
        "--margin", metavar="BPS", type=int, required=True, help=say("what is left of a purchase")
    )
    plan.add_argument("--learn", action="store_true", help=say("try them on some by lot"))
    plan.add_argument(
        "--held-out",
        metavar="BPS",
        type=int,
        default=_HELD_OUT_BPS,
        help=say("of those chosen, who get nothing by chance"),
    )
    plan.add_argument(
        "--consent", default="marketing", help=say("the purpose that they said yes to")
    )
    plan.add_argument("--name", default="plan", help=say("what the plan is called"))
    add_options(plan)


def _plan(args: argparse.Namespace) -> None:
    start()
    from regulars.infra.writes import Outcome, once
    from regulars.kernel.ids import show
    from regulars.modules.insight import stored
    from regulars.modules.steering import queries, services
    from regulars.modules.steering.errors import PlanAtWork
    from regulars.modules.steering.types import Asked

    if args.budget < 0 or not 1 <= args.margin <= 10_000 or not 500 <= args.held_out <= 5_000:
        raise Refused(say("A margin is 1 to 10000, a share held out 500 to 5000 basis points."))
    merchant = the_merchant(args)
    wish = Asked(
        aim="learn" if args.learn else "earn",
        arms=tuple(dict.fromkeys(args.offer)),
        like={},
        budget_minor=args.budget,
        margin_bps=args.margin,
        held_out_bps=args.held_out,
        consent=args.consent,
        rest_days=_REST_DAYS,
        segment=None,
    )
    wanted = asked(merchant, "steering.ask")

    def act() -> Outcome:
        made = services.ask(merchant, wish, name=args.name, now=wanted.now, by=wanted.actor)
        return Outcome(status=202, body={"plan": made.id.hex}, subject=show("pln", made.id))

    try:
        plan_id = UUID(hex=json.loads(once(wanted, act).text)["plan"])
    except PlanAtWork:
        raise Refused(say("Another plan is at work.")) from None
    with bar(say("planning")) as move:
        plan = services.work(merchant, plan_id, watch=move)
    listed = queries.people(merchant, plan_id, reason=None)
    kept = stored.read(merchant.id, queries.file_of(plan_id))
    assert kept is not None, "it was just worked out"
    columns = ["member_id", *queries.COLUMNS]
    print(_summary(plan), file=sys.stderr)
    hand_over(
        args,
        columns,
        ([row[name] for name in columns] for row in listed.whole()),
        about={"id": show("pln", plan_id), **(plan.found or {})},
        as_table=lambda _: kept.rows(),
    )


def _summary(plan: PlanView) -> str:
    found = plan.found or {}
    reasons = found.get("reasons", {})
    if not reasons.get("chosen"):
        return say("Nobody is sent anything: no lift is proven that is worth its cost.")
    return say(
        "{chosen} members, {held_out} held out; cost {cost}, gain {value} of at most {bound}.",
        chosen=reasons["chosen"],
        held_out=reasons.get("held_out", 0),
        cost=found["cost_minor"],
        value=found["value_minor"],
        bound=found["bound_minor"],
    )
