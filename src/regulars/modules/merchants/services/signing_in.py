"""Signing in to the console: password and second factor, the one-time link, and the session.

A session ends after three idle hours and twelve in all, and its id changes with every sign-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

import segno
from django.conf import settings
from django.contrib.auth import (
    SESSION_KEY,
    authenticate,
    login,
    logout,
    update_session_auth_hash,
    user_login_failed,
)
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY, match_token
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from regulars.infra.clock import real_now
from regulars.kernel.errors import Conflict, FieldError
from regulars.modules.merchants.errors import (
    OtpRequired,
    SignInFailed,
    SignInLocked,
    WeakPassword,
)
from regulars.modules.merchants.types import SECOND_FACTOR_ROLES

IDLE: Final = timedelta(hours=3)
ABSOLUTE: Final = timedelta(hours=12)
#: How stale "last seen" may get before it is written again: not a write for every request.
_SEEN_EVERY: Final = timedelta(minutes=1)
_STARTED, _SEEN, _BY_LINK = "started_at", "seen_at", "by_link"
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """How a session stands with the second factor; closed while required and not verified."""

    required: bool
    enrolled: bool
    verified: bool

    @property
    def closed(self) -> bool:
        return self.required and not self.verified

    @property
    def awaits_code(self) -> bool:
        """A device is set up and this session has not shown its code."""
        return self.enrolled and not self.verified


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """What an authenticator app needs to set up a new device."""

    uri: str
    svg: str


def sign_in(request: HttpRequest, *, username: str, password: str, otp: str | None) -> User:
    """Open a session for a name and password, and a code where a second factor is set up.

    Raises SignInFailed, OtpRequired or SignInLocked; the first and the last tell nothing of
    whether the account exists.
    """
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise _failure(request)
    device = None
    if _device_of(user) is not None:
        if not otp:
            raise OtpRequired
        device = match_token(user, otp)
        if device is None:
            user_login_failed.send(
                sender=__name__, credentials={"username": username}, request=request
            )
            raise _failure(request)
    _open(request, user, by_link=False)
    if device is not None:
        otp_login(request, device)
    return user


def sign_in_by_link(request: HttpRequest, user: User) -> None:
    """Open a session for the user of a redeemed link."""
    _open(request, user, by_link=True)


def sign_out(request: HttpRequest) -> None:
    """End the session, here and on the server."""
    logout(request)


def signed_in(request: HttpRequest) -> User | None:
    """Who is signed in; None, and the session is gone, where it ran out."""
    session = request.session
    if SESSION_KEY not in session:
        return None
    now = real_now()
    started, seen = _instant(session.get(_STARTED)), _instant(session.get(_SEEN))
    if started is None or seen is None or now - started >= ABSOLUTE or now - seen >= IDLE:
        logout(request)
        return None
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return None
    if now - seen >= _SEEN_EVERY:
        session[_SEEN] = now.isoformat()
    return user


def second_factor(request: HttpRequest, role: str, device_id: int | None) -> SecondFactor:
    """Whether this session needs a code, has a device, and has shown the code.

    A one-time link of this machine's operator spares owners and managers the set-up where
    REGULARS_TOTP_OPTIONAL=1 says so (a demo); a device that was set up is asked for always.
    """
    enrolled = device_id is not None
    spared = bool(request.session.get(_BY_LINK)) and settings.TOTP_OPTIONAL
    required = enrolled or (role in SECOND_FACTOR_ROLES and not spared)
    shown = request.session.get(DEVICE_ID_SESSION_KEY)
    verified = enrolled and TOTPDevice(id=device_id).persistent_id == shown
    return SecondFactor(required, enrolled, verified)


def device_id_of(user: User) -> int | None:
    """The person's second factor, where one is set up."""
    device = _device_of(user)
    return device.pk if device is not None else None


def offer_totp(request: HttpRequest, user: User) -> TotpOffer:
    """A new device to set up, not yet counting. Raises Conflict where one counts already."""
    if _device_of(user) is not None:
        raise Conflict("A second factor is set up; ask an owner to remove it first.")
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        device = TOTPDevice.objects.create(user=user, name="console", confirmed=False)
    uri = str(device.config_url)
    return TotpOffer(uri, segno.make(uri, error="m").svg_inline(scale=4))


def confirm_totp(request: HttpRequest, user: User, otp: str) -> None:
    """Verify the session by a code; the first right code makes an offered device count.

    Raises SignInFailed, SignInLocked.
    """
    device = match_token(user, otp) if _device_of(user) is not None else _confirm_new(user, otp)
    if device is None:
        user_login_failed.send(
            sender=__name__, credentials={"username": user.get_username()}, request=request
        )
        raise _failure(request)
    request.session.cycle_key()
    otp_login(request, device)


def set_password(request: HttpRequest, user: User, *, password: str, current: str | None) -> None:
    """Set a password and end the person's other sessions.

    The current one is asked for, unless there is none or the session came by a link.
    Raises SignInFailed, WeakPassword.
    """
    by_link = bool(request.session.get(_BY_LINK))
    if user.has_usable_password() and not by_link and not user.check_password(current or ""):
        raise SignInFailed
    try:
        validate_password(password, user)
    except ValidationError as error:
        faults = [FieldError("/password", "weak_password", text) for text in error.messages]
        raise WeakPassword(" ".join(error.messages), errors=faults) from None
    user.set_password(password)
    user.save(update_fields=["password"])
    update_session_auth_hash(request, user)


def _open(request: HttpRequest, user: User, *, by_link: bool) -> None:
    # Whatever the visitor's session held before is nobody's business after.
    request.session.flush()
    login(request, user, backend=_BACKEND)
    now = real_now().isoformat()
    request.session[_STARTED] = now
    request.session[_SEEN] = now
    request.session[_BY_LINK] = by_link


def _failure(request: HttpRequest) -> SignInFailed | SignInLocked:
    return SignInLocked() if getattr(request, "axes_locked_out", False) else SignInFailed()


def _device_of(user: User) -> TOTPDevice | None:
    return cast("TOTPDevice | None", TOTPDevice.objects.filter(user=user, confirmed=True).first())


def _confirm_new(user: User, otp: str) -> TOTPDevice | None:
    with transaction.atomic():
        device = TOTPDevice.objects.filter(user=user, confirmed=False).order_by("-id").first()
        if device is None or not device.verify_is_allowed()[0] or not device.verify_token(otp):
            return None
        device.confirmed = True
        device.save(update_fields=["confirmed"])
    return cast(TOTPDevice, device)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
