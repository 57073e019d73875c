"""Every event's JSON Schema: what a consumer was promised, pinned in docs/contracts/events."""

from __future__ import annotations

import json

from . import base


def documents() -> dict[str, str]:
    """File name and text of the schema of every event."""
    base.load()
    return {
        f"{topic}.v{kind.version}.json": json.dumps(base.schema_of(kind), indent=2) + "\n"
        for topic, kind in base.known_events().items()
        if topic and kind.__module__.startswith("regulars.events.")
    }
