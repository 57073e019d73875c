"""What both the partner API and the console offer: price tags, quotes, and the linter."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from regulars.infra.clock import now_for
from regulars.infra.http.answers import sent
from regulars.infra.http.fields import ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest

from . import asking
from .decisions import DecisionsOut, list_strength_decisions
from .shapes import LintIn, LintOut, QuoteIn, QuoteOut, QuoteReleasedOut, QuoteShownOut
from .tags import TagsOut, read_price_tags

QuoteInPath = Annotated[UUID, ShownId("quo")]


def add_routes(router: Router) -> None:
    """Price tags, quotes and the linter; each audience has evaluations of its own."""
    router.post(
        "/price-tags", response=TagsOut, operation_id="read_price_tags", exclude_unset=True
    )(read_price_tags)
    router.post("/quotes", response={201: QuoteOut}, operation_id="create_quote")(create_quote)
    router.get("/quotes/{quote_id}", response=QuoteShownOut, operation_id="read_quote")(read_quote)
    router.post(
        "/quotes/{quote_id}/release", response=QuoteReleasedOut, operation_id="release_quote"
    )(release_quote)
    router.get(
        "/strength-decisions", response=DecisionsOut, operation_id="list_strength_decisions"
    )(list_strength_decisions)
    router.post(
        "/programmes/lint", response=LintOut, operation_id="lint_programme", exclude_unset=True
    )(lint_programme)


@requires("pricing.write")
def create_quote(request: ApiRequest, body: QuoteIn) -> HttpResponse:
    """Promise a price: what is scarce in it (coupons, budgets, points) is held until it ends.

    Asking for more points than there are is 409 insufficient_points.
    """
    life = timedelta(seconds=body.expires_in)
    return sent(asking.quote(request, body, now_for(request.auth.merchant), life))


@requires("pricing.read")
def read_quote(request: ApiRequest, quote_id: QuoteInPath) -> dict[str, Any]:
    """A quote as it was promised, and what became of it."""
    return asking.shown(request, quote_id, now_for(request.auth.merchant))


@requires("pricing.write")
def release_quote(request: ApiRequest, quote_id: QuoteInPath) -> HttpResponse:
    """Give a quote up before its end; what it held is free at once."""
    return sent(asking.release(request, quote_id, now_for(request.auth.merchant)))


@requires("offers.read", writes=False)
def lint_programme(request: ApiRequest, body: LintIn) -> dict[str, Any]:
    """What a programme and its offers would do: loops, floors, rules that never fire, and the
    dearest order with the cart that attains it."""
    return asking.linted(request, body, now_for(request.auth.merchant))
