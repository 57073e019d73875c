"""One price everywhere: made in the console, charged at the till, given back, and embedded."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from browser.shop import ROOT, Partner, Shop, chromium, served
from browser.walking import Watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]
GOODS = (("TEA-01", "Green tea", 8_800), ("CUP-01", "Celadon cup", 5_900))
BASKET = [
    {"sku": "TEA-01", "quantity": 2, "unit_price": 8_800},
    {"sku": "CUP-01", "quantity": 1, "unit_price": 5_900},
]
PHONE = "+8613800001234"


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with tempfile.TemporaryDirectory(prefix="regulars-browser-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with served(home) as running:
            yield running


@pytest.fixture(scope="module")
def partner(shop: Shop) -> Partner:
    call = Partner(shop)
    for sku, name, price in GOODS:
        call("PUT", f"/products/{sku}", {"name": name, "list_price": price})
    return call


def test_one_price_from_the_campaign_to_the_refund(
    shop: Shop, partner: Partner, browser: Any
) -> None:
    """235.00 less 30.00 is 205.00; one tea of two comes back: (176.00 - 22.47) // 2 = 76.76."""
    member = partner(
        "POST", "/members", {"identities": [{"type": "phone", "value": PHONE}], "name": "Lin"}
    )
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link())
    _publish(shop, page)
    asked = partner("POST", "/evaluations", {"member_id": member["id"], "lines": BASKET})
    assert (asked["due"], asked["points_to_earn"]) == (20_500, 205)
    order = _sell(shop, page)
    _give_back(page)
    _same_over_the_api(partner, order, asked)
    page.goto(f"{shop.base}/console/campaigns")
    page.get_by_role("link", name="Thirty off").wait_for()
    row = page.locator("tr", has_text="Thirty off").inner_text()
    assert "99 orders of 100 orders left" in row, "a partial return gives no use back"
    assert watched.faults == []
    context.close()
    _seen_by_the_member(shop, browser, member["id"], partner)


def _publish(shop: Shop, page: Any) -> None:
    page.goto(f"{shop.base}/console/campaigns")
    page.get_by_role("button", name="New campaign").first.click()
    page.get_by_label("Spend at least").fill("200")
    page.get_by_label("Save", exact=True).fill("30")
    page.get_by_label("Name on receipts").fill("Thirty off")
    page.get_by_label("Code", exact=True).fill("full-200-30")
    # The worked example: two of each article, 294.00, priced with the draft in it.
    example = page.locator("aside.example")
    example.get_by_text("−¥30.00").wait_for()
    assert "¥264.00" in example.inner_text()
    page.get_by_role("button", name="Save draft and go on").click()
    page.get_by_text("Read by the clock of Asia/Shanghai").wait_for()
    page.get_by_role("button", name="Save draft and go on").click()
    page.get_by_label("Orders in all").fill("100")
    page.get_by_role("button", name="Save draft and go on").click()
    page.get_by_text("Nothing to object").wait_for()
    assert "¥30.00" in page.locator(".dearest").inner_text()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("link", name="Thirty off").wait_for()
    row = page.locator("tr", has_text="Thirty off").inner_text()
    assert "Running" in row
    assert "100 orders of 100 orders left" in row


def _sell(shop: Shop, page: Any) -> str:
    page.goto(f"{shop.base}/console/till")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("F2")
    page.keyboard.type(PHONE[-4:])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Lin").wait_for()
    for goods, line in (("2*TEA-01", "Green tea"), ("cup", "Celadon cup")):
        page.keyboard.press("F4")
        page.keyboard.type(goods)
        page.keyboard.press("Enter")
        page.locator(".basket .lines", has_text=line).wait_for()
    price = page.locator("aside.price")
    price.get_by_text("¥205.00").wait_for()
    assert "Thirty off" in price.inner_text()
    page.keyboard.press("F8")
    page.get_by_role("timer").wait_for()
    assert re.search(r"Held for 1[45]:\d\d", price.inner_text())
    page.keyboard.press("F9")
    page.get_by_text("¥205.00 paid").wait_for()
    assert "earns 205 points" in page.locator(".receipt").inner_text()
    page.get_by_role("link", name="Open the order, refund").click()
    page.wait_for_url("**/console/orders/ord_*")
    return str(page.url).rsplit("/", 1)[1]


def _give_back(page: Any) -> None:
    deal = page.locator(".deal")
    deal.wait_for()
    shown = deal.inner_text()
    for words in ("¥235.00", "Thirty off", "−¥30.00", "¥205.00"):
        assert words in shown, words
    page.get_by_role("button", name="Refund", exact=True).click()
    dialog = page.get_by_role("dialog", name="Refund")
    dialog.get_by_label("Quantity of Green tea to return").fill("1")
    dialog.get_by_role("button", name="Preview").click()
    dialog.get_by_text("What it does", exact=True).wait_for()
    effect = dialog.locator(".effect").inner_text()
    assert "¥76.76" in effect
    assert "77" in effect
    dialog.get_by_role("button", name="Refund ¥76.76").click()
    page.get_by_text("¥76.76 paid back").wait_for()
    assert "Partly refunded" in page.inner_text("main")


