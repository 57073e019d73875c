"""Console: the merchant's settings, keys, staff and audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from regulars.infra import audit
from regulars.infra.http.answers import answer_once, id_after, page
from regulars.infra.http.fields import Instant, PageQuery, ShortText, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.merchants import queries, services
from regulars.modules.merchants.types import KeyView, Role, StaffView

router = Router(tags=["settings"])

Name = Annotated[ShortText, Field(min_length=1, max_length=100)]


class SettingsIn(Strict):
    name: Annotated[ShortText, Field(min_length=1, max_length=200)] | None = None
    locale: Literal["en", "zh-hans", "zh-hant"] | None = None


class StoreOut(Strict):
    code: str
    name: str


class SettingsOut(Strict):
    code: str
    name: str
    currency: str
    zone: str
    locale: str
    clock_at: Instant | None
    source_note: str
    stores: list[StoreOut]
    version: str


class KeyIn(Strict):
    name: Name
    scopes: Annotated[list[str], Field(max_length=40, default_factory=list)]
    origins: Annotated[
        list[ShortText],
        Field(
            max_length=20,
            default_factory=list,
            description="Makes a publishable key for web pages of these origins",
        ),
    ]


class KeyOut(Strict):
    id: int
    name: str
    prefix: str
    scopes: list[str]
    origins: list[str]
    created_at: Instant
    created_by: str
    revoked_at: Instant | None
    api_key: Annotated[str | None, Field(description="Shown once, when the key is made")] = None


class StaffIn(Strict):
    username: Annotated[str, Field(min_length=1, max_length=150)]
    name: Annotated[ShortText, Field(max_length=150)] = ""
    role: Role


class RoleIn(Strict):
    role: Role


class StaffOut(Strict):
    id: int
    username: str
    name: str
    role: Role
    totp: bool
    sign_in_link: Annotated[str | None, Field(description="Shown once; signs in once")] = None


class AuditOut(Strict):
    id: str
    at: Instant
    actor: str
    operation: str
    subject: str
    status: int


class AuditPage(Strict):
    data: list[AuditOut]
    has_more: bool
    next_cursor: str | None


@router.get("/settings", response=SettingsOut, operation_id="read_settings")
@requires("settings.read")
def read_settings(request: ApiRequest) -> dict[str, Any]:
    """The merchant as it is set up."""
    return _settings(request.auth.merchant_id)


@router.put("/settings", response=SettingsOut, operation_id="change_settings")
@requires("settings.write")
def change_settings(request: ApiRequest, body: SettingsIn) -> HttpResponse:
    """Change name or language."""

    def act(_: datetime) -> Outcome:
        merchant_id = request.auth.merchant_id
        services.change_settings(merchant_id=merchant_id, name=body.name, locale=body.locale)
        told = SettingsOut.model_validate(_settings(merchant_id)).model_dump(mode="json")
        return Outcome(status=200, body=told, subject="settings")

    return answer_once(request, "settings.change", act)


@router.get("/keys", response=list[KeyOut], operation_id="list_keys", exclude_none=False)
@requires("keys.read")
def list_keys(request: ApiRequest) -> list[dict[str, Any]]:
    """Every API key, newest first; never the keys themselves."""
    return [_key(view) for view in queries.keys(request.auth.merchant_id)]


@router.post("/keys", response={201: KeyOut}, operation_id="create_key")
@requires("keys.write")
def create_key(request: ApiRequest, body: KeyIn) -> HttpResponse:
    """Make an API key. A repeat of the request does not show it again."""

    def act(now: datetime) -> Outcome:
        new = services.create_key(
            merchant_id=request.auth.merchant_id,
            name=body.name,
            by=request.auth.actor,
            now=now,
            scopes=body.scopes,
            origins=body.origins,
        )
        return Outcome(
            status=201,
            body=_key(new.view),
            subject=f"key:{new.view.id}",
            told_once={"api_key": new.api_key},
        )

    return answer_once(request, "keys.create", act)


@router.post("/keys/{key_id}/revoke", response=KeyOut, operation_id="revoke_key")
@requires("keys.write")
def revoke_key(request: ApiRequest, key_id: str) -> HttpResponse:
    """Take a key back; its next request is refused."""

    def act(now: datetime) -> Outcome:
        view = services.revoke_key(
            merchant_id=request.auth.merchant_id, key_id=_number(key_id), now=now
        )
        return Outcome(status=200, body=_key(view), subject=f"key:{view.id}")

    return answer_once(request, "keys.revoke", act, key_id)


@router.get("/staff", response=list[StaffOut], operation_id="list_staff")
@requires("staff.read")
def list_staff(request: ApiRequest) -> list[dict[str, Any]]:
    """Everyone with a role here."""
    return [_staff(view) for view in queries.staff(request.auth.merchant_id)]


@router.post("/staff", response={201: StaffOut}, operation_id="create_staff")
@requires("staff.write")
def create_staff(request: ApiRequest, body: StaffIn) -> HttpResponse:
    """Give a new person a role, and a link that signs them in once within a day."""

    def act(now: datetime) -> Outcome:
        new = services.create_staff(
            merchant_id=request.auth.merchant_id,
            username=body.username,
            role=body.role,
            name=body.name,
            now=now,
        )
        return Outcome(
            status=201,
            body=_staff(new.view),
            subject=f"staff:{new.view.id}",
            told_once={"sign_in_link": _link(request, new.link_token)},
        )

    return answer_once(request, "staff.create", act)


@router.post("/staff/{staff_id}/role", response=StaffOut, operation_id="change_staff_role")
@requires("staff.write")
def change_staff_role(request: ApiRequest, staff_id: str, body: RoleIn) -> HttpResponse:
    """Change what a person may do, from their next request on."""

    def act(now: datetime) -> Outcome:
        view = services.change_role(
            merchant_id=request.auth.merchant_id,
            staff_id=_number(staff_id),
            role=body.role,
            now=now,
        )
        return Outcome(status=200, body=_staff(view), subject=f"staff:{view.id}")

    return answer_once(request, "staff.change_role", act, staff_id)


@router.delete("/staff/{staff_id}", response=StaffOut, operation_id="remove_staff")
@requires("staff.write")
def remove_staff(request: ApiRequest, staff_id: str) -> HttpResponse:
    """End a person's role here, from their next request on."""

    def act(now: datetime) -> Outcome:
        view = services.remove_staff(
            merchant_id=request.auth.merchant_id, staff_id=_number(staff_id), now=now
        )
        return Outcome(status=200, body=_staff(view), subject=f"staff:{view.id}")

    return answer_once(request, "staff.remove", act, staff_id)


