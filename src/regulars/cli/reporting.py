"""`report NAME`: the merchant's reports, right up to the latest write, as JSON or CSV."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Final, get_args

from .frame import Commands, Refused, given_day, start, the_merchant
from .words import chinese, say

if TYPE_CHECKING:
    from regulars.infra.http.principal import MerchantFacts

_BY: Final = ("channel", "store", "cohort")
_TABLES: Final = (
    "ageing", "changes", "cohorts", "flow", "measured", "months", "weeks", "what_if",
)  # fmt: skip


def register(commands: Commands) -> None:
    verb = commands.verb("report", "a report on everything so far: repurchase, cohorts, …", _run)
    verb.add_argument("name", metavar="NAME", help=say("which one; a wrong name lists them"))
    verb.add_argument("--as-of", metavar="DAY", help=say("up to and with this day; today if not"))
    verb.add_argument("--window", metavar="DAYS", type=int, help=say("days that end with as-of"))
    verb.add_argument("--by", choices=_BY, help=say("what second_order is split by"))
    verb.add_argument(
        "--before", metavar="VERSION", type=int, help=say("version that programme_change begins at")
    )
    verb.add_argument(
        "--after", metavar="VERSION", type=int, help=say("version that programme_change ends at")
    )
    verb.add_argument("--table", choices=_TABLES, help=say("which table as CSV, of several"))
    verb.add_argument("--format", choices=("json", "csv"), default="json")


def cli_report(
    merchant: MerchantFacts,
    name: str,
    *,
    as_of: str | None = None,
    window: int | None = None,
    format: str = "json",
    by: str | None = None,
    before: int | None = None,
    after: int | None = None,
    table: str | None = None,
) -> str:
    """The text of a report. Raises Refused for a name, day or window that is none."""
    from regulars.modules.analytics.reporting import NAMES, Question, answer
    from regulars.modules.analytics.reports import Table, to_csv
    from regulars.modules.analytics.windows import MOST_DAYS
    from regulars.surfaces import parts

    parts.join()

    wanted = next((known for known in NAMES if known == name), None)
    if wanted is None:
        text = "There is no report {name!r}; there are {known}."
        raise Refused(say(text, name=name, known=", ".join(NAMES)))
    if window is not None and not 1 <= window <= MOST_DAYS:
        raise Refused(say("A window is 1 to {most} days.", most=MOST_DAYS))
    split = next((known for known in _BY if known == by), None)
    one = next((known for known in get_args(Table) if known == table), None)
    question = Question(
        name=wanted,
        as_of=given_day(as_of),
        window_days=window,
        by=split,
        before=before,
        after=after,
        locale="zh-hans" if chinese() else merchant.locale,
    )
    found = answer(merchant, question).report
    return to_csv(found, one) if format == "csv" else json.dumps(found, ensure_ascii=False) + "\n"


def _run(args: argparse.Namespace) -> None:
    start()
    format = "json" if args.json else args.format
    sys.stdout.write(
        cli_report(
            the_merchant(args),
            args.name,
            as_of=args.as_of,
            window=args.window,
            format=format,
            by=args.by,
            before=args.before,
            after=args.after,
            table=args.table,
        )
    )
