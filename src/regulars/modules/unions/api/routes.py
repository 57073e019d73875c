"""Two records of one person become one, and apart again: the same routes for every audience."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from regulars.infra.http.fields import ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest

from . import shapes
from .shapes import MergeIn, MergeOut


def routes() -> Router:
    """A router of its own for each audience that mounts it."""
    router = Router(tags=["members"])
    router.post(
        "/members/{member_id}/merge",
        response={201: MergeOut},
        operation_id="merge_members",
        by_alias=True,
    )(merge_members)
    router.post(
        "/merges/{merge_id}/undo", response=MergeOut, operation_id="undo_merge", by_alias=True
    )(undo_merge)
    return router


@requires("members.merge")
def merge_members(
    request: ApiRequest, member_id: Annotated[UUID, ShownId("mem")], body: MergeIn
) -> HttpResponse:
    """Let this member carry on for another one, with all points, tiers and identities of both.

    A member who was merged before is 409 already_merged.
    """
    return shapes.merge(request, member_id, body)


@requires("members.merge")
def undo_merge(request: ApiRequest, merge_id: Annotated[UUID, ShownId("mrg")]) -> HttpResponse:
    """Part the two again: who came gets back what is left of what they brought.

    Where a later merge stands in the way it is 409 merged_further.
    """
    return shapes.undo(request, merge_id)