def _same_over_the_api(partner: Partner, order: str, asked: dict[str, Any]) -> None:
    """What the page was told, what the order keeps, and what is left to give back."""
    told = partner("GET", f"/orders/{order}")
    assert (told["net"], told["refunded"], told["paid"]) == (20_500, 7_676, 20_500)
    assert told["points"] == 128
    shares = [line["discounts"] for line in asked["lines"]]
    assert [line["discounts"] for line in told["lines"]] == shares
    assert sum(one["amount"] for line in shares for one in line) == 3_000
    rest = {"lines": [{"line": 1, "quantity": 1}, {"line": 2, "quantity": 1}]}
    left = partner("POST", f"/orders/{order}/refunds/preview", rest)
    assert sum(line["cash"] for line in left["lines"]) == 20_500 - 7_676
    assert left["taken_back"]["points"] == 128


def _seen_by_the_member(shop: Shop, browser: Any, member: str, partner: Partner) -> None:
    points = partner("GET", f"/members/{member}/balances")["points"]
    assert points["posted"] + points["pending"] == 128
    told = shop.regulars("members", "card-link", "--identity", f"phone:{PHONE}")
    context = browser.new_context(viewport={"width": 375, "height": 667}, locale="en-US")
    watched = Watched(context)
    watched.page.goto(f"{shop.base}/m/#" + str(told["card_link"]).rsplit("#", 1)[1])
    watched.page.wait_for_load_state("networkidle")
    assert "128" in watched.page.inner_text("body")
    assert watched.overflow() <= 0
    assert watched.faults == []
    context.close()


def test_a_sale_needs_no_mouse(shop: Shop, partner: Partner, browser: Any) -> None:
    """A coupon of 10.00, goods without a list price, and the next buyer: by keys alone."""
    save = {"steps": [{"spend": 1_000, "save": 1_000}]}
    offer = {"code": "ten", "name": "Ten off", "kind": "spend_save", "params": save}
    partner("POST", "/offers", {**offer, "requires_code": True})
    partner("POST", "/coupons", {"offer": "ten", "codes": ["TEN-OFF"]})
    partner("PUT", "/products/BOX-01", {"name": "Gift box"})
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    page = watched.page
    page.goto(shop.sign_in_link("cashier"))
    page.wait_for_url("**/console/**")
    page.goto(f"{shop.base}/console/till")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("F9")  # nothing is promised yet, so nothing is paid
    page.keyboard.press("F4")
    page.keyboard.type("2*BOX-01")
    page.keyboard.press("Enter")
    page.locator(".basket .lines", has_text="Gift box").wait_for()
    page.keyboard.type("25")  # the cursor waits in the price that is missing
    page.keyboard.press("Tab")
    price = page.locator("aside.price")
    price.get_by_text("¥50.00").first.wait_for()
    page.keyboard.press("F7")
    page.keyboard.type("ten-off")
    page.keyboard.press("Enter")
    price.get_by_text("¥40.00").wait_for()
    assert "Ten off" in price.inner_text()
    page.keyboard.press("F8")
    page.get_by_role("timer").wait_for()
    page.keyboard.press("Enter")  # the cursor waits on what pays
    page.get_by_text("¥40.00 paid").wait_for()
    page.keyboard.press("Enter")  # and then on the next sale
    page.locator(".basket").get_by_text("¥").first.wait_for(state="detached")
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("nobody").wait_for()
    assert watched.faults == []
    context.close()


def test_what_was_not_proved_is_not_promised(shop: Shop, partner: Partner, browser: Any) -> None:
    """3.00 more save 20.00, and nothing less does; the same answer without its proof says so."""
    save = {"steps": [{"spend": 9_100, "save": 2_000}]}
    offer = {"code": "tea-20", "name": "Twenty off tea", "kind": "spend_save", "params": save}
    partner("POST", "/offers", {**offer, "scope": {"skus": ["TEA-01"]}})
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    page.goto(shop.sign_in_link("seller"))

    def unproved(route: Any) -> None:
        told = route.fetch().json()
        for one in told["suggestions"]:
            assert one.pop("proved")
            one["proved"] = False
        route.fulfill(json=told)

    for said, changed in (
        ("Add ¥3.00 to save ¥20.00 more (Twenty off tea).", None),
        ("Add ¥3.00 to save at least ¥20.00 more (Twenty off tea); less may be enough.", unproved),
    ):
        if changed:
            page.route("**/evaluations", changed)
        page.goto(f"{shop.base}/console/till")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("F4")
        page.keyboard.type("TEA-01")
        page.keyboard.press("Enter")
        page.locator("aside.price").get_by_text(said, exact=True).wait_for()
    context.close()
    partner("PATCH", "/offers/tea-20", {"status": "archived"})


