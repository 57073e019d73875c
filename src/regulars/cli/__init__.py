"""The command line: one door for people and programs at a terminal; every verb calls a service.

A verb group is a file of this package with ``register(commands)``; it is listed in ``VERBS`` and
imports Django only when one of its verbs runs, so that ``--help`` answers at once.

Exit codes: 0 done, 1 refused or failed (the reason on stderr), 2 not understood,
130 interrupted, 141 when whoever reads the output has closed it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from .frame import Commands, report

#: Every verb group there is; a group that does not import stops the command.
VERBS: Final[tuple[str, ...]] = (
    "regulars.cli.tenants",
    "regulars.cli.people",
    "regulars.cli.serving",
    "regulars.cli.importing",
    "regulars.cli.members",
    "regulars.cli.reporting",
    "regulars.cli.foretelling",
    "regulars.cli.valuing",
    "regulars.cli.recommending",
    "regulars.cli.steering",
    "regulars.cli.operating",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    commands = Commands()
    for group in VERBS:
        import_module(group).register(commands)
    args = commands.parser.parse_args(argv)
    run = getattr(args, "run", None)
    if run is None:
        # A word that only leads on ("staff") explains where to.
        args.explain()
        return 2
    try:
        code = int(run(args) or 0)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read has enough (`| head`). Nothing more is flushed into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        return report(args, error)
    return code


if __name__ == "__main__":
    sys.exit(main())
