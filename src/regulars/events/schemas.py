"""`python -m regulars.events.schemas` writes every event's JSON Schema to docs/contracts/events.

What a consumer was promised is pinned there; a test compares, so a change is seen and meant.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from . import base


def documents() -> dict[str, str]:
    """File name and text of the schema of every event."""
    base.load()
    return {
        f"{topic}.v{kind.version}.json": json.dumps(base.schema_of(kind), indent=2) + "\n"
        for topic, kind in base.known_events().items()
        if topic and kind.__module__.startswith("regulars.events.")
    }


def write(folder: Path) -> None:
    """Write them all; files of events that are gone stay, since consumers still read them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/contracts/events"))
