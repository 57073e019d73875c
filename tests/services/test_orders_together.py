"""Many orders of one request leave the answers and the books that each by itself would leave."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from makers.merchants import unique
from makers.offers import make_offer
from makers.orders import Shop, changed, enrol, make_shop, uuid
from makers.threads import at_once, refusals
from regulars.infra.db import LostRace, Sql, fetch_all
from regulars.infra.outbox import OUTBOX
from regulars.infra.recording import Writes
from regulars.infra.writes import Asked, fingerprint_of
from regulars.modules.ledger.types import AMOUNT_MAX
from regulars.modules.orders import many, services, together
from regulars.modules.orders.many import Sent, place_many
from regulars.modules.orders.models import Order, ParkedRefund
from regulars.modules.orders.returning import RefundAsked
from regulars.modules.orders.types import Draft, DraftLine

M1 = ("external", "m1")
BOOKS = {
    "purses": "SELECT i.masked, a.asset, a.balance, a.held, a.pending, a.debt, a.version, "
    "a.revision > 0 FROM ledger_account a JOIN members_identity i "
    "ON i.merchant_id = a.merchant_id AND i.member_id = a.member_id "
    "WHERE a.merchant_id = :merchant_id ORDER BY 1, 2",
    "postings": "SELECT i.masked, p.account, p.version, p.at, p.amount, p.balance_after, p.kind "
    "FROM ledger_posting p JOIN members_identity i ON i.merchant_id = p.merchant_id "
    "AND i.member_id = p.member_id WHERE p.merchant_id = :merchant_id ORDER BY 1, 2, 3",
    "promises": "SELECT i.masked, p.asset, p.amount, p.available_at FROM ledger_pending p "
    "JOIN members_identity i ON i.merchant_id = p.merchant_id AND i.member_id = p.member_id "
    "WHERE p.merchant_id = :merchant_id ORDER BY 1, 2, 3, 4",
    "standings": "SELECT i.masked, s.tier, s.since, s.evaluated_on, s.review_on "
    "FROM tiers_standing s JOIN members_identity i ON i.merchant_id = s.merchant_id "
    "AND i.member_id = s.member_id WHERE s.merchant_id = :merchant_id ORDER BY 1",
    "orders": "SELECT external_id, generation, status, net_minor, paid_minor, points, "
    "growth_value, frozen, fingerprint, store FROM orders_order "
    "WHERE merchant_id = :merchant_id ORDER BY 1",
    "told": "SELECT count(*) FROM infra_outboxrow WHERE merchant_id = :merchant_id",
    "remembered": "SELECT count(*) FROM infra_writerecord WHERE merchant_id = :merchant_id",
}


def books(shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: fetch_all(Sql(text), {"merchant_id": shop.merchant_id})
        for name, text in BOOKS.items()
    }


def asked(shop: Shop, key: str, operation: str = "orders.bulk") -> Asked:
    return Asked(
        merchant_id=shop.merchant_id,
        actor="test",
        operation=operation,
        key=key,
        fingerprint=fingerprint_of(key),
        now=shop.now,
    )


def all_at_once(shop: Shop, drafts: Sequence[Draft], key: str = "all") -> list[dict[str, Any]]:
    sent = [Sent(str(number), draft) for number, draft in enumerate(drafts)]
    verdicts: list[dict[str, Any]] = json.loads(
        place_many(shop.scope, asked(shop, key), sent).text
    )["orders"]
    return verdicts


def one_by_one(shop: Shop, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    answers = [
        services.place(shop.scope, asked(shop, f"k{number}", "orders.bulk.one"), draft)
        for number, draft in enumerate(drafts)
    ]
    return [{"status": a.status, "order": json.loads(a.text)} for a in answers]


def some_orders(shop: Shop, seed: int, count: int) -> list[Draft]:
    """Orders of today, of people who come again: known, new and nobody; paid and not."""
    chance = random.Random(seed)
    moments = sorted(shop.now - timedelta(minutes=chance.randrange(600)) for _ in range(count))
    drafts = []
    for number, at in enumerate(moments):
        lines = tuple(
            DraftLine(
                f"S{chance.randrange(9)}", chance.randrange(1, 4), None, chance.randrange(60_000)
            )
            for _ in range(chance.randrange(1, 4))
        )
        who = chance.randrange(7)
        drafts.append(
            Draft(
                external_id=f"o{number}",
                lines=lines,
                placed_at=at,
                paid_at=at if chance.random() < 0.9 else None,
                paid_minor=sum(line.total_minor for line in lines),
                identity=("external" if who % 2 else "card", f"m{who}") if who else None,
                store=chance.choice([None, "A", "B"]),
            )
        )
    return drafts


def plain(verdicts: list[dict[str, Any]]) -> list[Any]:
    """Verdicts without what is made anew each time: ids, and the place in the request."""
    ids: dict[str, str] = {}

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: named(item) for key, item in value.items()}
        if isinstance(value, list):
            return [named(item) for item in value]
        if isinstance(value, str) and value[:4] in ("ord_", "mem_"):
            return ids.setdefault(value, f"{value[:4]}{len(ids)}")
        return value

    return [named({k: v for k, v in verdict.items() if k != "index"}) for verdict in verdicts]


@pytest.mark.parametrize("template", ["plain", "grocery", "shop"])
@pytest.mark.parametrize(("seed", "count"), [(1, 40), (2, 240)])
def test_many_together_are_as_each_alone(template: str, seed: int, count: int) -> None:
    alone, set_based = make_shop(template), make_shop(template)
    drafts = some_orders(alone, seed, count)

    expected, found = one_by_one(alone, drafts), all_at_once(set_based, drafts)

    assert {verdict["status"] for verdict in found} == {201}
    assert plain(found) == plain(expected)
    by_one, by_set = books(alone), books(set_based)
    by_one["remembered"] = [(by_one["remembered"][0][0] + 1,)]  # the request itself
    assert by_set == by_one
    assert set_based.faults() == []


def test_a_second_request_goes_on_where_the_first_left() -> None:
    alone, set_based = make_shop("grocery"), make_shop("grocery")
    drafts = some_orders(alone, 3, 60)

    one_by_one(alone, drafts)
    all_at_once(set_based, drafts[:30], "a")
    all_at_once(set_based, drafts[30:], "b")

    for name in ("purses", "postings", "standings", "orders"):
        assert books(set_based)[name] == books(alone)[name], name
    assert set_based.faults() == []


def test_a_year_out_of_order_leaves_sound_books() -> None:
    shop = make_shop("grocery")
    chance = random.Random(4)
    drafts = [
        replace(draft, placed_at=at, paid_at=at)
        for draft in some_orders(shop, 4, 120)
        for at in [shop.now - timedelta(hours=chance.randrange(366 * 24))]
    ]

    verdicts = all_at_once(shop, drafts)

    assert {verdict["status"] for verdict in verdicts} == {201}
    shop.move(timedelta(hours=1))
    assert shop.faults() == []


def test_what_comes_late_earns_at_the_tier_that_the_ones_before_it_brought() -> None:
    alone, set_based = make_shop("grocery"), make_shop("grocery")
    newest, *older = (
        Draft(f"late{number}", (DraftLine("S1", 1, None, cost),), at, at, cost, identity=M1)
        for number, cost in enumerate([100] + [60_000] * 12)
        for at in [alone.now - timedelta(days=60 - number if number else 1)]
    )
    for shop in (alone, set_based):
        one_by_one(shop, [newest])
    expected = [
        services.place(alone.scope, asked(alone, one.external_id, "orders.bulk.one"), one).text
        for one in older
    ]

    found = all_at_once(set_based, older)

    points = [verdict["order"]["points"] for verdict in found]
    assert points[-1] > points[0], "the tier has risen on the way"
    assert points == [json.loads(text)["points"] for text in expected]
    assert books(set_based)["standings"] == books(alone)["standings"]


def test_what_fell_due_before_is_done_once() -> None:
    shop = make_shop(changed("plain", earning__points={"pending_days": 7}))
    drafts = some_orders(shop, 14, 8)
    drafts = [replace(one, paid_at=one.placed_at, identity=M1) for one in drafts]
    all_at_once(shop, drafts, "a")
    promised = sum(row[2] for row in books(shop)["promises"])
    shop.move(timedelta(days=8), due=False)

    later = [replace(one, external_id=f"l{n}", paid_at=shop.now) for n, one in enumerate(drafts)]
    verdicts = all_at_once(shop, later, "b")

    member = verdicts[0]["order"]["member_id"]
    assert shop.balance(member).posted == promised > 0
    assert sum(row[2] for row in books(shop)["promises"]) == promised, "as much, of the second day"
    assert shop.faults() == []


def test_members_are_found_by_id_also_after_a_merge() -> None:
    shop = make_shop()
    kept, merged = enrol(shop), enrol(shop)
    shop.api.post(f"/members/{kept}/merge", {"from": merged})
    drafts = [
        replace(draft, identity=None, member_id=uuid(member), paid_at=draft.placed_at)
        for draft, member in zip(some_orders(shop, 5, 4), [kept, merged, kept, merged], strict=True)
    ]

    verdicts = all_at_once(shop, drafts)

    owners = [verdict["order"]["member_id"] for verdict in verdicts]
    assert owners == [kept, merged, kept, merged]
    earned = sum(verdict["order"]["points"] for verdict in verdicts)
    assert shop.balance(kept).posted == earned > 0
    assert shop.faults() == []


def test_what_is_not_ordinary_is_placed_by_itself_in_its_turn() -> None:
    shop = make_shop()
    known = one_by_one(shop, [replace(some_orders(shop, 6, 1)[0], external_id="known")])
    make_offer(shop)
    services.refund_by_external_id(
        shop.scope, asked(shop, "early", "orders.refund"), "o2", RefundAsked("r", {1: 1}, None)
    )
    drafts = [
        replace(draft, paid_at=draft.placed_at, identity=("external", "m1"))
        for draft in some_orders(shop, 6, 8)
    ]
    drafts[1] = replace(drafts[1], external_id="known")
    drafts[4] = replace(drafts[3])
    drafts[5] = replace(drafts[5], paid_at=shop.now + timedelta(days=1))
    drafts[6] = replace(drafts[6], identity=None, member_id=uuid("mem_" + "0" * 31 + "1"))

    verdicts = all_at_once(shop, drafts)

    assert [verdict["status"] for verdict in verdicts] == [201, 409, 201, 201, 200, 422, 404, 201]
    assert known[0]["status"] == 201
    assert not ParkedRefund.objects.of(shop.merchant_id).exists(), "its refund has come after it"
    assert shop.faults() == []


def test_one_that_is_refused_takes_nobody_with_it() -> None:
    shop = make_shop()
    drafts = [
        replace(draft, paid_at=draft.placed_at, identity=("external", "m1"))
        for draft in some_orders(shop, 7, 3)
    ]
    too_much = (DraftLine("S1", 1, None, AMOUNT_MAX), DraftLine("S2", 1, None, 200 * AMOUNT_MAX))
    drafts[1] = replace(drafts[1], lines=too_much)

    verdicts = all_at_once(shop, drafts)

    assert [verdict["status"] for verdict in verdicts] == [201, 422, 201]
    assert Order.objects.of(shop.merchant_id).count() == 2
    assert shop.faults() == []


def test_a_set_that_was_recorded_is_not_placed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies between the orders and the answer to the request."""
    shop = make_shop()
    drafts = some_orders(shop, 8, 20)
    with monkeypatch.context() as patched:
        patched.setattr(many, "in_one_unit", _dies)
        with pytest.raises(SystemExit):
            all_at_once(shop, drafts)
    before = books(shop)

    verdicts = all_at_once(shop, drafts)

    assert {verdict["status"] for verdict in verdicts} == {201}
    after = books(shop)
    assert {**after, "remembered": before["remembered"]} == before


