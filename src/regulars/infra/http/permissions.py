"""Every operation says what it needs; one that says nothing does not start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from regulars.kernel.errors import Refusal

from .principal import ApiRequest

F = TypeVar("F", bound=Callable[..., Any])

#: For operations that everyone who passed the audience's door may use (the session itself).
ANYONE: Final = ""
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MARK: Final = "_regulars_needs"


class Forbidden(Refusal):
    """Whoever asks is known and may not do this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


@dataclass(frozen=True, slots=True)
class Needs:
    """What an operation needs: a permission, and for a write an Idempotency-Key.

    ``writes`` None means: a write by every method that is not safe.
    """

    permission: str
    writes: bool | None = None

    def key_needed(self, method: str) -> bool:
        return method not in SAFE_METHODS if self.writes is None else self.writes


def requires(permission: str, *, writes: bool | None = None) -> Callable[[F], F]:
    """Declare an operation's permission; stands below the router's decorator.

    ``writes=False`` is for what changes nothing though it is sent with POST (a preview), and for
    the few writes whose key is optional.
    """

    def mark(view: F) -> F:
        setattr(view, _MARK, Needs(permission, writes))
        return view

    return mark


def needs_of(view: Callable[..., Any]) -> Needs:
    """What a view declared. Raises LookupError where it declared nothing: deny by default."""
    needs: Needs | None = getattr(view, _MARK, None)
    if needs is None:
        raise LookupError(
            f"{view.__module__}.{view.__name__} says no permission: put @requires(...) under "
            "its route"
        )
    return needs


def own_id(request: ApiRequest) -> UUID:
    """The member who asks. Raises Forbidden where it is none."""
    if request.auth.member_id is None:
        raise Forbidden
    return request.auth.member_id
