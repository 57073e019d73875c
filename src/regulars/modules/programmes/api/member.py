"""Member pages: leaving, told before what it means, and coming back."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from ninja import Router

from regulars.infra.http.permissions import own_id, requires
from regulars.infra.http.principal import ApiRequest

from .leaving import LeavingOut, LeftOut, left, returned, told

router = Router(tags=["card"])
_CHANNEL = "card"


@router.get("/leaving", response=LeavingOut, operation_id="read_own_leaving")
@requires("self.read")
def read_own_leaving(request: ApiRequest) -> dict[str, Any]:
    """What leaving would take and keep, and when one left."""
    return told(request, own_id(request))


@router.post("/leaving", response=LeftOut, operation_id="leave")
@requires("self.write")
def leave(request: ApiRequest) -> HttpResponse:
    """End one's membership: consents are withdrawn, points freeze or lapse as told before.

    The history is kept. Doing it again changes nothing.
    """
    return left(request, own_id(request), _CHANNEL, "members.leave_own")


@router.post("/joining", response=LeftOut, operation_id="come_back")
@requires("self.write")
def come_back(request: ApiRequest) -> HttpResponse:
    """Be a member again, the same one, with what was kept; what is given once stays given once."""
    return returned(request, own_id(request), "members.rejoin_own")
