"""/console/api/session: signing in and out, the second factor, and where one works."""

from __future__ import annotations

from typing import Annotated, Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.views.decorators.http import require_GET
from ninja import Router
from pydantic import Field

from regulars.infra.clock import now_for
from regulars.infra.http.api import Unauthenticated
from regulars.infra.http.fields import Instant, Strict
from regulars.infra.http.permissions import ANYONE, Forbidden, requires
from regulars.kernel.errors import NotFound
from regulars.modules.merchants import queries
from regulars.modules.merchants.services import redeem_sign_in_link, signing_in
from regulars.modules.merchants.types import ROLES, Role

from .doors import CHOSEN_MERCHANT, check_origin, chosen_seat

router = Router(tags=["session"], auth=None)
Secret = Annotated[str, Field(min_length=1, max_length=200)]
Otp = Annotated[str, Field(min_length=6, max_length=8, pattern="^[0-9]+$")]


class SignInIn(Strict):
    username: Annotated[str, Field(min_length=1, max_length=150)]
    password: Secret
    otp: Otp | None = None


class MerchantChoiceIn(Strict):
    code: Annotated[str, Field(min_length=1, max_length=40)]


class OtpIn(Strict):
    otp: Otp


class PasswordIn(Strict):
    password: Secret
    current: Secret | None = None


class UserOut(Strict):
    username: str
    name: str


class MerchantOut(Strict):
    code: str
    name: str
    currency: str
    zone: str
    locale: str
    clock_at: Instant | None
    now: Instant
    source_note: str


class SeatOut(Strict):
    code: str
    name: str
    role: Role


class SecondFactorOut(Strict):
    required: bool
    enrolled: bool
    verified: bool


class SessionOut(Strict):
    user: UserOut
    role: Role
    permissions: list[str]
    merchant: MerchantOut
    merchants: list[SeatOut]
    totp: SecondFactorOut


class TotpOut(Strict):
    uri: str
    svg: str


@router.get("/session", response=SessionOut, operation_id="read_session")
@requires(ANYONE)
def read_session(request: HttpRequest) -> dict[str, Any]:
    """Who is signed in; 401 where nobody is. Sets the csrftoken cookie either way."""
    get_token(request)
    return _session(request)


@router.post("/session", response=SessionOut, operation_id="sign_in")
@requires(ANYONE, writes=False)
def sign_in(request: HttpRequest, body: SignInIn) -> dict[str, Any]:
    """Sign in with name, password and, where one is set up, the second factor's code."""
    check_origin(request)
    user = signing_in.sign_in(request, username=body.username, password=body.password, otp=body.otp)
    return _session(request, user)


@router.delete("/session", response={204: None}, operation_id="sign_out")
@requires(ANYONE, writes=False)
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    check_origin(request)
    signing_in.sign_out(request)
    return HttpResponse(status=204)


@router.post("/session/merchant", response=SessionOut, operation_id="choose_merchant")
@requires(ANYONE, writes=False)
def choose_merchant(request: HttpRequest, body: MerchantChoiceIn) -> dict[str, Any]:
    """Work at another merchant where one has a role."""
    user = _signed_in(request)
    for seat in queries.seats(user.id):
        if seat.merchant.code == body.code:
            request.session[CHOSEN_MERCHANT] = seat.merchant.id
            return _session(request, user)
    raise NotFound


@router.post("/session/totp", response=TotpOut, operation_id="offer_totp")
@requires(ANYONE, writes=False)
def offer_totp(request: HttpRequest) -> dict[str, Any]:
    """What an authenticator app scans; it counts once a code of it was confirmed."""
    offer = signing_in.offer_totp(request, _signed_in(request))
    return {"uri": offer.uri, "svg": offer.svg}


@router.post("/session/totp/confirm", response=SessionOut, operation_id="confirm_totp")
@requires(ANYONE, writes=False)
def confirm_totp(request: HttpRequest, body: OtpIn) -> dict[str, Any]:
    """Confirm the second factor of this session with a code."""
    user = _signed_in(request)
    signing_in.confirm_totp(request, user, body.otp)
    return _session(request, user)


@router.post("/session/password", response=SessionOut, operation_id="set_password")
@requires(ANYONE, writes=False)
def set_password(request: HttpRequest, body: PasswordIn) -> dict[str, Any]:
    """Choose a password; ends the person's other sessions."""
    user = _signed_in(request)
    if signing_in.second_factor(request, "owner", signing_in.device_id_of(user)).awaits_code:
        raise Forbidden("Confirm your second factor first.")
    signing_in.set_password(request, user, password=body.password, current=body.current)
    return _session(request, user)


@require_GET
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """/sign-in/<token>: signs its user in once and goes on to the console."""
    user = redeem_sign_in_link(token)
    if user is None:
        return HttpResponseRedirect("/console/sign-in?link=used")
    signing_in.sign_in_by_link(request, user)
    response = HttpResponseRedirect("/console/")
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _signed_in(request: HttpRequest) -> User:
    check_origin(request)
    user = signing_in.signed_in(request)
    if user is None:
        raise Unauthenticated
    return user


def _session(request: HttpRequest, user: User | None = None) -> dict[str, Any]:
    user = user or signing_in.signed_in(request)
    if user is None:
        raise Unauthenticated
    seats = queries.seats(user.id)
    seat = chosen_seat(request, seats)
    factor = signing_in.second_factor(request, seat.role, seat.device_id)
    merchant = seat.merchant
    return {
        "user": {"username": user.get_username(), "name": user.first_name},
        "role": seat.role,
        "permissions": [] if factor.closed else sorted(ROLES[seat.role]),
        "merchant": {
            "code": merchant.code,
            "name": merchant.name,
            "currency": merchant.currency,
            "zone": merchant.zone,
            "locale": merchant.locale,
            "clock_at": merchant.clock_at,
            "now": now_for(merchant),
            "source_note": queries.source_note(merchant.id),
        },
        "merchants": [
            {"code": one.merchant.code, "name": one.merchant.name, "role": one.role}
            for one in seats
        ],
        "totp": {
            "required": factor.required,
            "enrolled": factor.enrolled,
            "verified": factor.verified,
        },
    }
