"""An export that was cut off is gone on with, and what somebody reads is not taken away."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from makers.orders import Shop, buy, enrol, give_back, make_shop
from makers.telling import tell
from regulars.modules.analytics import folders, services
from regulars.modules.analytics.export import Export
from regulars.modules.analytics.facts_schema import SCHEMAS
from regulars.modules.analytics.queries import Freshness

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")
NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)


@pytest.fixture
def shop() -> Shop:
    """Four months with an order of one member each, and everything told."""
    shop = make_shop(now=NOW)
    member = enrol(shop)
    for month in range(1, 5):
        buy(shop, member, 1000, at=datetime(2026, month, 15, tzinfo=UTC))
    tell(shop)
    return shop


class _PowerCut(BaseException):
    """As when the process is killed: nothing catches it."""


class _Watched:
    """What an export writes, in order; ``cut_at`` one of them it is killed."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.written: list[str] = []
        self.cut_at: str | None = None
        month, ledger, people = Export.month, Export.ledger, Export.people

        def watched(mark: str) -> None:
            if mark == self.cut_at:
                raise _PowerCut
            self.written.append(mark)

        def one_month(export: Export, mark: str, folder: Path) -> None:
            watched(mark)
            month(export, mark, folder)

        def the_ledger(export: Export, folder: Path) -> None:
            watched("ledger")
            ledger(export, folder)

        def the_people(export: Export, folder: Path) -> None:
            watched("people")
            people(export, folder)

        patch.setattr(Export, "month", one_month)
        patch.setattr(Export, "ledger", the_ledger)
        patch.setattr(Export, "people", the_people)

    def cut(self, shop: Shop, at: str) -> None:
        self.cut_at = at
        with pytest.raises(_PowerCut):
            services.refresh_facts(shop.merchant_id, shop.now)
        self.cut_at, self.written = None, []


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> _Watched:
    return _Watched(monkeypatch)


def refresh(shop: Shop, **how: Any) -> Freshness:
    return services.refresh_facts(shop.merchant_id, shop.now, **how)


def everything(fresh: Freshness) -> dict[str, list[str]]:
    """All rows of all datasets, in an order of their own."""
    with fresh.facts.open() as tables:
        return {name: sorted(map(repr, tables.rows(tables.table(name)))) for name in SCHEMAS}


def test_only_what_was_not_written_yet_is_written(shop: Shop, watched: _Watched) -> None:
    watched.cut(shop, "2026-04")
    found = everything(refresh(shop))
    # March was being written when the power went: it is not known to be whole.
    assert watched.written[:2] == ["2026-03", "2026-04"]
    assert {"2026-01", "2026-02"}.isdisjoint(watched.written)
    assert len(found["orders"]) == len(MONTHS)
    assert found == everything(refresh(shop, full=True))


def test_cut_off_twice_it_still_gets_on(shop: Shop, watched: _Watched) -> None:
    watched.cut(shop, "2026-03")
    watched.cut(shop, "people")
    found = everything(refresh(shop))
    assert watched.written == ["people"]
    assert found == everything(refresh(shop, full=True))


@pytest.mark.parametrize("told", [True, False], ids=["told", "still to be told"])
def test_what_changed_in_between_is_written_anew(shop: Shop, watched: _Watched, told: bool) -> None:
    watched.cut(shop, "people")
    member = enrol(shop)
    late = buy(shop, member, 500, at=datetime(2026, 2, 3, tzinfo=UTC))
    give_back(shop, late, (1, 1))
    if told:
        tell(shop)
    found = everything(refresh(shop))
    # A month's neighbours may hold some of its instants in another zone; January is too far off.
    assert watched.written == ["2026-02", "ledger", "people"]
    assert sum(late["id"] in row for row in found["orders"]) == 1
    assert found == everything(refresh(shop, full=True))


def test_an_order_that_was_read_before_it_was_told_is_not_written_twice(watched: _Watched) -> None:
    shop = make_shop(now=NOW)
    buy(shop, enrol(shop), 1000, at=datetime(2026, 2, 15, tzinfo=UTC))
    watched.cut(shop, "people")
    found = everything(refresh(shop))
    assert watched.written == ["people"]
    assert len(found["orders"]) == 1


def test_of_a_month_whose_last_order_went_nothing_is_left(shop: Shop, watched: _Watched) -> None:
    first = refresh(shop)
    assert len(everything(first)["orders"]) == len(MONTHS)
    services.mark_all_stale(shop.merchant_id)
    month = Export.month

    def nothing_any_more(export: Export, mark: str, folder: Path) -> None:
        if mark == "2026-01":  # as the export does it where no order is left
            for name in ("orders", "lines"):
                (folder / name / f"month={mark}" / "facts.parquet").unlink()
        else:
            month(export, mark, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Export, "month", nothing_any_more)
        watched.cut(shop, "ledger")
    found = everything(refresh(shop))
    assert "2026-01" not in watched.written
    assert len(found["orders"]) == len(MONTHS) - 1


def test_a_full_export_takes_nothing_over(shop: Shop, watched: _Watched) -> None:
    watched.cut(shop, "people")
    refresh(shop, full=True)
    assert {*MONTHS, "ledger", "people"} <= set(watched.written)


@pytest.mark.parametrize("damage", ["{", '{"layout": 0}', None], ids=["torn", "older", "none"])
def test_notes_that_cannot_be_read_are_not_believed(
    shop: Shop, watched: _Watched, damage: str | None
) -> None:
    watched.cut(shop, "people")
    (cut_off,) = folders.cut_off(shop.merchant_id, keep=Path())
    notes = cut_off / "progress.json"
    notes.unlink() if damage is None else notes.write_text(damage)
    refresh(shop)
    assert {*MONTHS, "ledger", "people"} <= set(watched.written)


def test_nothing_of_what_was_cut_off_is_left(shop: Shop, watched: _Watched) -> None:
    watched.cut(shop, "2026-03")
    fresh = refresh(shop)
    names = {path.name for path in folders.merchant_folder(shop.merchant_id).iterdir()}
    assert fresh.folder is not None
    assert names == {".lock", fresh.folder.name}
    assert not (fresh.folder / "progress.json").exists()


def test_an_export_says_as_of_when_it_is(shop: Shop) -> None:
    fresh = refresh(shop)
    assert fresh.folder is not None
    told = json.loads((fresh.folder / "as_of.json").read_text())
    assert told == {"as_of": "2026-04-20T12:00:00Z", "zone": "UTC", "layout": 2}


def test_an_export_is_kept_as_long_as_somebody_reads_it(shop: Shop) -> None:
    first = refresh(shop)
    assert first.folder is not None
    with first.facts.open() as tables:
        buy(shop, enrol(shop), 100)
        second = refresh(shop)
        assert second.folder is not None
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        os.utime(first.folder, (long_ago.timestamp(),) * 2)
        folders.sweep(shop.merchant_id, keep=second.folder)
        assert len(tables.rows(tables.table("orders"))) == len(MONTHS)
        assert first.folder.is_dir()
    folders.sweep(shop.merchant_id, keep=second.folder)
    assert not first.folder.exists()
