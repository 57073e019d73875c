"""The OpenAPI documents say what they mean in words of JSON Schema, which client makers read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from makers.documents import documents

KNOWN = set(
    """$ref additionalProperties allOf anyOf const default description discriminator enum examples
    exclusiveMaximum exclusiveMinimum format items maximum maxItems maxLength maxProperties minimum
    minItems minLength minProperties multipleOf oneOf pattern patternProperties prefixItems
    properties propertyNames required title type uniqueItems""".split()  # noqa: SIM905
)
NAMED, LISTED = ("properties", "patternProperties"), ("anyOf", "allOf", "oneOf", "prefixItems")
SINGLE = ("items", "additionalProperties", "propertyNames")


def schemas_in(document: Any) -> Iterator[dict[str, Any]]:
    """What stands under ``schema`` anywhere in the document, and its components."""
    yield from document.get("components", {}).get("schemas", {}).values()
    found = [document["paths"]]
    while found:
        node = found.pop()
        if isinstance(node, list):
            found += node
        elif isinstance(node, dict):
            if isinstance(node.get("schema"), dict):
                yield node["schema"]
            found += [value for name, value in node.items() if name != "schema"]


def parts_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and every schema inside it."""
    yield schema
    inner = [schema[name] for name in SINGLE if isinstance(schema.get(name), dict)]
    for name in LISTED:
        inner += schema.get(name, [])
    for name in NAMED:
        inner += schema.get(name, {}).values()
    for part in inner:
        yield from parts_of(part)


@pytest.mark.parametrize("name", sorted(documents()))
def test_every_word_of_a_schema_is_one_of_json_schema(name: str) -> None:
    document = json.loads(documents()[name])
    words = {word for top in schemas_in(document) for part in parts_of(top) for word in part}
    assert len(words) > 10
    assert {word for word in words - KNOWN if not word.startswith("x-")} == set()
