"""`insight NAME`: what members are likely to do next, asked for a day and learnt up to it.

Other insights add their verbs under the same word, each in a file of its own.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from .asking import asked
from .frame import Commands, Refused, given_day, start, the_merchant
from .progress import bar
from .tables import add_options, hand_over
from .words import say

if TYPE_CHECKING:
    import pyarrow as pa

    from regulars.modules.insight.services import Answer

ABOUT: Final = "what members are likely to do next: due, churn, …"
_HORIZON: Final = 14
_COLUMNS: Final[dict[str, list[str]]] = {
    "due": ["member", "item", "probability"],
    "churn": ["member", "probability"],
}


def register(commands: Commands) -> None:
    commands.group("insight", ABOUT)
    due = commands.verb("insight due", "who is due to buy which of their items again", _due)
    due.add_argument("--as-of", metavar="DAY", help=say("up to and with this day; today if not"))
    due.add_argument(
        "--horizon", metavar="DAYS", type=int, default=_HORIZON, help=say("within 1 to 90 days")
    )
    due.add_argument(
        "--level", choices=("sku", "type", "category"), default="type", help=say("what an item is")
    )
    churn = commands.verb("insight churn", "who is slipping away from their own rhythm", _churn)
    churn.add_argument("--as-of", metavar="DAY", help=say("up to and with this day; today if not"))
    churn.add_argument(
        "--kind",
        choices=("drop", "silent"),
        default="drop",
        help=say("half as many trips in 8 weeks, or none in 4"),
    )
    for verb in (due, churn):
        add_options(verb)
    commands.verb("insight refresh", "work all forecasts out now, for the screens", _refresh)


def _due(args: argparse.Namespace) -> None:
    start()
    from regulars.modules.insight.due.forecast import LEAST_HORIZON, MOST_HORIZON
    from regulars.modules.insight.services import foretell_due

    if not LEAST_HORIZON <= args.horizon <= MOST_HORIZON:
        text = "A horizon is {least} to {most} days."
        raise Refused(say(text, least=LEAST_HORIZON, most=MOST_HORIZON))
    merchant, as_of = the_merchant(args), day_of(args)
    with bar(say("learning")) as move:
        answer = foretell_due(
            merchant, as_of=as_of, horizon=args.horizon, level=args.level, watch=move
        )
    asked = {"horizon_days": args.horizon, "level": args.level}
    _tell(args, "due", as_of, asked, answer)


def _churn(args: argparse.Namespace) -> None:
    start()
    from regulars.modules.insight.services import foretell_churn_of

    merchant, as_of = the_merchant(args), day_of(args)
    with bar(say("learning")) as move:
        answer = foretell_churn_of(merchant, as_of=as_of, kind=args.kind, watch=move)
    _tell(args, "churn", as_of, {"kind": args.kind}, answer)


def _refresh(args: argparse.Namespace) -> None:
    start()
    import json

    from regulars.infra.writes import Outcome, once
    from regulars.kernel.ids import show
    from regulars.modules.insight.errors import Running
    from regulars.modules.insight.running import ask, work

    merchant = the_merchant(args)
    wanted = asked(merchant, "insight.run")

    def act() -> Outcome:
        run = ask(merchant.id, by=wanted.actor)
        return Outcome(status=202, body={"run": run.id.hex}, subject=show("fct", run.id))

    try:
        run_id = UUID(hex=json.loads(once(wanted, act).text)["run"])
    except Running:
        raise Refused(say("The forecasts are being worked out already.")) from None
    with bar(say("forecasts")) as move:
        done = work(merchant, run_id, watch=move)
    if args.json:
        print(json.dumps({"status": done.status, "done": done.done, "of": done.of}))
    else:
        print(say("{done} of {of} steps are done.", done=done.done, of=done.of))


def day_of(args: argparse.Namespace) -> date:
    """The day of ``--as-of``, today if none was given. Raises Refused where it is none."""
    found = given_day(args.as_of)
    if found is None:
        from zoneinfo import ZoneInfo

        from regulars.infra.clock import now_for
        from regulars.kernel.periods import program_day

        merchant = the_merchant(args)
        return program_day(now_for(merchant), ZoneInfo(merchant.zone))
    return found


def _tell(
    args: argparse.Namespace, name: str, as_of: date, asked: dict[str, Any], answer: Answer
) -> None:
    """The rows on stdout or into a file; why there are none on stderr."""

    from regulars.modules.insight.tables import about

    told = about(answer.told, answer.found)
    if told["abstained"] is not None:
        print(_why_none(told["abstained"]), file=sys.stderr)
    columns, found = _COLUMNS[name], answer.rows
    rows = _empty(columns) if found is None else found.select(columns)
    rows = rows.sort_by([("member", "ascending"), ("probability", "descending")])
    hand_over(
        args,
        columns,
        zip(*(rows[name].to_pylist() for name in columns), strict=True),
        about={"as_of": as_of.isoformat(), **asked, **told},
        as_table=lambda _: rows,
    )


def _why_none(abstained: dict[str, Any]) -> str:
    text = {
        "too_few_pairs": (
            "Too few members bought the same item on three days or more to learn from: "
            "{there} such pairs, at least {needed} are needed."
        ),
        "too_few_members": (
            "Too few members shop often enough to learn from: {there} examples, "
            "at least {needed} are needed."
        ),
        "too_few_outcomes": (
            "What happened so far is too much alike to learn from: {there} cases of the rarer "
            "outcome, at least {needed} are needed."
        ),
    }[abstained["reason"]]
    return say(text, there=abstained["there"], needed=abstained["needed"])


def _empty(columns: list[str]) -> pa.Table:
    import pyarrow as pa

    kinds = {"probability": pa.float64()}
    return pa.table({name: pa.array([], type=kinds.get(name, pa.string())) for name in columns})
