"""Publishing a programme, and doing what falls due in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from pydantic import ValidationError

from regulars.events.programmes import ProgrammePublished
from regulars.infra import outbox
from regulars.kernel.errors import FieldError, Invalid
from regulars.modules.ledger.services import expire_and_activate
from regulars.modules.merchants.queries import merchant_of_id
from regulars.modules.tiers.services import Board, follow_programme, review_due

from .document import ProgrammeDocument
from .models import ProgrammeVersion
from .queries import Schedule
from .templates import names, template
from .types import VersionView

#: The first version holds for all of a merchant's past, so that history earns under it.
ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)


def start(merchant_id: int, template_name: str, now: datetime) -> VersionView:
    """Give a new merchant its first programme, from a template."""
    try:
        document = template(template_name)
    except KeyError:
        raise Invalid(
            f"There is no template {template_name!r}; there are {', '.join(names())}."
        ) from None
    return _publish(merchant_id, document, ALWAYS, now, by="template:" + template_name)


def put_programme(
    *, merchant_id: int, document: dict[str, Any], effective_at: datetime, now: datetime, by: str
) -> VersionView:
    """Publish ``document`` from ``effective_at`` on; the past is never rewritten."""
    if effective_at < now:
        raise Invalid(
            "A programme takes effect now or later.",
            errors=[FieldError("/effective_at", "in_the_past", "Give an instant from now on.")],
        )
    return _publish(merchant_id, document, effective_at, now, by=by)


def run_due(merchant_id: int, now: datetime) -> int:
    """Do everything that fell due up to ``now``: pending points, expiry, a programme that took
    effect, tier reviews. Returns how much there was; safe to repeat."""
    merchant = merchant_of_id(merchant_id)
    if not ProgrammeVersion.objects.of(merchant_id).exists():
        return 0
    current = Schedule(merchant_id).at(now)
    board = Board(merchant_id, current.ladder, current.number, ZoneInfo(merchant.zone))
    return (
        expire_and_activate(merchant_id=merchant_id, now=now)
        + follow_programme(board, now)
        + review_due(board, now)
    )


def checked(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with every default written out; raises Invalid with a pointer per fault."""
    try:
        parsed = ProgrammeDocument.model_validate(document)
    except ValidationError as error:
        raise Invalid(
            "The programme does not hold together.",
            errors=[
                FieldError(
                    "/document" + "".join(f"/{part}" for part in fault["loc"]),
                    fault["type"],
                    fault["msg"],
                )
                for fault in error.errors()
            ],
        ) from None
    written: dict[str, Any] = parsed.model_dump(mode="json", by_alias=True)
    return written


@transaction.atomic
def _publish(
    merchant_id: int, document: dict[str, Any], effective_at: datetime, now: datetime, *, by: str
) -> VersionView:
    written = checked(document)
    last = ProgrammeVersion.objects.of(merchant_id).order_by("-number").first()
    row = ProgrammeVersion(
        merchant_id=merchant_id,
        number=1 if last is None else last.number + 1,
        effective_at=effective_at,
        document=written,
        created_at=now,
        created_by=by,
    )
    row.save(force_insert=True)
    event = published(merchant_id, row.number, effective_at, now)
    outbox.publish(aggregate="merchant", events=[event], at=now)
    return VersionView(row.number, row.effective_at, now, by, written)


def published(
    merchant_id: int, number: int, effective_at: datetime, now: datetime
) -> ProgrammePublished:
    return ProgrammePublished(
        merchant_id=merchant_id, happened_at=now, number=number, effective_at=effective_at
    )