def _dies(attempt: object) -> None:
    raise SystemExit


def test_a_set_that_was_beaten_is_decided_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, shop = make_shop("grocery"), make_shop("grocery")
    drafts = some_orders(shop, 9, 30)
    record, beaten = Writes.record, []

    def beaten_once(writes: Writes) -> None:
        if not beaten and len(writes.rows.get(OUTBOX, ())) > 1:
            beaten.append(True)
            raise LostRace
        record(writes)

    monkeypatch.setattr(Writes, "record", beaten_once)
    all_at_once(shop, drafts)
    monkeypatch.undo()
    one_by_one(alone, drafts)

    assert beaten
    assert books(shop)["postings"] == books(alone)["postings"]
    assert shop.faults() == []


def test_who_is_beaten_again_and_again_places_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    drafts = some_orders(shop, 10, 5)

    def never(*_: object) -> None:
        raise LostRace

    monkeypatch.setattr(together._Together, "record", never)
    verdicts = all_at_once(shop, drafts)

    assert {verdict["status"] for verdict in verdicts} == {201}
    assert shop.faults() == []


def test_the_reads_do_not_grow_with_the_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: dict[int, int] = {}
    for count in (20, 200):
        shop = make_shop("grocery")
        drafts = some_orders(shop, 11, count)
        asked_for = []

        def counted(*args: Any, told: list[Any] = asked_for) -> Any:
            told.append(args[0])
            return fetch_all(*args)

        for module in ("together", "gather", "register"):
            name = f"regulars.modules.orders.{module}.fetch_all"
            monkeypatch.setattr(name, counted, raising=False)
        all_at_once(shop, drafts)
        reads[count] = len(asked_for)
    assert reads[20] == reads[200] > 0


