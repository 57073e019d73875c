"""Partner API: the programme, and where a member stands in it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from regulars.infra.clock import now_for
from regulars.infra.http.fields import ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.modules.programmes.queries import versions
from regulars.modules.programmes.statements import statement

from .leaving import add_routes
from .publishing import publish
from .shapes import ProgrammeIn, ProgrammeOut, PublishedOut, StatementOut, programme_json

router = Router(tags=["programme"])


@router.get("/programme", response=ProgrammeOut, operation_id="read_programme")
@requires("programme.read")
def read_programme(request: ApiRequest) -> dict[str, Any]:
    """The version in force, those to come and those before."""
    merchant = request.auth.merchant
    return programme_json(versions(merchant.id), now_for(merchant))


@router.put("/programme", response=PublishedOut, operation_id="put_programme")
@requires("programme.write")
def put_programme(request: ApiRequest, body: ProgrammeIn) -> HttpResponse:
    """Publish a version from an instant on; what was earned before stays as it is.

    Members are counted anew under the new tiers; a tier that these would not give is kept until
    the review it had.
    """
    return publish(request, body)


@router.get(
    "/members/{member_id}/tier",
    response=StatementOut,
    operation_id="read_member_tier",
    by_alias=True,
)
@requires("members.read")
def read_member_tier(
    request: ApiRequest, member_id: Annotated[UUID, ShownId("mem")]
) -> dict[str, Any]:
    """Where a member stands, why, until when, and what the next tier takes."""
    merchant = request.auth.merchant
    return statement(merchant, member_id, now_for(merchant))


add_routes(router)
