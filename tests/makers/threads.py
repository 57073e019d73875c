"""Things done at once by many threads, each with its own connection."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.db import connection

from regulars.infra.locking import waiting_for

T = TypeVar("T")
#: One crowd at a time on this machine: a server has a hundred connections, and crowds of several
#: test processes would want more.
_TURN = Path(tempfile.gettempdir()) / f"regulars-crowds-{os.getuid()}" / "turn"


def at_once(*acts: Callable[[], T]) -> list[T | Exception]:
    """Run every act in a thread of its own, let go together; results or what was raised."""
    with waiting_for(_TURN):
        return _at_once(acts)


def _at_once(acts: tuple[Callable[[], T], ...]) -> list[T | Exception]:
    gate = threading.Barrier(len(acts))
    found: list[T | Exception | None] = [None] * len(acts)
    unconnected: list[Exception] = []

    def run(place: int, act: Callable[[], T]) -> None:
        try:
            _connect(gate, unconnected)
            found[place] = act()
        except Exception as error:
            found[place] = error
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(place, act), daemon=True)
        for place, act in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive(), "a thread hangs"
    if unconnected:
        raise unconnected[0]
    return found  # type: ignore[return-value]


def _connect(gate: threading.Barrier, unconnected: list[Exception]) -> None:
    """Wait until everybody has a connection; who gets none lets nobody wait."""
    try:
        connection.ensure_connection()
    except Exception as error:
        unconnected.append(error)
        gate.abort()
    gate.wait(timeout=30)


def refusals(found: list[T | Exception]) -> list[Exception]:
    return [one for one in found if isinstance(one, Exception)]
