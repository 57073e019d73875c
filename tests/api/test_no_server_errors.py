"""T-13: whatever the schema allows, and much that it does not, never meets a server error.

Cases are generated from the OpenAPI document of each audience: fifty an operation as a key that may
do everything and as a member, fewer as an owner in the console, whose pages are the only callers.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from makers.documents import documents
from makers.foreign import NO_OBJECT, OBJECTS
from makers.kept_cases import keep, kept, packed, unpacked
from makers.merchants import (
    client_for,
    console,
    make_key,
    make_merchant,
    make_staff,
    member,
    unique,
)
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import parse

CASES, CONSOLE_CASES = 50, 15
NEGATIVE = GenerationMode.NEGATIVE


@cache
def operations() -> dict[str, Any]:
    """Every operation of every audience's document, by its label."""
    from regulars.config.wsgi import application

    found = {}
    for document in documents().values():
        loaded = schemathesis.openapi.from_dict(json.loads(document))
        loaded.app = application
        for result in loaded.get_all_operations():
            operation = result.ok()
            found[operation.label] = operation
    return found


@pytest.fixture(scope="module")
def shop() -> MerchantFacts:
    return make_merchant(programme="plain")


def a_paid_order(merchant: MerchantFacts) -> str:
    """Of much, so that returns and points have something to be about."""
    body = {
        "external_id": unique("o"),
        "identity": {"type": "external", "value": unique("m")},
        "placed_at": "2026-02-01T00:00:00Z",
        "paid_at": "2026-02-01T00:00:00Z",
        "lines": [{"sku": "A", "quantity": 9, "unit_price": 100_000}],
        "paid": 900_000,
    }
    answer = client_for(merchant).post("/orders", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def somewhere_in(path: str, merchant: MerchantFacts) -> dict[str, str]:
    """Values of the path's parameters that lead to something of the merchant's."""
    makers = {**OBJECTS, "order_id": a_paid_order}
    return {
        name: makers[name](merchant) if name in makers else NO_OBJECT[name]
        for name in re.findall(r"{(\w+)}", path)
    }


def entering(label: str, merchant: MerchantFacts) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and cookies of somebody who may do all; each operation gets a session of its own."""
    if "/api/v1" in label:
        return {"Authorization": f"Bearer {make_key(merchant)}"}, {}
    if "/member/api" in label:
        return member(merchant, parse("mem", OBJECTS["member_id"](merchant))).headers, {}
    held = console(make_staff(merchant, totp=True)).django.cookies
    cookies = {name: cookie.value for name, cookie in held.items()}
    return {"X-CSRFToken": cookies["csrftoken"]}, cookies


@pytest.mark.slow
@pytest.mark.parametrize("label", sorted(operations()))
def test_no_request_meets_a_server_error(label: str, shop: MerchantFacts) -> None:
    operation = operations()[label]
    known = somewhere_in(operation.path, shop)
    headers, cookies = entering(label, shop)
    numbers = itertools.count()
    statuses = Counter[int]()

    def answered(case: Any, somewhere: bool) -> None:
        if somewhere and case.path_parameters:
            case.path_parameters = {**case.path_parameters, **known}
        sent = {"Host": "localhost", "Idempotency-Key": f"{label}-{next(numbers)}", **headers}
        response = case.call(headers=sent, cookies=cookies)
        statuses[response.status_code] += 1
        assert response.status_code < 500, response.text[:500]
        if response.status_code >= 400:
            kind = response.headers["content-type"][0]
            assert kind.startswith("application/problem+json"), kind

    every(operation, answered)
    assert set(statuses) - {401, 403}, "somebody was let in"


def every(operation: Any, answered: Callable[[Any, bool], None]) -> None:
    """All cases of the operation: those that the run has generated already, or new ones."""
    before = kept(operation.label)
    for case, somewhere in before:
        answered(unpacked(operation, case), somewhere)
    if before:
        return
    made: list[tuple[bytes, bool]] = []

    @given(
        case=st.one_of(operation.as_strategy(), operation.as_strategy(NEGATIVE)),
        somewhere=st.booleans(),
    )
    @settings(
        max_examples=CONSOLE_CASES if "/console/api" in operation.label else CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: Any, somewhere: bool) -> None:
        made.append((packed(case), somewhere))
        answered(case, somewhere)

    holds()
    keep(operation.label, made)
