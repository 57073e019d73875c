"""Several things in one request, each read and judged by itself: one that is wrong keeps no other
waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from regulars.kernel.errors import FieldError, Invalid, Refusal, pointer_of

from .problems import code_of
from .strict_json import Unreadable

ShapeT = TypeVar("ShapeT", bound=BaseModel)


def read_item(shape: type[ShapeT], item: Any, *, called: str) -> ShapeT:
    """An item of a request's list by its schema. Raises Invalid, with pointers inside the item."""
    try:
        return shape.model_validate(item)
    except ValidationError as error:
        detail = f"The {called} does not fit its schema; see errors."
        raise Invalid(detail, errors=faults_of(error)) from None


def faults_of(error: ValidationError) -> list[FieldError]:
    """What the validator found, in the words of the API."""
    return [fault_of(fault, fault["loc"]) for fault in error.errors(include_url=False)]


def fault_of(fault: Any, location: Sequence[Any]) -> FieldError:
    """One fault of the validator, at ``location`` of what was sent."""
    given, pointer = fault["input"], pointer_of(location)
    if isinstance(given, Unreadable):
        return FieldError(pointer, given.code, given.detail)
    return FieldError(pointer, code_of(fault["type"]), fault["msg"])


def refused(refusal: Refusal) -> dict[str, Any]:
    """The verdict on an item that was turned away."""
    verdict: dict[str, Any] = {
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
    }
    if refusal.errors:
        verdict["errors"] = [
            {"pointer": error.pointer, "code": error.code, "detail": error.detail}
            for error in refusal.errors
        ]
    return verdict
