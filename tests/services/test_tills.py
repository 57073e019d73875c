"""What tills did without a line is taken once, in order, whatever way it comes."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makers.merchants import unique
from makers.orders import DAY, HOUR, NOON, Shop, enrol, make_shop, order_body, uuid
from makers.tills import Device, make_device, send_by_service, sent, verdicts
from regulars.kernel.ids import parse
from regulars.modules.orders.models import Order, Refund
from regulars.modules.tills import queries, services
from regulars.modules.tills.errors import NotTheNext
from regulars.modules.tills.models import Envelope, Till
from regulars.modules.tills.types import TillView
from regulars.modules.tills.verification import verify

MINUTE = timedelta(minutes=1)


def sound(shop: Shop) -> bool:
    """Nothing for the doctor, neither in the books nor at the tills."""
    return shop.faults() == [] and verify(shop.merchant_id) == []


def till_of(shop: Shop, device: Device) -> TillView:
    till_id = parse("till", device.till)
    assert till_id is not None
    return queries.till(shop.merchant_id, till_id)


def standing(shop: Shop, device: Device) -> tuple[int, int, int]:
    till = till_of(shop, device)
    return till.last_number, till.taken, till.refused


def test_the_worked_example() -> None:
    """docs/algorithms/offline-tills.md, to the point."""
    shop = make_shop()
    ann, bob = enrol(shop), enrol(shop)
    device = make_device(shop)
    first = device.sale(5_000, at=NOON - 170 * MINUTE, member_id=ann, lines=[
        {"sku": "tea", "quantity": 2, "unit_price": 2_500}])  # fmt: skip
    batch_a = [first, device.sale(2_000, at=NOON - 150 * MINUTE, member_id=bob)]
    told = sent(shop, device, batch_a)
    assert verdicts(told) == [(1, "taken", False, None), (2, "taken", False, None)]
    assert [one["answer"]["points"] for one in told["verdicts"]] == [50, 20]
    again = sent(shop, device, batch_a)
    assert verdicts(again) == [(1, "taken", True, None), (2, "taken", True, None)]
    assert [one["answer"]["id"] for one in again["verdicts"]] == [
        one["answer"]["id"] for one in told["verdicts"]
    ]
    assert again["effects"] == []
    name = first["body"]["external_id"]
    half = device.giving_back(name, (1, 1), at=NOON - 130 * MINUTE)
    later = device.sale(8_000, at=NOON - 120 * MINUTE, member_id=ann)
    assert verdicts(sent(shop, device, [later])) == [(4, "waits", False, 3)]
    assert till_of(shop, device).waits_for == 3
    assert verdicts(sent(shop, device, [later, half])) == [
        (4, "taken", False, None), (3, "taken", False, None),
    ]  # fmt: skip
    old = device.sale(1_000, at=NOON - 8 * DAY)
    assert verdicts(sent(shop, device, [old])) == [(5, "refused", False, "too_long_offline")]
    twin = device.sale(900, at=NOON - 100 * MINUTE, number=5)
    assert verdicts(sent(shop, device, [twin])) == [(5, "rejected", False, "number_reused")]
    assert verdicts(sent(shop, device, [device.envelope(twin["body"])])) == [
        (6, "taken", False, None)
    ]
    assert standing(shop, device) == (6, 5, 1)
    assert shop.balance(ann).available == 105
    assert shop.balance(bob).available == 20
    assert sound(shop)


def test_a_sale_is_settled_as_of_when_it_was_paid() -> None:
    shop = make_shop()
    member = enrol(shop, joined_at="2026-01-01T00:00:00Z")
    device = make_device(shop)
    sent(shop, device, [device.sale(5_000, at=NOON - 3 * DAY, member_id=member)])
    entry = shop.api.get(f"/members/{member}/ledger?asset=points").json()["data"][0]
    assert (entry["amount"], entry["at"]) == (50, "2026-03-07T12:00:00Z")
    order = Order.objects.of(shop.merchant_id).get()
    assert order.paid_at == NOON - 3 * DAY


def test_an_order_that_came_before_by_another_way_is_not_placed_again() -> None:
    shop = make_shop()
    member = enrol(shop)
    body = order_body(3_000, member_id=member)
    online = shop.api.post("/orders", body).json()
    device = make_device(shop)
    told = sent(shop, device, [device.envelope(body), device.sale(1_000, member_id=member)])
    assert [one["status"] for one in told["verdicts"]] == ["taken", "taken"]
    assert told["verdicts"][0]["answer"]["id"] == online["id"]
    assert shop.balance(member).available == 40
    other = device.envelope({**body, "paid": 1})
    assert verdicts(sent(shop, device, [other])) == [(3, "refused", False, "external_id_reused")]
    again = sent(shop, device, [other])["verdicts"][0]
    assert (again["status"], again["code"], again["repeated"]) == (
        "refused", "external_id_reused", True,
    )  # fmt: skip


def test_what_orders_refuse_uses_the_number_up_and_the_queue_goes_on() -> None:
    shop = make_shop()
    device = make_device(shop)
    nobody = device.sale(1_000, member_id="mem_" + "0" * 32)
    quoted = device.sale(1_000, quote_id="quo_" + "0" * 32)
    odd = device.envelope({"external_id": "x", "paid": "many"})
    late = device.envelope(order_body(1_000, at=NOON), at=NOON - HOUR)
    good = device.sale(1_000)
    told = sent(shop, device, [nobody, quoted, odd, late, good])
    assert [(one["status"], one.get("code")) for one in told["verdicts"]] == [
        ("refused", "not_found"), ("refused", "quote_needs_a_line"), ("refused", "invalid"),
        ("refused", "after_signing"), ("taken", None),
    ]  # fmt: skip
    assert {error["pointer"] for error in told["verdicts"][2]["errors"]} == {"/paid", "/placed_at"}
    assert [one["type"] for one in told["effects"]].count("till.envelope_refused") == 4
    assert standing(shop, device) == (5, 1, 4)
    till_id = uuid(device.till)
    rows = queries.refused_envelopes(shop.merchant_id, till_id, limit=10, before=None)
    assert [(row.number, row.code) for row in rows] == [
        (4, "after_signing"), (3, "invalid"), (2, "quote_needs_a_line"), (1, "not_found"),
    ]  # fmt: skip
    assert Order.objects.of(shop.merchant_id).count() == 1


def test_a_clock_ahead_holds_the_queue_until_it_is_caught_up_with() -> None:
    shop = make_shop()
    device = make_device(shop)
    ahead, after = device.sale(1_000, at=NOON + HOUR), device.sale(2_000, at=NOON)
    batch = [ahead, after]
    assert verdicts(sent(shop, device, batch)) == [
        (1, "waits", False, "in_the_future"), (2, "waits", False, 1),
    ]  # fmt: skip
    shop.move(HOUR)
    assert verdicts(sent(shop, device, batch)) == [
        (1, "taken", False, None), (2, "taken", False, None),
    ]  # fmt: skip


def test_nothing_is_believed_that_the_key_did_not_sign() -> None:
    shop = make_shop()
    device, stranger = make_device(shop), make_device(shop)
    good = device.sale(1_000)
    batch = [
        {**good, "body": {**good["body"], "paid": 1}},
        {**good, "number": 2},
        {**good, "signature": good["signature"][:-4] + "AAA="},
        {**good, "signature": "no"},
        {**good, "extra": 1},
        "no envelope",
        stranger.sale(1_000),
        {**stranger.sale(1_000), "till": device.till},
    ]  # fmt: skip
    told = sent(shop, device, batch)
    codes = ["bad_signature"] * 4 + ["invalid"] * 2 + ["other_till", "bad_signature"]
    assert [(one["status"], one["code"]) for one in told["verdicts"]] == [
        ("rejected", code) for code in codes
    ]
    assert standing(shop, device) == (0, 0, 0)
    assert till_of(shop, device).seen_number == 0
    assert Order.objects.of(shop.merchant_id).count() == 0


def test_a_till_that_was_put_away() -> None:
    shop = make_shop()
    device = make_device(shop)
    taken, before = device.sale(1_000, at=NOON - HOUR), device.sale(2_000, at=NOON - MINUTE)
    sent(shop, device, [taken])
    till_id = uuid(device.till)
    services_now = shop.now
    _revoke(shop, till_id, takes_unsent=True)
    shop.move(HOUR)
    after = device.sale(3_000, at=services_now + MINUTE)
    assert verdicts(sent(shop, device, [taken, before, after])) == [
        (1, "taken", True, None), (2, "taken", False, None),
        (3, "rejected", False, "till_revoked"),
    ]  # fmt: skip
    _revoke(shop, till_id, takes_unsent=False)
    backdated = device.sale(3_000, at=NOON - HOUR, number=3)
    assert verdicts(sent(shop, device, [backdated])) == [(3, "rejected", False, "till_revoked")]
    assert verdicts(sent(shop, device, [taken])) == [(1, "taken", True, None)]
    _revoke(shop, till_id, takes_unsent=True)
    assert not till_of(shop, device).takes_unsent, "what is closed is not opened again"


def _revoke(shop: Shop, till_id: Any, *, takes_unsent: bool) -> None:
    services.revoke(
        merchant_id=shop.merchant_id, till_id=till_id, takes_unsent=takes_unsent, now=shop.now
    )


def _give_up(shop: Shop, device: Device, number: int) -> None:
    services.give_up(
        merchant_id=shop.merchant_id, till_id=uuid(device.till), number=number, now=shop.now
    )


def test_a_number_that_never_comes_is_given_up() -> None:
    shop = make_shop()
    device = make_device(shop)
    lost, kept = device.sale(1_000), device.sale(2_000)
    with pytest.raises(NotTheNext):
        _give_up(shop, device, 1)
    sent(shop, device, [kept])
    for wrong in (2, 3):
        with pytest.raises(NotTheNext):
            _give_up(shop, device, wrong)
    _give_up(shop, device, 1)
    assert verdicts(sent(shop, device, [kept, lost])) == [
        (2, "taken", False, None), (1, "refused", True, "given_up"),
    ]  # fmt: skip
    assert standing(shop, device) == (2, 1, 1)
    assert Order.objects.of(shop.merchant_id).count() == 1


def test_refunds_without_a_line() -> None:
    shop = make_shop()
    member = enrol(shop)
    device = make_device(shop)
    sale = device.sale(4_000, member_id=member, at=NOON - HOUR)
    name = sale["body"]["external_id"]
    back = device.giving_back(name, (1, 1), at=NOON - MINUTE)
    early = device.giving_back("not yet", (1, 1))
    told = sent(shop, device, [sale, back, early])
    assert [one["status"] for one in told["verdicts"]] == ["taken"] * 3
    assert told["verdicts"][1]["answer"]["taken_back"]["points"] == 40
    assert told["verdicts"][2]["answer"]["status"] == "parked"
    assert Refund.objects.of(shop.merchant_id).get().refunded_at == NOON - MINUTE
    assert verdicts(sent(shop, device, [sale, back, early])) == [
        (1, "taken", True, None), (2, "taken", True, None), (3, "taken", True, None),
    ]  # fmt: skip
    too_much = device.giving_back(name, (1, 1))
    assert verdicts(sent(shop, device, [too_much])) == [(4, "refused", False, "over_refund")]
    assert shop.balance(member).available == 0
    assert sound(shop)


def test_days_offline_are_the_merchants_choice() -> None:
    shop = make_shop()
    device = make_device(shop)
    services.change_terms(merchant_id=shop.merchant_id, most_days_offline=2)
    old, new = device.sale(1_000, at=NOON - 2 * DAY - MINUTE), device.sale(1, at=NOON - 2 * DAY)
    assert [v[1] for v in verdicts(sent(shop, device, [old, new]))] == ["refused", "taken"]


def books(shop: Shop, members: list[str]) -> Any:
    merchant = shop.merchant_id
    orders = Order.objects.of(merchant).order_by("external_id")
    envelopes = Envelope.objects.of(merchant).order_by("number")
    return (
        list(orders.values_list("external_id", "status", "points", "refunded_minor")),
        [shop.balance(member).available for member in members],
        list(envelopes.values_list("number", "fate", "code", "external_id")),
        Till.objects.of(merchant).values_list("last_number", "taken", "refused").get(),
    )


@pytest.mark.slow
@settings(max_examples=12)
@given(order=st.permutations([*range(6), *range(6)]), cuts=st.lists(st.integers(1, 5), min_size=1))
def test_whatever_way_they_come_the_books_are_the_same(order: list[int], cuts: list[int]) -> None:
    """Any shuffling, doubling and splitting into batches, until nothing waits."""
    names = [unique("o") for _ in range(6)]

    def trade(members: list[str], device: Device) -> list[dict[str, Any]]:
        ann, bob = members
        return [
            device.sale(5_000, at=NOON - 6 * HOUR, member_id=ann, external_id=names[0]),
            device.sale(2_000, at=NOON - 5 * HOUR, member_id=bob, external_id=names[1]),
            device.giving_back(names[0], (1, 1), at=NOON - 4 * HOUR, external_id=names[5]),
            device.sale(700, at=NOON - 9 * DAY, member_id=ann, external_id=names[2]),
            device.giving_back(names[1], (1, 2), at=NOON - 3 * HOUR, external_id=names[4]),
            device.sale(8_000, at=NOON - 2 * HOUR, member_id=ann, external_id=names[3]),
        ]

    told = []
    for somehow in (False, True):
        shop = make_shop()
        members = [enrol(shop), enrol(shop)]
        device = make_device(shop)
        envelopes = trade(members, device)
        if somehow:
            _send_until_nothing_waits(shop, device, [envelopes[at] for at in order], cuts)
        else:
            for envelope in envelopes:
                send_by_service(shop, device, [envelope])
        assert sound(shop)
        told.append(books(shop, members))
    assert told[0] == told[1]
    assert told[0][3] == (6, 4, 2)


def _send_until_nothing_waits(
    shop: Shop, device: Device, queue: list[dict[str, Any]], cuts: list[int]
) -> None:
    sizes = cycle(cuts)
    while queue:
        size = next(sizes)
        batch, queue = queue[:size], queue[size:]
        answer = send_by_service(shop, device, batch)
        told = zip(batch, answer["verdicts"], strict=True)
        queue += [envelope for envelope, verdict in told if verdict["status"] == "waits"]


def test_the_doctor_finds_what_was_taken_out() -> None:
    shop = make_shop()
    device = make_device(shop)
    sent(shop, device, [device.sale(1_000), device.sale(2_000)])
    assert verify(shop.merchant_id) == []
    Envelope.objects.of(shop.merchant_id).filter(number=1).delete()
    Order.objects.of(shop.merchant_id).filter(net_minor=2_000).update(external_id="other")
    assert [fault.code for fault in verify(shop.merchant_id)] == [
        "till_unlike_envelopes",
        "envelope_without_order",
    ]
