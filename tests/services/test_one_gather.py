"""All that a quote must know of offers, coupons and limits fits into one statement."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from makers.coupons import make_coupons, use
from makers.offers import make_offer
from makers.orders import buy, enrol, make_shop, uuid
from regulars.infra.db import Sql, fetch_one
from regulars.modules.budgets.gather import CLAIMS_OF_OWNER, SEEN, claims_of, seen_of
from regulars.modules.coupons import counting as coupon_counting
from regulars.modules.coupons.gather import COUPONS, coupons_of, read_codes
from regulars.modules.coupons.rules import resolve
from regulars.modules.members.enrolment import WHO_BY_ID, WHO_BY_IDENTITY
from regulars.modules.promotions import counting
from regulars.modules.promotions.gather import BUYER_OF_WHO, Person
from regulars.modules.promotions.queries import BOOK_VERSION, book
from regulars.modules.tiers.gather import STANDING_OF_WHO

_PARTS = f"{BOOK_VERSION}, {COUPONS}, {SEEN}, {CLAIMS_OF_OWNER}, {BUYER_OF_WHO}, {STANDING_OF_WHO}"
BY_ID = Sql(f"WITH {WHO_BY_ID} SELECT {_PARTS}")
BY_IDENTITY = Sql(f"WITH {WHO_BY_IDENTITY} SELECT {_PARTS}")


def test_one_statement_tells_it_all() -> None:
    shop = make_shop()
    member = enrol(shop)
    offer = make_offer(shop, requires_code=True, limit={"total": 5, "per_member": 2})["code"]
    code, other = make_coupons(shop, offer=offer, count=2)["codes"]
    buy(shop, member, 900)
    assert use(shop, code, "quote-1")
    shelf = book(shop.merchant_id)
    people = [uuid(member)]
    read = read_codes(shop.merchant_id, [code, other, "A" * 20])
    keys = [
        *counting.keys(shelf.offers, people=people, day=shop.now.date(), store=None),
        *coupon_counting.keys(read.by_key, people),
    ]
    params = {
        "merchant_id": shop.merchant_id,
        "member_id": people[0],
        "coupon_keys": list(read.by_key),
        "budget_keys": keys,
        "budget_owner": "quote-1",
        "now": shop.now,
    }

    for now, free in ((shop.now, 1), (shop.now + timedelta(minutes=15), 2)):
        row = fetch_one(BY_ID, {**params, "now": now})
        assert row is not None
        version, coupons, seen, claims, buyer, standing = row
        assert version == shelf.version
        assert book(shop.merchant_id, version) is shelf
        person = Person(shop.merchant_id, buyer)
        assert person.people == tuple(people)
        facts = person.facts(now=now, zone=ZoneInfo("UTC"), tier="basic")
        assert (facts["orders"], facts["spend_minor"]) == (1, 900)
        assert [claim.state for claim in claims_of(claims)] == ["open"]
        assert standing is not None
        found = resolve(
            read,
            coupons_of(shop.merchant_id, coupons),
            seen=seen_of(seen),
            people=person.people,
            now=now,
            offers=[offer],
        )
        assert found.invalid == ("A" * 20, code)[: 3 - free]
        used = min(code, other) if free == 2 else other
        assert found.by_offer[offer].code == used


def test_nobody_and_nothing_are_told_as_such() -> None:
    shop = make_shop()
    row = fetch_one(
        BY_IDENTITY,
        {
            "merchant_id": shop.merchant_id,
            "identity_type": "card",
            "identity_key": "none",
            "coupon_keys": [],
            "budget_keys": [],
            "budget_owner": "",
            "now": shop.now,
        },
    )
    assert row is not None
    version, coupons, seen, claims, buyer, _ = row
    assert version == 0
    assert coupons_of(shop.merchant_id, coupons) == claims_of(claims) == ()
    assert seen_of(seen).used("anything") == 0
    assert Person(shop.merchant_id, buyer).people == ()
    assert book(shop.merchant_id, version).offers == ()
