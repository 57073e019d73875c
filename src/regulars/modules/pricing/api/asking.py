"""From a request to the price it asks for; shared by the audiences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.http.answers import asked
from regulars.infra.http.client import client_ip
from regulars.infra.http.items import read_item, refused
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Answer
from regulars.kernel.errors import FieldError, Invalid, NotFound, Refusal
from regulars.kernel.ids import show
from regulars.modules.pricing import quoting
from regulars.modules.pricing.asked import Guesser, Place
from regulars.modules.pricing.evaluating import price
from regulars.modules.pricing.gather import stored_quote
from regulars.modules.pricing.reviewing import review
from regulars.modules.pricing.telling import evaluation_json, quote_json
from regulars.modules.promotions.document import OfferDocument
from regulars.modules.promotions.drafts import drafted

from .shapes import MOST_LINES, AskingIn, LintIn

_SLACK = timedelta(minutes=5)


def place_of(request: ApiRequest, now: datetime) -> Place:
    merchant = request.auth.merchant
    return Place(merchant.id, ZoneInfo(merchant.zone), now)


def guesser_of(request: ApiRequest) -> Guesser:
    """A page's key is spoken for by its visitor, every other by a shop that everybody shops at."""
    auth = request.auth
    address = client_ip(request) if auth.origins else None
    return Guesser(api_key=auth.actor, address=address)


def evaluation(
    request: ApiRequest, body: AskingIn, now: datetime, drafts: Sequence[OfferDocument] = ()
) -> dict[str, Any]:
    """Raises NotFound for a member nobody knows, Invalid for a draft that cannot be."""
    place, cart = place_of(request, now), body.asking(guesser_of(request))
    found = price(place, cart, suggest=True, drafts=drafted(drafts, place.zone))
    assert not isinstance(found, Answer)
    return evaluation_json(found.evaluation)


def evaluations(
    items: Sequence[Any], evaluated: Callable[[AskingIn], dict[str, Any]]
) -> dict[str, Any]:
    """The verdict on each cart. Raises Invalid where they have more lines than one cart may."""
    lines = sum(len(item["lines"]) for item in items if _has_lines(item))
    if lines > MOST_LINES:
        raise Invalid(
            "The carts have too many lines.",
            errors=[FieldError("/carts", "too_large", f"The most is {MOST_LINES} in all.")],
        )
    return {"carts": [_verdict(index, item, evaluated) for index, item in enumerate(items)]}


def _has_lines(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("lines"), list)


def _verdict(
    index: int, item: Any, evaluated: Callable[[AskingIn], dict[str, Any]]
) -> dict[str, Any]:
    try:
        found = evaluated(read_item(AskingIn, item, called="cart"))
    except Refusal as refusal:
        return {"index": index, **refused(refusal)}
    return {"index": index, "status": 200, "evaluation": found}


def quote(request: ApiRequest, body: AskingIn, now: datetime, life: timedelta) -> Answer:
    """Raises as quoting.quote, and Invalid for an instant that has not come."""
    if body.at is not None and body.at > now + _SLACK:
        raise Invalid(
            "A price is promised as of now or of a time gone by.",
            errors=[FieldError("/at", "in_the_future", "Leave it out, or ask for an evaluation.")],
        )
    wanted = asked(request, "quotes.create", now=now)
    place, cart = place_of(request, now), body.asking(guesser_of(request))
    return quoting.quote(place, wanted, cart, life=life)


def shown(request: ApiRequest, quote_id: UUID, now: datetime) -> dict[str, Any]:
    """Raises NotFound."""
    found = stored_quote(request.auth.merchant_id, quote_id)
    if found is None:
        raise NotFound
    return quote_json(found, now)


def release(request: ApiRequest, quote_id: UUID, now: datetime) -> Answer:
    """Raises as quoting.release."""
    wanted = asked(request, "quotes.release", show("quo", quote_id), now=now)
    return quoting.release(place_of(request, now), wanted, quote_id)


def linted(request: ApiRequest, body: LintIn, now: datetime) -> dict[str, Any]:
    """Raises Invalid for a draft of a programme or an offer that is none."""
    return review(
        place_of(request, now),
        programme=body.programme,
        offers=body.offers,
        floor_bps=body.floor_bps,
        most_order_minor=body.most_order_minor,
    )
