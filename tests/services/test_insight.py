"""Insight from the books: what it reads, what it keeps, and what it must not know."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from makers.imported import day_of, import_rhythms
from makers.orders import DAY, Shop, buy, enrol, give_back, make_shop, place, uuid
from makers.rhythms import Bought, rhythms
from regulars.cli import main
from regulars.modules.analytics import services as analytics
from regulars.modules.insight import jobs, queries, services, stored
from regulars.modules.insight.gathering import ABOVE, GivenBack, gather
from regulars.modules.insight.types import LEVELS, Abstained
from regulars.modules.orders.types import DraftLine
from regulars.modules.programmes.leaving import come_back, leave

BOUGHT = rhythms(members=60, items=20, days=200, leavers=0.3)
FIRST_BACK = 200


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Sixty members with rhythms; the last day of their purchases is yesterday."""
    made = make_shop()
    path = tmp_path_factory.mktemp("insight") / "orders.csv"
    import_rhythms(made.scope, path, BOUGHT, day_of(made.now, FIRST_BACK))
    return made


def run(capsys: pytest.CaptureFixture[str], shop: Shop, *words: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert main(["insight", *words, "--merchant", shop.merchant.code]) == code
    return capsys.readouterr()


def day(shop: Shop, back: int = 1) -> date:
    return day_of(shop.now, back)


# ── what is read ──────────────────────────────────────────────────────────────────────────────


def test_the_history_is_what_was_bought(shop: Shop) -> None:
    facts = analytics.fresh(shop.merchant_id, shop.now, ("orders",)).facts
    for level in LEVELS:
        told = gather(facts, as_of=day(shop), level=level)
        history = told.history
        names = {"sku": "sku-{0.item}", "type": "{0.item}", "category": "{0.category}"}
        expected = {(one.member, names[level].format(one), one.day) for one in BOUGHT}
        first = day_of(shop.now, FIRST_BACK)
        found = {
            (
                history.members[history.member[row]],
                history.items[history.item[row]],
                (told.date_of(int(history.day[row])) - first).days,
            )
            for row in range(len(history))
        }
        assert found == expected
        assert len(history) == len(expected)
        assert len(history.parents) == len(ABOVE[level])
        assert told.member_ids.keys() == {one.member for one in BOUGHT}
        assert all(id_.startswith("mem_") for id_ in told.member_ids.values())


def test_a_return_counts_from_the_day_it_was_known() -> None:
    shop = make_shop()
    member = enrol(shop)
    at = shop.now - 20 * DAY
    order = buy(shop, member, 1000, 500, at=at)
    buy(shop, member, 700, at=at)
    give_back(shop, order, (1, 1), (2, 1))
    facts = analytics.fresh(shop.merchant_id, shop.now, ("orders",)).facts

    bought = day_of(shop.now, 20)
    before = services.known_at(shop.merchant, bought, "sku").history
    after = services.known_at(shop.merchant, day_of(shop.now, 0), "sku").history
    assert (len(before), len(after)) == (2, 1)
    assert before.value_minor.sum() == 2200.0
    assert after.value_minor.sum() == 700.0
    unknown = gather(facts, as_of=bought, level="sku").history
    assert len(unknown) == 1, "the facts alone tell how it stands now"
    part = [GivenBack(order["id"], 1, 1)]
    assert len(gather(facts, as_of=bought, level="sku", given_back=part).history) == 1


def test_what_is_free_or_counts_no_units_is_no_purchase() -> None:
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, 0, at=shop.now - DAY)
    place(shop, lines=(DraftLine("S", 0, 0, 900),), member_id=uuid(member))
    facts = analytics.fresh(shop.merchant_id, shop.now, ("orders",)).facts
    assert len(gather(facts, as_of=day(shop, 0), level="sku").history) == 0


@pytest.mark.parametrize(("fuel_days", "kept"), [(3, {"MILK"}), (40, {"FUEL", "MILK"})])
def test_counter_sales_are_left_out_where_they_are_the_lesser_part(
    fuel_days: int, kept: set[str], tmp_path: Path
) -> None:
    shop = make_shop()
    bought = [Bought("m", "MILK", "DAIRY", n, 1, 100) for n in range(20)]
    bought += [Bought("m", "FUEL", "fuel", n, 1, 100) for n in range(fuel_days)]
    import_rhythms(shop.scope, tmp_path / "o.csv", bought, day_of(shop.now, 60))
    facts = analytics.fresh(shop.merchant_id, shop.now, ("orders",)).facts
    history = gather(facts, as_of=day(shop), level="type").history
    assert set(history.items[history.item]) == kept


# ── asked for ─────────────────────────────────────────────────────────────────────────────────


