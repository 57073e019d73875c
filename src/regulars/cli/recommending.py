"""`insight recommend`: what to show each member, learnt up to a day, with a reason for each."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .foretelling import ABOUT, day_of
from .frame import Commands, Refused, start, the_merchant
from .progress import bar
from .words import say

if TYPE_CHECKING:
    from regulars.infra.http.principal import MerchantFacts
    from regulars.modules.recommendations.services import Answer

_COLUMNS: Final = ["member", "rank", "item", "score", "reason"]
_LENGTH: Final = 10


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
    verb.add_argument("--format", choices=("csv", "parquet"), default="csv")
    verb.add_argument("--output", metavar="FILE", type=Path, help=say("into this file"))


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
        text = (
            "Too few members came on three days or more to tell anything personal: {there}, at "
            "least {needed} are needed. Everybody gets what is popular."
        )
        print(say(text, there=few.there, needed=few.needed), file=sys.stderr)
    _tell(args, as_of, answer, _rows(merchant, args.level, answer))


def _rows(merchant: MerchantFacts, level: Any, answer: Answer) -> Iterator[dict[str, Any]]:
    from regulars.modules.insight.due.why import locale_of
    from regulars.modules.insight.queries import item_names
    from regulars.modules.recommendations.queries import in_words
    from regulars.modules.recommendations.tables import everybodys, skus

    called = item_names(merchant.id, level, skus(answer.told, answer.found))
    locale = locale_of(merchant.locale)
    for row in everybodys(answer.told, answer.found, answer.refused):
        yield {
            "member": row["member"],
            "rank": row["rank"],
            "item": row["item"],
            "score": round(row["score"], 6),
            "reason": in_words(row, locale, called),
        }


def _tell(
    args: argparse.Namespace, as_of: date, answer: Answer, rows: Iterator[dict[str, Any]]
) -> None:
    from regulars.modules.recommendations.tables import about

    if args.json:
        asked = {"as_of": as_of.isoformat(), "mode": args.mode, "level": args.level, "k": args.k}
        print(json.dumps({**asked, **about(answer.found), "rows": list(rows)}, ensure_ascii=False))
    elif args.format == "parquet":
        _as_parquet(args, rows)
    elif args.output is not None:
        with args.output.open("w", encoding="utf-8", newline="") as file:
            _as_csv(file, rows)
    else:
        _as_csv(sys.stdout, rows)


def _as_csv(file: Any, rows: Iterator[dict[str, Any]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([*list(row.values())[:3], f"{row['score']:.6f}", row["reason"]])


def _as_parquet(args: argparse.Namespace, rows: Iterator[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if args.output is None and sys.stdout.isatty():
        raise Refused(say("Parquet is no text: name a file with --output."))
    kinds = [pa.string(), pa.int64(), pa.string(), pa.float64(), pa.string()]
    table = pa.Table.from_pylist(
        list(rows), schema=pa.schema(list(zip(_COLUMNS, kinds, strict=True)))
    )
    pq.write_table(table, args.output or sys.stdout.buffer, compression="zstd")