def test_new_screens_fit_and_complain_of_nothing(
    shop: Shop, partner: Partner, browser: Any
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    watched = Watched(context)
    watched.page.goto(shop.sign_in_link("manager"))
    watched.page.wait_for_url("**/console/**")
    for width in (1440, 375):
        watched.page.set_viewport_size({"width": width, "height": 800})
        for screen in ("campaigns", "campaigns/new", "campaigns/stacking", "till"):
            watched.page.goto(f"{shop.base}/console/{screen}")
            watched.page.wait_for_load_state("networkidle")
            assert watched.page.locator("h1").first.is_visible(), screen
            assert watched.overflow() <= 0, f"{screen} at {width} px"
    assert watched.faults == []
    context.close()


# ── on other people's pages ───────────────────────────────────────────────────────────────


@contextmanager
def another_site(page_of: Callable[[str], str]) -> Iterator[str]:
    """A page on a loopback origin that is not the shop's; it may be made once that is known."""
    made: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = made[0].encode() if self.path == "/" else b""
            self.send_response(200 if body else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    origin = f"http://127.0.0.1:{server.server_port}"
    made.append(page_of(origin))
    try:
        yield origin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_page_of_another_origin_shows_the_member_price(
    shop: Shop, partner: Partner, browser: Any
) -> None:
    partner("POST", "/offers", {"code": "members", "name": "Members", "kind": "member_price",
            "params": {"prices": {"TEA-01": 7_900}}, "who": {"members_only": True}})  # fmt: skip
    page = """<!doctype html><html lang="LANG"><meta charset="utf-8"><title>shop</title>
        <regulars-member-price id="tea" sku="TEA-01" unit-price="8800">88</regulars-member-price>
        <regulars-member-price id="cup" sku="CUP-01" unit-price="5900">59</regulars-member-price>
        <regulars-member-price id="odd" sku="CUP-01" unit-price="x">ask us</regulars-member-price>
        <script src="BASE/static/embed/regulars.js" data-key="KEY" data-currency="CNY"
                data-join="/join"></script>"""

    def with_key(origin: str, language: str) -> str:
        key = shop.regulars("keys", "create", "--name", "web", "--origin", origin)["api_key"]
        return page.replace("BASE", shop.base).replace("KEY", key).replace("LANG", language)

    for language, words in (
        ("en", ("Members ¥79.00", "Join and save ¥9.00", "earns 79 points")),
        ("zh-Hans", ("会员价 ¥79.00", "入会立省 ¥9.00", "得 79 积分")),
        ("zh-Hant", ("會員價 ¥79.00", "入會立省 ¥9.00", "得 79 積分")),
    ):
        with another_site(partial(with_key, language=language)) as origin:
            context = browser.new_context(locale="en-US")
            watched = Watched(context)
            asked: list[str] = []
            context.on("request", lambda one, into=asked: into.append(f"{one.method} {one.url}"))
            watched.page.goto(origin)
            watched.page.locator("#tea [part=points]").wait_for()
            told = watched.page.evaluate("document.querySelector('#tea').shadowRoot.textContent")
            assert all(word in told for word in words), told
            assert (
                watched.page.evaluate(
                    "document.querySelector('#tea').shadowRoot.querySelector('a').href"
                )
                == f"{origin}/join"
            )
            assert watched.page.locator("#cup [part=member-price]").count() == 0
            assert watched.page.locator("#odd").inner_text() == "ask us"
            watched.page.wait_for_load_state("networkidle")
            assert [one for one in asked if "/api/" in one] == [
                f"POST {shop.base}/api/v1/price-tags"
            ], "one request for both articles, for a stranger and for who would join"
            struck = watched.page.locator("[part=list-price]")
            assert struck.count() == 0, "nobody knows what the tea cost before"
            assert watched.faults == []
            context.close()


def test_a_page_that_the_key_was_not_made_for_keeps_its_own_price(shop: Shop, browser: Any) -> None:
    key = shop.regulars("keys", "create", "--name", "web", "--origin", "https://shop.example")
    page = f"""<!doctype html><title>shop</title>
        <regulars-member-price sku="TEA-01" unit-price="8800">88</regulars-member-price>
        <script src="{shop.base}/static/embed/regulars.js" data-key="{key["api_key"]}"></script>"""
    with another_site(lambda _: page) as origin:
        context = browser.new_context()
        tab = context.new_page()
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.goto(origin)
        tab.wait_for_load_state("networkidle")
        assert tab.locator("regulars-member-price").inner_text() == "88"
        assert any("regulars-member-price" in text for text in said)
        context.close()


def test_the_script_is_small() -> None:
    script = ROOT / "src/regulars/surfaces/static/embed/regulars.js"
    assert 0 < script.stat().st_size <= 10_000
    assert "import" not in re.findall(r"^\w+", script.read_text(encoding="utf-8"), re.M)
