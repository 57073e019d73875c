"""A till that loses its line: it goes on selling, keeps what it sold, and sends it once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.shop import Partner, Shop, chromium, served
from browser.walking import Watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]
PHONE, STRANGER = "+8613800001234", "13900005678"
#: Where pictures of each state go, for whoever wants to look at them.
PICTURES = os.environ.get("TILL_PICTURES")


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with tempfile.TemporaryDirectory(prefix="regulars-browser-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with served(home, jobs=False) as running:
            yield running


def test_two_sales_without_a_line_are_in_the_books_once(shop: Shop, browser: Any) -> None:
    partner = Partner(shop)
    partner("PUT", "/products/TEA-01", {"name": "Green tea", "list_price": 8_800})
    lin = partner(
        "POST", "/members", {"identities": [{"type": "phone", "value": PHONE}], "name": "Lin"}
    )
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link())
    _enrol(shop, page)
    assert watched.faults == []

    _sell_to_lin_as_the_line_goes(context, page)
    _sell_to_a_stranger(page)
    _nothing_is_lost_by_a_reload(context, page)
    page.get_by_text("2 sent. They are in the books.").wait_for(timeout=60_000)

    orders = partner("GET", "/orders")["data"]
    assert sorted((one["net"], one["status"]) for one in orders) == [
        (5_900, "paid"), (17_600, "paid"),
    ]  # fmt: skip
    balances = partner("GET", f"/members/{lin['id']}/balances")["points"]
    (hers,) = [one for one in orders if one["member_id"] == lin["id"]]
    assert hers["points"] > 0
    assert balances["posted"] + balances["pending"] == hers["points"]
    (till,) = partner("GET", "/tills")["data"]
    assert (till["last_number"], till["taken"], till["refused"]) == (2, 2, 0)

    _what_is_refused_is_shown(shop, context, page)
    (till,) = partner("GET", "/tills")["data"]
    assert (till["last_number"], till["taken"], till["refused"]) == (6, 3, 3)
    _put_away(shop, page)
    context.close()


def _enrol(shop: Shop, page: Any) -> None:
    page.goto(f"{shop.base}/console/settings/tills")
    page.get_by_role("button", name="Enrol a till").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Counter 1")
    dialog.get_by_label("Store").fill("S1")
    dialog.get_by_role("button", name="Enrol a till").click()
    dialog.get_by_text("Enter this code on the till").wait_for()
    _picture(page, "enrolled")
    code = dialog.locator("input").first.input_value()
    assert len(code) == 14
    dialog.get_by_role("button", name="Done").click()
    page.goto(f"{shop.base}/console/till")
    page.get_by_label("To sell without a line too").fill(code.lower())
    page.get_by_role("button", name="Enrol this browser").click()
    page.get_by_text("This browser is till “Counter 1” in S1").wait_for()
    _picture(page, "till-online")


def _sell_to_lin_as_the_line_goes(context: Any, page: Any) -> None:
    page.keyboard.press("F2")
    page.keyboard.type(PHONE[-4:])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Lin").wait_for()
    page.keyboard.press("F4")
    page.keyboard.type("2*TEA-01")
    page.keyboard.press("Enter")
    page.locator(".basket .lines", has_text="Green tea").wait_for()
    context.set_offline(True)
    page.get_by_text("No line. 0 waiting to be sent.").wait_for()
    assert "¥176.00" in page.locator("aside.price").inner_text()
    page.keyboard.press("F9")
    page.get_by_text("¥176.00 sold and kept").wait_for()
    page.get_by_text("No line. 1 waiting to be sent.").wait_for()


def _sell_to_a_stranger(page: Any) -> None:
    page.locator(".till").get_by_label("Phone", exact=True).fill("12")
    page.get_by_text("This is no phone number.").wait_for()
    page.locator(".till").get_by_label("Phone", exact=True).fill(STRANGER)
    page.keyboard.press("F4")
    page.keyboard.type("CUP-01")
    page.keyboard.press("Enter")
    page.get_by_label("Unit price of CUP-01").fill("59")
    page.locator("aside.price", has_text="¥59.00").wait_for()
    _picture(page, "till-offline")
    page.keyboard.press("F9")
    page.get_by_text("No line. 2 waiting to be sent.").wait_for()
    _picture(page, "till-offline-sold")


def _nothing_is_lost_by_a_reload(context: Any, page: Any) -> None:
    page.route("**/envelopes", lambda route: route.abort())
    context.set_offline(False)
    page.reload()
    page.get_by_text("2 wait").or_(page.get_by_text("2 waiting")).first.wait_for()
    _picture(page, "till-waiting")
    page.unroute("**/envelopes")


def _what_is_refused_is_shown(shop: Shop, context: Any, page: Any) -> None:
    context.set_offline(True)
    page.get_by_text("No line. 0 waiting to be sent.").wait_for()
    page.locator(".till").get_by_label("Phone", exact=True).fill("+999123456")
    page.keyboard.press("F4")
    page.keyboard.type("TEA-01")
    page.keyboard.press("Enter")
    page.get_by_label("Unit price of TEA-01").fill("88")
    page.locator("aside.price", has_text="¥88.00").wait_for()
    page.keyboard.press("F9")
    page.get_by_text("No line. 1 waiting to be sent.").wait_for()
    context.set_offline(False)
    page.get_by_text("Not in the books: look at these").wait_for(timeout=60_000)
    assert "such as the phone number" in page.locator(".troubles").inner_text()
    _picture(page, "till-refused")
    page.reload()
    page.get_by_text("Not in the books: look at these").wait_for()
    page.locator(".troubles").get_by_role("button", name="Correct the buyer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Phone", exact=True).fill("+888123456")
    _picture(page, "correcting")
    dialog.get_by_role("button", name="Sign and send anew").click()
    page.locator(".troubles li").wait_for()
    page.locator(".troubles").get_by_role("button", name="Correct the buyer").click()
    dialog.get_by_label("Phone", exact=True).fill(STRANGER)
    dialog.get_by_role("button", name="Sign and send anew").click()
    page.get_by_text("1 sent. They are in the books.").wait_for()
    page.get_by_text("Not in the books: look at these").wait_for(state="detached")
    _what_is_dealt_with_is_gone(context, page)
    page.goto(f"{shop.base}/console/settings/tills")
    page.get_by_role("button", name="Not in the books: Counter 1").click()
    page.get_by_text("Something in it cannot be right").first.wait_for()
    _picture(page, "refused-drawer")
    page.keyboard.press("Escape")


def _what_is_dealt_with_is_gone(context: Any, page: Any) -> None:
    context.set_offline(True)
    page.get_by_text("No line. 0 waiting to be sent.").wait_for()
    page.locator(".till").get_by_label("Phone", exact=True).fill("+999123456")
    page.keyboard.press("F4")
    page.keyboard.type("TEA-01")
    page.keyboard.press("Enter")
    page.get_by_label("Unit price of TEA-01").fill("88")
    page.locator("aside.price", has_text="¥88.00").wait_for()
    page.keyboard.press("F9")
    page.get_by_text("No line. 1 waiting to be sent.").wait_for()
    context.set_offline(False)
    page.locator(".troubles").get_by_role("button", name="Dealt with").click()
    page.get_by_role("dialog").get_by_role("button", name="Dealt with").click()
    page.get_by_text("Not in the books: look at these").wait_for(state="detached")


def _put_away(shop: Shop, page: Any) -> None:
    page.goto(f"{shop.base}/console/settings/tills")
    page.locator("tr", has_text="Counter 1").get_by_role("button", name="Put away").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("It is lost or stolen").click()
    dialog.get_by_label("Type Counter 1").fill("Counter 1")
    _picture(page, "put-away")
    dialog.get_by_role("button", name="Put away").click()
    page.locator("tr", has_text="Closed").wait_for()
    _picture(page, "tills")
    page.goto(f"{shop.base}/console/till")
    page.get_by_text("This till was put away.").wait_for()


def _picture(page: Any, name: str) -> None:
    if not PICTURES:
        return
    behind = page.locator(".el-overlay:visible").count() > 0
    for language in ("en",) if behind else ("zh-Hans", "en"):
        if not behind:
            page.locator(f".switch button[lang='{language}']:visible").first.click()
        for width in (1440, 375):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(300)
            page.screenshot(path=f"{PICTURES}/{name}-{language}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1440, "height": 900})
