"""What members hear in time: once each, in programme time, and only what can still be done."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from makers.merchants import member as member_client
from makers.orders import Shop, changed, make_shop, staff
from regulars.infra.models import OutboxRow
from regulars.kernel.ids import parse
from regulars.modules.notices.queries import standing
from regulars.modules.notices.services import announce_due

NOW = datetime(2026, 6, 10, 4, tzinfo=UTC)
CHINA = {"zone": "Asia/Shanghai", "currency": "CNY"}
YEARLY = {"span": "calendar_year", "count": 1}


def opened(now: datetime = NOW, **parts: Any) -> Shop:
    return make_shop(changed("plain", **parts), now=now, **CHINA)


def joins(shop: Shop, number: str) -> UUID:
    who = {"identities": [{"type": "external", "value": number}]}
    found = parse("mem", shop.api.post("/members", who).json()["id"])
    assert found
    return found


def buys(shop: Shop, who: str, day: str, minor: int, *, paid: bool = True) -> Any:
    at = f"{day}T04:00:00Z"
    body = {
        "external_id": f"{who}-{day}",
        "identity": {"type": "external", "value": who},
        "placed_at": at,
        "lines": [{"sku": "tea", "quantity": 1, "unit_price": minor}],
        "paid": minor,
        **({"paid_at": at} if paid else {}),
    }
    answer = shop.api.post("/orders", body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def gives(shop: Shop, member: UUID, amount: int, expires_at: str) -> None:
    body = {"amount": amount, "reason": "x", "expires_at": expires_at}
    answer = shop.api.post(f"/members/mem_{member.hex}/points/adjust", body)
    assert answer.status_code == 201, answer.content


def announced(shop: Shop) -> int:
    return announce_due(shop.merchant, shop.now)


def news(shop: Shop, topic: str) -> list[dict[str, Any]]:
    rows = OutboxRow.objects.filter(merchant_id=shop.merchant_id).order_by("id")
    told = [event for row in rows for event in json.loads(row.events)]
    return [event for event in told if event["topic"] == topic]


def test_points_are_told_of_once_for_each_day_before_they_go() -> None:
    shop = opened()
    ann = joins(shop, "ann")
    gives(shop, ann, 30, "2026-06-30T16:00:00Z")
    gives(shop, ann, 12, "2026-06-30T16:00:00Z")
    gives(shop, ann, 7, "2026-07-10T16:00:00Z")  # the end of the thirtieth day
    gives(shop, ann, 99, "2026-07-11T16:00:00Z")

    assert announced(shop) == 2
    assert announced(shop) == 0

    first, second = news(shop, "points.expiring")
    assert (first["member_id"], first["points"], first["day"]) == (str(ann), 42, "2026-06-30")
    assert first["at"] == "2026-06-30T16:00:00Z"
    assert (second["points"], second["day"]) == (7, "2026-07-10")
    told = standing(shop.merchant_id, ann, shop.now)
    assert [(one.kind, one.points) for one in told] == [
        ("points_expiring", 42),
        ("points_expiring", 7),
    ]
    shop.move(timedelta(days=1))
    assert announced(shop) == 1, "the day after, one more day comes near"
    shop.move(timedelta(days=20))
    assert [one.points for one in standing(shop.merchant_id, ann, shop.now)] == [7, 99]


def test_how_long_before_is_the_programmes_word() -> None:
    shop = opened(notices={"expiring_days": 5})
    ann = joins(shop, "ann")
    gives(shop, ann, 30, "2026-06-16T16:00:00Z")
    assert announced(shop) == 0
    shop.move(timedelta(days=1))
    assert announced(shop) == 1


def test_held_points_and_who_left_hear_nothing() -> None:
    shop = opened()
    ann, bo = joins(shop, "ann"), joins(shop, "bo")
    for one in (ann, bo):
        gives(shop, one, 30, "2026-06-30T16:00:00Z")
    hold = {"member_id": "mem_" + ann.hex, "amount": 30, "expires_in": 86_400}
    assert shop.api.post("/points/holds", hold).status_code == 201
    assert shop.api.post(f"/members/mem_{bo.hex}/leave", {}).status_code == 200
    assert announced(shop) == 0


def thrice(shop: Shop, who: str) -> None:
    for day in ("2026-03-22", "2026-04-21", "2026-05-21"):
        buys(shop, who, day, 30_000)


def test_who_is_an_order_away_hears_it_once() -> None:
    shop = opened()
    ann = joins(shop, "ann")
    thrice(shop, "ann")
    assert announced(shop) == 1
    shop.move(timedelta(days=1))
    assert announced(shop) == 0
    (told,) = news(shop, "tier.nearly")
    assert told["member_id"] == str(ann)
    assert (told["tier"], told["gap"], told["gap_money_minor"]) == ("silver", 100, 10_000)
    assert (told["likely_orders"], told["until"]) == (1, None)


def test_only_what_the_year_leaves_room_for_is_told() -> None:
    """The next purchase is due on 18 January; with the one before, on 19 December."""
    late = opened(datetime(2026, 12, 28, 4, tzinfo=UTC), tiers__window=YEARLY)
    joins(late, "ann")
    for day in ("2026-10-20", "2026-11-19", "2026-12-19"):
        buys(late, "ann", day, 30_000)
    assert announced(late) == 0

    early = opened(datetime(2026, 11, 28, 4, tzinfo=UTC), tiers__window=YEARLY)
    joins(early, "ann")
    for day in ("2026-09-20", "2026-10-20", "2026-11-19"):
        buys(early, "ann", day, 30_000)
    assert announced(early) == 1
    assert news(early, "tier.nearly")[0]["until"] == "2026-12-31"


def test_a_refund_that_waits_keeps_it_quiet() -> None:
    shop = opened()
    joins(shop, "ann")
    thrice(shop, "ann")
    buys(shop, "ann", "2026-06-01", 30_000, paid=False)
    parked = shop.api.post(
        "/refunds",
        {
            "order_external_id": "ann-2026-06-01",
            "external_id": "r",
            "lines": [{"line": 1, "quantity": 1}],
        },
    )
    assert parked.status_code == 202, parked.content
    assert announced(shop) == 0


def test_two_purchases_are_no_rhythm() -> None:
    shop = opened()
    joins(shop, "ann")
    buys(shop, "ann", "2026-04-21", 45_000)
    buys(shop, "ann", "2026-05-21", 45_000)
    assert announced(shop) == 0


def test_a_tier_that_ends_is_told_of_once_while_it_can_be_kept() -> None:
    keep = {"mode": "period", "months": 3, "warn_days": 30}
    window = {"span": "months", "count": 3}
    shop = opened(datetime(2026, 4, 25, 4, tzinfo=UTC), tiers__window=window, tiers__keep=keep)
    joins(shop, "ann")
    buys(shop, "ann", "2026-02-10", 105_000)  # silver, to the end of 10 May
    for day in ("2026-03-12", "2026-04-01", "2026-04-21"):
        buys(shop, "ann", day, 30_000)
    # On 10 May the first has left the window: 900 are there, the next is due the day after.
    assert announced(shop) == 0

    shop = opened(datetime(2026, 4, 25, 4, tzinfo=UTC), tiers__window=window, tiers__keep=keep)
    joins(shop, "ann")
    buys(shop, "ann", "2026-02-10", 105_000)
    for day in ("2026-03-15", "2026-03-30", "2026-04-14"):
        buys(shop, "ann", day, 30_000)
    assert announced(shop) == 1
    (told,) = news(shop, "tier.expiring")
    assert (told["tier"], told["gap"], told["likely_orders"]) == ("silver", 100, 1)
    assert (told["gap_money_minor"], told["until"]) == (10_000, "2026-05-10")
    shop.move(timedelta(days=1))
    assert announced(shop) == 0


def test_the_card_tells_what_is_still_so() -> None:
    shop = opened()
    ann = joins(shop, "ann")
    thrice(shop, "ann")
    gives(shop, ann, 42, "2026-06-30T16:00:00Z")
    assert announced(shop) == 2
    page = member_client(shop.merchant, ann)

    points, tier = page.get("/card").json()["notices"]
    assert (points["kind"], points["points"], points["until"]) == (
        "points_expiring",
        42,
        "2026-06-30",
    )
    assert (tier["kind"], tier["tier"]["code"], tier["gap_money_minor"]) == (
        "tier_nearly",
        "silver",
        10_000,
    )
    assert staff(shop).get(f"/members/mem_{ann.hex}").json()["notices"] == [points, tier]

    hold = {"member_id": "mem_" + ann.hex, "amount": 40, "expires_in": 86_400}
    assert shop.api.post("/points/holds", hold).status_code == 201
    buys(shop, "ann", "2026-06-09", 4_000)
    points, tier = page.get("/card").json()["notices"]
    assert (points["points"], tier["gap"], tier["gap_money_minor"]) == (2, 60, 6_000)
    buys(shop, "ann", "2026-06-08", 6_000)
    assert [one["kind"] for one in page.get("/card").json()["notices"]] == ["points_expiring"]
