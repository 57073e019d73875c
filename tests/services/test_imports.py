"""Files in: judged first, taken piece by piece, gone on with after a kill, undone."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError

from makers.merchants import make_merchant
from regulars.infra.pen import Pen
from regulars.modules.connectors import marching, services
from regulars.modules.connectors.errors import FileRefused, RunBusy
from regulars.modules.connectors.queries import rejected_path
from regulars.modules.connectors.queries import run as read_run
from regulars.modules.ledger.queries import totals
from regulars.modules.ledger.verification import verify
from regulars.modules.orders.settlement import Scope
from regulars.modules.orders.tally import tally
from regulars.modules.programmes.services import start

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEAD = "order_id,member,placed_at,sku,quantity,line_total,store\n"


@pytest.fixture
def scope() -> Scope:
    merchant = make_merchant(zone="Asia/Shanghai", currency="CNY")
    start(merchant.id, "plain", NOW)
    return Scope(merchant.id, ZoneInfo("Asia/Shanghai"), "CNY", "test", NOW)


def written(folder: Path, rows: str, name: str = "orders.csv", head: str = HEAD) -> Path:
    path = folder / name
    path.write_text(head + rows, encoding="utf-8")
    return path


def many(folder: Path, orders: int) -> Path:
    return written(
        folder,
        "".join(
            f"o{n},m{n % 7},2026-05-01 10:{n % 60:02d},S{n % 3},1,12.34,A\n" for n in range(orders)
        ),
    )


def brought_in(scope: Scope, path: Path, kind: str = "orders") -> services.RunView:
    return services.import_file(scope, kind=kind, source=path, file_name=path.name)


def test_a_dry_run_tells_all_and_changes_nothing(scope: Scope, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "1,bob,2026-05-01 10:00,A,1,12.34,S\n1,bob,2026-05-01 10:00,B,0,1.00,S\n"
        "2,eve,2026-05-02,A,-1,5.00,S\n",
    )

    run = services.prepare_run(scope, kind="orders", source=path, file_name=path.name)

    assert run.status == "ready"
    assert (run.report["orders"], run.report["lines"], run.rejected) == (1, 2, 1)
    assert [(e["row"], e["code"]) for e in run.report["errors"]] == [(4, "negative")]
    assert "negative" in rejected_path(scope.merchant_id, run.id).read_text("utf-8-sig")
    assert tally(scope.merchant_id).orders == 0


def test_a_file_comes_in_once_and_again_changes_nothing(scope: Scope, tmp_path: Path) -> None:
    path = many(tmp_path, 50)

    first, again = brought_in(scope, path), brought_in(scope, path)

    assert (first.status, first.orders, first.lines, first.repeated) == ("done", 50, 50, 0)
    assert (again.status, again.orders, again.repeated) == ("done", 0, 50)
    found = tally(scope.merchant_id)
    assert (found.orders, found.sales_minor, found.stores) == (50, 50 * 1234, 1)
    assert totals(scope.merchant_id)["points"].outstanding == 50 * 12
    assert verify(scope.merchant_id) == []


def test_a_run_that_was_killed_goes_on_and_nothing_comes_twice(
    scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = services.open_orders
    monkeypatch.setattr(services, "open_orders", lambda *a, **k: real(*a, **k, piece_orders=10))

    class Killed(BaseException):
        pass

    def killed_after_two(progress: services.Progress) -> None:
        if progress.pieces_done == 2:
            raise Killed

    run = services.prepare_run(
        scope, kind="orders", source=many(tmp_path, 50), file_name="orders.csv"
    )
    with pytest.raises(Killed):
        services.run_import(scope, run.id, watch=killed_after_two)
    cut_off = read_run(scope.merchant_id, run.id)
    assert (cut_off.status, cut_off.pieces_done, cut_off.orders) == ("running", 2, 20)

    done = services.run_import(scope, run.id)

    assert (done.status, done.pieces_done, done.orders, done.repeated) == ("done", 5, 50, 0)
    assert tally(scope.merchant_id).orders == 50
    assert verify(scope.merchant_id) == []


def test_a_run_that_was_cut_into_other_pieces_begins_anew_and_nothing_comes_twice(
    scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, size = services.open_orders, [10]
    monkeypatch.setattr(
        services, "open_orders", lambda *a, **k: real(*a, **k, piece_orders=size[0])
    )

    def killed_after_two(progress: services.Progress) -> None:
        if progress.pieces_done == 2:
            raise KeyboardInterrupt

    path = many(tmp_path, 50)
    run = services.prepare_run(scope, kind="orders", source=path, file_name="orders.csv")
    with pytest.raises(KeyboardInterrupt):
        services.run_import(scope, run.id, watch=killed_after_two)
    size[0] = 25

    done = services.run_import(scope, run.id)

    assert (done.status, done.pieces_done, done.orders, done.repeated) == ("done", 2, 50, 20)
    assert tally(scope.merchant_id).orders == 50
    assert verify(scope.merchant_id) == []


@pytest.mark.parametrize("killed", ["the run", "its pen"])
def test_a_long_run_that_was_killed_goes_on_and_nothing_comes_twice(
    killed: str, scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = services.open_orders
    monkeypatch.setattr(services, "open_orders", lambda *a, **k: real(*a, **k, piece_orders=10))
    pens: list[Pen] = []

    def pen() -> Pen:
        pens.append(Pen())
        return pens[-1]

    monkeypatch.setattr(marching, "Pen", pen)

    class Killed(BaseException):
        pass

    def kill_after_three(progress: services.Progress) -> None:
        if progress.pieces_done == 3:
            if killed == "the run":
                raise Killed
            os.kill(pens[0].process_id, signal.SIGKILL)

    run = services.prepare_run(
        scope, kind="orders", source=many(tmp_path, 90), file_name="orders.csv"
    )
    with pytest.raises(Killed if killed == "the run" else OperationalError):
        services.run_import(scope, run.id, watch=kill_after_three)
    cut_off = read_run(scope.merchant_id, run.id)
    assert cut_off.pieces_done in (3, 4), "the piece under way is in the books or it is not"
    assert tally(scope.merchant_id).orders == cut_off.orders == cut_off.pieces_done * 10

    done = services.run_import(scope, run.id)

    assert len(pens) == 2
    assert (done.status, done.pieces_done, done.orders, done.repeated) == ("done", 9, 90, 0)
    assert tally(scope.merchant_id).orders == 90
    assert totals(scope.merchant_id)["points"].outstanding == 90 * 12
    assert verify(scope.merchant_id) == []


def test_an_undone_run_leaves_nothing_and_may_come_again(scope: Scope, tmp_path: Path) -> None:
    path = many(tmp_path, 30)
    run = brought_in(scope, path)

    undone = services.undo_run(scope, run.id)

    assert undone.status == "undone"
    assert tally(scope.merchant_id).orders == 0
    assert totals(scope.merchant_id)["points"].outstanding == 0
    assert verify(scope.merchant_id) == []
    assert brought_in(scope, path).orders == 30
    with pytest.raises(RunBusy):
        services.undo_run(scope, run.id)


def test_orders_of_other_content_are_told_by_row(scope: Scope, tmp_path: Path) -> None:
    brought_in(scope, written(tmp_path, "1,bob,2026-05-01 10:00,A,1,12.34,S\n"))

    run = brought_in(
        scope,
        written(
            tmp_path,
            "1,bob,2026-05-01 10:00,A,1,99.99,S\n2,bob,2026-05-01 10:00,A,1,1.00,S\n",
        ),
    )

    assert (run.orders, run.rejected) == (1, 1)
    told = services.row_errors(scope.merchant_id, run.id, limit=10)
    assert [(e["row"], e["code"]) for e in told] == [(2, "external_id_reused")]


def test_refunds_may_come_before_their_order(scope: Scope, tmp_path: Path) -> None:
    refunds = written(
        tmp_path,
        "1,r1,2026-05-03 10:00,1,1\n",
        "refunds.csv",
        "order_id,refund_id,refunded_at,line,quantity\n",
    )
    early = brought_in(scope, refunds, "refunds")
    brought_in(scope, written(tmp_path, "1,bob,2026-05-01 10:00,A,2,200.00,S\n"))
    again = brought_in(scope, refunds, "refunds")

    assert (early.status, again.repeated) == ("done", 1)
    assert totals(scope.merchant_id)["points"].outstanding == 100
    assert verify(scope.merchant_id) == []


def test_a_file_that_is_none_is_refused_with_the_fix(scope: Scope, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(FileRefused) as refused:
        services.prepare_run(scope, kind="orders", source=path, file_name="orders.csv")
    assert len(refused.value.detail) > 20


def test_a_run_belongs_to_its_merchant(scope: Scope, tmp_path: Path) -> None:
    run = brought_in(scope, many(tmp_path, 3))
    other = replace(scope, merchant_id=make_merchant().id)
    with pytest.raises(Exception, match="not_found"):
        services.run_import(other, run.id)
