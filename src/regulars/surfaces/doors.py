"""Who gets in: one door per audience. A door answers who asks, or refuses."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from regulars.infra.http.api import Unauthenticated
from regulars.infra.http.permissions import Forbidden
from regulars.infra.http.principal import Principal
from regulars.kernel.errors import NotFound
from regulars.modules.members import queries as members
from regulars.modules.members.tokens import bearer_of
from regulars.modules.merchants import queries as merchants
from regulars.modules.merchants.errors import MerchantSuspended, NoMerchant
from regulars.modules.merchants.services import signing_in
from regulars.modules.merchants.types import MEMBER_PERMISSIONS, ROLES

CHOSEN_MERCHANT: Final = "merchant_id"
_SCHEME: Final = "bearer "


class ApiKey(AuthBase):
    """``Authorization: Bearer sk_live_…``"""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Principal:
        principal = merchants.principal_of_key(_bearer(request))
        if principal is None:
            raise Unauthenticated
        return principal


class StaffSession(AuthBase):
    """The session cookie; whatever changes something also shows the CSRF token."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "regulars"

    def __call__(self, request: HttpRequest) -> Principal:
        principal, closed = staff(request)
        if closed:
            raise Forbidden("Confirm your second factor first.")
        return principal


class MemberToken(AuthBase):
    """``Authorization: Bearer <token>`` from a card link: one member, and nobody else."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Principal:
        told = bearer_of(_bearer(request))
        if told is None:
            raise Unauthenticated
        merchant_id, member_id = told
        try:
            merchant = merchants.merchant_of_id(merchant_id)
            carrier = members.carrier_of(merchant_id, member_id)
        except NotFound:
            raise Unauthenticated from None
        if merchant.suspended:
            raise MerchantSuspended
        return Principal(
            merchant_id=merchant_id,
            merchant=merchant,
            actor=f"member:{carrier.hex}",
            permissions=MEMBER_PERMISSIONS,
            member_id=carrier,
        )


def staff(request: HttpRequest) -> tuple[Principal, bool]:
    """Who is signed in, at the merchant they chose; and whether a second factor is missing.

    The role is read every time, so a change holds from the next request on. Raises
    Unauthenticated, NoMerchant.
    """
    check_origin(request)
    user = signing_in.signed_in(request)
    if user is None:
        raise Unauthenticated
    seat = chosen_seat(request, merchants.seats(user.id))
    merchant = seat.merchant
    closed = signing_in.second_factor(request, seat.role, seat.device_id).closed
    principal = Principal(
        merchant_id=merchant.id,
        merchant=merchant,
        actor=f"staff:{user.get_username()}"[:100],
        permissions=frozenset() if closed else ROLES[seat.role],
    )
    return principal, closed


def chosen_seat(request: HttpRequest, seats: list[merchants.Seat]) -> merchants.Seat:
    """The seat a person works from: the chosen one, else the first. Raises NoMerchant."""
    if not seats:
        raise NoMerchant
    chosen: Any = request.session.get(CHOSEN_MERCHANT)
    return next((seat for seat in seats if seat.merchant.id == chosen), seats[0])


def check_origin(request: HttpRequest) -> None:
    """Refuse what another site made a browser send. Raises Forbidden."""
    if check_csrf(request) is not None:
        raise Forbidden("Send the X-CSRFToken header with the value of the csrftoken cookie.")


def _bearer(request: HttpRequest) -> str:
    given = request.headers.get("Authorization", "")
    return given[len(_SCHEME) :].strip() if given.lower().startswith(_SCHEME) else ""