@pytest.mark.parametrize("crowd", [2, 6])
def test_requests_that_meet_settle_each_order_once(crowd: int) -> None:
    shop = make_shop("grocery")
    drafts = some_orders(shop, 12, 40)

    def request(number: int) -> list[dict[str, Any]]:
        mine = [
            replace(draft, external_id=f"{number}-{draft.external_id}") for draft in drafts[20:]
        ]
        return all_at_once(shop, [*drafts[:20], *mine], f"key-{number}")

    found = at_once(*(lambda number=number: request(number) for number in range(crowd)))  # type: ignore[misc]

    assert refusals(found) == []
    assert Order.objects.of(shop.merchant_id).count() == 20 + 20 * crowd
    ids = {
        tuple(verdict["order"]["id"] for verdict in answer[:20])
        for answer in found
        if not isinstance(answer, Exception)
    }
    assert len(ids) == 1
    assert shop.faults() == []


def test_names_of_the_request_are_not_mixed_up() -> None:
    """The same text under two kinds of identity is two people."""
    shop = make_shop()
    name = unique("n")
    first = replace(some_orders(shop, 13, 1)[0], identity=("external", name))
    drafts = [replace(first, paid_at=first.placed_at), replace(first, external_id="b")]
    drafts[1] = replace(drafts[1], identity=("card", name), paid_at=first.placed_at)

    verdicts = all_at_once(shop, drafts)

    assert len({verdict["order"]["member_id"] for verdict in verdicts}) == 2
