"""What all operations share in the OpenAPI document: problems, keys, and who may call what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ninja.operation import Operation

from .permissions import Needs
from .problems import CONTENT_TYPE

_PROBLEM: Final = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem document.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "RFC 6901 pointer into the body; ?name for the query.",
                    },
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
_KEY: Final = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "description": "The same key with the same body gets the first answer again.",
}
_REPLAYED: Final = {
    "Idempotent-Replayed": {
        "description": "true where this is the first answer again",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
#: Ids also stand in bodies and cursors, so 404 is everywhere.
_ALWAYS: Final = {
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    422: "Invalid request",
    503: "Not available just now",
}
_UNSAFE: Final = {
    400: "No usable Idempotency-Key",
    409: "Conflict",
    413: "Too large",
    415: "Not JSON",
}


def describe(schema: Any, operations: Iterable[tuple[str, str, Operation, Needs]]) -> None:
    """Add to a finished document what the gate does for every operation."""
    schema["components"]["schemas"]["Problem"] = _PROBLEM
    by_id = {
        id_: details
        for path in schema["paths"].values()
        for details in path.values()
        if isinstance(details, dict) and (id_ := details.get("operationId"))
    }
    for method, path, operation, needs in operations:
        details = by_id.get(operation.operation_id)
        if details is None:
            if operation.include_in_schema:
                raise LookupError(f"{method} {path} needs an operation_id")
            continue
        _complete(details, method, needs)


def _complete(details: dict[str, Any], method: str, needs: Needs) -> None:
    answers = dict(_ALWAYS)
    if method not in ("GET", "HEAD"):
        answers |= _UNSAFE
    if needs.key_needed(method):
        details.setdefault("parameters", []).append(_KEY)
        for status, answer in details["responses"].items():
            if int(status) < 300:
                answer.setdefault("headers", {}).update(_REPLAYED)
    if needs.permission:
        details["x-permission"] = needs.permission
    for status, description in sorted(answers.items()):
        details["responses"].setdefault(
            status,
            {
                "description": description,
                "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )
