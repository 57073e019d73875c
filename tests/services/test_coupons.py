"""Coupons as they are made, used, given back, withdrawn, and issued after orders."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from makers.coupons import given, make_coupons, use
from makers.offers import make_offer
from makers.orders import DAY, NOON, Shop, buy, changed, enrol, give_back, make_shop, uuid
from regulars.infra import jobs
from regulars.infra.models import OutboxRow
from regulars.infra.outbox import relay_all
from regulars.infra.recording import Writes
from regulars.kernel.ids import parse
from regulars.modules.budgets.errors import BudgetTaken
from regulars.modules.budgets.gather import claims_of_owner
from regulars.modules.budgets.sheet import Sheet
from regulars.modules.budgets.types import NOTHING_SEEN
from regulars.modules.budgets.verification import verify
from regulars.modules.coupons import codes, making, queries
from regulars.modules.coupons.issuing import issue_due
from regulars.modules.coupons.models import Batch, Coupon, Promised
from regulars.modules.programmes.leaving import come_back


@pytest.fixture(scope="module", autouse=True)
def _handlers() -> None:
    jobs.load()


def release(shop: Shop, owner: str) -> None:
    sheet, writes = Sheet(shop.merchant_id, NOTHING_SEEN, shop.now), Writes()
    sheet.release(claims_of_owner(shop.merchant_id, owner))
    sheet.add_to(writes)
    with transaction.atomic():
        writes.record()


def states(shop: Shop, member: str) -> list[str]:
    return [entry.state for entry in queries.wallet(shop.merchant_id, uuid(member), shop.now)]


def test_a_generated_coupon_is_used_once_and_comes_back() -> None:
    shop = make_shop()
    made = make_coupons(shop, count=2)
    code, other = made["codes"]
    assert given(shop, [code]).by_offer[made["offer"]].code == code
    assert use(shop, code, "quote")
    assert given(shop, [code]).invalid == (code,)
    assert not use(shop, code, "quote2")
    assert given(shop, [other, code]).by_offer[made["offer"]].code == other
    release(shop, "quote")
    assert use(shop, code, "quote3")
    assert verify(shop.merchant_id) == []


def test_a_quote_that_ran_out_gives_its_coupon_back() -> None:
    shop = make_shop()
    (code,) = make_coupons(shop)["codes"]
    assert use(shop, code, "quote")
    later = shop.now + timedelta(minutes=15)
    assert given(shop, [code], now=later - timedelta(microseconds=1)).invalid == (code,)
    assert use(shop, code, "next", now=later)
    assert verify(shop.merchant_id) == []


def test_a_public_code_serves_everybody_and_each_member_as_said() -> None:
    shop = make_shop()
    make_coupons(shop, codes=["Tea24"], max_uses=3, max_uses_per_member=1)
    ann, bob, eve = (uuid(enrol(shop)) for _ in range(3))
    assert use(shop, "TEA24", "q1", member_id=ann)
    assert not use(shop, "tea24", "q2", member_id=ann)
    assert use(shop, "tea24", "q3", member_id=bob)
    assert use(shop, "tea24", "q4"), "a stranger"
    assert not use(shop, "tea24", "q5", member_id=eve), "three in all"


def test_without_limits_a_public_code_counts_nothing() -> None:
    shop = make_shop()
    make_coupons(shop, codes=["Open"])
    for number in range(3):
        assert use(shop, "open", f"q{number}")
    assert claims_of_owner(shop.merchant_id, "q0") == ()


def test_a_personal_coupon_is_its_members_also_after_a_merge() -> None:
    shop = make_shop()
    old, new, other = enrol(shop), enrol(shop), enrol(shop)
    made = make_coupons(shop, member_id=old)
    (code,) = made["codes"]
    assert made["kind"] == "personal"
    assert given(shop, [code], member_id=uuid(old)).by_offer
    for stranger in (None, uuid(other), uuid(new)):
        assert given(shop, [code], member_id=stranger).invalid == (code,)
    assert shop.api.post(f"/members/{new}/merge", {"from": old}).status_code == 201
    assert given(shop, [code], member_id=uuid(new)).by_offer
    assert states(shop, new) == states(shop, old) == ["available"]


def test_a_member_uses_per_person_not_per_record() -> None:
    shop = make_shop()
    make_coupons(shop, codes=["once"], max_uses_per_member=1)
    old, new = enrol(shop), enrol(shop)
    assert use(shop, "once", "q1", member_id=uuid(old))
    assert shop.api.post(f"/members/{new}/merge", {"from": old}).status_code == 201
    assert not use(shop, "once", "q2", member_id=uuid(new))


def test_what_is_withdrawn_is_unknown() -> None:
    shop = make_shop()
    made = make_coupons(shop, codes=["gone"])
    assert shop.api.post(f"/coupons/batches/{made['id']}/withdraw").status_code == 200
    assert given(shop, ["gone"]).invalid == ("gone",)


def test_what_is_not_ours_is_never_asked_of_the_database() -> None:
    shop = make_shop()
    with connection.execute_wrapper(_forbidden):
        read = given_without_reads(shop, ["A" * 20, "ABCDE-ABCDE-ABCDE-ABCDE"])
    assert len(read.failed) == 2


def given_without_reads(shop: Shop, wanted: list[str]) -> Any:
    from regulars.modules.coupons.gather import find, read_codes

    read = read_codes(shop.merchant_id, wanted)
    assert find(shop.merchant_id, read) == ()
    return read


def _forbidden(*_: Any) -> None:
    raise AssertionError("a read")


def test_no_code_stands_in_the_database() -> None:
    shop = make_shop()
    made = make_coupons(shop, count=3)
    rows = list(Coupon.objects.of(shop.merchant_id).values_list("key", "text"))
    assert {text for _, text in rows} == {""}
    for code in made["codes"]:
        assert code.replace("-", "") not in str(rows)
    from regulars.infra.models import WriteRecord

    answers = str(list(WriteRecord.objects.of(shop.merchant_id).values_list("answer")))
    events = str(list(OutboxRow.objects.filter(merchant_id=shop.merchant_id).values_list("events")))
    for code in made["codes"]:
        assert code not in answers
        assert code not in events


# ── large numbers ──


def test_a_large_batch_is_made_piece_by_piece_and_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = make_shop()
    made = make_coupons(shop, count=2_500)
    batch_id = parse("bat", made["id"])
    assert batch_id is not None
    assert (made["state"], made["made"], made["codes"]) == ("making", 0, None)

    assert making.make_piece(shop.merchant_id, batch_id, 1_000) == 1_000
    half = queries.batch_view(shop.merchant_id, batch_id)
    assert (half.state, half.made) == ("making", 1_000)
    meanwhile = list(queries.written_codes(shop.merchant_id, half))
    assert len(set(meanwhile)) == 1_000
    assert given(shop, [meanwhile[-1]]).by_offer
    to_come = codes.generated(shop.merchant_id, batch_id, 1_001)
    assert given(shop, [to_come]).invalid

    with transaction.atomic():
        assert making.make_piece(shop.merchant_id, batch_id, 1_000) == 1_000
        transaction.set_rollback(True)  # as a kill before the commit does
    assert queries.batch_view(shop.merchant_id, batch_id).made == 1_000

    monkeypatch.setattr(making, "PIECE", 700)
    making.make_pieces()
    whole = queries.batch_view(shop.merchant_id, batch_id)
    assert (whole.state, whole.made) == ("done", 2_500)
    assert Coupon.objects.of(shop.merchant_id).filter(batch_id=batch_id).count() == 2_500
    assert making.make_piece(shop.merchant_id, batch_id) == 0


def test_a_job_that_is_told_to_stop_stops_between_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = make_shop()
    made = make_coupons(shop, count=1_500)
    monkeypatch.setattr(jobs, "stopping", lambda: True)
    assert making.make_pieces() == 0
    assert Batch.objects.of(shop.merchant_id).get(id=parse("bat", made["id"])).made == 0


def test_what_is_withdrawn_is_not_gone_on_with() -> None:
    shop = make_shop()
    made = make_coupons(shop, count=1_500)
    shop.api.post(f"/coupons/batches/{made['id']}/withdraw")
    making.make_pieces()
    assert Coupon.objects.of(shop.merchant_id).count() == 0


@pytest.mark.slow
def test_sixty_thousand_codes_take_seconds() -> None:
    """Told for the million: 60,000 in under 20 seconds is a million in under six minutes."""
    shop = make_shop()
    make_coupons(shop, count=60_000)
    began = time.perf_counter()
    making.make_pieces()
    assert time.perf_counter() - began < 20
    assert Coupon.objects.of(shop.merchant_id).count() == 60_000


# ── the coupon for the next order ──


def issuing_shop(after: Any = "return_window", pending_days: int = 7, **terms: Any) -> Shop:
    shop = make_shop(changed("plain", earning__points={"pending_days": pending_days}))
    make_coupons(shop, issue={"on": "order_paid", "after": after}, **terms)
    return shop


def due(shop: Shop) -> int:
    relay_all()
    return issue_due(shop.merchant, shop.now)


def test_a_paid_order_brings_a_coupon_once_it_cannot_come_back() -> None:
    shop = issuing_shop(valid_days=30)
    member = enrol(shop)
    buy(shop, member, 5_000)
    assert due(shop) == 0
    shop.move(7 * DAY - timedelta(seconds=1))
    assert due(shop) == 0
    shop.move(timedelta(seconds=1))
    assert due(shop) == 1
    (entry,) = queries.wallet(shop.merchant_id, uuid(member), shop.now)
    assert entry.state == "available"
    assert entry.ends_at == (NOON + 38 * DAY).replace(hour=0), "through the 30th day after"
    assert given(shop, [entry.code], member_id=uuid(member)).by_offer
    assert given(shop, [entry.code]).invalid
    assert due(shop) == 0


def test_every_order_brings_one_and_a_stranger_none() -> None:
    shop = issuing_shop(after=3)
    member = enrol(shop)
    buy(shop, member, 5_000)
    buy(shop, member, 100)
    buy(shop, None, 100)
    relay_all()
    shop.move(3 * DAY)
    assert due(shop) == 2
    codes_given = [e.code for e in queries.wallet(shop.merchant_id, uuid(member), shop.now)]
    assert len(set(codes_given)) == 2


def test_what_went_back_whole_brings_none_and_a_part_does() -> None:
    shop = issuing_shop(after=3)
    member = enrol(shop)
    whole, part, called_off = (buy(shop, member, 300, 700) for _ in range(3))
    relay_all()
    for line in (1, 2):
        assert give_back(shop, whole, (line, 1)).status_code == 201
    assert give_back(shop, part, (2, 1)).status_code == 201
    assert shop.api.post(f"/orders/{called_off['id']}/cancel").status_code == 200
    relay_all()
    shop.move(3 * DAY)
    assert due(shop) == 1
    assert states(shop, member) == ["available"]


def test_a_free_sample_that_was_kept_brings_none() -> None:
    shop = issuing_shop(after=3)
    member = enrol(shop)
    order = buy(shop, member, 8_000, 0)
    relay_all()
    told = give_back(shop, order, (1, 1)).json()["effects"][0]
    assert (told["type"], told["whole"]) == ("order.refunded", False)
    shop.move(3 * DAY)
    assert due(shop) == 0


def test_what_cost_no_money_brings_one_until_every_unit_went_back() -> None:
    """As with an order that points paid: its money alone cannot tell what is kept."""
    shop = issuing_shop(after=3)
    member = enrol(shop)
    kept, whole = (buy(shop, member, 0, 0) for _ in range(2))
    relay_all()
    assert not give_back(shop, kept, (1, 1)).json()["effects"][0]["whole"]
    assert not give_back(shop, whole, (1, 1)).json()["effects"][0]["whole"]
    assert give_back(shop, whole, (2, 1)).json()["effects"][0]["whole"]
    relay_all()
    shop.move(3 * DAY)
    assert due(shop) == 1


def test_news_told_twice_brings_one_coupon() -> None:
    shop = issuing_shop(after=0)
    member = enrol(shop)
    buy(shop, member, 500)
    for _ in range(2):
        relay_all()
        OutboxRow.objects.filter(merchant_id=shop.merchant_id).update(relayed_at=None)
        issue_due(shop.merchant, shop.now)
    relay_all()
    assert issue_due(shop.merchant, shop.now) == 0
    assert states(shop, member) == ["available"]


def test_an_ended_promise_gives_nothing_and_leaves_nothing_open() -> None:
    shop = issuing_shop(after=1)
    (batch,) = Batch.objects.of(shop.merchant_id)
    buy(shop, enrol(shop), 500)
    relay_all()
    shop.api.patch(f"/offers/{batch.offer}", {"status": "archived"})
    shop.move(DAY)
    assert due(shop) == 0
    assert not Promised.objects.of(shop.merchant_id).filter(settled=False).exists()


def test_who_left_gets_no_promised_coupon_nor_after_coming_back() -> None:
    shop = issuing_shop(after=3)
    gone, there = enrol(shop), enrol(shop)
    for member in (gone, there):
        buy(shop, member, 500)
    relay_all()
    assert shop.api.post(f"/members/{gone}/leave", {"channel": "till"}).status_code == 200
    shop.move(3 * DAY)
    assert due(shop) == 1
    assert states(shop, there) == ["available"]
    come_back(merchant_id=shop.merchant_id, member_id=uuid(gone), now=shop.now)
    assert due(shop) == 0
    assert states(shop, gone) == []


def test_an_order_of_before_brings_nothing() -> None:
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, 500)
    shop.move(timedelta(seconds=1))
    make_coupons(shop, issue={"on": "order_paid", "after": 0})
    assert due(shop) == 0


def test_a_coupon_taken_by_a_budget_is_refused() -> None:
    """The write itself holds the limit, also where the look before it was stale."""
    shop = make_shop()
    (code,) = make_coupons(shop)["codes"]
    from regulars.modules.coupons import counting

    (coupon,) = given(shop, [code]).by_offer.values()
    sheet = Sheet(shop.merchant_id, NOTHING_SEEN, shop.now)
    counting.claim(sheet, coupon, owner="a", people=(), expires_at=None)
    with pytest.raises(BudgetTaken):
        counting.claim(sheet, coupon, owner="b", people=(), expires_at=None)


def test_an_offer_may_be_named_once_it_exists() -> None:
    shop = make_shop()
    offer = make_offer(shop, requires_code=True, code="A")["code"]
    assert make_coupons(shop, offer=offer, codes=["x"])["offer"] == "A"
