"""Postings are exported month by month, and only the months that have new ones."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest

from makers.orders import Shop, buy, enrol, give_back, make_shop
from regulars.modules.analytics import postings, queries, services
from regulars.modules.analytics.queries import Freshness

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)


def refresh(shop: Shop, **how: Any) -> Freshness:
    return services.refresh_facts(shop.merchant_id, shop.now, **how)


def months(fresh: Freshness) -> dict[str, int]:
    """The file of each month, with the inode that tells whether it was written anew."""
    assert fresh.folder is not None
    found = fresh.folder.glob("postings/month=*/facts.parquet")
    return {path.parent.name.removeprefix("month="): path.stat().st_ino for path in found}


def moves(fresh: Freshness) -> list[dict[str, Any]]:
    with fresh.facts.open() as tables:
        told = tables.table("lot_moves")
        # Grouped once more: months are written in pieces, each of its own.
        whole = told.group_by("kind", "day", "earned_day", "expires_day").agg(
            amount=told.amount.sum()
        )
        return tables.rows(whole.order_by("kind", "day", "earned_day", "expires_day"))


def rows(fresh: Freshness) -> list[dict[str, Any]]:
    with fresh.facts.open() as tables:
        return tables.rows(tables.table("postings").order_by("at", "asset", "amount"))


def test_only_the_month_with_new_postings_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings, "_GROUP_ROWS", 2)
    shop = make_shop(now=NOW)
    member = enrol(shop)
    for month in (1, 2, 3):
        for day in (3, 4, 28):
            buy(shop, member, 1000, at=datetime(2026, month, day, tzinfo=UTC))
    first = refresh(shop)
    before = months(first)
    assert set(before) == {"2026-01", "2026-02", "2026-03"}

    # Nobody's postings go back in time; somebody else's may.
    buy(shop, enrol(shop), 1000, at=datetime(2026, 2, 20, tzinfo=UTC))
    order = buy(shop, member, 2000, at=datetime(2026, 4, 1, tzinfo=UTC))
    give_back(shop, order, (1, 1))
    second = refresh(shop)

    after = months(second)
    assert {month for month in before if before[month] == after[month]} == {"2026-01", "2026-03"}
    assert set(after) == {*before, "2026-04"}
    assert len(rows(second)) > len(rows(first))
    whole = refresh(shop, full=True)
    assert rows(second) == rows(whole)
    assert moves(second) == moves(whole) != moves(first)
    assert sum(row["amount"] for row in moves(whole)) == sum(
        row["amount"] for row in rows(whole) if row["asset"] == "points"
    )


def test_a_month_is_that_of_the_instant_in_utc_and_a_day_that_of_the_merchant() -> None:
    shop = make_shop(zone="Asia/Shanghai", now=NOW)
    last_hours = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
    for at in (last_hours, last_hours + timedelta(microseconds=1)):
        buy(shop, enrol(shop), 1000, at=at)
    fresh = refresh(shop)
    assert set(months(fresh)) == {"2026-02", "2026-03"}
    assert {str(row["day"]) for row in rows(fresh)} == {"2026-03-01"}


def test_who_carries_on_for_somebody_has_their_postings_of_every_month() -> None:
    shop = make_shop(now=NOW)
    kept, merged = enrol(shop), enrol(shop)
    for month, member in ((1, merged), (2, kept)):
        buy(shop, member, 1000, at=datetime(2026, month, 3, tzinfo=UTC))
    before = refresh(shop)
    assert {row["member_id"] for row in rows(before)} == {kept, merged}
    told = shop.api.post(f"/members/{kept}/merge", {"from": merged})
    assert told.status_code == 201, told.content
    after = refresh(shop)
    assert {row["member_id"] for row in rows(after)} == {kept}
    assert rows(after) == rows(refresh(shop, full=True))


def test_facts_from_before_there_were_months_are_written_again() -> None:
    shop = make_shop(now=NOW)
    buy(shop, enrol(shop), 1000)
    fresh = refresh(shop)
    assert fresh.folder is not None
    found = rows(fresh)
    (path,) = fresh.folder.glob("postings/month=*/facts.parquet")
    path.rename(fresh.folder / "postings" / "facts.parquet")
    shutil.rmtree(path.parent)
    (fresh.folder / "as_of.json").unlink()

    assert queries.freshness(shop.merchant_id).is_stale(("ledger",))
    again = services.fresh(shop.merchant_id, shop.now, ("ledger",))
    assert not again.is_stale(("ledger",))
    assert rows(again) == found


def test_a_file_that_lost_rows_is_written_again() -> None:
    shop = make_shop(now=NOW)
    buy(shop, enrol(shop), 1000)
    fresh = refresh(shop)
    assert fresh.folder is not None
    (path,) = fresh.folder.glob("postings/month=*/facts.parquet")
    found = pq.read_table(path)
    pq.write_table(found.slice(1), path)
    services.mark_all_stale(shop.merchant_id)
    assert len(rows(refresh(shop))) == found.num_rows
