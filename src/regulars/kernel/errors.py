"""Refusals: the ways in which business says no. One place turns them into problem documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: RFC 6901 pointer, stable code, and the fix for a person."""

    pointer: str
    code: str
    detail: str = ""


def pointer_of(location: Sequence[Any]) -> str:
    """The RFC 6901 pointer of the keys and places that lead to a field."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


class Refusal(Exception):
    """A request that business refuses; nothing has changed when it is raised.

    A subclass fixes ``code`` (stable, for programs), ``status`` (the HTTP status that fits)
    and ``title`` (what the kind is called); an instance tells the particulars.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Refused"

    detail: str
    errors: tuple[FieldError, ...]
    retry_after_seconds: int | None

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class NotFound(Refusal):
    """No such object for this merchant.

    It takes no particulars, so that another merchant's object and one that never was get the
    same answer to the last byte.
    """

    code = "not_found"
    status = 404
    title = "Not found"

    def __init__(self) -> None:
        super().__init__()
        self.args = ()


class Conflict(Refusal):
    """What was asked does not fit the state things are in now."""

    code = "conflict"
    status = 409
    title = "Conflict"


class Invalid(Refusal):
    """What was sent is malformed or out of bounds; ``errors`` names the fields."""

    code = "invalid"
    status = 422
    title = "Invalid request"


class Contention(Conflict):
    """Others kept changing the same thing until the retries ran out; send the request again."""

    code = "contention"
    title = "Too many changes at once"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        retry_after_seconds: int | None = 1,
    ) -> None:
        super().__init__(detail, errors=errors, retry_after_seconds=retry_after_seconds)
