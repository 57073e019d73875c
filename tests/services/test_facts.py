"""Facts tell what the books say, for every month that changed, and for no other."""

from __future__ import annotations

import json
import os
import random
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from makers.merchants import unique
from makers.orders import DAY, Shop, buy, changed, enrol, give_back, make_shop, place, uuid
from makers.telling import tell
from makers.threads import at_once, refusals
from regulars.kernel.periods import day_start
from regulars.modules.analytics import folders, jobs, queries, reports, services
from regulars.modules.analytics.export import Export
from regulars.modules.analytics.facts_schema import Dataset
from regulars.modules.analytics.marks import EVERYTHING
from regulars.modules.analytics.queries import Freshness
from regulars.modules.ledger.queries import totals
from regulars.modules.orders.types import DraftLine
from regulars.modules.programmes.queries import programme_at
from regulars.modules.tiers.queries import members_by_tier

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def refresh(shop: Shop, **how: Any) -> Freshness:
    return services.refresh_facts(shop.merchant_id, shop.now, **how)


def rows(fresh: Freshness, dataset: Dataset) -> list[dict[str, Any]]:
    with fresh.facts.open() as tables:
        return tables.rows(tables.table(dataset))


def order_rows(fresh: Freshness) -> dict[str, dict[str, Any]]:
    return {row["order_id"]: row for row in rows(fresh, "orders")}


def files(fresh: Freshness) -> dict[str, int]:
    """Every file of an export, with the inode that tells whether it was written anew."""
    assert fresh.folder is not None
    return {
        path.relative_to(fresh.folder).as_posix(): path.stat().st_ino
        for path in fresh.folder.rglob("*.parquet")
    }


# ── what facts tell ───────────────────────────────────────────────────────────────────────


def test_an_order_counts_until_it_is_cancelled_or_all_of_it_came_back() -> None:
    shop = make_shop()
    member = enrol(shop)
    whole, part, all_back, called_off = (buy(shop, member, 1000, 500) for _ in range(4))
    nothing = place(shop, lines=(DraftLine("S", 0, 0, 0),), member_id=uuid(member))
    zero = json.loads(nothing.text)
    unpaid = buy(shop, member, 900, paid_at=None)
    stranger = buy(shop, None, 700)
    give_back(shop, part, (1, 1))
    give_back(shop, all_back, (1, 1), (2, 1))
    shop.api.post(f"/orders/{called_off['id']}/cancel")

    found = order_rows(refresh(shop))

    told = {
        name: (found[body["id"]]["counted"], found[body["id"]]["kept_minor"])
        for name, body in {
            "whole": whole, "part": part, "all_back": all_back, "called_off": called_off,
            "zero": zero, "stranger": stranger,
        }.items()
    }  # fmt: skip
    assert told == {
        "whole": (True, 1500),
        "part": (True, 500),
        "all_back": (False, 0),
        "called_off": (False, 0),
        "zero": (True, 0),
        "stranger": (True, 700),
    }
    assert unpaid["id"] not in found
    assert found[stranger["id"]]["member_id"] is None
    assert found[whole["id"]]["net_minor"] == 1500


def test_lines_keep_what_was_not_returned_to_the_last_minor_unit() -> None:
    shop = make_shop()
    member = enrol(shop)
    order = buy(
        shop,
        member,
        lines=[
            {"sku": "tea", "quantity": 3, "unit_price": 334, "total": 1000},
            {"sku": "pot", "quantity": 1, "unit_price": 5},
        ],
        paid=1005,
    )
    give_back(shop, order, (1, 2))

    fresh = refresh(shop)

    lines = sorted(rows(fresh, "lines"), key=lambda row: row["line"])
    assert [(r["sku"], r["quantity"], r["kept_quantity"], r["kept_minor"]) for r in lines] == [
        ("tea", 3, 1, 334),  # 1000 less 1000 x 2 // 3
        ("pot", 1, 1, 5),
    ]
    assert sum(r["kept_minor"] for r in lines) == order_rows(fresh)[order["id"]]["kept_minor"]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "UTC"])
def test_a_day_and_its_month_are_those_of_the_shops_zone(zone: str) -> None:
    shop = make_shop(zone=zone, now=datetime(2026, 6, 1, tzinfo=UTC))
    member = enrol(shop)
    first_of_march = day_start(date(2026, 3, 1), _zone(zone))
    # The night the clocks go forward in New York, and the ends of a month.
    instants = {
        first_of_march: date(2026, 3, 1),
        first_of_march - timedelta(microseconds=1): date(2026, 2, 28),
        day_start(date(2026, 3, 9), _zone(zone)) - timedelta(seconds=1): date(2026, 3, 8),
        day_start(date(2026, 3, 8), _zone(zone)): date(2026, 3, 8),
    }
    placed = {buy(shop, member, 100, at=at)["id"]: day for at, day in instants.items()}

    fresh = refresh(shop)

    found = order_rows(fresh)
    assert {order_id: row["day"] for order_id, row in found.items()} == placed
    assert fresh.folder is not None
    assert sorted(path.name for path in (fresh.folder / "orders").iterdir()) == [
        "month=2026-02",
        "month=2026-03",
    ]


