"""Writing offers and pricing settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F
from pydantic import ValidationError

from regulars.events.base import Event
from regulars.events.promotions import OfferChanged, OfferCreated, PricingSettingsChanged
from regulars.infra import outbox
from regulars.infra.http.items import faults_of
from regulars.kernel.errors import FieldError, Invalid, NotFound

from .document import OfferDocument, dated
from .errors import OfferArchived, OfferExists
from .models import Offer, OfferBook
from .queries import OfferView, PricingSettings, view_of

ARCHIVED = "archived"
DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Written:
    """An offer as it now stands, and what that changed."""

    view: OfferView
    events: tuple[Event, ...]


@transaction.atomic
def create_offer(
    *, merchant_id: int, document: OfferDocument, zone: ZoneInfo, now: datetime
) -> Written:
    """Write a new offer; days in it are of ``zone``.

    Raises OfferExists where its code is taken, also by an archived one, and Invalid.
    """
    document = _with_faults_told(lambda: dated(document, zone))
    row = Offer(
        merchant_id=merchant_id,
        code=document.code,
        status=document.status,
        document=_json(document),
        created_at=now,
        changed_at=now,
    )
    turn_the_page(merchant_id)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise OfferExists from None
    event = OfferCreated(
        merchant_id=merchant_id,
        happened_at=now,
        offer=document.code,
        kind=document.kind,
        status=document.status,
    )
    outbox.publish(aggregate="offers", events=[event], at=now)
    return Written(view_of(row), (event,))


@transaction.atomic
def change_offer(
    *, merchant_id: int, code: str, given: Mapping[str, Any], zone: ZoneInfo, now: datetime
) -> Written:
    """Replace the fields ``given`` (each whole), leave the others as they are.

    The code stays for ever, and an archived offer as it was. Raises NotFound, OfferArchived, and
    Invalid where the offer as a whole would not hold together.
    """
    # The book's row first: changes of one merchant's offers take turns on it.
    turn_the_page(merchant_id)
    row = Offer.objects.of(merchant_id).filter(code=code).first()
    if row is None:
        raise NotFound
    if given.get("code", code) != code:
        raise Invalid(
            "The code of an offer stays for ever.",
            errors=[FieldError("/code", "immutable", "Leave it out, or make a new offer.")],
        )
    document = _with_faults_told(lambda: dated(checked({**row.document, **given}), zone))
    written = _json(document)
    fields = tuple(sorted(name for name in written if written[name] != row.document.get(name)))
    if not fields:
        return Written(view_of(row), ())
    if row.status == ARCHIVED:
        raise OfferArchived
    _keep_the_share(row, document)
    row.document, row.status = written, document.status
    row.version, row.changed_at = row.version + 1, now
    row.save()
    event = OfferChanged(
        merchant_id=merchant_id,
        happened_at=now,
        offer=code,
        number=row.version,
        fields=fields,
        status=document.status,
    )
    outbox.publish(aggregate="offers", events=[event], at=now)
    return Written(view_of(row), (event,))


def set_standing_holdout(*, merchant_id: int, held_out_bps: int) -> None:
    """From now on so many of the members get no offer that has a holdout; 0 for nobody.

    Runs inside the caller's transaction.
    """
    turn_the_page(merchant_id)
    OfferBook.objects.of(merchant_id).update(standing_held_out_bps=held_out_bps)


@transaction.atomic
def put_settings(
    *, merchant_id: int, given: Mapping[str, int], now: datetime
) -> tuple[PricingSettings, list[Event]]:
    """Set the shares ``given``, leave the others as they are."""
    before = settings_of(merchant_id)
    after = PricingSettings(**{**asdict(before), **given})
    if after == before:
        return after, []
    turn_the_page(merchant_id)
    OfferBook.objects.of(merchant_id).update(**asdict(after))
    event = PricingSettingsChanged(merchant_id=merchant_id, happened_at=now, **asdict(after))
    outbox.publish(aggregate="offers", events=[event], at=now)
    return after, [event]


def settings_of(merchant_id: int) -> PricingSettings:
    """How far discounts and tenders may go; no limit where nothing was set."""
    row = OfferBook.objects.of(merchant_id).first()
    if row is None:
        return PricingSettings()
    return PricingSettings(row.max_discount_bps, row.points_max_bps, row.growth_max_bps)


def checked(raw: Mapping[str, Any]) -> OfferDocument:
    """The document that ``raw`` writes. Raises Invalid with a pointer per fault."""
    return _with_faults_told(lambda: OfferDocument.model_validate(raw))


def _with_faults_told(read: Callable[[], OfferDocument]) -> OfferDocument:
    try:
        return read()
    except ValidationError as error:
        raise Invalid("The offer does not hold together.", errors=faults_of(error)) from None


def _keep_the_share(row: Offer, document: OfferDocument) -> None:
    """Members were assigned by the share that was published: it may go, but not be another."""
    before, after = row.document.get("held_out_bps"), document.held_out_bps
    if row.status != DRAFT and before and after and before != after:
        detail = "The share of a published offer stays; take it off, or make a new offer."
        raise Invalid(detail, errors=[FieldError("/held_out_bps", "immutable", detail)])


def _json(document: OfferDocument) -> dict[str, Any]:
    written: dict[str, Any] = document.model_dump(mode="json", by_alias=True)
    written["name"] = document.name or document.code
    return written


def turn_the_page(merchant_id: int) -> None:
    """The next version of the book; on PostgreSQL this also makes changes take turns."""
    if OfferBook.objects.of(merchant_id).update(version=F("version") + 1):
        return
    OfferBook.objects.of(merchant_id).bulk_create(
        [OfferBook(merchant_id=merchant_id, version=0)], ignore_conflicts=True
    )
    OfferBook.objects.of(merchant_id).update(version=F("version") + 1)
