"""The console and the member's card in a real browser, wide and narrow, without a console error."""

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


def test_a_member_is_found_and_opened(shop: Shop, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    watched.page.goto(shop.sign_in_link("manager"))
    watched.page.goto(f"{shop.base}/console/members")
    watched.page.locator("table tbody tr").first.click()
    watched.page.wait_for_load_state("networkidle")
    assert "points" in watched.page.content().lower()
    assert watched.faults == []
    context.close()


def test_staff_fill_in_a_birthday(shop: Shop, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link("host"))
    page.wait_for_url("**/console/**")
    found = page.request.get(f"{shop.base}/console/api/members?limit=1").json()["data"][0]["id"]
    page.goto(f"{shop.base}/console/members/{found}")
    page.get_by_role("button", name="Add a birthday").click()
    dialog = page.get_by_role("dialog", name="Birthday")
    save = dialog.get_by_role("button", name="Save birthday")
    assert save.is_disabled(), "there is nothing to save yet"
    dialog.get_by_label("Day of birth").fill("1990-05-04")
    page.keyboard.press("Enter")
    save.click()
    page.get_by_text("May 4, 1990").wait_for()
    page.get_by_role("button", name="Change the birthday").wait_for()
    assert watched.faults == []
    context.close()


def test_an_order_is_cancelled_by_who_types_its_number(shop: Shop, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link("canceller"))
    page.wait_for_url("**/console/**")
    order = page.request.get(f"{shop.base}/console/api/orders?limit=1").json()["data"][0]
    page.goto(f"{shop.base}/console/orders/{order['id']}")
    page.get_by_role("button", name="Cancel the order").click()
    dialog = page.get_by_role("dialog", name="Cancel the order")
    cancel = dialog.get_by_role("button", name="Cancel the order")
    word = dialog.get_by_label(f"Type {order['external_id']} to confirm")
    assert cancel.is_disabled()
    word.fill("yes")
    assert cancel.is_disabled(), "another word does not do"
    word.fill(order["external_id"])
    cancel.click()
    page.locator("main").get_by_text("Cancelled", exact=True).first.wait_for()
    assert watched.faults == []
    context.close()


def test_a_cell_of_the_grid_becomes_a_segment_with_its_members(shop: Shop, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link("segmenter"))
    page.goto(f"{shop.base}/console/reports/rfm")
    cells = page.locator("td.cell a b")
    cells.first.wait_for()
    numbers = [int(text) for text in cells.all_inner_texts()]
    most = max(numbers)
    assert most > 0
    cells.nth(numbers.index(most)).click()
    page.wait_for_url("**/segments/new?**")
    for _ in range(30):  # until the jobs have handed the scores over
        page.locator(".figure").wait_for()
        if page.locator(".figure").inner_text() == str(most):
            break
        page.wait_for_timeout(1000)
        page.reload()
    assert page.locator(".figure").inner_text() == str(most)
    page.get_by_role("button", name="Save segment").click()
    page.wait_for_url("**/segments?open=**")
    page.locator(".el-drawer tbody tr a").first.wait_for(timeout=30_000)
    row = page.locator("main tbody tr, .list tbody tr").first
    assert str(most) in row.inner_text()
    assert watched.faults == []
    context.close()


@pytest.mark.parametrize("locale", ["zh-CN", "zh-TW", "en-US"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_card_opens_in_every_language(
    shop: Shop, browser: Any, locale: str, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 375, "height": 667}, locale=locale, color_scheme=scheme
    )
    watched = Watched(context)
    watched.page.goto(card_link(shop))
    watched.page.wait_for_load_state("networkidle")
    text = watched.page.inner_text("body")
    assert any(character.isdigit() for character in text)
    assert watched.overflow() <= 0
    assert watched.faults == []
    context.close()


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en-US", ("Me", "Add your birthday", "Save", "Personal recommendations")),
        ("zh-CN", ("我的", "填写生日", "保存", "个性化推荐")),
        ("zh-TW", ("我的", "填寫生日", "儲存", "個人化推薦")),
    ],
)
def test_a_member_says_what_the_shop_may_know(
    shop: Shop, browser: Any, locale: str, words: tuple[str, str, str, str]
) -> None:
    """Each language at the width of a phone; what is said is there when the page is opened anew."""
    tab, add, save, switch = words
    context = browser.new_context(viewport={"width": 375, "height": 812}, locale=locale)
    watched = Watched(context)
    page = watched.page
    member = {"en-US": "M0002", "zh-CN": "M0003", "zh-TW": "M0004"}[locale]
    page.goto(card_link(shop, member))
    page.get_by_text(tab, exact=True).last.click()
    page.get_by_role("button", name=add).click()
    page.locator("input[type=date]").fill("1990-05-04")
    page.get_by_role("button", name=save).click()
    page.locator("input[type=date]").wait_for(state="detached")
    told = page.get_by_role("switch", name=switch)
    assert told.get_attribute("aria-checked") == "true", "nobody has refused yet"
    told.click()
    page.locator(f"[role=switch][aria-label='{switch}'][aria-checked=false]").wait_for()
    page.reload()
    page.get_by_text(tab, exact=True).last.click()
    page.locator(".birthday", has_text="1990").wait_for()
    page.locator(f"[role=switch][aria-label='{switch}'][aria-checked=false]").wait_for()
    assert watched.overflow() <= 0
    assert watched.faults == []
    context.close()


def card_link(shop: Shop, member: str = "M0001") -> str:
    """A signed link to a member's card."""
    told = shop.regulars("members", "card-link", "--identity", f"external:{member}")
    return shop.base + "/m/#" + str(told["card_link"]).rsplit("#", 1)[1]
