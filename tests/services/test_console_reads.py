"""What the console's screens are made of: who is watched, found and sorted; the one next step."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from makers.merchants import unique
from makers.orders import DAY, Shop, buy, changed, enrol, give_back, make_shop, uuid
from regulars.modules.analytics import services
from regulars.modules.analytics.queries import Freshness
from regulars.modules.analytics.screens import member as one
from regulars.modules.analytics.screens import members as screen
from regulars.modules.analytics.screens import watching
from regulars.modules.analytics.screens.next_step import Expiring, next_step
from regulars.modules.programmes.queries import programme_at
from regulars.modules.tiers.queries import at_risk
from regulars.modules.tiers.services import Board, set_floor

UTC_ZONE = ZoneInfo("UTC")


def fresh(shop: Shop) -> Freshness:
    return services.fresh(shop.merchant_id, shop.now)


def listed(shop: Shop, **wanted: Any) -> list[str]:
    found = screen.members(shop.merchant, screen.Wanted(**wanted), locale="en")
    return [row["id"] for row in found["data"]]


def board(shop: Shop) -> Board:
    programme = programme_at(shop.merchant_id, shop.now)
    return Board(shop.merchant_id, programme.ladder, programme.number, shop.scope.zone)


def floor(shop: Shop, member: str, tier: str, until: date) -> None:
    set_floor(board(shop), member_id=uuid(member), tier=tier, until=until, reason="x", now=shop.now)


# ── who is watched ────────────────────────────────────────────────────────────────────────


def test_who_is_silent_for_twice_the_usual_gap_is_late() -> None:
    shop = make_shop(now=datetime(2026, 6, 1, tzinfo=UTC))

    def buyer(*days_ago: int) -> str:
        member = enrol(shop)
        for days in days_ago:
            buy(shop, member, 1000, at=shop.now - days * DAY)
        return member

    late = buyer(41, 31, 21)  # every 10 days, silent for 21
    buyer(40, 30, 20)  # silent for exactly twice the gap
    buyer(90, 60, 30)
    buyer(20, 15)  # two purchases tell no rhythm
    buyer(18, 16, 13)  # not two weeks yet
    buyer(420, 410, 400)  # long gone
    same_day = enrol(shop)
    for _ in range(5):
        buy(shop, same_day, 1000, at=shop.now - 60 * DAY)

    found = watching.lapsing(fresh(shop), shop.now.date())

    assert (found.member_ids, found.amount) == ((uuid(late),), 3000)


def test_points_that_expire_within_thirty_days() -> None:
    shop = make_shop(changed("plain", earning__points={"expiry": {"kind": "days", "count": 40}}))
    soon, later = enrol(shop), enrol(shop)
    buy(shop, soon, 500, at=shop.now - 20 * DAY)
    buy(shop, soon, 300, at=shop.now)
    buy(shop, later, 900, at=shop.now)

    found = watching.expiring(fresh(shop), shop.now.date())

    assert (found.member_ids, found.amount) == ((uuid(soon),), 5)


def test_who_is_about_to_drop_and_what_it_takes() -> None:
    shop = _with_reviews()
    falling, safe = enrol(shop), enrol(shop)
    for member in (falling, safe):
        buy(shop, member, 150_000)
    shop.move(timedelta(days=340))
    buy(shop, safe, 150_000)
    shop.move(timedelta(days=5))
    programme = programme_at(shop.merchant_id, shop.now)
    today = shop.now.date()

    found = watching.at_risk(fresh(shop), shop.merchant, programme, today)

    told = at_risk(shop.merchant_id, ladder=programme.ladder, zone=UTC_ZONE, day=today)
    assert list(found.member_ids) == told == [uuid(falling)]
    gap = one.member(shop.merchant, uuid(falling), locale="en")["tier"]["keep_gap"]
    assert found.amount == gap * 100  # 1 growth value for each whole 1.00
    assert listed(shop, filter="at_risk") == [falling]


def _with_reviews() -> Shop:
    return make_shop(
        changed(
            "plain",
            tiers__window={"span": "months", "count": 12},
            tiers__keep={"mode": "period", "months": 12, "warn_days": 30},
        )
    )


# ── found, filtered, sorted ───────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop()


@pytest.fixture(scope="module")
def three(shop: Shop) -> tuple[str, str, str]:
    """Small, big and quiet: who spent little lately, who spent much long ago, who never bought."""
    small = enrol(shop, joined_at="2026-01-05T00:00:00Z")
    big = enrol(shop, joined_at="2026-03-01T00:00:00Z")
    quiet = enrol(shop, joined_at="2025-06-01T00:00:00Z")
    buy(shop, small, 1000, at=shop.now - DAY)
    buy(shop, big, 150_000, at=shop.now - 30 * DAY)
    buy(shop, big, 90_000, at=shop.now - 31 * DAY)
    shop.api.post(f"/members/{quiet}/points/adjust", {"amount": 5_000, "reason": "gift"})
    return small, big, quiet


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("joined", "big small quiet"),
        ("points", "quiet big small"),
        ("spend", "big small quiet"),
        ("last_order", "small big quiet"),
    ],
)
def test_sorted(shop: Shop, three: tuple[str, str, str], sort: screen.Sort, order: str) -> None:
    names = dict(zip(("small", "big", "quiet"), three, strict=True))
    wanted = [names[name] for name in order.split()]
    assert listed(shop, sort=sort) == wanted
    # One at a time it is the same list.
    paged: list[str] = []
    after = None
    while True:
        wish = screen.Wanted(sort=sort, limit=1, after=after)
        page = screen.members(shop.merchant, wish, locale="en")
        assert page["total"] == 3
        paged += [row["id"] for row in page["data"]]
        after = page["next_cursor"]
        if not page["has_more"]:
            break
    assert paged == wanted


def test_filtered(shop: Shop, three: tuple[str, str, str]) -> None:
    small, big, quiet = three
    assert listed(shop, filter="new") == [big, small]
    assert listed(shop, tier="silver") == [big]
    assert listed(shop, tier="silver", sort="spend") == [big]
    assert listed(shop, tier="basic") == [small, quiet]
    assert listed(shop, tier="basic", filter="new") == [small]
    assert listed(shop, tier="platinum") == []
    assert listed(shop, filter="expiring") == []
    assert listed(shop, filter="debt") == []


def test_a_row_tells_what_can_be_spent_and_what_was_kept(
    shop: Shop, three: tuple[str, str, str]
) -> None:
    _, big, _ = three
    (row,) = [
        row
        for row in screen.members(shop.merchant, screen.Wanted(), locale="zh-hant")["data"]
        if row["id"] == big
    ]
    told = {name: row[name] for name in ("points", "growth_value", "orders", "spend_minor",
            "last_order_day", "status", "name")}  # fmt: skip
    assert told == {
        "points": 2400, "growth_value": 2400, "orders": 2, "spend_minor": 240_000,
        "last_order_day": "2026-02-08", "status": "active", "name": None,
    }  # fmt: skip
    assert row["tier"] == {"code": "silver", "name": "銀卡會員"}


def test_a_floor_moves_a_member_in_the_tier_filter_at_once() -> None:
    shop = make_shop()
    lifted, other = enrol(shop), enrol(shop)
    buy(shop, lifted, 150_000)
    floor(shop, lifted, "gold", date(2026, 4, 1))
    floor(shop, other, "silver", date(2026, 4, 1))
    assert (listed(shop, tier="gold"), listed(shop, tier="silver")) == ([lifted], [other])
    assert listed(shop, tier="basic") == []

    shop.move(timedelta(days=30))
    assert (listed(shop, tier="gold"), listed(shop, tier="silver")) == ([], [lifted])
    assert listed(shop, tier="basic") == [other]


def test_who_owes_points_is_found() -> None:
    shop = make_shop()
    member = enrol(shop)
    enrol(shop)
    order = buy(shop, member, 10_000)
    hold = shop.api.post(
        "/points/holds", {"member_id": member, "amount": 90, "expires_in": 600}
    ).json()
    shop.api.post(f"/points/holds/{hold['id']}/capture")
    give_back(shop, order, (1, 1))
    assert shop.balance(member).debt == 90
    assert listed(shop, filter="debt") == [member]


def test_found_by_identity_tail_and_the_number_on_the_card() -> None:
    shop = make_shop()
    name = unique("wang")
    member = enrol(
        shop,
        identities=[
            {"type": "external", "value": name},
            {"type": "phone", "value": "+8613800138765"},
        ],
    )
    enrol(shop)
    number = screen.member_number(uuid(member))
    for text in (
        name,
        "8765",
        "+86 138 0013 8765",
        number,
        number.replace(" ", "").lower(),
        member,
    ):
        assert listed(shop, query=text) == [member], text
    for text in ("nobody", "0000 0000 0000", "ILOU ILOU ILOU", "%", "'"):
        assert listed(shop, query=text) == [], text


def test_who_was_merged_is_found_as_who_carries_on() -> None:
    shop = make_shop()
    gone = unique("gone")
    into = enrol(shop)
    source = enrol(shop, identities=[{"type": "external", "value": gone}])
    buy(shop, into, 1000)
    buy(shop, source, 2000, at=shop.now - DAY)
    assert shop.api.post(f"/members/{into}/merge", {"from": source}).status_code == 201

    assert listed(shop) == listed(shop, sort="spend") == listed(shop, query=gone) == [into]
    (row,) = screen.members(shop.merchant, screen.Wanted(), locale="en")["data"]
    assert (row["orders"], row["spend_minor"], row["points"]) == (2, 3000, 30)


# ── the one next step ─────────────────────────────────────────────────────────────────────

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SILVER, GOLD = {"code": "silver", "name": "Silver"}, {"code": "gold", "name": "Gold"}


def stands(**given: Any) -> dict[str, Any]:
    return {
        "tier": SILVER,
        "next": GOLD,
        "counter": {"name": "growth_value", "value": 700},
        "window": {"span": "months", "count": 12, "from": "2025-03-11", "until": "2026-03-10"},
        "gap": 300,
        "gap_money_minor": 30_000,
        "keep_until": "2026-04-30",
        "keep_gap": 50,
        "grace_until": None,
        **given,
    }


def step(
    statement: dict[str, Any],
    *,
    expiring: tuple[tuple[datetime, int], ...] = (),
    has_bought: bool = True,
) -> dict[str, Any] | None:
    return next_step(
        statement,
        expiring=[Expiring(at, amount) for at, amount in expiring],
        keep_money_minor=5_000,
        has_bought=has_bought,
        now=NOW,
        zone=UTC_ZONE,
    )


def told(found: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if found is None else {k: v for k, v in found.items() if v is not None}


def test_points_that_expire_soon_come_first() -> None:
    soon = datetime(2026, 4, 1, tzinfo=UTC)
    found = step(stands(), expiring=((soon, 40), (soon, 2), (soon + DAY, 900)))
    assert told(found) == {"kind": "expiring", "points": 42, "at": "2026-04-01T00:00:00Z"}


def test_sixty_days_are_soon_and_sixty_one_are_not() -> None:
    last = datetime(2026, 5, 9, tzinfo=UTC)
    assert (step(stands(), expiring=((last, 1),)) or {})["kind"] == "expiring"
    assert (step(stands(), expiring=((last + DAY, 1),)) or {})["kind"] == "keep_tier"
    assert (step(stands(), expiring=((NOW, 1),)) or {})["kind"] == "keep_tier"


def test_then_the_tier_that_is_about_to_be_lost() -> None:
    assert told(step(stands())) == {
        "kind": "keep_tier", "gap": 50, "amount_minor": 5_000, "unit": "growth_value",
        "at": "2026-04-30", "tier": SILVER,
    }  # fmt: skip
    grace = step(stands(grace_until="2026-05-01"))
    assert (grace or {})["at"] == "2026-05-01"


@pytest.mark.parametrize(
    "given", [{"keep_gap": 0}, {"keep_until": None}, {"keep_until": "2026-05-10"}]
)
def test_then_the_way_to_the_next_tier(given: dict[str, Any]) -> None:
    assert told(step(stands(**given))) == {
        "kind": "next_tier", "gap": 300, "amount_minor": 30_000, "unit": "growth_value",
        "tier": GOLD,
    }  # fmt: skip


def test_a_calendar_window_gives_the_next_tier_a_day() -> None:
    year = {"span": "calendar_year", "count": 1, "from": "2026-01-01", "until": "2026-12-31"}
    assert (step(stands(keep_gap=0, window=year)) or {})["at"] == "2026-12-31"


def test_a_welcome_and_nothing_left_to_say() -> None:
    assert told(step(stands(), has_bought=False)) == {"kind": "welcome"}
    assert step(stands(keep_gap=0, next=None, gap=None, gap_money_minor=None)) is None
