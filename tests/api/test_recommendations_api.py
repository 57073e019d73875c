"""A member's list over the API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from makers.imported import day_of, import_rhythms
from makers.merchants import ApiClient, console, make_key, make_staff, partner
from makers.merchants import member as member_client
from makers.orders import Shop, make_shop, uuid
from makers.rhythms import rhythms
from regulars.kernel.ids import show
from regulars.modules.analytics import services as analytics
from regulars.modules.members.queries import by_identity
from regulars.modules.recommendations import services

ROOT = Path(__file__).resolve().parents[2]
BOUGHT = rhythms(members=60, items=20, days=200)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = make_shop()
    path = tmp_path_factory.mktemp("recommendations") / "orders.csv"
    import_rhythms(made.scope, path, BOUGHT, day_of(made.now, 200))
    analytics.refresh_facts(made.merchant_id, made.now)
    while services.refresh_next(made.merchant):
        pass
    return made


def member_of(shop: Shop, name: str) -> str:
    id_ = by_identity(shop.merchant, type="external", value=name)
    assert id_ is not None
    return show("mem", id_)


def read(client: ApiClient, member_id: str, query: str = "", status: int = 200) -> dict[str, Any]:
    answer = client.get(f"/members/{member_id}/recommendations{query}")
    assert answer.status_code == status, answer.content
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("mode", ["next_basket", "explore"])
def test_a_member_has_a_list(shop: Shop, mode: str) -> None:
    told = read(shop.api, member_of(shop, "m0005"), f"?mode={mode}&k=6")
    assert (told["state"], told["mode"], told["level"], told["personal"]) == (
        "ready", mode, "type", True,
    )  # fmt: skip
    assert [row["rank"] for row in told["data"]] == [1, 2, 3, 4, 5, 6]
    before = {one.item for one in BOUGHT if one.member == "m0005"}
    again = [row["item"] in before for row in told["data"]]
    assert any(again) == (mode == "next_basket")
    for row, known in zip(told["data"], again, strict=True):
        assert (row["reason"] in ("rhythm", "overdue", "often", "before")) == known
        assert row["why"]


def test_the_desk_reads_the_same_list_in_its_own_language(shop: Shop) -> None:
    desk = console(make_staff(shop.merchant, "analyst"))
    path = f"/members/{member_of(shop, 'm0005')}/recommendations?k=5"
    ours = read(shop.api, member_of(shop, "m0005"), "?k=5")
    theirs = desk.get(path, **{"Accept-Language": "zh-Hans"}).json()
    assert [row["item"] for row in theirs["data"]] == [row["item"] for row in ours["data"]]
    assert all("天" in row["why"] or "会员" in row["why"] for row in theirs["data"])


def test_skus_come_with_their_names(shop: Shop) -> None:
    before = read(shop.api, member_of(shop, "m0005"), "?level=sku&k=3")["data"]
    assert {row["name"] for row in before} == {None}
    first = before[0]["item"]
    assert shop.api.put(f"/products/{first}", {"name": "Fig jam"}).status_code == 200
    after = read(shop.api, member_of(shop, "m0005"), "?level=sku&k=3")["data"]
    assert [row["name"] for row in after] == ["Fig jam", None, None]


@pytest.mark.parametrize("query", ["?k=0", "?k=21", "?mode=all", "?level=category", "?x=1"])
def test_what_cannot_be_asked_is_422(shop: Shop, query: str) -> None:
    read(shop.api, member_of(shop, "m0005"), query, 422)


def test_nobody_elses_member_is_found(shop: Shop) -> None:
    other = partner(make_key(make_shop().merchant))
    read(other, member_of(shop, "m0005"), status=404)
    read(shop.api, "mem_" + "0" * 32, status=404)


def test_the_switch_on_the_members_own_page_stops_it_at_once(shop: Shop) -> None:
    """The page and the lists must mean the same purpose."""
    asked = (ROOT / "web" / "shared" / "src" / "consents.ts").read_text()
    (purpose,) = re.findall(r"\['(\w+)', true\]", asked)
    name = member_of(shop, "m0005")
    own = member_client(shop.merchant, uuid(name))
    assert read(shop.api, name)["personal"] is True
    for granted in (False, True):
        answer = own.post("/consents", {"purpose": purpose, "granted": granted})
        assert answer.status_code == 201, answer.content
        assert read(shop.api, name)["personal"] is granted
