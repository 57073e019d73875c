"""Member pages: what an offer gives, so that a coupon of it can be shown."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query, Router
from pydantic import Field

from regulars.infra.http.fields import Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.modules.promotions import queries

router = Router(tags=["card"])


class TermsQuery(Strict):
    codes: Annotated[
        str,
        Field(
            min_length=1,
            max_length=8_000,
            description="Codes of offers, with a slash between them: no code holds one",
        ),
    ]


class TermsOut(Strict):
    code: str
    name: str
    kind: str
    params: Annotated[dict[str, Any], Field(description="As the kind has them")]


class TermsListOut(Strict):
    data: list[TermsOut]


@router.get("/offers", response=TermsListOut, operation_id="list_offer_terms")
@requires("self.read")
def list_offer_terms(request: ApiRequest, query: Query[TermsQuery]) -> dict[str, Any]:
    """What these offers give. Drafts and archived ones are not spoken of, nor are offers with a
    holdout: no coupon unlocks one, and who does not get it shall not hear of it."""
    book = queries.book(request.auth.merchant_id)
    wanted = set(query.codes.split("/"))
    return {
        "data": [
            {
                "code": offer.code,
                "name": offer.name,
                "kind": offer.kind,
                "params": book.documents[offer.code]["params"],
            }
            for offer in book.offers
            if offer.code in wanted and offer.status != "draft" and offer.held_out_bps is None
        ]
    }