def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def test_any_text_survives_and_nothing_is_not_empty() -> None:
    shop = make_shop()
    odd = 'a "quoted", comma; 店\u2028x'
    order = buy(
        shop,
        enrol(shop),
        store=odd,
        lines=[{"sku": odd, "quantity": 1, "unit_price": 100}, {"sku": "''", "quantity": 1,
                "unit_price": 1}],
        paid=101,
    )  # fmt: skip
    shop.api.put("/products/''", {"category": "=1+1", "name": "x"})

    fresh = refresh(shop)

    row = order_rows(fresh)[order["id"]]
    assert (row["store"], row["channel"]) == (odd, None)
    lines = sorted(rows(fresh, "lines"), key=lambda line: line["line"])
    assert [(line["sku"], line["category"]) for line in lines] == [(odd, None), ("''", "=1+1")]


def test_the_external_identity_stands_beside_the_member() -> None:
    shop = make_shop()
    name = unique("buyer")
    known = enrol(shop, identities=[{"type": "external", "value": name}])
    unnamed = enrol(shop, identities=[{"type": "card", "value": unique("9")}])
    orders = [buy(shop, member, 100)["id"] for member in (known, unnamed)]

    found = order_rows(refresh(shop))

    assert [(found[o]["member_id"], found[o]["member_key"]) for o in orders] == [
        (known, name),
        (unnamed, None),
    ]


def test_points_tiers_and_members_are_those_of_the_books() -> None:
    shop = make_shop(changed("plain", earning__points={"expiry": {"kind": "days", "count": 30}}))
    members = [enrol(shop) for _ in range(4)]
    rng = random.Random(3)
    for _ in range(12):
        order = buy(shop, rng.choice(members), rng.randrange(100, 300_000))
        if rng.random() < 0.4:
            give_back(shop, order, (1, 1))
        shop.move(timedelta(days=rng.randrange(8)))
    shop.api.post(f"/members/{members[0]}/points/adjust", {"amount": 7, "reason": "sorry"})

    fresh = refresh(shop)

    report = reports.points_liability(fresh.facts, as_of=shop.now.date())
    booked = totals(shop.merchant_id)["points"]
    assert report["outstanding"] == booked.outstanding == report["ageing_points"]
    assert (report["expired"], report["debt"]) == (booked.expired, booked.debt)
    ladder = programme_at(shop.merchant_id, shop.now).ladder
    by_tier = members_by_tier(shop.merchant_id, ladder=ladder, day=shop.now.date())
    told = reports.tiers(fresh.facts, as_of=shop.now.date(), ladder=list(by_tier))
    assert {line["tier"]: line["members"] for line in told["tiers"]} == by_tier
    assert len(rows(fresh, "members")) == 4


def test_a_lot_expires_on_the_last_day_it_is_good_for() -> None:
    document = changed(
        "plain",
        earning__points={"expiry": {"kind": "months", "count": 1, "end_of": "month"}},
    )
    shop = make_shop(document, zone="Asia/Shanghai")
    buy(shop, enrol(shop), 1000)

    (lot,) = [row for row in rows(refresh(shop), "lots") if row["asset"] == "points"]

    assert lot["expires_day"] == date(2026, 4, 30)
    assert (lot["remaining"], lot["earned_day"]) == (10, date(2026, 3, 10))


def test_a_floor_lifts_a_tier_and_who_never_bought_stands_on_the_first() -> None:
    shop = make_shop()
    lifted, quiet = enrol(shop), enrol(shop)
    from regulars.modules.tiers.services import Board, set_floor

    programme = programme_at(shop.merchant_id, shop.now)
    board = Board(shop.merchant_id, programme.ladder, programme.number, shop.scope.zone)
    set_floor(
        board, member_id=uuid(lifted), tier="gold", until=date(2026, 5, 1), reason="x",
        now=shop.now,
    )  # fmt: skip

    tiers = {row["member_id"]: row["tier"] for row in rows(refresh(shop), "tiers")}

    assert tiers == {lifted: "gold", quiet: "basic"}


