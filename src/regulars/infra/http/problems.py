"""RFC 9457 problem documents: the one place where a refusal becomes an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpResponse

from regulars.kernel.errors import FieldError, Refusal

CONTENT_TYPE: Final = "application/problem+json"

#: What a validation fault is called in answers; others keep the validator's own word.
_CODES: Final = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "int_type": "integer_required",
    "int_from_float": "integer_required",
    "int_parsing": "integer_required",
    "bool_type": "boolean_required",
    "string_type": "text_required",
    "string_unicode": "text_required",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "string_pattern_mismatch": "malformed",
    "list_type": "list_required",
    "too_short": "too_short",
    "too_long": "too_long",
    "model_type": "object_required",
    "model_attributes_type": "object_required",
    "dict_type": "object_required",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "literal_error": "unknown_value",
    "enum": "unknown_value",
    "union_tag_invalid": "unknown_value",
}
#: What Django answers on its own, in the words of a problem document.
_BY_STATUS: Final = {
    400: ("bad_request", "Bad request"),
    401: ("unauthenticated", "Not signed in"),
    403: ("forbidden", "Not allowed"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "Method not allowed"),
    413: ("too_large", "Too large"),
    500: ("internal", "Something went wrong here"),
    503: ("unavailable", "Not available just now"),
}


def problem(
    *,
    status: int,
    code: str,
    title: str,
    detail: str = "",
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A problem document as an answer."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
    }
    if errors:
        body["errors"] = [_field(error) for error in errors]
    response = HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def of_refusal(refusal: Refusal) -> HttpResponse:
    headers = {}
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="regulars"'
    return problem(
        status=refusal.status,
        code=refusal.code,
        title=refusal.title,
        detail=refusal.detail,
        errors=refusal.errors,
        headers=headers,
    )


def of_status(status: int, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """What a bare HTTP status means, as a problem document."""
    fallback = ("refused" if status < 500 else "internal", HTTPStatus(status).phrase)
    code, title = _BY_STATUS.get(status, fallback)
    return problem(status=status, code=code, title=title, headers=headers)


def of_faults(faults: Iterable[FieldError]) -> HttpResponse:
    """422 for input that does not fit its schema."""
    return problem(
        status=422,
        code="invalid",
        title="Invalid request",
        detail="The request does not fit its schema; see errors.",
        errors=list(faults),
    )


def code_of(validator_type: str) -> str:
    """The stable code of a validation fault."""
    return _CODES.get(validator_type, validator_type)


def _field(error: FieldError) -> dict[str, str]:
    told = {"pointer": error.pointer, "code": error.code}
    if error.detail:
        told["detail"] = error.detail
    return told
