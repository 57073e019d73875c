"""Orders that callers of one process place at once are one unit, and each is as it were alone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from makers.offers import make_offer
from makers.orders import Shop, asked, draft, enrol, make_shop, uuid
from makers.threads import at_once, refusals
from regulars.infra.db import LostRace, is_postgres
from regulars.infra.recording import Writes
from regulars.infra.writes import Answer
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_id, parse
from regulars.modules.ledger.verification import verify
from regulars.modules.orders import grouped
from regulars.modules.orders.placing import place
from regulars.modules.orders.tally import tally
from regulars.modules.pricing.asked import Asking, Goods, Place
from regulars.modules.pricing.quoting import quote

pytestmark = pytest.mark.skipif(not is_postgres(), reason="SQLite has one writer, without company")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """All go in company, and wait until it goes, however slow the machine."""
    monkeypatch.setattr(grouped._company, "_alone", 0)
    monkeypatch.setattr(grouped._company, "_patience", 60)


@pytest.fixture
def units(monkeypatch: pytest.MonkeyPatch) -> list[Writes]:
    """Every unit of writes that was recorded."""
    found: list[Writes] = []
    record = Writes.record

    def noted(writes: Writes) -> None:
        found.append(writes)
        record(writes)

    monkeypatch.setattr(Writes, "record", noted)
    return found


def in_company(*acts: Callable[[], Answer]) -> list[Answer | Exception]:
    """Let the acts come while somebody is at work, who is done once all of them wait."""
    company = grouped._company
    with company._lock:
        assert not company._is_at_work
        company._is_at_work = True

    def done() -> None:
        until = time.monotonic() + 30
        while len(company._waiting) < len(acts) and time.monotonic() < until:
            time.sleep(0.005)
        company._go_on([])

    other = threading.Thread(target=done)
    other.start()
    try:
        return at_once(*acts)
    finally:
        other.join()


def an_order(shop: Shop, member: str, net: int, key: str | None = None, **more: Any) -> Any:
    sent = asked(shop, "orders.place", key=key)
    return partial(place, shop.scope, sent, draft(net, member_id=uuid(member), **more))


def told(answer: Answer | Exception) -> dict[str, Any]:
    assert isinstance(answer, Answer)
    body: dict[str, Any] = json.loads(answer.text)
    return body


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(body)
    for name in (body["id"], body["member_id"], body["external_id"]):
        text = text.replace(name, "it")
    found: dict[str, Any] = json.loads(text)
    for effect in found["effects"]:
        effect.pop("id", None)
        effect.get("data", {}).pop("lot", None)
    return found


@pytest.mark.parametrize("crowd", [2, 5, 8])
def test_who_come_at_once_are_one_unit_and_get_what_they_got_alone(
    units: list[Writes], crowd: int
) -> None:
    shop = make_shop()
    members = [enrol(shop) for _ in range(crowd + 1)]
    alone = told(an_order(shop, members[-1], 12_345)())
    units.clear()

    answers = in_company(*(an_order(shop, member, 12_345) for member in members[:crowd]))

    assert len(units) == 1
    assert [told(answer)["member_id"] for answer in answers] == members[:crowd]
    for answer in answers:
        assert without_ids(told(answer)) == without_ids(alone)
    assert {shop.balance(member).posted for member in members} == {123}
    assert tally(shop.merchant_id).orders == crowd + 1
    assert (verify(shop.merchant_id), shop.faults()) == ([], [])


def test_more_than_a_company_holds_go_in_two(units: list[Writes]) -> None:
    shop = make_shop()
    members = [enrol(shop) for _ in range(grouped._MOST + 3)]
    units.clear()

    answers = in_company(*(an_order(shop, member, 100) for member in members))

    assert refusals(answers) == []
    assert len(units) == 2
    assert tally(shop.merchant_id).orders == len(members)
    assert shop.faults() == []


def test_who_is_refused_is_refused_alone() -> None:
    shop = make_shop()
    members = [enrol(shop) for _ in range(3)]
    nobody = f"mem_{new_id().hex}"

    *answers, refused = in_company(
        *(an_order(shop, member, 100) for member in members), an_order(shop, nobody, 100)
    )

    assert isinstance(refused, NotFound)
    assert [told(answer)["points"] for answer in answers] == [1, 1, 1]
    assert shop.faults() == []


def test_orders_of_one_member_and_of_two_shops_come_at_once() -> None:
    here, there = make_shop(), make_shop()
    mine, theirs = enrol(here), enrol(there)

    answers = in_company(
        an_order(here, mine, 100), an_order(there, theirs, 300), an_order(here, mine, 200)
    )

    assert [told(answer)["net"] for answer in answers] == [100, 300, 200]
    assert (here.balance(mine).posted, there.balance(theirs).posted) == (3, 3)
    assert (here.faults(), there.faults()) == ([], [])


def test_one_key_sent_twice_is_placed_once() -> None:
    shop = make_shop()
    member = enrol(shop)
    sent, wanted = asked(shop, "orders.place", key="k"), draft(500, member_id=uuid(member))
    again = partial(place, shop.scope, sent, wanted)

    one, two = in_company(again, again)

    assert isinstance(one, Answer)
    assert isinstance(two, Answer)
    assert one.text == two.text
    assert sorted((one.replayed, two.replayed)) == [False, True]
    assert shop.balance(member).posted == 5


def test_a_company_that_lost_a_race_goes_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    members = [enrol(shop) for _ in range(4)]
    record, lost = Writes.record, []

    def loses_once(writes: Writes) -> None:
        if not lost:
            lost.append(True)
            raise LostRace
        record(writes)

    monkeypatch.setattr(Writes, "record", loses_once)
    answers = in_company(*(an_order(shop, member, 100) for member in members))

    assert lost
    assert refusals(answers) == []
    assert tally(shop.merchant_id).orders == 4
    assert (verify(shop.merchant_id), shop.faults()) == ([], [])


def test_a_fault_of_the_program_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    members = [enrol(shop) for _ in range(3)]

    def broken(group: Any, places: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(grouped, "_decided", broken)
    answers = in_company(*(an_order(shop, member, 100) for member in members))

    assert [told(answer)["points"] for answer in answers] == [1, 1, 1]


def test_quotes_of_one_counted_offer_are_placed_at_once(units: list[Writes]) -> None:
    shop = make_shop()
    make_offer(shop, kind="percent_off", params={"bps": 1_000}, limit={"per_member": 1}, budget=600)
    members = [enrol(shop) for _ in range(5)]
    where = Place(shop.merchant_id, shop.scope.zone, shop.now)

    def quoted(member: str) -> tuple[UUID, int]:
        asking = Asking(lines=(Goods("A", 1, 1_000),), member_id=uuid(member))
        body = json.loads(quote(where, asked(shop, "quotes.create"), asking).text)
        quote_id = parse("quo", body["id"])
        assert quote_id is not None
        return quote_id, body["due"]

    orders = []
    for member in members:
        quote_id, due = quoted(member)
        wanted = replace(draft(due, member_id=uuid(member), quote_id=quote_id), lines=())
        orders.append(partial(place, shop.scope, asked(shop, "orders.place"), wanted))
    units.clear()

    answers = in_company(*orders)

    assert len(units) == 1
    assert [told(answer)["net"] for answer in answers] == [900] * 5
    assert shop.faults() == []
