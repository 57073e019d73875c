"""The OpenAPI documents of the audiences, worked out once for the whole run."""

from __future__ import annotations

from functools import cache

from regulars.surfaces.contracts import openapi


@cache
def documents() -> dict[str, str]:
    return openapi()
