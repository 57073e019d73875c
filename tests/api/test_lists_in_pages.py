"""Every list of the partner API is read in pages: ``?limit=1..100&starting_after=ID``."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from makers.documents import documents
from makers.foreign import OBJECTS
from makers.merchants import ApiClient, client_for, make_merchant, unique
from regulars.infra.http.principal import MerchantFacts

#: The best k of a ranking, chosen together: there is no next part of it.
NO_LISTS = {"/members/{member_id}/recommendations"}


def lists() -> list[str]:
    """The paths of all operations whose answer holds a list under ``data``."""
    document = json.loads(documents()["openapi-partner.json"])
    schemas = document["components"]["schemas"]
    found = []
    for path, operations in document["paths"].items():
        answer = operations.get("get", {}).get("responses", {}).get("200", {})
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        told = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", {})
        if told.get("data", {}).get("type") == "array":
            found.append(path.removeprefix("/api/v1"))
    return sorted(set(found) - NO_LISTS)


@pytest.mark.parametrize("path", lists())
def test_every_list_says_whether_there_is_more(path: str) -> None:
    document = json.loads(documents()["openapi-partner.json"])
    operation = document["paths"][f"/api/v1{path}"]["get"]
    asked = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
    assert {"limit", "starting_after"} <= asked
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    told = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    assert {"data", "has_more", "next_cursor"} <= set(told["required"])


@pytest.fixture(scope="module")
def merchant() -> MerchantFacts:
    return make_merchant(programme="plain")


@pytest.fixture(scope="module")
def shop(merchant: MerchantFacts) -> ApiClient:
    return client_for(merchant)


def three(path: str, merchant: MerchantFacts, shop: ApiClient) -> str:
    """Makes three of what the list at ``path`` holds; the path to read it at."""
    if path == "/supplies":
        for _ in range(3):
            assert shop.put(f"/supplies/{unique('sku')}", {"units": 1}).status_code == 200
        return path
    if path == "/funders":
        for _ in range(3):
            assert shop.put(f"/funders/{unique('f')}", {"cap": 1}).status_code == 200
        return path
    if path == "/wallet":
        member_id = OBJECTS["member_id"](merchant)
        given = {"offer": OBJECTS["code"](merchant), "count": 3, "member_id": member_id}
        assert shop.post("/coupons", given).status_code == 201
        return f"/members/{member_id}/coupons"
    kind = {"/segments": "segment_code", "/tills": "till_id", "/steering/ladders": "ladder_id"}
    for _ in range(3):
        OBJECTS[kind[path]](merchant)
    return path


@pytest.mark.parametrize(
    "path", ["/segments", "/supplies", "/funders", "/tills", "/steering/ladders", "/wallet"]
)
def test_a_list_is_read_to_its_end(path: str, merchant: MerchantFacts, shop: ApiClient) -> None:
    where = three(path, merchant, shop)
    whole = shop.get(where).json()
    assert (whole["has_more"], whole["next_cursor"]) == (False, None)
    assert len(whole["data"]) >= 3
    found: list[Any] = []
    cursor = ""
    for _ in whole["data"]:
        page = shop.get(f"{where}?limit=1{cursor}").json()
        found += page["data"]
        assert page["has_more"] == (len(found) < len(whole["data"]))
        cursor = f"&starting_after={page['next_cursor']}"
    assert found == whole["data"]
    assert page["next_cursor"] is None


@pytest.mark.parametrize("path", ["/segments", "/supplies", "/funders", "/tills"])
@pytest.mark.parametrize(
    "asked", ["limit=0", "limit=101", "starting_after=nobody", "limit=1&limit=2"]
)
def test_a_part_that_is_none_is_refused(path: str, asked: str, shop: ApiClient) -> None:
    assert shop.get(f"{path}?{asked}").status_code == 422


def test_ladders_take_only_their_own_cursor(shop: ApiClient, merchant: MerchantFacts) -> None:
    plan = OBJECTS["plan_id"](merchant)
    assert shop.get(f"/steering/ladders?starting_after={plan}").status_code == 422


#: In the order of codes, where any word is a place.
BY_CODE = {"/offers"}
#: Of what has to be worked out first; before, the list is empty from wherever it is read.
NOT_YET = {
    "/insight/churn",
    "/insight/clv/members",
    "/insight/due",
    "/insight/lost",
    "/steering/plans/{plan_id}/people",
}
#: What else these want to be asked.
BESIDE = {"/steering/next-coupons": ("batch", "batch_id"), "/strength-decisions": ("offer", "code")}


@pytest.mark.parametrize("path", [path for path in lists() if path not in BY_CODE | NOT_YET])
def test_a_place_that_no_page_named_is_said_to_be_none(
    path: str, merchant: MerchantFacts, shop: ApiClient
) -> None:
    where = re.sub(r"\{(\w+)\}", lambda found: str(OBJECTS[found[1]](merchant)), path)
    name, kind = BESIDE.get(path, ("limit", ""))
    beside = OBJECTS[kind](merchant) if kind else 1
    answer = shop.get(f"{where}?starting_after=nobody&{name}={beside}")
    assert answer.status_code == 422, answer.content
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("?starting_after", "unknown_cursor")
