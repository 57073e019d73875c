"""Templates: whole programme documents to start from. Each is a JSON file beside this one."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _read(name: str) -> str:
    return (files(__name__) / f"{name}.json").read_text(encoding="utf-8")


def names() -> list[str]:
    return sorted(p.name[:-5] for p in files(__name__).iterdir() if p.name.endswith(".json"))


def template(name: str) -> dict[str, Any]:
    """The document called ``name``; raises KeyError for one that does not exist."""
    if name not in names():
        raise KeyError(name)
    document: dict[str, Any] = json.loads(_read(name))
    return document
