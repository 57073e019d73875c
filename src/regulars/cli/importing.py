"""`import` and `export`: files of orders, refunds and members in, undone; the ledger out."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from .asking import OPERATOR, asked
from .frame import Commands, Refused, answer, start, the_merchant
from .progress import bar
from .words import say

if TYPE_CHECKING:
    from regulars.infra.http.principal import MerchantFacts
    from regulars.modules.connectors.types import RunView
    from regulars.modules.orders.settlement import Scope

_ERRORS_SHOWN: Final = 10


def register(commands: Commands) -> None:
    commands.group("import", "files of orders, refunds and members in")
    for kind, about in (
        ("orders", "import an order file; the same file twice changes nothing"),
        ("refunds", "import a refund file; refunds that come before their order wait for it"),
        ("members", "import a member file; tells who was known, and by which identity"),
    ):
        verb = commands.verb(f"import {kind}", about, _import)
        verb.add_argument("file", type=Path, help=say("CSV, Parquet or XLSX"))
        verb.add_argument("--profile", default="auto", help=say("how the columns are read"))
        verb.add_argument("--dry-run", action="store_true", help=say("only tell what it would do"))
        verb.set_defaults(kind=kind)
    resume = commands.verb("import resume", "go on with a run that was cut off", _resume)
    resume.add_argument("run_id", metavar="RUN", help=say("id of the run"))
    undo = commands.verb("import undo", "give back everything a run brought", _undo)
    undo.add_argument("run_id", metavar="RUN", help=say("id of the run"))
    commands.verb("import list", "list the latest runs", _list)

    commands.group("export", "what is in the books")
    commands.verb(
        "export entries", "every posting up to the latest seal, then the seals (NDJSON)", _export
    )
    commands.verb(
        "export members", "every member with identities and consents, opened (NDJSON)", _members
    )


def scope_of(merchant: MerchantFacts) -> Scope:
    from zoneinfo import ZoneInfo

    from regulars.infra.clock import now_for
    from regulars.modules.orders.settlement import Scope

    return Scope(
        merchant_id=merchant.id,
        zone=ZoneInfo(merchant.zone),
        currency=merchant.currency,
        actor=OPERATOR,
        now=now_for(merchant),
    )


def _import(args: argparse.Namespace) -> int:
    start()
    from regulars.modules.connectors import services

    if not args.file.is_file():
        raise Refused(say("There is no file {path}.", path=args.file))
    merchant = the_merchant(args)
    scope = scope_of(merchant)
    run = services.prepare_run(
        scope, kind=args.kind, source=args.file, file_name=args.file.name, profile=args.profile
    )
    if args.dry_run:
        services.forget_run(scope, run.id)
        return _tell(args, merchant, run, dry=True)
    return _run(args, merchant, scope, run)


def _resume(args: argparse.Namespace) -> int:
    start()
    from regulars.modules.connectors import queries

    merchant = the_merchant(args)
    run = queries.run(merchant.id, _run_id(args.run_id))
    return _run(args, merchant, scope_of(merchant), run)


def _run(args: argparse.Namespace, merchant: MerchantFacts, scope: Scope, run: RunView) -> int:
    from regulars.infra.writes import Outcome, once
    from regulars.kernel.ids import show
    from regulars.modules.connectors import services

    shown = show("run", run.id)
    # The line in the audit comes first: a run may take long and be cut off.
    once(
        asked(merchant, "imports.start"),
        lambda: Outcome(status=202, body={"run": shown, "file": run.file_name}, subject=shown),
    )
    with bar(say("importing")) as move:
        done = services.run_import(
            scope, run.id, watch=lambda progress: move(progress.pieces_done, progress.pieces)
        )
    return _tell(args, merchant, done, dry=False)


def _undo(args: argparse.Namespace) -> None:
    start()
    from regulars.infra.writes import Outcome, once
    from regulars.kernel.ids import show
    from regulars.modules.connectors import queries, services

    merchant = the_merchant(args)
    run = queries.run(merchant.id, _run_id(args.run_id))
    shown = show("run", run.id)
    once(
        asked(merchant, "imports.undo"),
        lambda: Outcome(status=202, body={"run": shown}, subject=shown),
    )
    with bar(say("undoing")) as move:
        undone = services.undo_run(
            scope_of(merchant), run.id, watch=lambda done: move(done, run.orders)
        )
    told: dict[str, Any] = {"run": shown, "status": undone.status, "orders": run.orders}
    lines = [say("{orders} orders were given back", orders=run.orders)]
    if run.kind == "members":
        told = {"run": shown, "status": undone.status, **undone.report["taken_back"]}
        text = "{removed} records were removed, {kept} people stay and gave up what the file said"
        lines = [say(text, removed=f"{told['removed']:,}", kept=f"{told['kept']:,}")]
    answer(args, told, lines)


def _list(args: argparse.Namespace) -> None:
    start()
    from regulars.modules.connectors import queries

    runs = [_facts(run) for run in queries.runs(the_merchant(args).id, limit=20)]
    lines = [f"{r['run']}  {r['status']:<8} {r['orders']:>9,}  {r['file']}" for r in runs]
    answer(args, runs, lines)


def _export(args: argparse.Namespace) -> None:
    start()
    from regulars.modules.ledger.queries import export_entries

    for line in export_entries(the_merchant(args).id):
        sys.stdout.write(line if line.endswith("\n") else line + "\n")


def _members(args: argparse.Namespace) -> None:
    start()
    from regulars.modules.members.exporting import exported

    for member in exported(the_merchant(args).id):
        sys.stdout.write(json.dumps(member, ensure_ascii=False) + "\n")


def _tell(args: argparse.Namespace, merchant: MerchantFacts, run: RunView, *, dry: bool) -> int:
    """What became of the file; 1 where not one of its rows could be taken, so that a script that
    asks for the exit code alone learns that nothing came in."""
    from regulars.modules.connectors import services

    errors = (
        run.report.get("errors", [])
        if dry
        else services.row_errors(merchant.id, run.id, limit=1_000)
    )
    told = {**_facts(run), "dry_run": dry, "report": _report(run), "errors": errors}
    report = run.report
    lines = [
        say("file {name}, read as {profile}", name=run.file_name, profile=run.profile),
        say(
            "{rows} rows, {rejected} not taken",
            rows=f"{report.get('rows', 0):,}",
            rejected=f"{run.rejected:,}",
        ),
    ]
    if run.kind == "members":
        told["people"] = people = _people(merchant, run, dry=dry)
        lines += _people_lines(people)
    if dry:
        lines.append(say("nothing was imported: this was a dry run"))
    elif run.kind != "members":
        text = "{orders} new, {repeated} there before"
        lines.append(say(text, orders=f"{run.orders:,}", repeated=f"{run.repeated:,}"))
    lines += [f"  {e['row']}: {e['column']}: {e['message']}" for e in errors[:_ERRORS_SHOWN]]
    if len(errors) > _ERRORS_SHOWN:
        lines.append(say("  and more; all of them are in the rejected-rows file"))
    answer(args, told, lines)
    return 1 if 0 < report.get("rows", 0) <= run.rejected else 0


def _people(merchant: MerchantFacts, run: RunView, *, dry: bool) -> dict[str, Any]:
    """Whom the rows meant: foretold, or as it came."""
    from regulars.kernel.ids import show
    from regulars.modules.connectors import queries

    if dry:
        return dict(run.report["foretold"])
    counts = queries.brought(merchant.id, run.id)
    rows = queries.brought_rows(
        merchant.id, run.id, outcome="conflict", limit=_ERRORS_SHOWN, after=0
    )
    return {
        "outcomes": counts.outcomes,
        "recognised_by": counts.recognised_by,
        "conflicts": [
            {
                "row": row.row,
                "recognised_by": list(row.recognised_by),
                "members": [show("mem", one) for one in (row.into, *row.merge) if one],
            }
            for row in rows
        ],
    }


def _people_lines(people: dict[str, Any]) -> list[str]:
    outcomes = people["outcomes"]
    words = {
        "created": "{count} new",
        "promoted": "{count} shoppers who are members now",
        "completed": "{count} known, with something new",
        "repeated": "{count} known, with nothing new",
        "left": "{count} who left and stay away",
        "conflict": "{count} whose identities belong to different members: not taken",
    }
    lines = [
        f"  {say(text, count=f'{outcomes[name]:,}')}"
        for name, text in words.items()
        if outcomes.get(name)
    ]
    lines += [
        f"  {say('known by {type}: {count}', type=kind, count=f'{count:,}')}"
        for kind, count in sorted(people["recognised_by"].items())
    ]
    return lines + [
        f"  {one['row']}: {say('one person? merge {members}', members=', '.join(one['members']))}"
        for one in people["conflicts"][:_ERRORS_SHOWN]
    ]


def _facts(run: RunView) -> dict[str, Any]:
    from regulars.kernel.ids import show

    return {
        "run": show("run", run.id),
        "kind": run.kind,
        "file": run.file_name,
        "status": run.status,
        "orders": run.orders,
        "lines": run.lines,
        "repeated": run.repeated,
        "rejected": run.rejected,
    }


def _report(run: RunView) -> dict[str, Any]:
    return {k: v for k, v in run.report.items() if k not in ("preview", "errors", "refused")}


def _run_id(text: str) -> UUID:
    from regulars.kernel.errors import NotFound
    from regulars.kernel.ids import parse

    found = parse("run", text)
    if found is None:
        raise NotFound
    return found
