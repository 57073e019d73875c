"""Recommendations from the books: the command, what is kept, and consent that stops at once."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from makers.imported import day_of, import_rhythms
from makers.orders import DAY, Shop, buy, enrol, make_shop
from makers.rhythms import Bought, rhythms
from regulars.cli import main
from regulars.kernel.ids import parse
from regulars.modules.analytics import services as analytics
from regulars.modules.insight import stored
from regulars.modules.members import services as members
from regulars.modules.members.queries import by_identity
from regulars.modules.members.types import ConsentDraft
from regulars.modules.recommendations import jobs, queries, services
from regulars.modules.recommendations.types import PERSONALISATION

BOUGHT = rhythms(members=60, items=20, days=200)
FIRST_BACK = 200
HEAD = ["member", "rank", "item", "score", "reason"]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Sixty members with rhythms; the last day of their purchases is yesterday."""
    made = make_shop()
    import_rhythms(made.scope, tmp_path / "o.csv", BOUGHT, day_of(made.now, FIRST_BACK))
    return made


def run(capsys: pytest.CaptureFixture[str], shop: Shop, *words: str, code: int = 0) -> Any:
    capsys.readouterr()
    found = main(["insight", "recommend", *words, "--merchant", shop.merchant.code])
    assert found == code
    return capsys.readouterr()


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def of(rows: list[dict[str, str]], member: str) -> list[dict[str, str]]:
    return [row for row in rows if row["member"] == member]


def day(shop: Shop, back: int = 1) -> date:
    return day_of(shop.now, back)


def says(shop: Shop, member: str, granted: bool) -> None:
    """A member's word on personalisation."""
    id_ = by_identity(shop.merchant, type="external", value=member)
    assert id_ is not None
    members.record_consent(
        merchant_id=shop.merchant_id,
        member_id=id_,
        consent=ConsentDraft(PERSONALISATION, granted, "v1", "test"),
        now=shop.now,
    )


def asked(shop: Shop, member: str, mode: Any = "next_basket", length: int = 10) -> dict[str, Any]:
    id_ = by_identity(shop.merchant, type="external", value=member)
    assert id_ is not None
    return queries.recommendations(
        shop.merchant, id_, mode=mode, level="type", length=length, locale="en"
    )


def keep(shop: Shop) -> list[str]:
    analytics.refresh_facts(shop.merchant_id, shop.now)
    made = []
    while (name := services.refresh_next(shop.merchant)) is not None:
        made.append(name)
    return made


