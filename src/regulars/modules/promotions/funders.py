"""Funders: who pays for offers, the cap over all of them, and how far it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.db import transaction

from regulars.events.promotions import FunderCapChanged
from regulars.infra import outbox
from regulars.modules.budgets.gather import held, look

from .funding import key
from .models import Funder as FunderRow
from .queries import Book, book
from .services import turn_the_page
from .standing import Taken, taken
from .types import Funder


@dataclass(frozen=True, slots=True)
class FunderOffer:
    """An offer that a funder pays for, and the funder's share of it."""

    code: str
    name: str
    share_bps: int


@dataclass(frozen=True, slots=True)
class FunderStanding:
    """A funder with the offers it pays for. ``cap`` and ``taken`` are None without a cap; taken is
    of the period that ``day`` is in."""

    code: str
    cap: Funder | None
    taken: Taken | None
    offers: tuple[FunderOffer, ...]

    @property
    def passed(self) -> bool:
        """Whether a cap is reached: a soft one lets pass, a hard one lets nothing more."""
        return self.taken is not None and self.taken.used + self.taken.held >= self.taken.most


@transaction.atomic
def put_cap(
    *, merchant_id: int, cap: Funder | None, code: str, now: datetime
) -> list[FunderCapChanged]:
    """Set the cap of a funder from the next quote on, or take it off (None)."""
    turn_the_page(merchant_id)
    row = FunderRow.objects.of(merchant_id).filter(code=code).first()
    before = None if row is None else _cap(row)
    if before == cap:
        return []
    if cap is None:
        FunderRow.objects.of(merchant_id).filter(code=code).delete()
    else:
        FunderRow(
            merchant_id=merchant_id,
            code=code,
            cap_minor=cap.cap_minor,
            per=cap.per,
            stop=cap.stop,
            changed_at=now,
        ).save(force_insert=before is None, force_update=before is not None)
    told = cap or before
    assert told is not None
    event = FunderCapChanged(
        merchant_id=merchant_id,
        happened_at=now,
        funder=code,
        cap_minor=None if cap is None else cap.cap_minor,
        per=told.per,
        stop=told.stop,
    )
    outbox.publish(aggregate="offers", events=[event], at=now)
    return [event]


def standings(merchant_id: int, *, day: date, now: datetime) -> list[FunderStanding]:
    """Everybody who pays for an offer that is not archived, or has a cap, by code."""
    found = book(merchant_id)
    caps = found.funders
    keys = [key(cap, day) for cap in caps.values()]
    seen, open_ = look(merchant_id, keys, now), held(merchant_id, keys, now)
    names = {share.funder for offer in found.offers for share in offer.budget_terms.funding}
    return [
        FunderStanding(
            code=code,
            cap=caps.get(code),
            taken=(
                taken(caps[code].cap_minor, key(caps[code], day), seen, open_)
                if code in caps
                else None
            ),
            offers=tuple(_offers_of(found, code)),
        )
        for code in sorted(names | set(caps))
    ]


def _cap(row: FunderRow) -> Funder:
    return Funder(row.code, row.cap_minor, cast(Any, row.per), cast(Any, row.stop))


def _offers_of(found: Book, code: str) -> Sequence[FunderOffer]:
    return [
        FunderOffer(offer.code, offer.name, share.share_bps)
        for offer in found.offers
        for share in offer.budget_terms.funding
        if share.funder == code
    ]
