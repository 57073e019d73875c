"""Every event's JSON Schema: what a consumer was promised, pinned in docs/contracts/events."""

from __future__ import annotations

import importlib
import json
import pkgutil

from . import base


def documents() -> dict[str, str]:
    """File name and text of the schema of every event."""
    package = importlib.import_module(__package__ or "regulars.events")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "schemas":
            importlib.import_module(f"{package.__name__}.{module.name}")
    return {
        f"{topic}.v{kind.version}.json": json.dumps(base.schema_of(kind), indent=2) + "\n"
        for topic, kind in base.known_events().items()
        if topic and kind.__module__.startswith(package.__name__)
    }
