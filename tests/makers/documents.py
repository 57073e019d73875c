"""The OpenAPI documents of the audiences, worked out once for the whole run."""

from __future__ import annotations

import os
import pickle
from functools import cache

from makers.kept_cases import place_of
from regulars.surfaces.contracts import openapi


@cache
def documents() -> dict[str, str]:
    """As the first process of the run worked them out, each of which needs them to collect."""
    path = place_of("documents")
    if path is None:
        return openapi()
    if not path.exists():
        whole = path.with_suffix(f".{os.getpid()}")
        whole.write_bytes(pickle.dumps(openapi()))
        whole.rename(path)
    return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]
