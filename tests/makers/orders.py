"""Shops with a programme, orders placed in them, and what the books then say."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from makers.merchants import (
    ApiClient,
    client_for,
    console,
    make_merchant,
    make_staff,
    unique,
)
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.writes import Answer, Asked, fingerprint_of
from regulars.kernel.ids import new_id, parse, show
from regulars.kernel.instants import show_instant
from regulars.kernel.periods import program_day
from regulars.modules.ledger import verification as ledger
from regulars.modules.ledger.queries import balances
from regulars.modules.ledger.types import AssetBalance
from regulars.modules.merchants.queries import merchant_of_id
from regulars.modules.merchants.services import move_clock
from regulars.modules.orders import services as orders
from regulars.modules.orders import verification as order_books
from regulars.modules.orders.settlement import Scope
from regulars.modules.orders.types import Draft, DraftLine
from regulars.modules.programmes import services as programmes
from regulars.modules.programmes.queries import programme
from regulars.modules.programmes.statements import statement
from regulars.modules.programmes.templates import template
from regulars.modules.tiers import verification as tiers

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Shop:
    """A merchant with a frozen clock, spoken to over the API or by its services."""

    merchant_id: int
    api: ApiClient

    @property
    def merchant(self) -> MerchantFacts:
        return merchant_of_id(self.merchant_id)

    @property
    def now(self) -> datetime:
        at = self.merchant.clock_at
        assert at is not None
        return at

    @property
    def scope(self) -> Scope:
        return orders.scope_of(self.merchant, actor="test", now=self.now)

    def move(self, by: timedelta, *, due: bool = True) -> datetime:
        """Move the clock on; with ``due`` everything that fell due by then is done."""
        move_clock(merchant_id=self.merchant_id, to=self.now + by)
        if due:
            programmes.run_due(self.merchant_id, self.now)
        return self.now

    def balance(self, member: str, asset: str = "points") -> AssetBalance:
        found = balances(merchant_id=self.merchant_id, member_id=uuid(member), now=self.now)
        return found[asset]

    def tier(self, member: str) -> dict[str, Any]:
        return statement(self.merchant, uuid(member), self.now)

    def faults(self) -> list[Any]:
        """What verification finds wrong with ledger, orders and standings: nothing."""
        zone = ZoneInfo(self.merchant.zone)
        return [
            *ledger.verify(self.merchant_id),
            *order_books.verify(self.merchant_id, zone=zone),
            *tiers.verify(
                self.merchant_id,
                ladder_of=lambda number: programme(self.merchant_id, number).ladder,
                zone=zone,
                day=program_day(self.now, zone),
            ),
        ]


def make_shop(
    document: Mapping[str, Any] | str = "plain", *, now: datetime = NOON, **merchant: Any
) -> Shop:
    """A shop with a template or a document of its own as its programme."""
    facts = make_merchant(clock_at=now, **{"zone": "UTC", **merchant})
    if isinstance(document, str):
        programmes.start(facts.id, document, now)
    else:
        programmes._publish(facts.id, dict(document), programmes.ALWAYS, now, by="test")
    return Shop(facts.id, client_for(facts))


def staff(shop: Shop, role: str = "manager") -> ApiClient:
    """Speaks to the console API as somebody with this role, signed in."""
    client = console(make_staff(shop.merchant, role, totp=True))
    client.headers["X-CSRFToken"] = client.django.cookies["csrftoken"].value
    return client


def changed(template_name: str, **parts: Any) -> dict[str, Any]:
    """A template with some parts replaced: ``tiers__keep={...}`` reaches in."""
    document = copy.deepcopy(template(template_name))
    for path, value in copy.deepcopy(parts).items():
        *way, last = path.split("__")
        place = document
        for step in way:
            place = place[step]
        if isinstance(value, dict) and isinstance(place.get(last), dict):
            place[last] = {**place[last], **value}
        else:
            place[last] = value
    return document


def uuid(shown: str) -> UUID:
    found = parse(shown.partition("_")[0], shown)
    assert found is not None, shown
    return found


def enrol(shop: Shop, **body: Any) -> str:
    """The id of a new member."""
    body = {"identities": [{"type": "external", "value": unique("m")}], **body}
    answer = shop.api.post("/members", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def order_body(*net_minor: int, at: datetime = NOON, **given: Any) -> dict[str, Any]:
    """A paid order with lines of quantity 1, unless told otherwise."""
    lines = given.pop("lines", None) or [
        {"sku": f"S{number}", "quantity": 1, "unit_price": net}
        for number, net in enumerate(net_minor, 1)
    ]
    body = {
        "external_id": unique("o"),
        "placed_at": show_instant(at),
        "paid_at": show_instant(at),
        "lines": lines,
        "paid": sum(net_minor),
        **given,
    }
    return {name: value for name, value in body.items() if value is not None}


def buy(shop: Shop, member: str | None, *net_minor: int, **given: Any) -> dict[str, Any]:
    """The answer to a new paid order of a member."""
    given.setdefault("at", shop.now)
    who = {"member_id": member} if member else {}
    answer = shop.api.post("/orders", order_body(*net_minor, **who, **given))
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def give_back(shop: Shop, order: Mapping[str, Any] | str, *lines: tuple[int, int]) -> Any:
    """The answer to a refund of units per line."""
    order_id = order if isinstance(order, str) else order["id"]
    body = {
        "external_id": unique("r"),
        "lines": [{"line": line, "quantity": units} for line, units in lines],
    }
    return shop.api.post(f"/orders/{order_id}/refunds", body)


def draft(*net_minor: int, at: datetime = NOON, **given: Any) -> Draft:
    """A paid order as the services take it."""
    return Draft(
        **{
            "external_id": unique("o"),
            "lines": tuple(DraftLine(f"S{n}", 1, net, net) for n, net in enumerate(net_minor, 1)),
            "placed_at": at,
            "paid_at": at,
            "paid_minor": sum(net_minor),
            **given,
        }
    )


def asked(shop: Shop, operation: str = "test", *what: object, key: str | None = None) -> Asked:
    """A write with a key of its own."""
    return Asked(
        merchant_id=shop.merchant_id,
        actor="test",
        operation=operation,
        key=key or new_id().hex,
        fingerprint=fingerprint_of([str(part) for part in what]),
        now=shop.now,
    )


def place(shop: Shop, *net_minor: int, **given: Any) -> Answer:
    given.setdefault("at", shop.now)
    return orders.place(shop.scope, asked(shop, "orders.place"), draft(*net_minor, **given))


def kinds(effects: Sequence[Mapping[str, Any]]) -> list[str]:
    return [effect["type"] for effect in effects]


def shown_order(order_id: UUID) -> str:
    return show("ord", order_id)


def traces(shop: Shop) -> dict[str, int]:
    """How many rows of each kind a merchant has: a refusal leaves none."""
    from django.apps import apps

    found = {}
    for model in apps.get_models():
        columns = {field.attname for field in model._meta.concrete_fields}
        if model.__module__.startswith("regulars.") and "merchant_id" in columns:
            rows = model._base_manager.filter(merchant_id=shop.merchant_id)
            found[model.__name__] = rows.count()
    return found


#: What no field that wants a whole number takes: (JSON text, why).
NO_INTEGERS = {
    "a float": b"1.0",
    "an exponent": b"1e3",
    "too large for a double": b"1e400",
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "a boolean": b"true",
    "text": b'"1"',
    "null": b"null",
    "past 2^53": b"9007199254740993",
    "past 2^63": b"99999999999999999999",
    "minus zero": b"-0",
    "below zero": b"-1",
    "a list": b"[1]",
}


def with_raw(body: Mapping[str, Any], mark: object, raw: bytes) -> bytes:
    """The body as JSON with ``raw`` in place of the value ``mark``."""
    import json

    text = json.dumps(body).encode()
    wanted = json.dumps(mark).encode()
    assert text.count(wanted) == 1, (mark, text)
    return text.replace(wanted, raw)
