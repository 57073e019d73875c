"""T-13: whatever the schema allows, and much that it does not, never meets a server error.

Fifty cases an operation, generated from the OpenAPI document that is served, with a key that may
do everything.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from makers.merchants import make_key, make_merchant
from regulars.kernel.ids import parse
from regulars.modules.programmes.services import start
from regulars.modules.segments.services import Draft, create

CASES = 50
NEGATIVE = GenerationMode.NEGATIVE


@cache
def operations() -> dict[str, Any]:
    """Every operation of the served document, by its label."""
    from regulars.config.wsgi import application

    loaded = schemathesis.openapi.from_wsgi("/openapi.json", application)
    found = (result.ok() for result in loaded.get_all_operations())
    return {operation.label: operation for operation in found}


@pytest.fixture(scope="module")
def known() -> dict[str, str]:
    """A key, and ids that lead somewhere, by the name of the path parameter."""
    merchant = make_merchant()
    start(merchant.id, "plain", datetime(2026, 1, 1, tzinfo=UTC))
    key = make_key(merchant)
    client = Client(headers={"Authorization": f"Bearer {key}"})

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = client.post(
            path, body, content_type="application/json", headers={"Idempotency-Key": path}
        )
        assert answer.status_code < 300, answer.content
        told: dict[str, Any] = answer.json()
        return told

    order = post(
        "/api/v1/orders",
        {
            "external_id": "known",
            "identity": {"type": "external", "value": "known"},
            "placed_at": "2026-02-01T00:00:00Z",
            "paid_at": "2026-02-01T00:00:00Z",
            "lines": [{"sku": "A", "quantity": 9, "unit_price": 100_000}],
            "paid": 900_000,
        },
    )
    hold = post(
        "/api/v1/points/holds",
        {"member_id": order["member_id"], "amount": 1, "expires_in": 86_400},
    )
    draft = Draft(code="known", name="known", members=(parse("mem", order["member_id"]),))
    with transaction.atomic():
        create(merchant, draft, by="test", now=datetime(2026, 3, 1, tzinfo=UTC))
    return {
        "key": key,
        "segment_code": "known",
        "order_id": order["id"],
        "member_id": order["member_id"],
        "hold_id": hold["id"],
        "sku": "A",
    }


@pytest.mark.slow
@pytest.mark.parametrize("label", sorted(operations()))
def test_no_request_meets_a_server_error(label: str, known: dict[str, str]) -> None:
    operation = operations()[label]
    numbers = itertools.count()

    @given(
        case=st.one_of(operation.as_strategy(), operation.as_strategy(NEGATIVE)),
        somewhere=st.booleans(),
    )
    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: Any, somewhere: bool) -> None:
        if somewhere and case.path_parameters:
            case.path_parameters = {
                name: known.get(name, value) for name, value in case.path_parameters.items()
            }
        headers = {
            "Host": "localhost",
            "Authorization": f"Bearer {known['key']}",
            "Idempotency-Key": f"{label}-{next(numbers)}",
        }
        response = case.call(headers=headers)
        assert response.status_code < 500, response.text[:500]
        if response.status_code >= 400:
            kind = response.headers["content-type"][0]
            assert kind.startswith("application/problem+json"), kind

    holds()
