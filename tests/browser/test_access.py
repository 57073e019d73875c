"""Every screen as axe sees it: names, contrast, focus, by the rules of WCAG 2 A and AA."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from browser.shop import ROOT, Partner, Shop, chromium, served
from browser.test_faces import SIZES, Watched, card_link
from makers.imported import day_of, order_file
from makers.rhythms import rhythms

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
    pytest.mark.skipif(not AXE.exists(), reason="web/ is not set up here"),
]
DAYS = 220
SCREENS = (
    "", "members", "segments", "segments/new", "programme", "programme/edit", "campaigns",
    "campaigns/new", "campaigns/tea-20?step=2", "campaigns/tea-20?step=3",
    "campaigns/tea-20?step=4", "campaigns/stacking", "campaigns/coupons", "experiments",
    "experiments/new", "till", "orders", "imports", "imports/new", "insight/due",
    "insight/calendar", "insight/slipping", "insight/lost", "insight/reasons", "insight/value",
    "reports/repurchase", "reports/second_order", "reports/cohorts", "reports/rfm",
    "reports/tiers", "reports/points_liability", "reports/coverage", "settings/merchant",
    "settings/keys", "settings/staff", "settings/audit", "settings/account", "no/such/page",
)  # fmt: skip
#: What axe is asked for. Whether landmarks are alike is taste, and a drawer's head is Element's.
RUN = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}});
  return found.violations.flatMap(one => one.nodes.map(
    node => `${one.id}: ${node.target.join(' ')} ${node.html.slice(0, 120)}`));
}"""
#: Names of the strings, and values that were forgotten, where words should stand.
UNWRITTEN = r"""() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (element.closest('script, style, .mono')) continue;
    if (/^[a-z_]+(\.[a-z_]+)+$/.test(text) && !/\.csv$/.test(text)) found.push(text);
    if (/[{}]|\bundefined\b|\bNaN\b|\[object/.test(text)) found.push(text);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """Members with rhythms, a campaign, coupons and an experiment; the jobs have been at it."""
    bought = rhythms(members=60, items=15, days=DAYS, leavers=0.3)
    with tempfile.TemporaryDirectory(prefix="regulars-access-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with served(home) as running:
            path = Path(folder) / "orders.csv"
            order_file(path, bought, day_of(datetime.now(UTC), DAYS))
            running.regulars("import", "orders", str(path))
            partner = Partner(running)
            partner("PUT", "/products/TEA-01", {"name": "Green tea", "list_price": 8_800})
            steps = {"steps": [{"spend": 9_100, "save": 2_000}]}
            for code, more in (("tea-20", {}), ("ten", {"requires_code": True})):
                offer = {"code": code, "name": f"Off {code}", "kind": "spend_save", "params": steps}
                partner("POST", "/offers", {**offer, **more})
            partner("POST", "/coupons", {"offer": "ten", "count": 20})
            made = partner("POST", "/experiments", {
                "code": "letter", "name": "Letter", "metric": "orders", "days": 28,
                "held_out_bps": 5_000, "least_bps": 2_000,
            })  # fmt: skip
            partner("POST", f"/experiments/{made['id']}/start", {})
            for _ in range(6):  # the server's own jobs may be at one of them just then
                running.regulars("jobs", "run", "--once")
                if any(running.home.glob("insight/*/recommend-explore-sku.parquet")):
                    break
            yield running


def looked_at(watched: Watched, screen: str) -> list[str]:
    page = watched.page
    # Where the page was reloaded axe is gone; a change of the hash keeps it.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    for _ in range(20):  # a new width is laid out within two seconds, on a busy machine too
        if watched.overflow() <= 0:
            break
        page.wait_for_timeout(100)
    told = [*page.evaluate(RUN), *(f"unwritten: {text}" for text in page.evaluate(UNWRITTEN))]
    if watched.overflow() > 0:
        told.append(f"wider than its window by {watched.overflow()} px")
    return [f"{screen}: {one}" for one in told]


def test_every_screen_of_the_console_wide_and_narrow(shop: Shop, browser: Any) -> None:
    context = browser.new_context(locale="en-US")
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link("looker"))
    page.wait_for_url("**/console/**")
    api = f"{shop.base}/console/api"
    member = page.request.get(f"{api}/members?limit=1").json()["data"][0]["id"]
    order = page.request.get(f"{api}/orders?limit=1").json()["data"][0]["id"]
    run = page.request.get(f"{api}/imports").json()["data"][0]["id"]
    experiment = page.request.get(f"{api}/experiments").json()["data"][0]["id"]
    also = (
        f"members/{member}", f"members?open={member}", f"orders/{order}", f"orders?open={order}",
        f"imports/{run}", f"experiments/{experiment}",
    )  # fmt: skip
    faults: list[str] = []
    for screen in (*SCREENS, *also):
        page.goto(f"{shop.base}/console/{screen}")
        page.wait_for_load_state("networkidle")
        page.locator("h1").first.wait_for()
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(100)
            faults += looked_at(watched, f"{screen} {size}")
    assert [one for one in faults if not is_told_in_full(one)] == []
    assert watched.faults == []
    context.close()


def is_told_in_full(fault: str) -> bool:
    """A day of the calendar shows figures alone; its name says in words what they are."""
    return "label-content-name-mismatch" in fault and 'class="told"' in fault


@pytest.mark.parametrize("locale", ["zh-CN", "zh-TW", "en-US"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_a_member(shop: Shop, browser: Any, locale: str, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 375, "height": 667}, locale=locale, color_scheme=scheme
    )
    watched = Watched(context)
    watched.page.goto(card_link(shop, "m0001"))
    faults: list[str] = []
    for tab in ("card", "benefits", "coupons", "points", "me"):
        watched.page.evaluate(f"location.hash = '#/{tab}'")
        watched.page.wait_for_load_state("networkidle")
        watched.page.locator("main [aria-busy=true]").first.wait_for(state="detached")
        faults += looked_at(watched, tab)
    assert faults == []
    assert watched.faults == []
    context.close()
