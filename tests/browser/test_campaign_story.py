"""From the RFM grid to a held-out campaign in four clicks, and what became of it on its page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from browser.shop import Shop, chromium
from browser.stocked import with_orders
from browser.walking import Watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with with_orders() as running:
        yield running


class Clicks:
    """Clicks, counted: waiting and looking cost nothing."""

    def __init__(self) -> None:
        self.count = 0

    def on(self, target: Any) -> None:
        target.click()
        self.count += 1


def asked(page: Any, path: str, **given: Any) -> Any:
    """What the console API answers to whoever is signed in."""
    answer = page.request.get(f"{page.url.split('/console/')[0]}/console/api{path}", **given)
    assert answer.ok, answer.text()
    return answer.json()


def test_from_the_grid_to_a_held_out_campaign_in_four_clicks(shop: Shop, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched, clicks = Watched(context), Clicks()
    page = watched.page
    page.goto(shop.sign_in_link("planner"))
    page.goto(f"{shop.base}/console/reports/rfm")
    cells = page.locator("td.cell a b")
    cells.first.wait_for()
    numbers = [int(text) for text in cells.all_inner_texts()]
    clicks.on(cells.nth(numbers.index(max(numbers))))
    page.wait_for_url("**/segments/new?**")
    page.locator(".figure").wait_for()
    clicks.on(page.get_by_role("button", name="Save segment"))
    page.wait_for_url("**/segments?open=**")
    segment = page.url.rsplit("open=", 1)[1]
    clicks.on(page.get_by_role("button", name="Make a campaign for these"))
    page.wait_for_url("**/campaigns/new?**")
    page.get_by_text("would be held out").wait_for(timeout=30_000)
    clicks.on(page.get_by_role("button", name="Save draft and go on"))
    page.wait_for_url("**/campaigns/*step=3")
    assert clicks.count == 4

    code = page.url.rsplit("/", 1)[1].partition("?")[0]
    draft = asked(page, f"/offers/{code}")
    assert draft["status"] == "draft"
    assert draft["who"]["segments"] == [segment]
    assert draft["held_out_bps"] == 2_000
    assert asked(page, "/experiments")["data"] == []  # nothing is tried before it is published
    assert watched.faults == []
    context.close()


def test_an_experiment_is_made_measured_and_shown_without_a_redemption_count_alone(
    shop: Shop, browser: Any
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link("analyst"))
    page.goto(f"{shop.base}/console/experiments/new")
    page.get_by_role("status").wait_for()
    page.locator("#experiment-name").fill("Spring letter")
    page.get_by_label("Held out", exact=True).fill("50")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/experiments/exp_*")
    page.get_by_role("button", name="Assign the members and begin").click()
    page.get_by_text("It may be read on").wait_for(timeout=30_000)
    told = page.inner_text("main")
    assert "could get it" in told
    assert "Why not simply look at who redeemed?" in told
    (found,) = asked(page, "/experiments")["data"]
    assert (found["code"], found["status"], found["held_out_bps"]) == (
        "spring-letter", "running", 5_000,
    )  # fmt: skip
    for width, height in ((1440, 900), (375, 667)):
        page.set_viewport_size({"width": width, "height": height})
        for path in ("experiments", "experiments/new", f"experiments/{found['id']}", "campaigns"):
            page.goto(f"{shop.base}/console/{path}")
            page.wait_for_load_state("networkidle")
            assert page.locator("h1").first.is_visible()
            assert watched.overflow() <= 0, f"{path} at {width} px"
    assert watched.faults == []
    context.close()
