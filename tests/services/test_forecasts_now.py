"""All forecasts at once: in steps, one run at a time, gone on with after a kill, beside the job."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from makers import forecasts
from makers.imported import day_of, import_rhythms
from makers.merchants import console, make_staff
from makers.orders import DAY, Shop, buy, enrol, make_shop
from makers.rhythms import rhythms
from regulars.cli import main
from regulars.infra.clock import real_now
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_id
from regulars.modules.insight import jobs, running, services, stored
from regulars.modules.insight.errors import Running
from regulars.modules.insight.models import Run
from regulars.modules.segments.handing import handovers
from regulars.modules.segments.types import FORECAST_PARTS

STEPS = ("facts", *services.NAMES)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop of one line, in which that is enough."""
    for module in (services, running):
        monkeypatch.setattr(module, "LEAST_LINES", 1)
    made = make_shop()
    buy(made, enrol(made), 500, at=made.now - DAY)
    return made


@pytest.fixture(autouse=True)
def done(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The forecasts of the shop that are worked out, in turn; what they say is nothing."""
    found: list[str] = []

    def refresh(merchant: Any, name: str, as_of: date, lines: int) -> None:
        if merchant.id == shop.merchant_id:
            found.append(name)
            forecasts.keep(shop, name, {}, as_of=as_of)

    for module in (services, running):
        monkeypatch.setattr(module, "refresh", refresh)
    return found


def made_at(shop: Shop, name: str) -> str | None:
    kept = stored.read(shop.merchant_id, name)
    return None if kept is None else str(kept.about["made_at"])


def test_a_run_goes_step_by_step_and_the_lists_are_there(shop: Shop, done: list[str]) -> None:
    run = running.ask(shop.merchant_id, by="me")
    assert (run.status, run.done, run.of, run.step) == ("waiting", 0, len(STEPS), None)
    seen: list[tuple[int, int, str | None]] = []

    def watch(done: int, of: int) -> None:
        told = running.latest(shop.merchant_id)
        assert told is not None
        seen.append((done, of, told.step))

    ended = running.work(shop.merchant, run.id, watch=watch)

    assert (ended.status, ended.done, ended.step) == ("done", len(STEPS), None)
    assert [one[:2] for one in seen] == [(n, len(STEPS)) for n in range(len(STEPS) + 1)]
    assert [one[2] for one in seen[1:-1]] == list(STEPS[:-1]), "the step that is just over"
    assert done == list(services.NAMES)
    assert all(made_at(shop, name) for name in services.NAMES)
    assert services.refresh_next(shop.merchant) is None, "nothing is left to the daily job"
    assert done == list(services.NAMES)


def test_there_is_one_run_at_a_time(shop: Shop) -> None:
    other = make_shop()
    first = running.ask(shop.merchant_id, by="me")
    with pytest.raises(Running):
        running.ask(shop.merchant_id, by="you")
    running.ask(other.merchant_id, by="you")
    running.work(shop.merchant, first.id)
    assert running.ask(shop.merchant_id, by="you").status == "waiting"
    with pytest.raises(NotFound):
        running.work(shop.merchant, new_id())


def test_a_run_that_was_killed_goes_on_where_it_was(
    shop: Shop, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = running.ask(shop.merchant_id, by="me")
    calls = iter([False, False, False, True])
    with monkeypatch.context() as patch:
        patch.setattr(running, "stopping", lambda: next(calls))
        left = running.work(shop.merchant, run.id)
    assert (left.status, left.done, done) == ("running", 3, list(services.NAMES[:2]))
    assert (shop.merchant_id, run.id) not in running.waiting_runs(), "its process may live"
    silent = real_now() - running.SILENT_FOR - timedelta(seconds=1)
    Run.objects.of(shop.merchant_id).update(heartbeat_at=silent)
    assert (shop.merchant_id, run.id) in running.waiting_runs()

    jobs.work_out_now()

    told = running.latest(shop.merchant_id)
    assert told is not None
    assert (told.status, told.done) == ("done", len(STEPS))
    assert done == list(services.NAMES), "none of them twice"


def test_the_daily_job_goes_on_beside_a_run(shop: Shop, done: list[str]) -> None:
    run = running.ask(shop.merchant_id, by="me")
    running._do(shop.merchant, "facts", since=run.created_at)
    assert services.refresh_next(shop.merchant) == "due-type"
    assert services.refresh_next(shop.merchant) == "churn-drop"
    by_the_job = made_at(shop, "due-type")

    running.work(shop.merchant, run.id)

    assert made_at(shop, "due-type") == by_the_job, "made since the run was asked for"
    assert done == list(services.NAMES)


def test_what_is_there_of_today_is_worked_out_anew(shop: Shop, done: list[str]) -> None:
    first = running.ask(shop.merchant_id, by="me")
    running.work(shop.merchant, first.id)
    before = made_at(shop, "clv")
    again = running.ask(shop.merchant_id, by="me")
    running.work(shop.merchant, again.id)
    assert made_at(shop, "clv") != before
    assert len(done) == 2 * len(services.NAMES)


def test_a_step_that_fails_is_told_and_the_next_run_may_begin(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = running.ask(shop.merchant_id, by="me")

    def broken(*_: Any) -> None:
        raise RuntimeError("no room left")

    with monkeypatch.context() as patch:
        patch.setattr(running, "refresh", broken)
        jobs.work_out_now()
    told = running.latest(shop.merchant_id)
    assert told is not None
    assert (told.id, told.status, told.done, told.step) == (run.id, "failed", 1, "due-type")
    assert told.error == "RuntimeError: no room left"
    assert running.ask(shop.merchant_id, by="me").status == "waiting"


def test_a_shop_with_few_orders_has_a_run_that_finds_nothing(
    shop: Shop, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LEAST_LINES", 2)
    run = running.work(shop.merchant, running.ask(shop.merchant_id, by="me").id)
    assert (run.status, run.done, done) == ("done", len(STEPS), [])


def test_over_the_console_with_the_right_to_refresh(shop: Shop) -> None:
    desk = console(make_staff(shop.merchant, "analyst"))
    assert desk.get("/insight").json()["run"] is None
    answer = desk.post("/insight/runs", {})
    assert answer.status_code == 202, answer.content
    told = answer.json()
    assert (told["status"], told["done"], told["of"]) == ("waiting", 0, len(STEPS))
    again = desk.post("/insight/runs", {})
    assert (again.status_code, again.json()["code"]) == (409, "forecasts_running")
    jobs.work_out_now()
    found = desk.get("/insight").json()
    assert (found["run"]["id"], found["run"]["status"]) == (told["id"], "done")
    assert found["done"] == found["of"]
    cashier = console(make_staff(shop.merchant, "cashier"))
    assert cashier.post("/insight/runs", {}).status_code == 403


def test_from_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With forecasts that are worked out indeed."""
    monkeypatch.undo()
    made = make_shop()
    bought = rhythms(members=60, items=20, days=200, leavers=0.3)
    import_rhythms(made.scope, tmp_path / "orders.csv", bought, day_of(made.now, 200))
    words = ["insight", "refresh", "--merchant", made.merchant.code]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "status": "done", "done": len(STEPS), "of": len(STEPS),
    }  # fmt: skip
    assert all(made_at(made, name) for name in services.NAMES)
    assert handovers(made.merchant_id).keys() >= set(FORECAST_PARTS)
    running.ask(made.merchant_id, by="me")
    assert main(words) == 1
    assert "being worked out already" in capsys.readouterr().err
