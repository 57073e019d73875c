"""From the list of versions to two of them beside each other, and what was measured meanwhile."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from browser.shop import Partner, Shop, a_file, chromium, served
from browser.walking import Watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]
DAY = timedelta(days=1)
#: Where somebody wants to look at the pictures.
PICTURES = os.environ.get("PICTURES")


def shown(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """A year of orders, a standing holdout, a second version a day later, and a month of that."""
    with tempfile.TemporaryDirectory(prefix="regulars-changes-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with served(home, clock=True, jobs=False) as running:
            running.regulars("import", "orders", str(a_file(Path(folder) / "orders.csv")))
            live_through(running)
            yield running


def live_through(shop: Shop) -> None:
    partner, chance = Partner(shop), random.Random(3)
    now = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    partner("POST", "/test/clock", {"to": shown(now)})
    standing = {
        "code": "standing", "name": "Everything we send", "scope": "everything",
        "looking": "always", "held_out_bps": 5_000, "days": 200,
    }  # fmt: skip
    made = partner("POST", "/experiments", standing)
    partner("POST", f"/experiments/{made['id']}/start", {})
    now += DAY
    partner("POST", "/test/clock", {"to": shown(now)})
    document = partner("GET", "/programme")["current"]["document"]
    document["earning"]["points"]["amount"] = 2 * document["earning"]["points"]["amount"]
    for rung in document["tiers"]["ladder"]:
        rung |= {"from": rung["from"] // 3, "keep_from": None}
    document["earning"]["points"]["rates"] = [
        {"name": "Weekend", "bps": 20_000, "weekdays": [6, 7]},
    ]
    partner("PUT", "/programme", {"document": document})
    now += 31 * DAY
    partner("POST", "/test/clock", {"to": shown(now)})
    for number in range(60):
        at = now - timedelta(minutes=chance.randrange(60, 30 * 1440))
        amount = chance.randrange(2_000, 90_000)
        line = {"sku": "SKU1", "quantity": 1, "unit_price": amount}
        order = {
            "external_id": f"after-{number}", "placed_at": shown(at), "paid_at": shown(at),
            "lines": [line], "paid": amount,
            "identity": {"type": "external", "value": f"M{chance.randrange(40):04}"},
        }  # fmt: skip
        partner("POST", "/orders", order)
    shop.regulars("jobs", "run", "--once")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "zh-TW"])
def test_two_versions_are_compared_from_the_list_of_versions(
    shop: Shop, browser: Any, locale: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=locale)
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link(f"analyst-{locale.lower()}"))
    page.wait_for_url("**/console/**")
    page.goto(f"{shop.base}/console/programme")
    page.locator('a[href*="programme/changes"]').click()
    page.wait_for_url("**/programme/changes?before=1&after=2")
    page.get_by_text("Everything we send").wait_for(timeout=60_000)
    told = page.inner_text("main")
    words = {"en-US": "2 for each", "zh-CN": "实付每满", "zh-TW": "實付每滿"}
    assert words[locale] in told
    answer = page.request.get(
        f"{shop.base}/console/api/reports/programme_change?before=1&after=2"
    ).json()
    assert [answer[side]["state"] for side in ("before", "after")] == ["whole", "whole"]
    assert answer["window_days"] == 28
    assert answer["moved_by_version"]["up"] > 0
    assert answer["measured"][0]["covers"] is True
    for width, height in ((1440, 900), (375, 667)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{shop.base}/console/programme/changes?before=1&after=2")
        page.get_by_text("Everything we send").wait_for(timeout=60_000)
        page.wait_for_load_state("networkidle")
        assert watched.overflow() <= 0, f"{width} px"
        if PICTURES:
            page.wait_for_timeout(800)
            page.screenshot(path=f"{PICTURES}/changes-{width}-{locale}.png", full_page=True)
    assert watched.faults == []
    context.close()


def test_a_window_that_is_not_over_says_so_and_has_no_figures(shop: Shop, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link("planner"))
    page.wait_for_url("**/console/**")
    page.goto(f"{shop.base}/console/programme/changes?before=1&after=2")
    page.get_by_text("Repurchase rate").wait_for(timeout=60_000)
    page.get_by_text("91 days", exact=True).click()
    page.wait_for_url("**window=91")
    page.get_by_text("This window is over after").wait_for(timeout=60_000)
    row = page.locator("tr", has=page.get_by_text("Points redeemed", exact=True))
    assert row.locator("td").nth(1).inner_text() == "–"
    assert "It is shown once the window after the change is over." in page.inner_text("main")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/changes-not-over.png", full_page=True)
    assert watched.faults == []
    context.close()