@router.get("/audit", response=AuditPage, operation_id="list_audit")
@requires("audit.read")
def list_audit(request: ApiRequest, part: Query[PageQuery]) -> dict[str, Any]:
    """Every write that came from outside, newest first."""
    after = id_after("aud", part.starting_after)
    found = audit.entries(request.auth.merchant_id, limit=part.limit, after=after)
    return page(found, part.limit, _entry, lambda entry: show("aud", entry.id))


def _settings(merchant_id: int) -> dict[str, Any]:
    facts = queries.merchant_of_id(merchant_id)
    return {
        "code": facts.code,
        "name": facts.name,
        "currency": facts.currency,
        "zone": facts.zone,
        "locale": facts.locale,
        "clock_at": facts.clock_at,
        "source_note": queries.source_note(merchant_id),
        "stores": [{"code": s.code, "name": s.name} for s in queries.stores(merchant_id)],
        "version": django_settings.VERSION,
    }


def _key(view: KeyView) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "prefix": view.prefix,
        "scopes": list(view.scopes),
        "origins": list(view.origins),
        "created_at": show_instant(view.created_at),
        "created_by": view.created_by,
        "revoked_at": show_instant(view.revoked_at) if view.revoked_at else None,
    }


def _staff(view: StaffView) -> dict[str, Any]:
    return {
        "id": view.id,
        "username": view.username,
        "name": view.name,
        "role": view.role,
        "totp": view.totp,
    }


def _entry(entry: audit.Entry) -> dict[str, Any]:
    return {
        "id": show("aud", entry.id),
        "at": entry.at,
        "actor": entry.actor,
        "operation": entry.operation,
        "subject": entry.subject,
        "status": entry.status,
    }


def _number(text: str) -> int:
    """A number in an address; whatever is none names nothing. Raises NotFound."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotFound
    return int(text)


def _link(request: HttpRequest, token: str) -> str:
    site = django_settings.ORIGIN or f"{request.scheme}://{request.get_host()}"
    return f"{site}/sign-in/{token}"
