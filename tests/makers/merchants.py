"""Merchants, keys, staff, and clients that speak for them."""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from regulars.infra.clock import now_for, real_now
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import new_id
from regulars.modules.members.tokens import CARD_LASTS, card_token
from regulars.modules.merchants import services
from regulars.modules.programmes import services as programmes

PASSWORD = "correct horse battery staple"
#: The site as every client of the tests knocks at it: built once, as a server builds it once.
#: (A client builds one of its own at its first request, which costs more than most tests.)
_SITE = ClientHandler(enforce_csrf_checks=False)
_numbers = itertools.count(1)


def unique(word: str) -> str:
    """A word nobody else of this run or another on the same database has."""
    return f"{word}-{os.getpid()}-{next(_numbers)}"


def make_merchant(*, programme: str | None = None, **given: Any) -> MerchantFacts:
    """A merchant of its own: EUR, Berlin, without a programme, unless told otherwise."""
    facts = {"currency": "EUR", "zone": "Europe/Berlin", "code": unique("shop"), **given}
    merchant = services.create_merchant(**facts)
    if programme is not None:
        programmes.start(merchant.id, programme, now_for(merchant))
    return merchant


def make_key(merchant: MerchantFacts, *, scopes: tuple[str, ...] = ()) -> str:
    """The text of a new API key."""
    return services.create_key(
        merchant_id=merchant.id, name="test", by="test", now=now_for(merchant), scopes=scopes
    ).api_key


@dataclass(frozen=True)
class Person:
    """Somebody with a role, and what they sign in with."""

    staff_id: int
    user_id: int
    username: str
    link_token: str
    device: TOTPDevice | None = None

    @property
    def user(self) -> User:
        return User.objects.get(id=self.user_id)

    def otp(self, at: datetime | None = None) -> str:
        """The code the person's authenticator shows now."""
        assert self.device is not None
        totp = TOTP(self.device.bin_key, self.device.step, self.device.t0, self.device.digits)
        totp.time = (at or real_now()).timestamp()
        return f"{totp.token():06d}"


def make_staff(merchant: MerchantFacts, role: str = "owner", *, totp: bool = False) -> Person:
    """Somebody with this role and PASSWORD; with a second factor set up where asked for."""
    made = services.create_staff(
        merchant_id=merchant.id, username=unique(role), role=role, now=now_for(merchant)
    )
    user = User.objects.get(id=made.view.user_id)
    user.set_password(PASSWORD)
    user.save()
    device = TOTPDevice.objects.create(user=user, name="test", confirmed=True) if totp else None
    return Person(made.view.id, user.id, user.username, made.link_token, device)


class ApiClient:
    """Speaks JSON to one audience as one principal; gives every write a key of its own."""

    def __init__(self, root: str, headers: dict[str, str] | None = None) -> None:
        self.root = root
        self.headers = headers or {}
        self.django = Client(raise_request_exception=False)
        self.django.handler = _SITE

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, None, **headers)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> HttpResponse:
        return self.send("POST", path, body, key=key)

    def put(self, path: str, body: Any = None, *, key: str | None = None) -> HttpResponse:
        return self.send("PUT", path, body, key=key)

    def patch(self, path: str, body: Any = None, *, key: str | None = None) -> HttpResponse:
        return self.send("PATCH", path, body, key=key)

    def delete(self, path: str, *, key: str | None = None) -> HttpResponse:
        return self.send("DELETE", path, None, key=key)

    def send(
        self, method: str, path: str, body: Any, *, key: str | None = None, **headers: str
    ) -> HttpResponse:
        """``body`` is sent as JSON, or as it is where it is bytes; key "" sends no key."""
        raw = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        told = {**self.headers, **headers}
        if method not in ("GET", "HEAD", "OPTIONS"):
            told["Idempotency-Key"] = new_id().hex if key is None else key
            if key == "":
                del told["Idempotency-Key"]
        return self.django.generic(  # type: ignore[return-value]
            method, self.root + path, raw, content_type="application/json", headers=told
        )


def partner(api_key: str) -> ApiClient:
    """Speaks to the partner API with a key."""
    return ApiClient("/api/v1", {"Authorization": f"Bearer {api_key}"})


def client_for(merchant: MerchantFacts) -> ApiClient:
    """Speaks to the partner API for a merchant, with a new key that may do all a key may."""
    return partner(make_key(merchant))


def console(person: Person) -> ApiClient:
    """Speaks to the console API as somebody who signed in, second factor included."""
    client = ApiClient("/console/api")
    body = {"username": person.username, "password": PASSWORD}
    if person.device is not None:
        body["otp"] = person.otp()
    answer = client.post("/session", body)
    assert answer.status_code == 200, answer.content
    return client


def member(merchant: MerchantFacts, member_id: UUID) -> ApiClient:
    """Speaks to the member API as one member."""
    token = card_token(
        merchant_id=merchant.id, member_id=member_id, expires_at=real_now() + CARD_LASTS
    )
    return ApiClient("/member/api", {"Authorization": f"Bearer {token}"})


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()
