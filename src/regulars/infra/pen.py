"""The pen: another process that records units of work while this one decides the next.

On two cores long work by set goes on in both (docs/adr/0021-a-pen-of-its-own.md). One
unit is under way at most. A unit that another writer beat has changed nothing: whoever decides
then forgets what it thought to know, and records that unit itself, in its own transaction.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from django.db import OperationalError, connection

from .db import is_postgres
from .pen_process import BEATEN, RECORDED, letter, receive, send
from .recording import Writes

#: A unit of work as it travels: its size, and its steps.
Unit = tuple[bytes, bytes]
#: A unit of ten megabytes goes through a pipe of 64 kB in 160 turns, each a switch of processes.
_PIPE_BYTES: Final = 1 << 20
_SET_PIPE_SIZE: Final = getattr(fcntl, "F_SETPIPE_SZ", -1)
_SCRIPT: Final = Path(__file__).with_name("pen_process.py")


class Pen:
    """Used as a context: its process ends with it, and with this process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own script, no shell
            [sys.executable, "-I", str(_SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with suppress(OSError):  # more than a user may have: it then stays as small as it was
            fcntl.fcntl(self._process.stdin or -1, _SET_PIPE_SIZE, _PIPE_BYTES)
        self.record(letter(_where()))

    def __enter__(self) -> Self:
        return self

    @property
    def process_id(self) -> int:
        return self._process.pid

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let it finish what it has begun."""
        with self._process as process, suppress(BrokenPipeError):
            if process.stdin is not None:
                process.stdin.close()

    @staticmethod
    def unit(writes: Writes) -> Unit:
        """``writes`` as they travel; made while the unit before is still under way."""
        return letter([tuple(step) for step in writes.steps()])

    def record(self, unit: Unit) -> None:
        """Have a unit recorded as one transaction; ask ``landed`` before the next."""
        try:
            send(self._process.stdin, unit)
        except BrokenPipeError as error:
            raise OperationalError("the recording process ended") from error

    def landed(self) -> bool:
        """Wait for the unit under way: True where it is recorded, False where it was beaten.

        Raises OperationalError where the database failed or the process died; the unit may
        then have been recorded or not, as after any lost connection.
        """
        answer = receive(self._process.stdout)
        if answer is None:
            raise OperationalError("the recording process ended")
        verdict, told = answer
        if verdict not in (RECORDED, BEATEN):
            raise OperationalError(told)
        return bool(verdict == RECORDED)


def _where() -> tuple[str, str, str]:
    """The database of this process's connection, for another one to connect to."""
    connection.ensure_connection()
    if is_postgres():
        from psycopg.conninfo import make_conninfo

        info = connection.connection.info
        return "postgresql", make_conninfo(info.dsn, password=info.password or None), ""
    settings = connection.settings_dict
    opening = settings["OPTIONS"].get("init_command", "")
    return "sqlite", str(settings["NAME"]), opening
