"""Refunds: the exact inverse of an order, once, in whatever order anything comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from makers.merchants import unique
from makers.orders import (
    DAY,
    Shop,
    asked,
    buy,
    changed,
    draft,
    enrol,
    give_back,
    make_shop,
    uuid,
)
from makers.threads import at_once, refusals
from regulars.infra.writes import Answer, Asked
from regulars.kernel.errors import NotFound, Refusal
from regulars.kernel.ids import new_id
from regulars.kernel.instants import show_instant
from regulars.modules.earning.models import Activity
from regulars.modules.ledger import services as ledger
from regulars.modules.ledger.models import Posting
from regulars.modules.orders import jobs, services
from regulars.modules.orders.errors import ExternalIdReused, NotRefundable, OverRefund
from regulars.modules.orders.models import Order, OrderLine, ParkedRefund, ParkedStep, Refund
from regulars.modules.orders.queries import refunds_of
from regulars.modules.orders.services import RefundAsked
from regulars.modules.orders.types import DraftLine

SILVER = changed(
    "plain",
    tiers__ladder=[
        {"code": code, "name": {"en": code, "zh-hans": code, "zh-hant": code}, "from": start}
        for code, start in (("basic", 0), ("silver", 10))
    ],
    earning__points={"tier_bps": {"silver": 12_000}},
)


def body(answer: Answer) -> dict[str, Any]:
    return dict(json.loads(answer.text))


def refund(shop: Shop, order: dict[str, Any], *lines: tuple[int, int], **given: Any) -> Answer:
    name, refunded_at = given.pop("name", None), given.pop("refunded_at", None)
    sent = RefundAsked(name or unique("r"), dict(lines), refunded_at)
    wanted: Asked = given.pop("asked", None) or asked(shop, "orders.refund")
    return services.refund(shop.scope, wanted, uuid(order["id"]), sent)


def early(shop: Shop, order_name: str, *lines: tuple[int, int], name: str) -> Answer:
    sent = RefundAsked(name, dict(lines), None)
    return services.refund_by_external_id(shop.scope, asked(shop), order_name, sent)


# ── the inverse ───────────────────────────────────────────────────────────────────────────


def test_the_basket_of_the_page_goes_back_by_what_is_kept() -> None:
    shop = make_shop(SILVER)
    member = enrol(shop)
    buy(shop, member, 1_000)
    order = buy(shop, member, 1_999, 500, 350)
    assert order["points"] == 34

    taken = [body(refund(shop, order, (line, 1)))["taken_back"]["points"] for line in (3, 2, 1)]

    assert taken == [5, 6, 23]
    assert shop.balance(member).posted == 10
    assert shop.balance(member, "growth_value").posted == 10
    assert shop.tier(member)["counter"]["value"] == 10
    assert shop.faults() == []


def test_whoever_spent_them_owes_them_and_repays_first() -> None:
    shop = make_shop(SILVER)
    member = enrol(shop)
    buy(shop, member, 1_000)
    order = buy(shop, member, 1_999, 500, 350)
    ledger.adjust(
        merchant_id=shop.merchant_id, member_id=uuid(member), amount=-40, reason="spent",
        now=shop.now,
    )  # fmt: skip
    answer = body(refund(shop, order, (1, 1), (2, 1), (3, 1)))
    assert (answer["taken_back"]["points"], answer["debt"]) == (4, 30)
    assert (shop.balance(member).available, shop.balance(member).debt) == (0, 30)
    buy(shop, member, 4_000)
    assert (shop.balance(member).available, shop.balance(member).debt) == (18, 0)
    assert shop.faults() == []


def test_the_preview_tells_what_the_refund_does_and_writes_nothing() -> None:
    shop = make_shop(SILVER)
    member = enrol(shop)
    order = buy(shop, member, 1_999, 500, 350)
    before = Posting.objects.of(shop.merchant_id).count()
    told = services.preview_refund(shop.scope, uuid(order["id"]), {3: 1, 1: 1})
    assert Posting.objects.of(shop.merchant_id).count() == before
    assert not Refund.objects.of(shop.merchant_id).exists()
    done = body(refund(shop, order, (3, 1), (1, 1)))
    assert {key: done[key] for key in ("lines", "taken_back", "debt")} == {
        key: told[key] for key in ("lines", "taken_back", "debt")
    }


def test_units_of_a_line_go_back_to_the_last_minor_unit() -> None:
    shop = make_shop()
    order = body(
        services.place(
            shop.scope, asked(shop),
            draft(lines=(DraftLine("tea", 3, None, 1_000),), paid_minor=1_000),
        )
    )  # fmt: skip
    cash = [body(refund(shop, order, (1, 1)))["lines"][0]["cash"] for _ in range(3)]
    assert cash == [333, 333, 334]
    assert Order.objects.of(shop.merchant_id).get().refunded_minor == 1_000
    with pytest.raises(OverRefund):
        refund(shop, order, (1, 1))


def test_a_purchase_counts_until_its_last_unit_is_back() -> None:
    shop = make_shop(changed("plain", tiers__counter="orders"))
    member = enrol(shop)
    order = buy(shop, member, 1_000, 1_000)
    give_back(shop, order, (1, 1))
    assert shop.tier(member)["counter"]["value"] == 1
    give_back(shop, order, (2, 1))
    assert shop.tier(member)["counter"]["value"] == 0
    row = Activity.objects.of(shop.merchant_id).get()
    assert (row.orders, row.spend_minor, row.points, row.growth_value) == (0, 0, 0, 0)


def test_what_has_expired_meanwhile_is_not_taken_though_the_job_is_late() -> None:
    shop = make_shop(changed("plain", earning__points={"expiry": {"kind": "days", "count": 10}}))
    member = enrol(shop)
    order = buy(shop, member, 10_000)
    shop.move(5 * DAY, due=False)
    back_at = shop.now
    buy(shop, member, 20_000)
    shop.move(8 * DAY, due=False)
    answer = body(refund(shop, order, (1, 1), refunded_at=back_at))
    assert (answer["taken_back"]["points"], answer["debt"]) == (0, 0)
    assert shop.balance(member).available == 200
    assert shop.faults() == []


def test_pending_points_are_just_not_promised_any_more() -> None:
    shop = make_shop("shop")
    member = enrol(shop)
    order = buy(shop, member, 10_000, 5_000)
    assert shop.balance(member).pending == 150
    refund(shop, order, (2, 1))
    assert (shop.balance(member).pending, shop.balance(member).posted) == (100, 0)
    assert shop.faults() == []


# ── again and at once ─────────────────────────────────────────────────────────────────────


def test_a_refund_is_done_once() -> None:
    shop = make_shop()
    order = buy(shop, enrol(shop), 1_000, 2_000)
    first = refund(shop, order, (1, 1), name="R-1", asked=asked(shop, "r", key="k"))
    replay = refund(shop, order, (1, 1), name="R-1", asked=asked(shop, "r", key="k"))
    again = refund(shop, order, (1, 1), name="R-1")
    later = refund(shop, order, (1, 1), name="R-1")
    assert (first.status, replay.status, replay.replayed) == (201, 201, True)
    assert replay.text == first.text
    assert (again.status, later.status) == (200, 200)
    assert {**body(again), "effects": []} == {**body(first), "effects": []}
    other = buy(shop, enrol(shop), 1_000, 2_000)
    for wrong, lines in ((order, (2, 1)), (other, (1, 1))):
        with pytest.raises(ExternalIdReused):
            refund(shop, wrong, lines, name="R-1")
    assert Refund.objects.of(shop.merchant_id).count() == 1


@pytest.mark.slow
def test_refunds_at_once_give_back_no_more_than_there_is() -> None:
    shop = make_shop()
    member = enrol(shop)
    order = body(
        services.place(
            shop.scope, asked(shop),
            draft(
                lines=(DraftLine("tea", 4, 1_000, 4_000),), paid_minor=4_000,
                member_id=uuid(member),
            ),
        )
    )  # fmt: skip
    found = at_once(*[lambda: refund(shop, order, (1, 1))] * 8)
    refused = refusals(found)
    assert [type(one) for one in refused] == [OverRefund] * 4, refused
    assert OrderLine.objects.of(shop.merchant_id).get().returned == 4
    assert shop.balance(member).posted == 0
    assert shop.faults() == []


def test_what_is_refused() -> None:
    shop, other = make_shop(), make_shop()
    order = buy(shop, enrol(shop), 1_000)
    unpaid = body(services.place(shop.scope, asked(shop), draft(500, paid_at=None)))
    cases: list[tuple[Callable[[], Any], type[Refusal]]] = [
        (lambda: refund(other, order, (1, 1)), NotFound),
        (lambda: refund(shop, {"id": f"ord_{new_id().hex}"}, (1, 1)), NotFound),
        (lambda: refund(shop, order, (2, 1)), OverRefund),
        (lambda: refund(shop, order, (1, 2)), OverRefund),
        (lambda: refund(shop, unpaid, (1, 1)), NotRefundable),
        (lambda: refund(shop, order, (1, 1), refunded_at=shop.now + DAY), Refusal),
    ]
    for act, refusal in cases:
        with pytest.raises(refusal):
            act()
    services.cancel(shop.scope, asked(shop), uuid(order["id"]))
    with pytest.raises(NotRefundable):
        refund(shop, order, (1, 1))
    assert not Refund.objects.of(shop.merchant_id).exists()


# ── before its order ──────────────────────────────────────────────────────────────────────


def test_a_refund_before_its_order_waits_for_it() -> None:
    shop = make_shop()
    parked = early(shop, "A-1", (1, 1), name="R-1")
    again = early(shop, "A-1", (1, 1), name="R-1")
    assert (parked.status, again.status) == (202, 200)
    order = buy(shop, enrol(shop), 1_000, 2_000, external_id="A-1")
    (view,) = refunds_of(shop.merchant_id, uuid(order["id"]))
    assert (view.external_id, view.points_taken, view.cash_minor) == ("R-1", 10, 1_000)
    assert not ParkedRefund.objects.of(shop.merchant_id).exists()
    repeat = early(shop, "A-1", (1, 1), name="R-1")
    assert (repeat.status, body(repeat)["id"]) == (200, f"ref_{view.id.hex}")


def test_a_parked_id_belongs_to_what_was_parked() -> None:
    shop = make_shop()
    early(shop, "A-1", (1, 1), name="R-1")
    other = buy(shop, enrol(shop), 1_000)
    with pytest.raises(ExternalIdReused):
        early(shop, "A-1", (1, 2), name="R-1")
    with pytest.raises(ExternalIdReused):
        early(shop, "A-2", (1, 1), name="R-1")
    with pytest.raises(ExternalIdReused):
        refund(shop, other, (1, 1), name="R-1")
    refund(shop, other, (1, 1), name="R-2")
    with pytest.raises(ExternalIdReused):
        early(shop, "A-3", (1, 1), name="R-2")


def test_one_that_asks_for_more_than_there_is_stays_parked() -> None:
    shop = make_shop()
    early(shop, "A-1", (1, 2), name="R-1")
    early(shop, "A-1", (2, 1), name="R-2")
    order = buy(shop, enrol(shop), 1_000, 2_000, external_id="A-1")
    assert [view.external_id for view in refunds_of(shop.merchant_id, uuid(order["id"]))] == ["R-2"]
    assert ParkedRefund.objects.of(shop.merchant_id).get().external_id == "R-1"
    jobs.apply_parked_refunds()
    assert ParkedRefund.objects.of(shop.merchant_id).get().external_id == "R-1"


def test_what_was_cut_off_is_done_by_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    early(shop, "A-1", (1, 1), name="R-1")
    monkeypatch.setattr(services, "apply_parked", lambda scope, name: 0)
    order = buy(shop, enrol(shop), 1_000, external_id="A-1")
    assert refunds_of(shop.merchant_id, uuid(order["id"])) == []
    monkeypatch.undo()
    jobs.apply_parked_refunds()
    assert len(refunds_of(shop.merchant_id, uuid(order["id"]))) == 1
    jobs.apply_parked_refunds()
    assert not ParkedRefund.objects.of(shop.merchant_id).exists()
    assert shop.faults() == []


# ── T-11: one order's events in any order, more than once ─────────────────────────────────

#: In the order in which they happen.
LIVES = (
    ("create", "pay", "refund A", "refund B", "create again"),
    ("create", "pay", "refund A", "refund B", "cancel"),
    ("create", "pay", "refund A", "cancel", "create again"),
)


class Sender:
    """Sends the events of one order, at least once each, as a shop's webhooks do.

    Every event names the order by the shop's own id, and none is sent again for being early.
    """

    def __init__(self, shop: Shop, member: str) -> None:
        self.shop, self.member, self.name = shop, member, unique("life")

    def send(self, events: Iterable[str]) -> None:
        for event in events:
            answer = self._send(event)
            assert answer.status in (200, 201, 202), event

    def _send(self, event: str) -> Answer:
        shop, at = self.shop, self.shop.now - timedelta(hours=1)
        if event.startswith("create"):
            lines = (DraftLine("tea", 3, 777, 2_331), DraftLine("pot", 1, 4_999, 4_999))
            sent = draft(
                lines=lines, paid_minor=7_330, external_id=self.name, at=at, paid_at=None,
                member_id=uuid(self.member),
            )  # fmt: skip
            return services.place(shop.scope, asked(shop), sent)
        if event == "pay":
            return services.pay_by_external_id(shop.scope, asked(shop), self.name, at)
        if event == "cancel":
            return services.cancel_by_external_id(shop.scope, asked(shop), self.name)
        lines_back = {1: 2} if event == "refund A" else {1: 1, 2: 1}
        refund_name = f"{self.name}-{event[-1]}"
        return services.refund_by_external_id(
            shop.scope, asked(shop), self.name, RefundAsked(refund_name, lines_back, None)
        )

    def state(self) -> object:
        """All that is known of the order and its member, but for what is a matter of the order of
        events alone: which of two refunds paid the spare minor unit, and which took the points."""
        shop = self.shop
        order = Order.objects.of(shop.merchant_id).get(external_id=self.name)
        lines = OrderLine.objects.of(shop.merchant_id).filter(order_id=order.id).order_by("line")
        refunds = refunds_of(shop.merchant_id, order.id)
        held = shop.balance(self.member)
        counted = shop.tier(self.member)
        return (
            order.status, order.paid_at, order.net_minor, order.refunded_minor, order.units_left,
            order.points, order.growth_value, order.frozen, [line.returned for line in lines],
            sorted(refund.external_id[-1] for refund in refunds),
            held.posted, held.debt, held.pending, counted["tier"], counted["counter"]["value"],
        )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("life", LIVES, ids=" ".join)
def test_any_order_of_an_orders_events_leaves_the_same_books(life: tuple[str, ...]) -> None:
    """All 120 orders of five events, some told twice or late again: as if told as they happened."""
    shop = make_shop()
    in_order = Sender(shop, enrol(shop))
    in_order.send(life)
    expected = in_order.state()
    for number, order in enumerate(permutations(life)):
        sender = Sender(shop, enrol(shop))
        twice = [event for event in order for _ in range(1 + (number + len(event)) % 2)]
        late = list(order[: number % 3])
        sender.send([*twice, *late])
        assert sender.state() == expected, order
    assert not ParkedRefund.objects.of(shop.merchant_id).exists()
    assert not ParkedStep.objects.of(shop.merchant_id).exists()
    assert shop.faults() == []


def test_what_waits_for_its_order_says_so_and_is_done_when_it_comes() -> None:
    shop = make_shop()
    at = shop.now - timedelta(hours=1)
    paid = shop.api.post("/payments", {"order_external_id": "A-1", "paid_at": show_instant(at)})
    assert (paid.status_code, paid.json()) == (
        202,
        {
            "status": "parked",
            "order_external_id": "A-1",
            "paid_at": show_instant(at),
            "effects": [],
        },
    )
    again = shop.api.post("/payments", {"order_external_id": "A-1", "paid_at": show_instant(at)})
    assert again.status_code == 200
    other = shop.api.post(
        "/payments", {"order_external_id": "A-1", "paid_at": show_instant(shop.now)}
    )
    assert (other.status_code, other.json()["code"]) == (409, "order_already_paid")

    member = enrol(shop)
    order = buy(shop, member, 1_000, external_id="A-1", paid_at=None)
    assert (shop.balance(member).posted, order["status"]) == (10, "placed")
    cancelled = shop.api.post("/cancellations", {"order_external_id": "A-1"})
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json()["id"] == order["id"]
    assert shop.balance(member).posted == 0
    assert not ParkedStep.objects.of(shop.merchant_id).exists()


def test_a_payment_that_is_refused_stays_parked_and_is_not_lost() -> None:
    shop = make_shop()
    early = show_instant(shop.now - timedelta(hours=1))
    shop.api.post("/payments", {"order_external_id": "A-1", "paid_at": early})
    buy(shop, enrol(shop), 1_000, external_id="A-1", at=shop.now)
    assert ParkedStep.objects.of(shop.merchant_id).get().step == "pay"
    jobs.apply_parked_refunds()
    assert ParkedStep.objects.of(shop.merchant_id).get().step == "pay"


@pytest.mark.parametrize("cut", ["refunds", "cancellation"])
def test_a_late_payment_that_was_cut_off_is_finished_by_the_job(
    monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    """Cancelled unpaid, then paid: where it is cut off, the order is not left paid for good."""
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, 1_000, external_id="A-1", paid_at=None)
    shop.api.post("/cancellations", {"order_external_id": "A-1"})
    monkeypatch.setattr(services, "apply_parked", lambda scope, name: 0)
    if cut == "refunds":
        early(shop, "A-1", (1, 1), name="R-1")
    at = show_instant(shop.now - timedelta(hours=1))
    shop.api.post("/payments", {"order_external_id": "A-1", "paid_at": at})
    order = Order.objects.of(shop.merchant_id).get(external_id="A-1")
    assert (order.status, shop.balance(member).posted) == ("paid", 10)
    monkeypatch.undo()

    jobs.apply_parked_refunds()

    order = Order.objects.of(shop.merchant_id).get(external_id="A-1")
    assert (order.status, order.refunded_minor, shop.balance(member).posted) == (
        "cancelled", 1_000, 0,
    )  # fmt: skip
    assert len(refunds_of(shop.merchant_id, order.id)) == (1 if cut == "refunds" else 0)
    assert not ParkedStep.objects.of(shop.merchant_id).exists()
    assert shop.faults() == []
