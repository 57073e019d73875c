"""Insight of shops that are not like the ones it was made on: it answers, or says why it does not.

Every verb is asked of every shop, on several days; whatever comes is a table of the promised form.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from makers.homes import POSTGRES
from makers.imported import day_of, import_rhythms
from makers.orders import DAY, Shop, buy, enrol, give_back, make_shop
from makers.rhythms import Bought, rhythms
from regulars.cli import main
from regulars.modules.connectors.services import import_file

pytestmark = pytest.mark.slow

ASKED = (
    *(("due", "--level", level, "--horizon", "14") for level in ("sku", "type", "category")),
    ("churn", "--kind", "drop"),
    ("churn", "--kind", "silent"),
    *(
        ("recommend", "--mode", mode, "--level", level, "--k", "5")
        for mode in ("next_basket", "explore")
        for level in ("sku", "type", "category")
    ),
    ("clv", "--horizon", "90"),
)
COLUMNS = {
    "due": ["member", "item", "probability"],
    "churn": ["member", "probability"],
    "recommend": ["member", "rank", "item", "score", "reason"],
    "clv": ["member", "expected_purchases", "expected_value_minor", "probability_alive"],
}
DAYS = 260
#: Answers come from the fact files, which are the same whatever database they were written from:
#: on PostgreSQL one day shows that they were.
ASKED_BACK = (1,) if POSTGRES else (0, 1, 30, DAYS + 100)


def nobody(_path: Path) -> Shop:
    return make_shop()


def three_orders(_path: Path) -> Shop:
    shop = make_shop()
    member = enrol(shop)
    for back in (1, 9, 30):
        buy(shop, member, 500, at=shop.now - back * DAY)
    return shop


def strangers(_path: Path) -> Shop:
    """Orders of nobody known."""
    shop = make_shop()
    for back in range(1, 40):
        buy(shop, None, 500, at=shop.now - back * DAY)
    return shop


def imported(path: Path, bought: list[Bought]) -> Shop:
    shop = make_shop()
    import_rhythms(shop.scope, path / "orders.csv", bought, day_of(shop.now, DAYS))
    return shop


def one_product(path: Path) -> Shop:
    many = rhythms(members=120, items=20, days=DAYS, leavers=0.3)
    return imported(path, [Bought(b.member, "i", "c", b.day, 1, b.value_minor) for b in many])


def no_items(path: Path) -> Shop:
    """Amounts alone, as CDNOW: one nameless article, no catalogue behind it."""
    shop = make_shop()
    told = rhythms(members=120, items=20, days=DAYS, leavers=0.3)
    days = sorted({(b.member, b.day) for b in told})
    first = day_of(shop.now, DAYS)
    lines = ["order_id,member,placed_at,sku,quantity,line_total"] + [
        f"{member}-{day},{member},{first + timedelta(days=day)} 10:00,sale,1,9.90"
        for member, day in days
    ]
    file = path / "orders.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = import_file(shop.scope, kind="orders", source=file, file_name=file.name)
    assert done.rejected == 0, done.report
    return shop


def everybody_once(path: Path) -> Shop:
    return imported(path, [Bought(f"m{n}", f"i{n % 9}", "c", n % DAYS, 1, 500) for n in range(400)])


def everybody_daily(path: Path) -> Shop:
    """Nothing to tell apart: forty members buy the same two goods every day."""
    return imported(
        path,
        [
            Bought(f"m{n}", item, "c", day, 1, 300)
            for n in range(40)
            for day in range(DAYS - 60, DAYS)
            for item in ("bread", "milk")
        ],
    )


def by_phone_alone(_path: Path) -> Shop:
    """Members without an external identity: their ids stand in its place."""
    shop = make_shop()
    for number in range(35):
        phone = [{"type": "phone", "value": f"+86138000{number:05d}"}]
        member = enrol(shop, identities=phone)
        for back in range(1 + number % 3, 90, 7 + number % 5):
            buy(shop, member, 500, at=shop.now - back * DAY)
    return shop


def all_given_back(_path: Path) -> Shop:
    shop = make_shop()
    for _member in range(3):
        member = enrol(shop)
        for back in (5, 15, 25, 35):
            give_back(shop, buy(shop, member, 700, at=shop.now - back * DAY), (1, 1))
    return shop


def one_order(_path: Path) -> Shop:
    shop = make_shop()
    buy(shop, enrol(shop), 500, at=shop.now - 9 * DAY)
    return shop


def one_member_of_5000_orders(path: Path) -> Shop:
    return imported(path, [Bought("m", f"i{n % 17}", "c", n // 20, 1, 500) for n in range(5_000)])


def all_on_one_day(path: Path) -> Shop:
    return imported(
        path, [Bought(f"m{n}", f"i{n % 30}", f"c{n % 4}", DAYS - 20, 1, 500) for n in range(1_000)]
    )


def without_categories(path: Path) -> Shop:
    many = rhythms(members=60, items=20, days=DAYS)
    return imported(path, [Bought(b.member, b.item, "", b.day, 1, b.value_minor) for b in many])


def ten_years_of_little(path: Path) -> Shop:
    shop = make_shop()
    bought = [
        Bought(f"m{n % 90}", f"i{n * n % 37}", f"c{n % 5}", n * 997 % 3_650, 1, 500)
        for n in range(1_500)
    ]
    import_rhythms(shop.scope, path / "orders.csv", bought, day_of(shop.now, 3_650))
    return shop


SHOPS: tuple[Callable[[Path], Shop], ...] = (
    nobody, three_orders, strangers, one_product, no_items, everybody_once, everybody_daily,
    by_phone_alone, all_given_back, one_order, one_member_of_5000_orders, all_on_one_day,
    without_categories, ten_years_of_little,
)  # fmt: skip


def asked(
    shop: Shop, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], back: int
) -> tuple[list[dict[str, str]], str]:
    day = day_of(shop.now, back).isoformat()
    capsys.readouterr()
    code = main(["insight", *words, "--as-of", day, "--merchant", shop.merchant.code])
    told = capsys.readouterr()
    rows = list(csv.reader(io.StringIO(told.out)))
    assert code == 0, told.err
    assert rows[0] == COLUMNS[words[0]]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]], told.err


def proper(words: tuple[str, ...], row: dict[str, Any]) -> bool:
    assert row["member"]
    if words[0] in ("due", "churn"):
        return 0 <= float(row["probability"]) <= 1
    if words[0] == "recommend":
        return 1 <= int(row["rank"]) <= 5 and row["item"] != "" and float(row["score"]) >= 0
    alive = row["probability_alive"]
    purchases, value = float(row["expected_purchases"]), int(row["expected_value_minor"])
    return purchases >= 0 and value >= 0 and (alive == "" or 0 <= float(alive) <= 1)


@pytest.mark.parametrize("make", SHOPS, ids=lambda make: make.__name__)
def test_every_question_is_answered_or_it_is_told_why_not(
    make: Callable[[Path], Shop], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shop = make(tmp_path)
    for words in ASKED:
        for back in ASKED_BACK:
            rows, said = asked(shop, capsys, words, back)
            assert "Traceback" not in said
            assert all(proper(words, row) for row in rows)
            if not rows:
                # Words of a person, with what there was too little of.
                needed = ("needed", "Too few", "too little", "popular")
                assert any(word in said for word in needed), (words, back, said)
