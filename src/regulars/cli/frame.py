"""What every verb has: options, a merchant, two ways to answer, and refusals as exit codes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from .words import say

if TYPE_CHECKING:
    from regulars.infra.http.principal import MerchantFacts

Run = Callable[[argparse.Namespace], "int | None"]


class Commands:
    """The tree of verbs, filled by the groups."""

    def __init__(self) -> None:
        self.parser = argparse.ArgumentParser(
            prog="regulars",
            description=say("Membership and loyalty that turns buyers into regulars."),
        )
        self.parser.set_defaults(explain=self.parser.print_help)
        self._roots = self.parser.add_subparsers(metavar="COMMAND")
        self._groups: dict[str, Any] = {}

    def group(self, name: str, about: str) -> None:
        """A word that leads on to verbs: `regulars staff …`; more than one file may say it."""
        if name in self._groups:
            return
        parser = self._roots.add_parser(name, help=say(about), description=say(about))
        parser.set_defaults(explain=parser.print_help)
        self._groups[name] = parser.add_subparsers(metavar="COMMAND")

    def verb(
        self, path: str, about: str, run: Run, *, merchant: bool = True, whole_home: bool = False
    ) -> argparse.ArgumentParser:
        """A verb: "init" or "staff create". Gets ``--json``, and ``--merchant`` unless told not.

        With ``whole_home`` it is about every merchant, and ``--merchant`` is what `check_merchant`
        looks for: a guard against the wrong home.
        """
        group, _, name = path.rpartition(" ")
        place = self._groups[group] if group else self._roots
        parser: argparse.ArgumentParser = place.add_parser(
            name, help=say(about), description=say(about)
        )
        parser.add_argument("--json", action="store_true", help=say("answer in JSON"))
        if whole_home:
            parser.add_argument(
                "--merchant",
                metavar="CODE",
                help=say("the whole home is meant; refused unless this merchant is in it"),
            )
        elif merchant:
            parser.add_argument(
                "--merchant",
                metavar="CODE",
                default=os.environ.get("REGULARS_MERCHANT") or None,
                help=say("merchant code; may be left out where there is only one"),
            )
        parser.set_defaults(run=run)
        return parser


class Refused(Exception):
    """The command cannot be done; the message tells the fix."""


def start(*, make_home: bool = False) -> None:
    """Load Django for this home. Raises Refused where there is none yet."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    from regulars.config import home

    if make_home:
        home.make_home()
    elif not home.secret("REGULARS_FIELD_KEY"):
        raise Refused(
            say("The home {home} has no secrets: run `regulars init` first.", home=home.home())
        )
    import django

    from regulars.infra import logs

    django.setup()
    logs.configure()


def the_merchant(args: argparse.Namespace) -> MerchantFacts:
    """The merchant a command is about. Raises Refused, naming those there are."""
    from regulars.modules.merchants.queries import merchants

    known = merchants()
    if not known:
        raise Refused(say("There is no merchant yet: run `regulars init`."))
    if args.merchant is None:
        if len(known) > 1:
            raise Refused(say("There is more than one merchant: name one with --merchant."))
        return known[0]
    for merchant in known:
        if merchant.code == args.merchant:
            return merchant
    raise no_merchant(args.merchant, [merchant.code for merchant in known])


def check_merchant(args: argparse.Namespace) -> None:
    """Of a verb about the whole home. Raises Refused where the merchant it names is not here."""
    if args.merchant is not None:
        the_merchant(args)


def no_merchant(code: str, known: Sequence[str]) -> Refused:
    """The refusal of a code that is not among the ``known``."""
    text = "There is no merchant {code!r} here; there are {known}."
    return Refused(say(text, code=code, known=", ".join(known)))


def given_day(written: str | None) -> date | None:
    """A day as it was written, None for none. Raises Refused for what is none, and for years so far
    off that no window fits around them."""
    if written is None:
        return None
    try:
        found: date | None = date.fromisoformat(written)
    except ValueError:
        found = None
    if found is None or not 1901 <= found.year <= 9998:
        raise Refused(say("Write a day as 2018-01-02, not {day!r}.", day=written))
    return found


def answer(args: argparse.Namespace, told: Any, lines: Sequence[str]) -> None:
    """Print ``told`` as one JSON line with ``--json``, else the lines for people."""
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print("\n".join(lines))


def report(args: argparse.Namespace, error: Exception) -> int:
    """Tell on stderr why a command failed; 1. What is no refusal is a fault and raised again."""
    from regulars.kernel.errors import Refusal

    if isinstance(error, Refusal):
        told = {
            "code": error.code,
            "detail": error.detail,
            "errors": [{"pointer": e.pointer, "code": e.code} for e in error.errors],
        }
        if reason := getattr(error, "reason", None):
            told["reason"] = reason
        return _refuse(args, told)
    if isinstance(error, Refused):
        return _refuse(args, {"code": "refused", "detail": str(error), "errors": []})
    if isinstance(error, RuntimeError | OSError) or _is_of_database(error):
        detail = str(error).strip().splitlines()
        first = detail[0] if detail else type(error).__name__
        return _refuse(args, {"code": "failed", "detail": first, "errors": []})
    raise error


def _is_of_database(error: Exception) -> bool:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"OperationalError", "InterfaceError", "ImproperlyConfigured"})


def _refuse(args: argparse.Namespace, told: dict[str, Any]) -> int:
    if getattr(args, "json", False):
        print(json.dumps({"error": told}, ensure_ascii=False), file=sys.stderr)
    else:
        print(f"{say('error')}: {told['detail']}", file=sys.stderr)
    return 1
