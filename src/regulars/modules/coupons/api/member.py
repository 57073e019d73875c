"""Member pages: one's own coupons."""

from __future__ import annotations

from typing import Any

from ninja import Router

from regulars.infra.http.fields import PartQuery
from regulars.infra.http.permissions import own_id, requires
from regulars.infra.http.principal import ApiRequest

from .routes import wallet
from .shapes import WalletOut

router = Router(tags=["card"])


@router.get("/coupons", response=WalletOut, operation_id="list_own_coupons", by_alias=True)
@requires("self.read")
def list_own_coupons(request: ApiRequest) -> dict[str, Any]:
    """One's own coupons: usable ones first, soonest to end first."""
    return wallet(request.auth.merchant, own_id(request), PartQuery())