# ── the command ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["next_basket", "explore"])
def test_every_member_has_a_list_with_reasons(
    shop: Shop, mode: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("--mode", mode, "--as-of", day(shop).isoformat(), "--level", "type", "--k", "5")
    found = run(capsys, shop, *words)
    rows = table(found.out)
    assert list(rows[0]) == HEAD
    assert {row["member"] for row in rows} == {one.member for one in BOUGHT}
    before = {(one.member, one.item) for one in BOUGHT}
    for member in {row["member"] for row in rows}:
        own = of(rows, member)
        assert [row["rank"] for row in own] == [str(n) for n in range(1, len(own) + 1)]
        assert len(own) <= 5
        scores = [float(row["score"]) for row in own]
        assert scores == sorted(scores, reverse=True)
        assert all(row["reason"] for row in own)
        known = [(member, row["item"]) in before for row in own]
        if mode == "explore":
            assert not any(known)
        else:
            assert known == sorted(known, reverse=True), "what is new stands below"
    reasons = {row["reason"].split(" ")[0] for row in rows}
    assert reasons == ({"members"} if mode == "explore" else reasons)

    path = tmp_path / "lists.parquet"
    run(capsys, shop, *words, "--format", "parquet", "--output", str(path))
    kept = pq.read_table(path)
    assert kept.column_names == HEAD
    assert [f"{s:.6f}" for s in kept["score"].to_pylist()] == [row["score"] for row in rows]
    text = tmp_path / "lists.csv"
    run(capsys, shop, *words, "--output", str(text))
    assert text.read_text() == found.out
    told = json.loads(run(capsys, shop, *words, "--json").out)
    assert (told["mode"], told["k"], told["abstained"], len(told["rows"])) == (
        mode, 5, None, len(rows),
    )  # fmt: skip


def test_what_comes_after_the_day_changes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shop = make_shop()
    first, until = day_of(shop.now, FIRST_BACK), FIRST_BACK - 21
    known = [one for one in BOUGHT if one.day <= until]
    import_rhythms(shop.scope, tmp_path / "known.csv", known, first)
    words = ("--as-of", day_of(shop.now, 21).isoformat(), "--k", "4", "--mode")
    before = [run(capsys, shop, *words, mode).out for mode in ("next_basket", "explore")]
    assert min(len(text.splitlines()) for text in before) > 200
    later = [one for one in BOUGHT if one.day > until]
    later += [Bought(one.member, "i000", "c9", until + 3, 9, 9900) for one in known[::40]]
    import_rhythms(shop.scope, tmp_path / "later.csv", later, first)
    after = [run(capsys, shop, *words, mode).out for mode in ("next_basket", "explore")]
    assert after == before


def test_with_few_members_nothing_is_learnt_of_others_and_the_reason_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop = make_shop()
    for _ in range(3):
        member = enrol(shop)
        for back in (1, 3, 5, 7):
            buy(shop, member, 500, at=shop.now - back * DAY)
    found = run(capsys, shop, "--level", "sku")
    assert "3, at least 20 are needed" in found.err
    rows = table(found.out)
    assert len(rows) == 3
    assert {row["reason"] for row in rows} == {"bought every ~2 days, last yesterday"}
    stranger = enrol(shop)
    buy(shop, stranger, 500, at=shop.now - DAY)
    popular = table(run(capsys, shop, "--level", "sku").out)
    assert [row["reason"] for row in popular if row not in rows] == [
        "bought by 4 members in the last 28 days"
    ]
    for mode in ("next_basket", "explore"):
        told = json.loads(run(capsys, shop, "--json", "--level", "sku", "--mode", mode).out)
        assert told["abstained"] == {"reason": "too_few_shoppers", "there": 3, "needed": 20}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--k", "0"), "1 to 100"),
        (("--k", "101"), "1 to 100"),
        (("--as-of", "yesterday"), "2018-01-02"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    words: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert why in run(capsys, make_shop(), *words, code=1).err


# ── consent ───────────────────────────────────────────────────────────────────────────────────


def test_consent_taken_back_stops_the_personal_list_at_once(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(shop)
    theirs = asked(shop, "m0003")
    assert (theirs["state"], theirs["personal"], len(theirs["data"])) == ("ready", True, 10)
    says(shop, "m0003", False)
    stopped = asked(shop, "m0003")
    assert stopped["personal"] is False
    assert {row["reason"] for row in stopped["data"]} == {"popular"}
    assert stopped["data"] != theirs["data"]
    assert asked(shop, "m0004")["personal"] is True
    kept = stored.read(shop.merchant_id, "recommend-next_basket-type")
    assert kept is not None
    assert "m0003" in kept.rows()["member"].to_pylist(), "the lists are those from before"

    rows = table(run(capsys, shop, "--as-of", day(shop).isoformat()).out)
    assert all("in the last 28 days" in row["reason"] for row in of(rows, "m0003"))
    assert not all("in the last 28 days" in row["reason"] for row in of(rows, "m0004"))

    says(shop, "m0003", True)
    assert asked(shop, "m0003")["data"] == theirs["data"]


def test_nothing_is_learnt_from_who_refused(shop: Shop) -> None:
    says(shop, "m0003", False)
    answer = services.recommend(
        shop.merchant, mode="explore", as_of=day(shop), level="type", length=5
    )
    code = list(answer.told.history.members).index("m0003")
    assert code not in answer.found.shop.known.member
    assert code not in answer.found.entries.member
    assert code in answer.told.history.member


# ── kept ──────────────────────────────────────────────────────────────────────────────────────


def test_lists_are_kept_once_a_day_and_are_those_asked_for(shop: Shop) -> None:
    analytics.refresh_facts(shop.merchant_id, shop.now)
    before = asked(shop, "m0001")
    assert (before["state"], before["data"]) == ("waiting", [])
    assert keep(shop) == [services.name_of(mode, level) for mode, level in services.NAMES]
    assert services.refresh_next(shop.merchant) is None
    fresh = services.recommend(
        shop.merchant, mode="explore", as_of=day(shop), level="type", length=20
    )
    items = fresh.told.history.items
    entries = fresh.found.entries
    code = list(fresh.told.history.members).index("m0001")
    expected: list[Any] = [items[item] for item in entries.item[entries.member == code]]
    told = asked(shop, "m0001", "explore", length=20)
    assert [row["item"] for row in told["data"]] == expected
    assert told["as_of"] == day(shop).isoformat()
    assert len(asked(shop, "m0001", length=3)["data"]) == 3
    shop.move(DAY)
    assert services.refresh_next(shop.merchant) == "recommend-next_basket-type"


def test_who_never_bought_gets_what_is_popular(shop: Shop) -> None:
    keep(shop)
    new = parse("mem", enrol(shop))
    assert new is not None
    told = queries.recommendations(
        shop.merchant, new, mode="explore", level="type", length=4, locale="zh-hans"
    )
    assert (told["state"], told["personal"], len(told["data"])) == ("ready", False, 4)
    assert told["data"][0]["why"].startswith("最近 28 天内有 ")


def test_who_came_once_is_not_shown_what_they_bought(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shop = make_shop()
    common = {b.item for b in BOUGHT if b.day == 199}
    first = max(common, key=lambda item: sum(b.item == item for b in BOUGHT))
    one = next(b for b in BOUGHT if b.item == first)
    came = [Bought(name, first, one.category, 199, 1, 500) for name in ("once", "refuses")]
    import_rhythms(shop.scope, tmp_path / "o.csv", [*BOUGHT, *came], day_of(shop.now, FIRST_BACK))
    says(shop, "refuses", False)
    keep(shop)
    new = parse("mem", enrol(shop))
    assert new is not None
    everybodys = queries.recommendations(
        shop.merchant, new, mode="explore", level="type", length=10, locale="en"
    )
    popular = [row["item"] for row in everybodys["data"]]
    assert first in popular[:5]

    theirs = asked(shop, "once", "explore")
    assert theirs["personal"] is False
    assert [row["rank"] for row in theirs["data"]] == list(range(1, 11))
    items = [row["item"] for row in theirs["data"]]
    assert first not in items
    assert items[:9] == [item for item in popular if item != first][:9]
    # The next basket may hold it again; and from who refused nothing is learnt, not even that.
    assert first in [row["item"] for row in asked(shop, "once")["data"]]
    assert [row["item"] for row in asked(shop, "refuses", "explore")["data"]] == popular

    words = ("--mode", "explore", "--as-of", day(shop).isoformat())
    rows = table(run(capsys, shop, *words).out)
    assert [row["item"] for row in of(rows, "once")] == items
    assert [row["rank"] for row in of(rows, "once")] == [str(n) for n in range(1, 11)]
    assert [row["item"] for row in of(rows, "refuses")] == popular


def test_the_job_makes_one_set_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def refreshed(merchant: Any) -> str | None:
        seen.append(merchant.id)
        return "made" if merchant.id == shop.merchant_id else None

    monkeypatch.setattr(jobs, "refresh_next", refreshed)
    assert jobs.keep_recommendations_fresh() == 1
    assert seen[-1] == shop.merchant_id
    monkeypatch.setattr(jobs, "stopping", lambda: True)
    assert jobs.keep_recommendations_fresh() == 0
