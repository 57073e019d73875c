"""Member pages: the member's own ledger."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query, Router

from regulars.infra.http.permissions import Forbidden, requires
from regulars.infra.http.principal import ApiRequest

from .shapes import EntryPage, LedgerQuery, entries_page

router = Router(tags=["card"])


@router.get("/ledger", response=EntryPage, operation_id="list_own_entries")
@requires("self.read")
def list_own_entries(request: ApiRequest, query: Annotated[LedgerQuery, Query()]) -> dict[str, Any]:
    """Every movement of one's points and growth value, newest first."""
    if request.auth.member_id is None:
        raise Forbidden
    return entries_page(request.auth.merchant_id, request.auth.member_id, query)