def test_a_merge_gives_the_orders_to_who_carries_on_and_undoing_it_gives_them_back() -> None:
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    mine, theirs = buy(shop, into, 100), buy(shop, source, 100, at=shop.now - 40 * DAY)
    refresh(shop)

    merge = shop.api.post(f"/members/{into}/merge", {"from": source}).json()
    merged = services.fresh(shop.merchant_id, shop.now)
    assert {row["member_id"] for row in order_rows(merged).values()} == {into}
    assert [row["member_id"] for row in rows(merged, "members")] == [into]

    assert shop.api.post(f"/merges/{merge['id']}/undo").status_code == 200
    parted = order_rows(services.fresh(shop.merchant_id, shop.now))
    assert parted[mine["id"]]["member_id"] == into
    assert parted[theirs["id"]]["member_id"] == source


# ── freshness ─────────────────────────────────────────────────────────────────────────────


def test_a_write_is_stale_at_once_whether_or_not_its_events_were_told() -> None:
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, 100)
    tell(shop)
    assert not refresh(shop).is_stale()

    buy(shop, member, 100, at=datetime(2025, 12, 31, 9, tzinfo=UTC))
    untold = queries.freshness(shop.merchant_id)
    assert untold.stale({"orders"}) == {"2025-12"} == untold.untold - {"ledger", "people"}

    tell(shop)
    told = queries.freshness(shop.merchant_id)
    assert (told.stale(), told.untold) == (untold.stale(), frozenset())
    assert not refresh(shop).is_stale()


def test_what_an_export_saw_is_not_stale_again_when_it_is_told() -> None:
    shop = make_shop()
    buy(shop, enrol(shop), 100)
    assert not refresh(shop).is_stale()

    tell(shop)
    assert not queries.freshness(shop.merchant_id).is_stale()


def test_only_what_changed_is_written_anew() -> None:
    shop = make_shop()
    member = enrol(shop)
    for month in (1, 2, 3):
        buy(shop, member, 100, at=datetime(2026, month, 5, tzinfo=UTC))
    before = files(refresh(shop))

    buy(shop, member, 100, at=datetime(2026, 2, 6, tzinfo=UTC))
    after = files(services.fresh(shop.merchant_id, shop.now, ("orders",)))

    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {
        "orders/month=2026-02/facts.parquet",
        "lines/month=2026-02/facts.parquet",
    }
    assert queries.freshness(shop.merchant_id).stale() == {"ledger", "people"}


def test_a_month_that_lost_its_last_order_is_gone() -> None:
    shop = make_shop()
    buy(shop, enrol(shop), 100, at=datetime(2026, 1, 5, tzinfo=UTC))
    assert len(order_rows(refresh(shop))) == 1
    from regulars.modules.orders.models import Order

    Order.objects.of(shop.merchant_id).update(status="undone")
    services.mark_stale(shop.merchant_id, ["2026-01"])

    fresh = refresh(shop)

    assert order_rows(fresh) == {}
    assert not [name for name in files(fresh) if name.startswith("orders/")]


def test_what_became_stale_during_an_export_stays_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, 100)
    tell(shop)
    refresh(shop)
    buy(shop, member, 100)
    tell(shop)
    people = Export.people

    def meanwhile(self: Export, folder: Path) -> None:
        people(self, folder)
        (late,) = at_once(lambda: services.mark_stale(shop.merchant_id, ["2026-03"]))
        assert late is None

    monkeypatch.setattr(Export, "people", meanwhile)
    assert refresh(shop).stale() == {"2026-03"}


def test_an_export_that_fails_leaves_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, 100)
    before = refresh(shop)
    buy(shop, member, 100)

    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Export, "people", fails)
    with pytest.raises(OSError, match="full"):
        refresh(shop)

    after = queries.freshness(shop.merchant_id)
    assert (after.folder, after.exported_at) == (before.folder, before.exported_at)
    assert after.is_stale()
    assert len(order_rows(after)) == 1


def test_facts_that_were_deleted_are_written_again() -> None:
    shop = make_shop()
    buy(shop, enrol(shop), 100)
    first = refresh(shop)
    assert first.folder is not None
    first.folder.rename(first.folder.with_name("gone"))

    assert queries.freshness(shop.merchant_id).is_stale()
    assert len(order_rows(services.fresh(shop.merchant_id, shop.now))) == 1


def test_a_first_export_of_some_parts_leaves_the_others_to_be_done() -> None:
    shop = make_shop()
    buy(shop, enrol(shop), 1000)

    fresh = services.fresh(shop.merchant_id, shop.now, ("ledger",))

    assert not fresh.is_stale(("ledger",))
    assert fresh.is_stale(("orders",))
    assert fresh.is_stale(("people",))
    assert reports.points_liability(fresh.facts, as_of=shop.now.date())["outstanding"] == 10
    whole = services.fresh(shop.merchant_id, shop.now)
    assert not whole.is_stale()
    assert len(order_rows(whole)) == 1


