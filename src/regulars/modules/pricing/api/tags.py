"""Price tags: articles as they come in, and what may stand beside each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from regulars.infra.clock import now_for
from regulars.infra.http.fields import ExternalId, Instant, Strict
from regulars.infra.http.items import refused
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.kernel.errors import Refusal
from regulars.kernel.instants import show_instant
from regulars.modules.pricing.tags import Article, Tag, price_tags
from regulars.modules.pricing.types import Evaluation

from .asking import place_of
from .shapes import MOST_CARTS, DiscountOut, Minor


class ArticleIn(Strict):
    sku: ExternalId
    unit_price: Annotated[
        Minor | None, Field(description="The list price where it is left out")
    ] = None
    strike: Annotated[
        Minor | None,
        Field(description="What the page would strike through; refused where it may not"),
    ] = None


class TagsIn(Strict):
    articles: Annotated[list[ArticleIn], Field(min_length=1, max_length=MOST_CARTS)]
    channel: ExternalId | None = None
    store: ExternalId | None = None


class PricedOut(Strict):
    price: Annotated[int, Field(description="Of one unit")]
    points: int
    saving: Annotated[int, Field(description="Against the price for everybody")]
    applied: list[DiscountOut]


class TierPricedOut(PricedOut):
    tier: str


class TagOut(Strict):
    sku: str
    list_price: int | None
    everybody: PricedOut
    joining: Annotated[PricedOut, Field(description="For a stranger, after joining now")]
    tiers: Annotated[
        list[TierPricedOut],
        Field(description="What each tier brings by itself; nothing that hangs on the person"),
    ]
    strike: Annotated[
        int | None,
        Field(
            description="May stand struck through beside the price for everybody; null: nothing may"
        ),
    ]


class TagVerdictOut(Strict):
    index: int
    status: int
    tag: TagOut | None = None
    code: str | None = None
    detail: str | None = None
    errors: list[dict[str, str]] | None = None


class TagsOut(Strict):
    as_of: Instant
    articles: list[TagVerdictOut]


@requires("pricing.evaluate", writes=False)
def read_price_tags(request: ApiRequest, body: TagsIn) -> dict[str, Any]:
    """What stands beside up to 100 articles: the price for everybody, after joining, and for each
    tier, why, and which price may lawfully be struck through.

    Each article is a basket of one unit and has a verdict of its own. A `strike` above what the
    merchant's region allows is 422 unlawful_strike, told with the most.
    """
    merchant = request.auth.merchant
    now = now_for(merchant)
    tags = price_tags(
        merchant,
        place_of(request, now),
        [Article(one.sku, one.unit_price, one.strike) for one in body.articles],
        channel=body.channel,
        store=body.store,
    )
    return {
        "as_of": show_instant(now),
        "articles": [_verdict(index, tag) for index, tag in enumerate(tags)],
    }


def _verdict(index: int, tag: Tag | Refusal) -> dict[str, Any]:
    if isinstance(tag, Refusal):
        return {"index": index, **refused(tag)}
    return {"index": index, "status": 200, "tag": _tag_json(tag)}


def _tag_json(tag: Tag) -> dict[str, Any]:
    everybody = tag.shown.due_minor

    def priced(evaluation: Evaluation) -> dict[str, Any]:
        return {
            "price": evaluation.due_minor,
            "points": evaluation.points_to_earn,
            "saving": everybody - evaluation.due_minor,
            "applied": [
                {"offer": one.offer, "amount": one.amount_minor} for one in evaluation.applied
            ],
        }

    tiers: Mapping[str, Evaluation] = tag.tiers
    return {
        "sku": tag.sku,
        "list_price": tag.list_minor,
        "everybody": priced(tag.shown),
        "joining": priced(tag.joining),
        "tiers": [{"tier": code, **priced(one)} for code, one in tiers.items()],
        "strike": tag.strike_minor,
    }
