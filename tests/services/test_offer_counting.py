"""What is counted of an offer, for whom, and what rules know of a person with several records."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from makers.ledger import fresh_merchant
from makers.orders import buy, enrol, give_back, make_shop, uuid
from regulars.infra.recording import Writes
from regulars.kernel.ids import new_id
from regulars.modules.budgets.errors import BudgetTaken
from regulars.modules.budgets.gather import look
from regulars.modules.budgets.sheet import Sheet
from regulars.modules.promotions import counting
from regulars.modules.promotions.gather import person
from regulars.modules.promotions.types import BudgetTerms, Limit, Offer, PercentOff

NOON = datetime(2026, 12, 31, 12, tzinfo=UTC)
DAY = date(2026, 12, 31)
UTC_ZONE = ZoneInfo("UTC")


def an_offer(**given: Any) -> Offer:
    return Offer(
        **{
            "code": "A",
            "name": "A",
            "kind": "percent_off",
            "params": PercentOff(1_000),
            "stage": "item",
            **given,
        }
    )


class Till:
    """Takes uses of offers as quotes do."""

    def __init__(self) -> None:
        self.shop = fresh_merchant()

    def take(self, offer: Offer, people: list[UUID], **given: Any) -> None:
        at: dict[str, Any] = {"day": DAY, "store": None, **given}
        cost = at.pop("cost", 0)
        keys = counting.keys([offer], people=people, **at)
        sheet = Sheet(self.shop, look(self.shop, keys, NOON), NOON)
        counting.claim(
            sheet,
            offer,
            owner=new_id().hex,
            cost_minor=cost,
            people=people,
            expires_at=None,
            **at,
        )
        writes = Writes()
        sheet.add_to(writes)
        with transaction.atomic():
            writes.record()

    def left(self, offer: Offer, people: list[UUID], **given: Any) -> counting.Left:
        at: dict[str, Any] = {"day": DAY, "store": None, **given}
        keys = counting.keys([offer], people=people, **at)
        return counting.left(offer, look(self.shop, keys, NOON), people=people, **at)


@pytest.fixture
def till() -> Till:
    return Till()


def test_without_limits_nothing_is_counted(till: Till) -> None:
    till.take(an_offer(), [new_id()], cost=500)
    assert counting.keys([an_offer()], people=[new_id()], day=DAY, store=None) == []
    assert till.left(an_offer(), []) == counting.Left(0, 0, None)


def test_uses_count_per_person_and_in_all(till: Till) -> None:
    offer = an_offer(limit=Limit(per_member=1, total=2))
    ann, bob, eve = new_id(), new_id(), new_id()
    till.take(offer, [ann])
    with pytest.raises(BudgetTaken):
        till.take(offer, [ann])
    till.take(offer, [bob])
    with pytest.raises(BudgetTaken):
        till.take(offer, [eve])
    assert till.left(offer, [ann]) == counting.Left(1, 2, None)
    assert till.left(offer, [eve]) == counting.Left(0, 2, None)


def test_records_of_one_person_share_their_uses(till: Till) -> None:
    offer = an_offer(limit=Limit(per_member=2))
    old, new = new_id(), new_id()
    till.take(offer, [old])
    till.take(offer, [new, old])
    with pytest.raises(BudgetTaken):
        till.take(offer, [new, old])
    assert till.left(offer, [new, old]).by_member == 2
    assert till.left(offer, [old]).by_member == 1, "apart again, each has their own"


def test_a_strangers_use_counts_in_all_alone(till: Till) -> None:
    offer = an_offer(limit=Limit(per_member=1, total=9))
    till.take(offer, [])
    till.take(offer, [])
    assert till.left(offer, []) == counting.Left(0, 2, None)


def test_a_years_uses_begin_anew_with_the_year(till: Till) -> None:
    offer = an_offer(limit=Limit(per_member=1, member_period="year"))
    ann = new_id()
    till.take(offer, [ann], day=date(2026, 1, 1))
    with pytest.raises(BudgetTaken):
        till.take(offer, [ann], day=date(2026, 12, 31))
    till.take(offer, [ann], day=date(2027, 1, 1))


def test_a_budget_is_what_is_left_of_it(till: Till) -> None:
    offer = an_offer(budget=1_000)
    till.take(offer, [], cost=700)
    assert till.left(offer, []).budget_minor == 300
    with pytest.raises(BudgetTaken):
        till.take(offer, [], cost=301)
    till.take(offer, [], cost=300)
    assert till.left(offer, []).budget_minor == 0
    assert till.left(an_offer(budget=500), []).budget_minor == 0, "lowered below what is spent"


def test_a_soft_budget_counts_and_stops_nobody(till: Till) -> None:
    offer = an_offer(budget=100, budget_terms=BudgetTerms(stop="soft"))
    till.take(offer, [], cost=700)
    assert till.left(offer, []).budget_minor is None
    (key,) = counting.keys([offer], people=[], day=DAY, store=None)
    assert look(till.shop, [key], NOON).used(key) == 700


@pytest.mark.parametrize(
    ("per", "same", "other"),
    [
        ("store", {"day": DAY - timedelta(9), "store": "s1"}, {"store": "s2"}),
        ("day", {"store": "s2"}, {"day": DAY + timedelta(1)}),
        ("month", {"day": date(2026, 12, 1)}, {"day": date(2027, 1, 1)}),
    ],
)
def test_budgets_by_store_and_time(
    till: Till, per: Any, same: dict[str, Any], other: dict[str, Any]
) -> None:
    offer = an_offer(budget=1_000, budget_terms=BudgetTerms(per=per))
    here = {"day": DAY, "store": "s1"}
    till.take(offer, [], cost=400, **here)
    assert till.left(offer, [], **{**here, **same}).budget_minor == 600
    assert till.left(offer, [], **{**here, **other}).budget_minor == 1_000


def test_no_two_keys_are_written_alike() -> None:
    """Whatever codes and stores are called, two promises never share a counter."""
    people = [new_id()]
    whole = Limit(per_member=1, total=1)
    seen: dict[str, tuple[str, str | None]] = {}
    terms = BudgetTerms(per="store")
    for code in ("A", "A|B", "B", f"{people[0].hex}|ever|A", "store|A", '["A","s"]'):
        for store in (None, "s", '"', 's","'):
            offer = an_offer(code=code, limit=whole, budget=1, budget_terms=terms)
            for key in counting.keys([offer], people=people, day=DAY, store=store):
                mine = (code, store if key.startswith("cost") else None)
                assert seen.setdefault(key, mine) == mine, key


# ── what rules know ──


def told(shop: Any, member: str, **given: Any) -> dict[str, Any]:
    known = person(shop.merchant_id, uuid(member))
    return known.facts(now=shop.now, zone=ZoneInfo(shop.merchant.zone), tier="basic", **given)


def test_orders_and_spend_are_net_of_what_went_back() -> None:
    shop = make_shop()
    member = enrol(shop, birthday="2000-03-10")
    assert told(shop, member)["first_order"]
    order = buy(shop, member, 1_000, 500)
    known = told(shop, member, channel="web")
    assert (known["orders"], known["spend_minor"], known["first_order"]) == (1, 1_500, False)
    assert (known["birthday_today"], known["channel"], known["store"]) == (True, "web", "")
    assert give_back(shop, order, (1, 1)).status_code == 201
    assert told(shop, member)["spend_minor"] == 500


def test_the_day_is_the_merchants() -> None:
    """23:30 in UTC is tomorrow in Shanghai: the birthday begins there."""
    shop = make_shop(zone="Asia/Shanghai", now=datetime(2026, 3, 10, 16, tzinfo=UTC))
    member = enrol(shop, birthday="2000-03-11", joined_at="2026-03-10T15:59:59Z")
    known = told(shop, member)
    assert known["birthday_today"]
    assert known["days_since_joined"] == 1


def test_a_merged_person_is_one_buyer() -> None:
    shop = make_shop()
    old = enrol(shop, joined_at="2020-01-01T00:00:00Z", birthday="1999-09-09")
    new = enrol(shop)
    buy(shop, old, 700)
    assert shop.api.post(f"/members/{new}/merge", {"from": old}).status_code == 201
    buy(shop, new, 300)
    for member in (old, new):
        known = person(shop.merchant_id, uuid(member))
        assert known.people == (uuid(new), uuid(old))
        facts = told(shop, member)
        assert (facts["orders"], facts["spend_minor"]) == (2, 1_000)
        assert facts["days_since_joined"] > 2_000, "of the earliest record"


def test_a_stranger_has_no_facts() -> None:
    shop = make_shop()
    known = person(shop.merchant_id, new_id())
    assert known.people == ()
    assert known.facts(now=shop.now, zone=UTC_ZONE, tier="") == {}


def test_the_anniversary_is_of_the_earliest_record_until_the_merge_is_undone() -> None:
    """Old joined on 10 March 2020, new in 2025: as one person they have had it today for years."""
    shop = make_shop(now=datetime(2026, 3, 10, 12, tzinfo=UTC))
    old = enrol(shop, joined_at="2020-03-10T09:00:00Z")
    new = enrol(shop, joined_at="2025-07-01T00:00:00Z")
    rule = {"fact": "anniversary_today", "op": "=", "value": True}
    body = {"code": "years", "kind": "percent_off", "params": {"bps": 500}, "who": {"rule": rule}}
    assert shop.api.post("/offers", body).status_code == 201

    def given(member: str) -> bool:
        found = bool(applied(member))
        assert told(shop, member)["anniversary_today"] is found
        return found

    def applied(member: str) -> list[Any]:
        cart = {"lines": [{"sku": "tea", "quantity": 1, "unit_price": 1_000}], "member_id": member}
        return list(shop.api.post("/evaluations", cart).json()["applied"])

    assert (given(old), given(new)) == (True, False)
    merge = shop.api.post(f"/members/{new}/merge", {"from": old})
    assert (given(old), given(new)) == (True, True)
    assert shop.api.post(f"/merges/{merge.json()['id']}/undo", {}).status_code == 200
    assert (given(old), given(new)) == (True, False)
