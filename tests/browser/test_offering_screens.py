"""Funders, limited stock and coupons for next orders: what is put is told, and taken back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.shop import Partner, Shop, chromium, served
from browser.walking import SIZES, Watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with tempfile.TemporaryDirectory(prefix="regulars-offering-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with served(home, jobs=False) as running:
            partner = Partner(running)
            partner("PUT", "/products/CUP", {"name": "Porcelain cup", "list_price": 5_900})
            paid = {"funder": "Bolt Beverages", "share_bps": 4_000}
            partner("POST", "/offers", {
                "code": "tenth", "name": "A tenth", "kind": "percent_off", "params": {"bps": 1_000},
                "budget_terms": {"funders": [paid, {"funder": "Shop", "share_bps": 6_000}]},
            })  # fmt: skip
            partner("POST", "/offers", {
                "code": "cup", "name": "A cup with it", "kind": "gift",
                "params": {"sku": "CUP", "quantity": 1, "spend": 20_000},
            })  # fmt: skip
            for code, bps in (("next-8", 800), ("next-15", 1_500)):
                partner("POST", "/offers", {
                    "code": code, "kind": "percent_off", "params": {"bps": bps},
                    "requires_code": True,
                })  # fmt: skip
            yield running


def signed_in(shop: Shop, browser: Any, name: str, path: str) -> Watched:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    watched.page.goto(shop.sign_in_link(name))
    watched.page.wait_for_url("**/console/**")
    watched.page.goto(f"{shop.base}/console/{path}")
    return watched


def fits(watched: Watched) -> None:
    """At every size nothing is wider than the window."""
    for width, height in SIZES.values():
        watched.page.set_viewport_size({"width": width, "height": height})
        assert watched.overflow() <= 0, f"{watched.page.url} at {width} px"
    assert watched.faults == []


def test_a_cap_is_set_told_and_taken_back(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "capper", "campaigns/funders")
    page = watched.page
    row = page.locator("tbody tr", has_text="Bolt Beverages")
    assert "A tenth 40.0%" in " ".join(row.inner_text().split())
    row.get_by_role("button", name="Set the cap").click()
    dialog = page.get_by_role("dialog", name="Cap of Bolt Beverages")
    dialog.get_by_label("Cap on all offers").fill("500")
    dialog.get_by_role("button", name="Save the cap").click()
    row.get_by_text("¥500.00 of ¥500.00 left").wait_for()
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    row.get_by_text("No cap").wait_for()
    row.get_by_role("button", name="Statement").click()
    page.get_by_role("heading", name="Statement of Bolt Beverages").wait_for()
    fits(watched)
    page.context.close()


def test_stock_is_counted_told_and_taken_back(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "keeper", "campaigns/supplies")
    page = watched.page
    there = page.request.get(f"{shop.base}/console/api/supplies").json()
    assert there["data"] == []
    Partner(shop)("PUT", "/supplies/CUP", {"units": 40})
    page.reload()
    row = page.locator("tbody tr", has_text="Porcelain cup")
    row.get_by_text("40 units of 40 units left").wait_for()
    row.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog", name="Stock of Porcelain cup")
    dialog.get_by_label("How many there were at first").fill("12")
    dialog.get_by_role("button", name="Save the stock").click()
    row.get_by_text("12 units of 12 units left").wait_for()
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    row.get_by_text("40 units of 40 units left").wait_for()
    fits(watched)
    page.context.close()


def test_a_gift_is_called_by_its_name_in_the_list(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "reader", "campaigns")
    watched.page.get_by_text("1 × Porcelain cup as a gift").wait_for()
    fits(watched)
    watched.page.context.close()


def test_a_sized_coupon_for_next_orders_is_set_up(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "planner", "campaigns/coupons")
    page = watched.page
    page.get_by_role("button", name="Make coupons").first.click()
    drawer = page.get_by_role("dialog", name="Make coupons")
    # What a select shows lies over its input.
    drawer.get_by_label("Offer", exact=True).click(force=True)
    page.get_by_role("option", name="next-8").click()
    drawer.get_by_text("One after each paid order").click()
    drawer.get_by_text("Size it by what is known of the member").click()
    drawer.get_by_label("Stronger offers").click(force=True)
    page.get_by_role("option", name="next-15").click()
    page.keyboard.press("Escape")
    drawer.get_by_label("Margin of a purchase").fill("40")
    drawer.get_by_role("button", name="Make coupons").click()
    drawer.get_by_role("button", name="Done").click()
    row = page.locator("tbody tr", has_text="next-8")
    row.get_by_text("14 to 60 days, by own rhythm").wait_for()
    made = page.request.get(f"{shop.base}/console/api/coupons/batches?limit=1").json()["data"][0]
    assert made["issue"]["sized"] == {
        "most_days": 60, "stronger": ["next-15"], "margin_bps": 4_000, "spare": False,
    }  # fmt: skip
    row.get_by_role("button").click()
    page.get_by_role("menuitem", name="Who got it, and why").click()
    page.get_by_text("Nothing was decided yet").wait_for()
    fits(watched)
    page.context.close()


def test_a_list_that_could_not_be_read_is_read_again(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "patient", "programme")
    page = watched.page
    page.get_by_role("heading", name="The ladder").wait_for()
    page.route("**/console/api/funders", lambda route: route.abort())
    page.goto(f"{shop.base}/console/campaigns/funders")
    page.get_by_text("The server could not be reached").wait_for()
    page.unroute("**/console/api/funders")
    page.get_by_role("button", name="Try again").click()
    page.locator("tbody tr", has_text="Bolt Beverages").wait_for()
    page.context.close()


def test_a_screen_that_cannot_be_fetched_leaves_the_one_before_it(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "cut-off", "campaigns/funders")
    page = watched.page
    page.locator("tbody tr", has_text="Bolt Beverages").wait_for()
    page.context.set_offline(True)
    page.get_by_role("link", name="Imports", exact=True).click()
    page.get_by_text("The server could not be reached").wait_for()
    assert page.locator("tbody tr", has_text="Bolt Beverages").is_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url("**/console/imports")
    page.get_by_text("No file has been imported yet").wait_for()
    page.context.close()


def test_an_empty_shop_reports_no_rates(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "beginner", "reports/repurchase")
    page = watched.page
    page.get_by_text("There are no orders yet").wait_for()
    assert "%" not in page.inner_text("main")
    page.get_by_role("button", name="Import orders").click()
    page.wait_for_url("**/imports/new")
    fits(watched)
    page.context.close()
