"""A NUL in an address names nothing: no text of PostgreSQL can hold one, so it may not be asked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from makers.merchants import client_for, make_merchant

DOCUMENT = Path(__file__).parents[2] / "docs/contracts/openapi-partner.json"


def reads() -> list[tuple[str, list[str]]]:
    """Every path that is read, below the API's root, with the names its query knows."""
    paths: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    return [
        (
            path.removeprefix("/api/v1"),
            [p["name"] for p in operations["get"].get("parameters", []) if p["in"] == "query"],
        )
        for path, operations in paths.items()
        if "get" in operations
    ]


@pytest.mark.parametrize("path", [path for path, _ in reads() if "{" in path])
def test_in_a_path_it_is_not_found(path: str) -> None:
    answer = client_for(make_merchant()).get(re.sub(r"\{\w+\}", "a%00b", path))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_in_a_query_it_is_told_by_name() -> None:
    shop = client_for(make_merchant())
    asked = 0
    for path, names in reads():
        for name in names:
            answer = shop.get(f"{re.sub(r'{[a-z_]+}', 'x', path)}?{name}=a%00b")
            assert answer.status_code == 422, (path, name, answer.content)
            fault = answer.json()["errors"][0]
            assert (fault["pointer"], fault["code"]) == (f"?{name}", "nul_in_text")
            asked += 1
    assert asked > 50


def test_in_the_path_of_a_write_it_is_not_found() -> None:
    shop = client_for(make_merchant())
    assert shop.patch("/offers/a%00b", {"status": "paused"}).status_code == 404
    assert shop.put("/products/a%00b", {"name": "x"}).status_code == 404