def test_a_large_export_is_left_to_the_jobs() -> None:
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, *[100] * 30)
    small = services.fresh(shop.merchant_id, shop.now, at_most_rows=10)
    assert small.folder is None
    refresh(shop)
    buy(shop, member, *[100] * 30, at=datetime(2026, 1, 1, tzinfo=UTC))

    left = services.fresh(shop.merchant_id, shop.now, ("orders",), at_most_rows=10)
    assert left.stale({"orders"}) == {"2026-01"}
    assert len(order_rows(left)) == 1
    done = services.fresh(shop.merchant_id, shop.now, ("orders",), at_most_rows=1_000)
    assert not done.is_stale(("orders",))


def test_who_asks_at_once_waits_for_one_export(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    buy(shop, enrol(shop), 100)
    written: list[str] = []
    month = Export.month

    def counting(self: Export, name: str, folder: Path) -> None:
        written.append(name)
        month(self, name, folder)

    monkeypatch.setattr(Export, "month", counting)
    found = at_once(*[lambda: services.fresh(shop.merchant_id, shop.now)] * 4)

    assert refusals(found) == []
    assert {one.folder for one in found if isinstance(one, Freshness)} == {
        queries.freshness(shop.merchant_id).folder
    }
    assert written.count("2026-03") == 1


def test_an_export_that_nobody_reads_any_more_is_removed() -> None:
    shop = make_shop()
    member = enrol(shop)
    first = refresh(shop, full=True)
    buy(shop, member, 100)
    refresh(shop)
    assert first.folder is not None
    assert first.folder.is_dir(), "somebody may still be reading it"

    long_ago = os.stat(first.folder).st_mtime - 3600
    os.utime(first.folder, (long_ago, long_ago))
    buy(shop, member, 100)
    refresh(shop)

    assert not first.folder.exists()


def test_nothing_is_written_inside_the_snapshot_of_the_books() -> None:
    """An order that lands while facts are exported is wholly in the next export or not at all."""
    shop = make_shop()
    member = enrol(shop)
    refresh(shop)
    stop = threading.Event()
    failed: list[BaseException] = []
    exported: list[int] = []

    def keep_buying() -> None:
        # Without a breath between two orders the exports would grow as fast as they are written.
        try:
            while not stop.wait(0.01):
                buy(shop, member, 100, 200)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    buyer = threading.Thread(target=keep_buying)
    buyer.start()
    try:
        for _ in range(4):
            fresh = refresh(shop)
            lines = rows(fresh, "lines")
            orders = order_rows(fresh)
            exported.append(len(orders))
            assert {row["order_id"] for row in lines} == orders.keys()
            points = sum(r["amount"] for r in rows(fresh, "postings") if r["asset"] == "points")
            assert points == 3 * len(orders)
    finally:
        stop.set()
        buyer.join()
    assert not failed
    assert exported == sorted(set(exported)), "orders landed between and during the exports"


def test_the_job_follows_the_books_and_readies_the_first_screen() -> None:
    shop = make_shop()
    buy(shop, enrol(shop), 100)

    jobs.keep_fresh(shop.merchant)

    fresh = queries.freshness(shop.merchant_id)
    assert not fresh.is_stale(EVERYTHING)
    assert fresh.folder is not None
    assert list((fresh.folder / folders.DERIVED).glob("home-*.json"))


def test_the_rate_is_the_same_counted_by_hand() -> None:
    """Repurchase from facts against the same from the answers of the API, on a random shop."""
    shop = make_shop(zone="Asia/Shanghai", now=datetime(2026, 6, 30, 12, tzinfo=UTC))
    rng = random.Random(11)
    members = [enrol(shop) for _ in range(6)]
    days: dict[str, set[date]] = {}
    for _ in range(40):
        member = rng.choice(members)
        at = shop.now - timedelta(hours=rng.randrange(24 * 120))
        order = buy(shop, member, 100, at=at)
        fate = rng.random()
        if fate < 0.2:
            give_back(shop, order, (1, 1))
        elif fate < 0.3:
            shop.api.post(f"/orders/{order['id']}/cancel")
        else:
            days.setdefault(member, set()).add((at + timedelta(hours=8)).date())
    as_of, window = date(2026, 6, 30), 60
    inside = {m: {d for d in found if as_of - timedelta(days=window) < d <= as_of}
              for m, found in days.items()}  # fmt: skip

    report = reports.repurchase(refresh(shop).facts, as_of=as_of, window_days=window)

    assert report["members_active"] == sum(bool(found) for found in inside.values())
    assert report["members_again"] == sum(len(found) > 1 for found in inside.values())
