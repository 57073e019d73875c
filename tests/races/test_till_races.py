"""Many at once on one till: each number is settled once, and its order with it or not at all."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from makers.orders import Shop, enrol, make_shop, uuid
from makers.threads import at_once, refusals
from makers.tills import Device, make_device, send_by_service, verdicts
from regulars.modules.orders.models import Order
from regulars.modules.tills import queries, services
from regulars.modules.tills.models import Envelope

CROWDS = [4, 16]


def till(shop: Shop, device: Device) -> Any:
    return queries.till(shop.merchant_id, uuid(device.till))


def statuses(found: list[Any]) -> list[list[str]]:
    return [[one["status"] for one in answer["verdicts"]] for answer in found]


@pytest.mark.parametrize("crowd", CROWDS)
def test_one_batch_sent_by_many_is_settled_once(crowd: int) -> None:
    shop = make_shop()
    member, device = enrol(shop), make_device(shop)
    batch = [device.sale(1_000, member_id=member) for _ in range(4)]
    batch.append(device.giving_back(batch[0]["body"]["external_id"], (1, 1)))

    found = at_once(*(partial(send_by_service, shop, device, batch) for _ in range(crowd)))

    assert refusals(found) == []
    last = send_by_service(shop, device, batch)
    assert verdicts(last) == [(n, "taken", True, None) for n in range(1, 6)]
    assert {status for told in statuses(found) for status in told} <= {"taken", "waits"}
    assert Order.objects.of(shop.merchant_id).count() == 4
    assert (till(shop, device).last_number, till(shop, device).taken) == (5, 5)
    assert shop.balance(member).available == 30
    assert shop.faults() == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_batches_that_overlap_settle_each_number_once(crowd: int) -> None:
    shop = make_shop()
    member, device = enrol(shop), make_device(shop)
    queue = [device.sale(1_000 * n, member_id=member) for n in range(1, 7)]
    batches = [queue[:4], queue[2:], [queue[5], queue[0]], queue[1:3]]

    found = at_once(*(partial(send_by_service, shop, device, batches[n % 4]) for n in range(crowd)))

    assert refusals(found) == []
    send_by_service(shop, device, queue)
    assert verdicts(send_by_service(shop, device, queue)) == [
        (n, "taken", True, None) for n in range(1, 7)
    ]
    assert Order.objects.of(shop.merchant_id).count() == 6
    assert shop.balance(member).available == 210
    assert shop.faults() == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_of_two_contents_under_one_number_one_is_in_the_books(crowd: int) -> None:
    """Also where one is an order that is refused and the other one that is taken."""
    shop = make_shop()
    member, device = enrol(shop), make_device(shop)
    contents = [
        [device.sale(1_000, member_id=member, number=1)],
        [device.sale(2_000, member_id=member, number=1)],
        [device.sale(4_000, member_id="mem_" + "0" * 32, number=1)],
    ]

    found = at_once(
        *(partial(send_by_service, shop, device, contents[n % 3]) for n in range(crowd))
    )

    assert refusals(found) == []
    row = Envelope.objects.of(shop.merchant_id).get()
    orders = list(Order.objects.of(shop.merchant_id).values_list("external_id", flat=True))
    assert orders == ([row.external_id] if row.fate == "taken" else [])
    settled = {one["status"] for answer in found for one in answer["verdicts"]}  # type: ignore[index]
    assert settled <= {"taken", "refused", "rejected", "waits"}
    assert till(shop, device).last_number == 1
    assert shop.faults() == []


@pytest.mark.parametrize("number", range(4))
def test_what_is_given_up_while_it_comes_is_one_or_the_other(number: int) -> None:
    shop = make_shop()
    member, device = enrol(shop), make_device(shop)
    first, second = device.sale(1_000, member_id=member), device.sale(2_000, member_id=member)
    send_by_service(shop, device, [second])

    at_once(
        partial(send_by_service, shop, device, [first]),
        partial(
            services.give_up,
            merchant_id=shop.merchant_id, till_id=uuid(device.till), number=1, now=shop.now,
        ),
    )  # fmt: skip

    row = Envelope.objects.of(shop.merchant_id).get(number=1)
    assert Order.objects.of(shop.merchant_id).count() == (1 if row.fate == "taken" else 0)
    (told,) = verdicts(send_by_service(shop, device, [first]))
    assert told[1] == ("taken" if row.fate == "taken" else "refused")
    assert verdicts(send_by_service(shop, device, [second]))[0][1] == "taken"
    assert shop.faults() == []


@pytest.mark.parametrize("number", range(4))
def test_what_is_stolen_while_it_sends_is_closed_at_one_instant(number: int) -> None:
    shop = make_shop()
    member, device = enrol(shop), make_device(shop)
    queue = [device.sale(1_000, member_id=member) for _ in range(6)]

    at_once(
        partial(send_by_service, shop, device, queue),
        partial(
            services.revoke,
            merchant_id=shop.merchant_id, till_id=uuid(device.till), takes_unsent=False,
            now=shop.now,
        ),
    )  # fmt: skip

    taken = till(shop, device).last_number
    assert Order.objects.of(shop.merchant_id).count() == taken
    told = verdicts(send_by_service(shop, device, queue))
    assert [one[1] for one in told] == ["taken"] * taken + ["rejected"] * (6 - taken)
    assert shop.faults() == []
