"""What connectors refuses."""

from __future__ import annotations

from regulars.kernel.errors import Refusal


class FileRefused(Refusal):
    """The file as a whole cannot be read; the detail tells the fix, ``reason`` which it is."""

    code = "file_unreadable"
    status = 422
    title = "The file cannot be read"

    def __init__(self, detail: str, *, reason: str) -> None:
        super().__init__(detail)
        self.reason = reason


class RunBusy(Refusal):
    """The run is not in a state that allows this."""

    code = "run_busy"
    status = 409
    title = "The run cannot do that now"
