"""What connectors refuses."""

from __future__ import annotations

from regulars.kernel.errors import Refusal


class FileRefused(Refusal):
    """The file as a whole cannot be read; the detail tells the fix."""

    code = "file_unreadable"
    status = 422
    title = "The file cannot be read"


class RunBusy(Refusal):
    """The run is not in a state that allows this."""

    code = "run_busy"
    status = 409
    title = "The run cannot do that now"
