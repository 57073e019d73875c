"""How endpoints answer: writes once, lists in pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpResponse

from regulars.infra.clock import now_for
from regulars.infra.metrics import WRITES_REPLAYED
from regulars.infra.writes import Answer, Asked, Outcome, fingerprint_of, once
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.ids import parse

from .fields import PartQuery
from .principal import ApiRequest

Row = TypeVar("Row")


def asked(request: ApiRequest, operation: str, *path: str, now: datetime | None = None) -> Asked:
    """The write a request asks for; ``path`` are the ids in its address.

    Raises KeyRequired where the request passed its gate without a key.
    """
    return Asked(
        merchant_id=request.auth.merchant_id,
        actor=request.auth.actor,
        operation=operation,
        key=request.idempotency_key,
        fingerprint=fingerprint_of(request.parsed, *path),
        now=now or now_for(request.auth.merchant),
    )


def answer_once(
    request: ApiRequest, operation: str, act: Callable[[datetime], Outcome], *path: str
) -> HttpResponse:
    """Do a write once and answer it. ``act`` gets the request's one "now"."""
    wanted = asked(request, operation, *path)
    return sent(once(wanted, lambda: act(wanted.now)))


def sent(answer: Answer) -> HttpResponse:
    """A remembered or fresh answer as it goes out."""
    response = HttpResponse(answer.text, status=answer.status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    if answer.replayed:
        response["Idempotent-Replayed"] = "true"
        WRITES_REPLAYED.inc()
    return response


def page(
    rows: Sequence[Row], limit: int, show: Callable[[Row], Any], cursor: Callable[[Row], str]
) -> dict[str, Any]:
    """``{data, has_more, next_cursor}`` of rows that were read with one more than ``limit``."""
    shown = rows[:limit]
    has_more = len(rows) > limit
    return {
        "data": [show(row) for row in shown],
        "has_more": has_more,
        "next_cursor": cursor(shown[-1]) if has_more else None,
    }


def id_after(prefix: str, cursor: str | None) -> UUID | None:
    """The id that a page begins after, in a list whose cursors are shown ids. Raises Invalid."""
    if not cursor:
        return None
    after = parse(prefix, cursor)
    if after is None:
        raise unknown_cursor()
    return after


def unknown_cursor(detail: str = "Send an id of this list.") -> Invalid:
    """What to raise where ``starting_after`` is no place in the list; ``detail`` says the fix."""
    return Invalid(detail, errors=[FieldError("?starting_after", "unknown_cursor", detail)])


def part(
    rows: Sequence[Row], query: PartQuery, show: Callable[[Row], Any], cursor: Callable[[Row], str]
) -> dict[str, Any]:
    """``{data, has_more, next_cursor}`` of a list of few, read whole. Raises Invalid."""
    after = query.starting_after
    if after is not None:
        places = [cursor(row) for row in rows]
        if after not in places:
            raise unknown_cursor()
        rows = rows[places.index(after) + 1 :]
    return page(rows, query.limit or len(rows), show, cursor)
