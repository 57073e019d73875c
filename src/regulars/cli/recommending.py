"""`insight recommend`: what to show each member, learnt up to a day, with a reason for each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from .foretelling import ABOUT, day_of
from .frame import Commands, Refused, start, the_merchant
from .progress import bar
from .tables import Row, add_options, hand_over
from .words import say

if TYPE_CHECKING:
    import pyarrow as pa

    from regulars.infra.http.principal import MerchantFacts
    from regulars.modules.recommendations.services import Answer

_COLUMNS: Final = ["member", "rank", "item", "score", "reason"]
_LENGTH: Final = 10
_FEW: Final = (
    "Too few members came on three days or more to tell anything personal: {there}, at "
    "least {needed} are needed. Everybody gets what is popular."
)
_FEW_COUNTED: Final = (
    "Too few members came on three days or more to learn from each other: {there}, at least "
    "{needed} are needed. Each gets what they buy themselves, then what is popular."
)


def register(commands: Commands) -> None:
    commands.group("insight", ABOUT)
    verb = commands.verb("insight recommend", "what to show each member, and why", _run)
    verb.add_argument(
        "--mode",
        choices=("next_basket", "explore"),
        default="next_basket",
        help=say("what is due and goes with it, or what was never bought"),
    )
    verb.add_argument("--as-of", metavar="DAY", help=say("up to and with this day; today if not"))
    verb.add_argument(
        "--level", choices=("sku", "type", "category"), default="type", help=say("what an item is")
    )
    verb.add_argument("--k", metavar="K", type=int, default=_LENGTH, help=say("how many for each"))
    add_options(verb)


def _run(args: argparse.Namespace) -> None:
    start()
    from regulars.modules.recommendations.services import recommend
    from regulars.modules.recommendations.types import MOST_LENGTH

    if not 1 <= args.k <= MOST_LENGTH:
        raise Refused(say("A list has 1 to {most} items.", most=MOST_LENGTH))
    merchant, as_of = the_merchant(args), day_of(args)
    with bar(say("learning")) as move:
        answer = recommend(
            merchant, mode=args.mode, as_of=as_of, level=args.level, length=args.k, watch=move
        )
    few = answer.found.abstained
    if few is not None:
        text = _FEW if answer.found.using == "nothing" else _FEW_COUNTED
        print(say(text, there=few.there, needed=few.needed), file=sys.stderr)
    shown = _Counted(_rows(merchant, args.level, answer))
    _tell(args, as_of, answer, shown)
    if not shown.count and few is None:
        text = "Nothing to show: members have all that is popular already."
        print(say(text), file=sys.stderr)


class _Counted:
    """Rows, and how many went by."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def _rows(merchant: MerchantFacts, level: Any, answer: Answer) -> Iterator[Row]:
    from regulars.modules.insight.due.why import locale_of
    from regulars.modules.insight.queries import item_names
    from regulars.modules.recommendations.queries import in_words
    from regulars.modules.recommendations.tables import everybodys, skus

    called = item_names(merchant.id, level, skus(answer.told, answer.found))
    locale = locale_of(merchant.locale)
    for row in everybodys(answer.told, answer.found, answer.refused):
        reason = in_words(row, locale, called)
        yield row["member"], row["rank"], row["item"], round(row["score"], 6), reason


def _tell(args: argparse.Namespace, as_of: date, answer: Answer, rows: Iterable[Row]) -> None:
    from regulars.modules.recommendations.tables import about

    asked = {"as_of": as_of.isoformat(), "mode": args.mode, "level": args.level, "k": args.k}
    told = {**asked, **about(answer.found)}
    hand_over(args, _COLUMNS, rows, about=told, as_table=_table)


def _table(rows: Iterable[Row]) -> pa.Table:
    import pyarrow as pa

    kinds = [pa.string(), pa.int64(), pa.string(), pa.float64(), pa.string()]
    schema = pa.schema(list(zip(_COLUMNS, kinds, strict=True)))
    return pa.Table.from_pylist([dict(zip(_COLUMNS, row, strict=True)) for row in rows], schema)
