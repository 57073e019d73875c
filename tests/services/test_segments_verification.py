"""What `regulars doctor` says of segments: nothing of a shop that is well, and what was broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from makers.orders import Shop, buy, enrol, make_shop, uuid
from makers.segments import keep_up, make_list, make_segment
from makers.telling import tell
from regulars.infra.db import Sql, run
from regulars.kernel.ids import new_id, show
from regulars.modules.segments.models import MemberFacts, Membership, Segment
from regulars.modules.segments.verification import verify

SPENT = {"fact": "spend", "op": ">=", "value": 2_000}
LATELY = {"fact": "last_purchase_day", "op": "within_days", "value": 30}


@pytest.fixture
def shop() -> Shop:
    """Nine members, of whom every third bought nothing; two rules and a list."""
    made = make_shop()
    members = [enrol(made) for _ in range(9)]
    for number, member in enumerate(members):
        if number % 3:
            buy(made, member, 1_000 * number)
    make_segment(made, SPENT, code="spent")
    make_segment(made, LATELY, code="lately")
    make_list(made, [uuid(member) for member in members[:2]], code="named")
    keep_up(made)
    tell(made)  # also what segments said themselves: nothing waits
    assert Membership.objects.of(made.merchant_id).count() == 2 + 6 + 5
    return made


def codes(shop: Shop, sample: int | None = None) -> list[str]:
    return [fault.code for fault in verify(shop.merchant, shop.now, sample=sample)]


def test_a_shop_that_is_well_has_no_faults(shop: Shop) -> None:
    seen: list[int] = []
    assert verify(shop.merchant, shop.now, progress=seen.append) == []
    assert seen == [9]
    shop.move(timedelta(days=40))  # their day has come; the jobs are about to see to it
    assert codes(shop) == []
    keep_up(shop)
    assert codes(shop) == []


def _row(shop: Shop, code: str) -> Membership:
    segment = Segment.objects.of(shop.merchant_id).get(code=code)
    found = Membership.objects.of(shop.merchant_id).filter(segment_id=segment.id).first()
    assert found is not None
    return found


def _take_out(shop: Shop, code: str) -> str:
    row = _row(shop, code)
    own = {"segment_id": row.segment_id, "member_id": row.member_id}
    Membership.objects.of(shop.merchant_id).filter(**own).delete()
    return show("mem", row.member_id)


def _put_in(shop: Shop, code: str) -> str:
    row = _row(shop, code)
    there = set(
        Membership.objects.of(shop.merchant_id)
        .filter(segment_id=row.segment_id)
        .values_list("member_id", flat=True)
    )
    facts = MemberFacts.objects.of(shop.merchant_id).exclude(member_id__in=there).first()
    assert facts is not None
    Membership.plain.bulk_create(
        [
            Membership(
                merchant_id=shop.merchant_id,
                member_id=facts.member_id,
                segment_id=row.segment_id,
                since=shop.now,
            )
        ]
    )
    return show("mem", facts.member_id)


@pytest.mark.parametrize("act", [_take_out, _put_in])
@pytest.mark.parametrize("code", ["spent", "lately", "named"])
def test_a_membership_that_is_not_the_rules_is_told(
    shop: Shop, act: Callable[[Shop, str], str], code: str
) -> None:
    member = act(shop, code)
    (fault,) = verify(shop.merchant, shop.now)
    assert (fault.code, fault.member_id) == ("membership_unlike_rule", member)
    assert code in fault.detail


def test_facts_that_the_books_do_not_say_are_told(shop: Shop) -> None:
    row = MemberFacts.objects.of(shop.merchant_id).filter(facts__contains='"orders":1').first()
    assert row is not None
    facts = json.loads(row.facts) | {"favourite_store": "elsewhere"}
    rows = MemberFacts.objects.of(shop.merchant_id)
    rows.filter(member_id=row.member_id).update(facts=json.dumps(facts))
    (fault,) = verify(shop.merchant, shop.now, sample=None)
    assert (fault.code, fault.member_id) == ("facts_unlike_books", show("mem", row.member_id))
    assert "favourite_store" in fault.detail
    buy(shop, show("mem", row.member_id), 700)  # an event waits: facts are about to be read anyway
    assert codes(shop) == []


def test_a_membership_of_somebody_unknown_is_told(shop: Shop) -> None:
    row = _row(shop, "named")
    stranger = new_id()
    run(
        Sql(
            "INSERT INTO segments_membership (merchant_id, member_id, segment_id, since) "
            "VALUES (:merchant_id, :member_id, :segment_id, :since)"
        ),
        {
            "merchant_id": shop.merchant_id,
            "member_id": stranger,
            "segment_id": row.segment_id,
            "since": shop.now,
        },
    )
    (fault,) = verify(shop.merchant, shop.now)
    assert (fault.code, fault.member_id) == ("membership_of_nobody", show("mem", stranger))


def test_what_is_frozen_or_being_built_is_left_alone(shop: Shop) -> None:
    for code, state in (("spent", {"status": "frozen"}), ("lately", {"building": True})):
        Segment.objects.of(shop.merchant_id).filter(code=code).update(**state)
        _take_out(shop, code)
    assert codes(shop) == []


def test_a_sample_reads_some_and_the_whole_reads_all(shop: Shop) -> None:
    for row in MemberFacts.objects.of(shop.merchant_id):
        facts = json.loads(row.facts) | {"favourite_store": "elsewhere"}
        MemberFacts.objects.of(shop.merchant_id).filter(member_id=row.member_id).update(
            facts=json.dumps(facts)
        )
    assert codes(shop, None) == ["facts_unlike_books"] * 9
    assert len(codes(shop, 1)) < 9
