"""One coupon, many buyers; one code, many makers; one batch, many jobs."""

from __future__ import annotations

from functools import partial

import pytest

from makers.coupons import given, make_coupons, use
from makers.offers import make_offer
from makers.orders import DAY, buy, enrol, make_shop, uuid
from makers.threads import at_once, refusals
from regulars.infra import jobs
from regulars.infra.outbox import relay_all
from regulars.kernel.ids import parse
from regulars.modules.budgets.verification import verify
from regulars.modules.coupons import making, queries
from regulars.modules.coupons.issuing import issue_due
from regulars.modules.coupons.models import Coupon
from regulars.modules.steering.models import NextCoupon
from regulars.modules.steering.next_orders import give_due

CROWD = 32


def test_a_single_use_coupon_is_used_once_by_thirty_two() -> None:
    """Pain 5: the same code at the same moment, from everywhere."""
    shop = make_shop()
    (code,) = make_coupons(shop)["codes"]

    found = at_once(*[partial(use, shop, code, f"q{n}") for n in range(CROWD)])

    assert found.count(True) == 1
    assert found.count(False) == CROWD - 1
    assert given(shop, [code]).invalid == (code,)
    assert verify(shop.merchant_id) == []


@pytest.mark.parametrize("of_one", [True, False], ids=["one member", "many members"])
def test_a_public_code_holds_both_its_limits(of_one: bool) -> None:
    shop = make_shop()
    make_coupons(shop, codes=["RUSH"], max_uses=9, max_uses_per_member=2)
    members = [uuid(enrol(shop)) for _ in range(1 if of_one else CROWD // 4)]

    found = at_once(
        *[
            partial(use, shop, "rush", f"q{n}", member_id=members[n % len(members)])
            for n in range(CROWD)
        ]
    )

    assert not refusals(found)
    assert found.count(True) == (2 if of_one else 9)
    assert verify(shop.merchant_id) == []


def test_one_public_code_is_made_once() -> None:
    shop = make_shop()
    offer = make_offer(shop, requires_code=True)["code"]
    body = {"offer": offer, "codes": ["Only"]}

    found = at_once(*[partial(shop.api.post, "/coupons", body) for _ in range(8)])

    statuses = sorted(answer.status_code for answer in found)  # type: ignore[union-attr]
    assert statuses == [201] + [409] * 7
    assert Coupon.objects.of(shop.merchant_id).count() == 1


def test_one_batch_is_made_once_by_several_jobs() -> None:
    shop = make_shop()
    batch_id = parse("bat", make_coupons(shop, count=1_200)["id"])
    assert batch_id is not None
    piece = partial(making.make_piece, shop.merchant_id, batch_id, 100)

    found = at_once(*[piece] * 12)

    assert not refusals(found)
    assert sum(found) == 1_200  # type: ignore[arg-type]
    assert Coupon.objects.of(shop.merchant_id).count() == 1_200


def test_a_promise_is_kept_once_by_several_jobs() -> None:
    shop = make_shop()
    make_coupons(shop, issue={"on": "order_paid", "after": 0})
    members = [enrol(shop) for _ in range(5)]
    for member in members:
        buy(shop, member, 500)
    jobs.load()
    relay_all()
    shop.move(DAY)

    found = at_once(*[partial(issue_due, shop.merchant, shop.now)] * 6)

    assert not refusals(found)
    assert sum(found) == 5  # type: ignore[arg-type]
    for member in members:
        assert len(queries.wallet(shop.merchant_id, uuid(member), shop.now)) == 1


def test_a_sized_promise_is_kept_once_with_one_reason_by_several_jobs() -> None:
    shop = make_shop()
    sized = {"most_days": 30}
    make_coupons(shop, valid_days=7, issue={"on": "order_paid", "after": 0, "sized": sized})
    members = [enrol(shop) for _ in range(5)]
    for member in members:
        buy(shop, member, 500)
    jobs.load()
    relay_all()
    shop.move(DAY, due=False)

    found = at_once(*[partial(give_due, shop.merchant)] * 4)

    assert not refusals(found)
    assert NextCoupon.objects.of(shop.merchant_id).count() == 5
    for member in members:
        assert len(queries.wallet(shop.merchant_id, uuid(member), shop.now)) == 1
