"""Child processes that end with the server, also where it was killed and could not tell them."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Final

#: Set by the server for its children.
PARENT: Final = "REGULARS_SERVER_PID"
_LOOK_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 6.0


def hold() -> None:
    """Ask this process to stop (SIGTERM to itself) once the server that started it is gone.

    Nothing happens in a process that no server started.
    """
    parent = os.environ.get(PARENT)
    if parent is None:
        return
    threading.Thread(target=_watch, args=(int(parent),), name="lifeline", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    # A client that keeps its connection open must not keep the process.
    time.sleep(_STOP_SECONDS)
    os._exit(1)
