"""The authorization matrix: every route, for everyone who may knock.

It is generated from the routes themselves, so a route nobody thought of is in it, and one that
names an object this file cannot make fails until it can.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple, get_args

import pytest
from axes.models import AccessAttempt
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pydantic import BaseModel

from makers.foreign import BODIES, NAMING_A_MEMBER, NEVER, NO_OBJECT, OBJECTS
from makers.merchants import (
    ApiClient,
    console,
    make_key,
    make_merchant,
    make_staff,
    member,
    partner,
)
from regulars.infra.clock import real_now
from regulars.infra.http.api import Api
from regulars.infra.http.permissions import ANYONE, Needs
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.models import WriteRecord
from regulars.kernel.ids import new_id, parse
from regulars.modules.members.tokens import card_token
from regulars.modules.merchants import services
from regulars.modules.merchants.models import ApiKey
from regulars.modules.merchants.types import (
    KEY_PERMISSIONS,
    MEMBER_PERMISSIONS,
    PERMISSIONS,
    ROLES,
)
from regulars.surfaces import console as console_surface
from regulars.surfaces import member as member_surface
from regulars.surfaces import partner as partner_surface

#: Everything below the site's root that is no API operation.
PAGES = {
    "",
    "healthz",
    "metrics",
    "openapi.json",
    "operator/",
    "sign-in/<str:token>",
    "sign-in/<str:token>/",
    "console/",
    "console/<path:rest>",
    "console/api/<path:rest>",
    "m/",
    "m/<path:rest>",
}
#: Operations for whoever stands at the console's door; they look at the session themselves.
AT_THE_DOOR = {
    "read_session",
    "sign_in",
    "sign_out",
    "choose_merchant",
    "offer_totp",
    "confirm_totp",
    "set_password",
}
_IN_PATH = re.compile(r"{(?:\w+:)?(\w+)}")
_REFUSED = (401, 403)


class Route(NamedTuple):
    audience: str
    method: str
    path: str
    operation_id: str
    needs: Needs
    models: list[Any]

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD")

    def with_ids(self, id_of: Callable[[str], str]) -> str:
        return _IN_PATH.sub(lambda found: id_of(found[1]), self.path)

    @property
    def never(self) -> str:
        """The path with ids that were never given."""
        return self.with_ids(lambda name: {**NEVER, **NO_OBJECT}.get(name, "0"))

    @property
    def objects(self) -> list[str]:
        """The parameters of the path that name an object of a merchant."""
        return [name for name in _IN_PATH.findall(self.path) if name not in NO_OBJECT]


APIS: dict[str, Api] = {
    "partner": partner_surface.api,
    "console": console_surface.api,
    "member": member_surface.api,
}


def routes(audience: str) -> list[Route]:
    return [
        Route(audience, method, path, str(op.operation_id), needs, op.models)
        for method, path, op, needs in APIS[audience].operations()
    ]


ALL = [route for audience in APIS for route in routes(audience)]


def each(audience: str, *, at_the_door: bool = False) -> Any:
    chosen = [r for r in routes(audience) if (r.operation_id in AT_THE_DOOR) == at_the_door]
    return pytest.mark.parametrize("route", chosen, ids=lambda r: f"{r.method} {r.path}")


class Cast:
    """One merchant with everyone who may knock, and another merchant beside it."""

    def __init__(self) -> None:
        AccessAttempt.objects.all().delete()
        self.shop = make_merchant(programme="plain")
        self.other = make_merchant(programme="plain")
        self.member_id = parse("mem", OBJECTS["member_id"](self.shop))
        assert self.member_id is not None
        self.card = member(self.shop, self.member_id)
        self.key = partner(make_key(self.shop))
        self.staff = {
            role: console(make_staff(self.shop, role, totp=role in ("owner", "manager")))
            for role in ROLES
        }
        self.elsewhere = Client(enforce_csrf_checks=True)
        self.elsewhere.cookies = self.staff["owner"].django.cookies
        self.half_in = console(make_staff(self.shop, "owner"))
        self.closed = make_merchant()
        self.closed_key = partner(make_key(self.closed))
        self.closed_card = member(self.closed, _member_of(self.closed))
        self.closed_owner = console(make_staff(self.closed, "owner", totp=True))
        services.suspend(merchant_id=self.closed.id, suspended=True)

    def revoked(self) -> ApiClient:
        text = make_key(self.shop)
        row = ApiKey.objects.filter(merchant_id=self.shop.id).latest("id")
        services.revoke_key(merchant_id=self.shop.id, key_id=row.id, now=real_now())
        return partner(text)

    def expired_card(self) -> ApiClient:
        assert self.member_id is not None
        token = card_token(
            merchant_id=self.shop.id,
            member_id=self.member_id,
            expires_at=real_now() - timedelta(seconds=1),
        )
        return ApiClient("/member/api", {"Authorization": f"Bearer {token}"})


def _member_of(merchant: MerchantFacts) -> Any:
    return parse("mem", OBJECTS["member_id"](merchant))


@pytest.fixture(scope="module")
def cast() -> Cast:
    return Cast()


def knock(client: ApiClient, route: Route, *, root: str | None = None) -> HttpResponse:
    """Send a request that passes every door but has no effect: its body fits no schema."""
    if root is not None:
        client = ApiClient(root, client.headers)
    body = {"\0": "no schema takes this"} if route.writes else None
    return client.send(route.method, route.never, body)


# ── everything is listed ──────────────────────────────────────────────────────────────────────


def test_every_address_of_the_site_is_an_operation_or_a_known_page() -> None:
    of_apis = {"api/v1/", "console/api/", "member/api/"}
    for pattern in get_resolver().url_patterns:
        where = str(pattern.pattern)
        assert where in of_apis | PAGES, f"{where or '/'} is new: who may call it?"
    listed = {audience: len(routes(audience)) for audience in APIS}
    for audience, where in zip(APIS, sorted(of_apis), strict=True):
        (resolver,) = [p for p in get_resolver().url_patterns if str(p.pattern) == where]
        assert isinstance(resolver, URLResolver)
        views = {
            str(p.pattern)
            for p in resolver.url_patterns
            if isinstance(p, URLPattern) and str(p.pattern) not in ("", "openapi.json")
        }
        assert len(views) <= listed[audience]
        paths = {r.path.lstrip("/").replace("{", "<").replace("}", ">") for r in routes(audience)}
        assert views == paths


def test_every_operation_has_a_name_and_a_known_permission() -> None:
    known = PERMISSIONS | MEMBER_PERMISSIONS
    for audience in APIS:
        names = [route.operation_id for route in routes(audience)]
        assert len(names) == len(set(names)), audience
        for route in routes(audience):
            if route.operation_id in AT_THE_DOOR:
                assert route.needs.permission == ANYONE
                continue
            assert route.needs.permission in known, f"{route.operation_id}: unknown permission"
    assert all(r.needs.permission in MEMBER_PERMISSIONS for r in routes("member"))
    assert all(r.needs.permission in KEY_PERMISSIONS for r in routes("partner"))


def test_every_write_takes_an_idempotency_key_or_says_why_not() -> None:
    spared = {r.operation_id for r in ALL if r.writes and not r.needs.key_needed(r.method)}
    asking = ("preview", "evaluat", "lint", "price_tags")
    previews = {name for name in spared if any(word in name for word in asking)}
    assert spared - previews <= AT_THE_DOOR | {"sign_out", "move_test_clock"}


@pytest.mark.parametrize("route", ALL, ids=lambda r: f"{r.audience} {r.method} {r.path}")
def test_no_body_takes_a_field_it_does_not_name(route: Route) -> None:
    for source in route.models:
        if source.__ninja_param_source__ != "body":
            continue
        for field in source.model_fields.values():
            for model in _models_in(field.annotation, set()):
                config = model.model_config
                assert config.get("extra") == "forbid", f"{model.__name__} takes anything"
                assert config.get("strict") is True, f"{model.__name__} converts"


def _models_in(annotation: Any, seen: set[type]) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in seen:
            seen.add(annotation)
            yield annotation
            for field in annotation.model_fields.values():
                yield from _models_in(field.annotation, seen)
        return
    for part in get_args(annotation):
        yield from _models_in(part, seen)


# ── who gets in ───────────────────────────────────────────────────────────────────────────────


@each("partner")
def test_the_partner_api_opens_to_live_keys_alone(cast: Cast, route: Route) -> None:
    outside = {
        "anonymous": ApiClient("/api/v1"),
        "revoked": cast.revoked(),
        "member": ApiClient("/api/v1", cast.card.headers),
    }
    for who, client in outside.items():
        assert knock(client, route).status_code == 401, who
    staff = cast.staff["owner"].django.generic(
        route.method, f"/api/v1{route.never}", headers={"Idempotency-Key": "k"}
    )
    assert staff.status_code == 401
    closed = knock(cast.closed_key, route)
    assert (closed.status_code, closed.json()["code"]) == (403, "merchant_suspended")
    assert knock(cast.key, route).status_code not in _REFUSED


@each("partner")
def test_a_scoped_key_does_what_it_may_and_nothing_else(cast: Cast, route: Route) -> None:
    needed = route.needs.permission
    with_it = partner(make_key(cast.shop, scopes=(needed,)))
    without = partner(make_key(cast.shop, scopes=tuple(KEY_PERMISSIONS - {needed})))
    assert knock(with_it, route).status_code not in _REFUSED
    refused = knock(without, route)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@each("console")
def test_the_console_opens_to_each_role_as_its_permissions_say(cast: Cast, route: Route) -> None:
    assert knock(ApiClient("/console/api"), route).status_code == 401
    assert knock(cast.key, route, root="/console/api").status_code == 401
    assert knock(cast.card, route, root="/console/api").status_code == 401
    for role, client in cast.staff.items():
        status = knock(client, route).status_code
        if route.needs.permission in ROLES[role]:  # type: ignore[index]
            assert status not in _REFUSED, role
        else:
            assert status == 403, role
    assert knock(cast.half_in, route).status_code == 403, "the second factor is missing"
    assert knock(cast.closed_owner, route).status_code == 403


@each("console")
def test_another_site_cannot_write_in_the_consoles_name(cast: Cast, route: Route) -> None:
    if not route.writes:
        return
    answer = cast.elsewhere.generic(
        route.method, f"/console/api{route.never}", headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 403


@each("console", at_the_door=True)
def test_what_stands_at_the_door_tells_nobody_anything(cast: Cast, route: Route) -> None:
    status = knock(ApiClient("/console/api"), route).status_code
    assert status in (401, 422, 204)


@each("member")
def test_the_member_api_opens_to_a_members_token_alone(cast: Cast, route: Route) -> None:
    assert knock(ApiClient("/member/api"), route).status_code == 401
    assert knock(cast.key, route, root="/member/api").status_code == 401
    assert knock(cast.expired_card(), route).status_code == 401
    stranger = member(cast.shop, new_id())
    assert knock(stranger, route).status_code == 401
    moved = member(cast.other, cast.member_id)  # type: ignore[arg-type]
    assert knock(moved, route).status_code == 401, "a member of one is nobody at another"
    staff = cast.staff["owner"].django.generic(
        route.method, f"/member/api{route.never}", headers={"Idempotency-Key": "k"}
    )
    assert staff.status_code == 401
    assert knock(cast.closed_card, route).status_code == 403
    assert knock(cast.card, route).status_code not in _REFUSED


# ── other tenants ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "route",
    [r for r in ALL if r.objects],
    ids=lambda r: f"{r.audience} {r.method} {r.path}",
)
def test_another_merchants_object_is_as_one_that_never_was(cast: Cast, route: Route) -> None:
    names = route.objects
    unknown = [name for name in names if name not in OBJECTS or name not in NEVER]
    assert not unknown, f"teach makers/foreign.py to make {unknown} for {route.path}"
    reads_body = any(m.__ninja_param_source__ == "body" for m in route.models)
    if reads_body:
        assert route.operation_id in BODIES, f"give makers/foreign.py a body of {route.path}"
    body = BODIES.get(route.operation_id) if route.writes else None
    client = {"partner": cast.key, "console": cast.staff["owner"], "member": cast.card}[
        route.audience
    ]
    theirs = {**NO_OBJECT, **{name: OBJECTS[name](cast.other) for name in names}}
    before = WriteRecord.objects.of(cast.other.id).count()

    foreign = client.send(route.method, route.with_ids(theirs.__getitem__), body)
    never = client.send(route.method, route.never, body)

    assert foreign.status_code == never.status_code == 404, foreign.content
    assert foreign.content == never.content
    assert foreign.headers.keys() == never.headers.keys()
    assert WriteRecord.objects.of(cast.other.id).count() == before


@pytest.mark.parametrize("operation_id", NAMING_A_MEMBER)
def test_another_merchants_member_in_a_body_is_as_one_that_never_was(
    cast: Cast, operation_id: str
) -> None:
    (route,) = [r for r in routes("partner") if r.operation_id == operation_id]
    body = NAMING_A_MEMBER[operation_id]
    before = WriteRecord.objects.of(cast.shop.id).count()
    theirs = cast.key.send(route.method, route.path, body(OBJECTS["member_id"](cast.other)))
    never = cast.key.send(route.method, route.path, body(NEVER["member_id"]))
    assert theirs.status_code == never.status_code
    assert theirs.status_code in (404, 422)
    assert theirs.content == never.content
    assert WriteRecord.objects.of(cast.shop.id).count() == before
