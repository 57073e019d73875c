"""Cases that were generated and sent on one database, to be sent again on the next.

Generating a case takes longer than answering it, and what is generated depends on the schema alone.
``tests/run`` names a folder in REGULARS_TEST_CASES for the time of its run; without one nothing is
kept, and every run generates its own.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

from schemathesis.core import NOT_SET

_PARTS = ("path_parameters", "headers", "cookies", "query", "body", "media_type",
          "multipart_content_types")  # fmt: skip


def packed(case: Any) -> bytes:
    """The case as it was generated; what is done to it later changes nothing here."""
    parts = {name: getattr(case, name) for name in _PARTS if getattr(case, name) is not NOT_SET}
    return pickle.dumps({**parts, "_meta": case.meta})


def unpacked(operation: Any, kept: bytes) -> Any:
    """The same case of the same operation."""
    return operation.Case(**pickle.loads(kept))


def keep(label: str, cases: list[tuple[bytes, bool]]) -> None:
    """Keep them, whole or not at all."""
    path = place_of(label)
    if path is not None:
        whole = path.with_suffix(f".{os.getpid()}")
        whole.write_bytes(pickle.dumps(cases))
        whole.rename(path)


def kept(label: str) -> list[tuple[bytes, bool]]:
    """What was kept of an operation in this run, if anything was."""
    path = place_of(label)
    if path is None or not path.exists():
        return []
    return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]


def place_of(label: str) -> Path | None:
    """Where what is called so is kept in this run, if anything is."""
    folder = os.environ.get("REGULARS_TEST_CASES")
    if not folder:
        return None
    return Path(folder) / hashlib.sha256(label.encode()).hexdigest()
