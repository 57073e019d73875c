"""What an experiment on an offer takes from it: for whom, which share is held out, how long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import show
from regulars.kernel.periods import day_start, program_day
from regulars.modules.members.lookup import carriers
from regulars.modules.pricing.redemptions import redemptions
from regulars.modules.promotions.document import OfferDocument, compiled
from regulars.modules.promotions.queries import offer_view
from regulars.modules.promotions.types import Offer
from regulars.modules.segments.queries import members_among

from .errors import OfferNotTried
from .types import COVARIATE_WEEKS, Looking, Plan

MOST_DAYS: Final = 730
#: An offer without an end is watched as long as the weeks before it are.
OPEN_DAYS: Final = 7 * COVARIATE_WEEKS
_SOON_DAYS: Final = 30
_LEAST_BPS: Final = 500
_CODE_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Taken:
    """Members who bought with an offer, and its discounts on those orders in minor units."""

    members: int
    cost_minor: int


def offer_of(merchant_id: int, code: str) -> Offer | None:
    """The offer as it stands; None where there is none of this code."""
    try:
        written = offer_view(merchant_id, code)
    except NotFound:
        return None
    return compiled(OfferDocument.model_validate(written.document))


def is_tried(offer: Offer | None) -> bool:
    """Whether it is given to some and not to others now, or will be from its beginning on."""
    return offer is not None and offer.status == "active" and offer.held_out_bps is not None


def share_of(merchant_id: int, plan: Plan) -> int:
    """The share held out: the offer's own where there is one. Raises OfferNotTried."""
    if plan.offer is None:
        return plan.held_out_bps
    offer = offer_of(merchant_id, plan.offer)
    if offer is None or offer.held_out_bps is None or not is_tried(offer):
        raise OfferNotTried
    return offer.held_out_bps


def population(merchant_id: int, plan: Plan) -> Sequence[UUID] | None:
    """The members of the segments that the plan's offer names; None: everybody."""
    offer = offer_of(merchant_id, plan.offer) if plan.offer else None
    if offer is None or not offer.who.segments:
        return None
    return members_among(merchant_id, sorted(offer.who.segments))


def taken_by(
    merchant: MerchantFacts, offer: str, members: Sequence[str], *, since: date, until: date
) -> Taken:
    """How many of ``members`` (shown ids of who carries on) bought with the offer on the days
    (since, until], and what it took off for them, before anything went back."""
    zone = ZoneInfo(merchant.zone)
    found = redemptions(
        merchant.id,
        offer,
        since=day_start(since + timedelta(days=1), zone),
        until=day_start(until + timedelta(days=1), zone),
    )
    carrier = carriers(merchant.id, sorted({one.member_id for one in found}))
    meant = set(members)
    own = [(show("mem", carrier.get(one.member_id, one.member_id)), one) for one in found]
    counted = [(member, one.amount_minor) for member, one in own if member in meant]
    return Taken(len({member for member, _ in counted}), sum(minor for _, minor in counted))


def plan_of(offer: Offer, *, code: str, opens_at: datetime, zone: ZoneInfo) -> Plan:
    """How an offer is judged where nobody said otherwise: by orders per member, once on its last
    day, or at any time where it has none."""
    days = OPEN_DAYS
    looking: Looking = "always"
    if offer.when.ends is not None:
        last = program_day(offer.when.ends - timedelta(microseconds=1), zone)
        days = min(max((last - program_day(opens_at, zone)).days, 1), MOST_DAYS)
        looking = "once"
    return Plan(
        code=code,
        name=offer.name,
        scope="campaign",
        metric="orders",
        looking=looking,
        looks=1,
        held_out_bps=offer.held_out_bps or 0,
        days=days,
        rebought_days=min(_SOON_DAYS, days),
        least_bps=_LEAST_BPS,
        offer=offer.code,
    )


def code_for(offer: str, taken: frozenset[str]) -> str:
    """A code like the offer's that no experiment has: lower case, with a number where it must."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", offer.lower()).strip("-") or "offer"
    number, code = 1, plain[:_CODE_LENGTH]
    while code in taken:
        number += 1
        tail = f"-{number}"
        code = plain[: _CODE_LENGTH - len(tail)] + tail
    return code