def test_due_is_a_table_of_members_items_and_probabilities(
    shop: Shop, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = ("due", "--as-of", day(shop).isoformat(), "--horizon", "14", "--level", "type")
    found = run(capsys, shop, *asked)
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert list(rows[0]) == ["member", "item", "probability"]
    counts: dict[tuple[str, str], set[int]] = {}
    for one in BOUGHT:
        counts.setdefault((one.member, one.item), set()).add(one.day)
    candidates = {pair for pair, days in counts.items() if len(days) >= 3}
    assert {(row["member"], row["item"]) for row in rows} == candidates
    assert len(rows) == len(candidates)
    assert all(0 <= float(row["probability"]) <= 1 for row in rows)
    assert "learning" in found.err

    path = tmp_path / "due.parquet"
    run(capsys, shop, *asked, "--format", "parquet", "--output", str(path))
    table = pq.read_table(path)
    assert table.column_names == ["member", "item", "probability"]
    assert [f"{p:.6f}" for p in table["probability"].to_pylist()] == [
        row["probability"] for row in rows
    ]
    told = json.loads(run(capsys, shop, *asked, "--json").out)
    assert (told["as_of"], told["horizon_days"], told["level"]) == (
        day(shop).isoformat(), 14, "type",
    )  # fmt: skip
    assert len(told["rows"]) == len(rows)
    assert [window["happened"] > 0 for window in told["backtests"]] == [True, True]


def test_what_comes_after_the_day_changes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shop = make_shop()
    as_of = day_of(shop.now, 21)
    first = day_of(shop.now, FIRST_BACK)
    known = [one for one in BOUGHT if one.day <= FIRST_BACK - 21]
    import_rhythms(shop.scope, tmp_path / "known.csv", known, first)
    asked = ("due", "--as-of", as_of.isoformat(), "--level", "type")
    churn = ("churn", "--as-of", as_of.isoformat(), "--kind", "silent")
    before = [run(capsys, shop, *words).out for words in (asked, churn)]
    assert min(len(text.splitlines()) for text in before) > 30

    later = [one for one in BOUGHT if one.day > FIRST_BACK - 21]
    poison = [
        Bought(one.member, "i000", "c9", FIRST_BACK - 20 + n % 15, 9, 9900)
        for n, one in enumerate(known[::40][:30])
    ]
    import_rhythms(shop.scope, tmp_path / "later.csv", [*later, *poison], first)
    assert [run(capsys, shop, *words).out for words in (asked, churn)] == before


@pytest.mark.parametrize("kind", ["drop", "silent"])
def test_churn_is_a_table_of_members_and_probabilities(
    shop: Shop, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(capsys, shop, "churn", "--as-of", day(shop).isoformat(), "--kind", kind)
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert list(rows[0]) == ["member", "probability"]
    assert {row["member"] for row in rows} <= {one.member for one in BOUGHT}
    assert len({row["member"] for row in rows}) == len(rows) > 20


def test_who_left_teaches_still_and_is_on_no_list_until_they_come_back(tmp_path: Path) -> None:
    shop = make_shop()
    import_rhythms(shop.scope, tmp_path / "orders.csv", BOUGHT, day_of(shop.now, FIRST_BACK))

    def due(back: int = 1) -> list[Any]:
        found = services.foretell_due(shop.merchant, as_of=day(shop, back), horizon=7, level="type")
        assert found.rows is not None
        return list(found.rows.to_pylist())

    def slipping() -> list[Any]:
        found = services.foretell_churn_of(shop.merchant, as_of=day(shop), kind="silent")
        assert found.rows is not None
        return list(found.rows.to_pylist())

    before, before_slipping, earlier = due(), slipping(), due(back=20)
    who = before_slipping[0]["member_id"]
    assert who in {row["member_id"] for row in before}
    leave(merchant=shop.merchant, member_id=uuid(who), channel="till", actor="test", now=shop.now)
    assert due() == [row for row in before if row["member_id"] != who]
    assert slipping() == before_slipping[1:]
    assert due(back=20) == earlier
    come_back(merchant_id=shop.merchant_id, member_id=uuid(who), now=shop.now)
    assert due() == before


def test_with_little_data_there_are_no_rows_and_the_reason_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop = make_shop()
    member = enrol(shop)
    for back in (1, 3, 5, 7):
        buy(shop, member, 500, at=shop.now - back * DAY)
    found = run(capsys, shop, "due", "--level", "sku", "--horizon", "7")
    assert found.out == "member,item,probability\n"
    assert "0 such pairs, at least 300 are needed" in found.err
    told = json.loads(run(capsys, shop, "churn", "--json").out)
    assert (told["rows"], told["abstained"]["reason"]) == ([], "too_few_members")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("due", "--horizon", "0"), "1 to 90"),
        (("due", "--horizon", "91"), "1 to 90"),
        (("due", "--as-of", "yesterday"), "2018-01-02"),
        (("churn", "--as-of", "0000-01-01"), "2018-01-02"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    shop: Shop, words: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert why in run(capsys, shop, *words, code=1).err


# ── kept ──────────────────────────────────────────────────────────────────────────────────────


def test_forecasts_are_kept_one_by_one_and_once_a_day(shop: Shop) -> None:
    analytics.refresh_facts(shop.merchant_id, shop.now)
    made = []
    while (name := services.refresh_next(shop.merchant)) is not None:
        made.append(name)
        kept = stored.read(shop.merchant_id, name)
        assert kept is not None
        assert kept.as_of == day(shop), "what is made is there at once"
    assert made == list(services.NAMES)
    assert services.refresh_next(shop.merchant) is None

    shop.move(DAY)
    assert services.refresh_next(shop.merchant) == services.NAMES[0]
    kept = stored.read(shop.merchant_id, services.NAMES[0])
    assert kept is not None
    assert kept.as_of == day(shop)


def test_the_kept_list_is_the_one_asked_for(shop: Shop) -> None:
    analytics.refresh_facts(shop.merchant_id, shop.now)
    while services.refresh_next(shop.merchant):
        pass
    kept = stored.read(shop.merchant_id, "due-type")
    assert kept is not None
    fresh = services.foretell_due(
        shop.merchant, as_of=kept.as_of, horizon=services.KEPT_HORIZON, level="type"
    ).rows
    assert fresh is not None
    assert kept.rows().select(fresh.column_names).equals(fresh)


def test_an_import_of_much_more_makes_the_lists_anew(tmp_path: Path) -> None:
    shop = make_shop()
    first = day_of(shop.now, FIRST_BACK)
    half = [one for one in BOUGHT if one.member < "m0040"]
    import_rhythms(shop.scope, tmp_path / "a.csv", half, first)
    analytics.refresh_facts(shop.merchant_id, shop.now)
    assert services.refresh_next(shop.merchant) == "due-type"
    assert services.refresh_next(shop.merchant) == "churn-drop"
    rest = [one for one in BOUGHT if one.member >= "m0040"]
    import_rhythms(shop.scope, tmp_path / "b.csv", rest, first)
    analytics.refresh_facts(shop.merchant_id, shop.now)
    assert services.refresh_next(shop.merchant) == "due-type"


def test_a_shop_with_few_orders_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    buy(shop, enrol(shop), 500, at=shop.now - DAY)
    analytics.refresh_facts(shop.merchant_id, shop.now)
    assert services.refresh_next(shop.merchant) is None
    told = queries.state_of(queries.Look(shop.merchant), None)
    assert (told["state"], told["abstained"]["reason"], told["abstained"]["there"]) == (
        "abstained", "too_few_lines", 1,
    )  # fmt: skip


def test_the_job_does_one_list_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def refreshed(merchant: Any) -> str | None:
        asked.append(merchant.id)
        return "due-type" if merchant.id == shop.merchant_id else None

    monkeypatch.setattr(jobs, "refresh_next", refreshed)
    assert jobs.keep_insight_fresh() == 1
    assert asked[-1] == shop.merchant_id
    monkeypatch.setattr(jobs, "stopping", lambda: True)
    assert jobs.keep_insight_fresh() == 0


def test_an_abstaining_list_is_kept_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    monkeypatch.setattr(services, "LEAST_LINES", 1)
    buy(shop, enrol(shop), 500, at=shop.now - DAY)
    analytics.refresh_facts(shop.merchant_id, shop.now)
    made = []
    while (name := services.refresh_next(shop.merchant)) is not None:
        made.append(name)
    assert made == list(services.NAMES)
    kept = stored.read(shop.merchant_id, "due-sku")
    told = queries.state_of(queries.Look(shop.merchant), kept)
    assert told["abstained"] == {"reason": "too_few_pairs", "there": 0, "needed": 300}
    found = services.foretell_due(shop.merchant, as_of=day(shop), horizon=14, level="sku").found
    assert isinstance(found, Abstained)


def test_lost_members_and_what_went_before(shop: Shop) -> None:
    analytics.refresh_facts(shop.merchant_id, shop.now)
    while services.refresh_next(shop.merchant):
        pass
    page = queries.lost_members(queries.Look(shop.merchant), lost_as="buying").page(100)
    for row in page.rows:
        silent = (day(shop) - row["last_day"]).days
        assert silent >= max(28, 2 * row["longest_days"])
        assert row["since"] <= day(shop)
        assert row["won_back_by"] == "order.paid"
    assert page.about["members"] == len(page.rows) > 3
    told = queries.reasons(queries.Look(shop.merchant))
    assert [line["stopped"] for line in told["lines"]] == [0, 0, 0]
    assert all(line["difference_bps"] is None for line in told["lines"]), "nothing to tell of"
    assert told["no_data"] == ["survey", "service", "stock", "price"]


def test_a_day_of_the_past_is_not_the_kept_one(shop: Shop) -> None:
    past = services.foretell_due(
        shop.merchant, as_of=day(shop) - timedelta(days=30), horizon=14, level="type"
    ).rows
    analytics.refresh_facts(shop.merchant_id, shop.now)
    services.refresh_next(shop.merchant)  # the first of them, where no test before has
    kept = stored.read(shop.merchant_id, "due-type")
    assert kept is not None
    assert past is not None
    assert past.num_rows < kept.rows().num_rows


def test_serving_and_the_jobs_load_no_learning_libraries() -> None:
    """They are loaded where something is learnt or asked, so that what only starts stays small."""
    program = (
        "import django, sys; django.setup()\n"
        "import regulars.config.urls\n"
        "from regulars.infra.jobs import load; load()\n"
        "import regulars.modules.insight.services\n"
        "heavy = ('lightgbm', 'scipy', 'sklearn', 'pandas', 'cel')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
