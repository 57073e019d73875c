"""Every screen as axe sees it: names, contrast, focus, by the rules of WCAG 2 A and AA."""

from __future__ import annotations

from typing import Any

import pytest

from browser.shop import ROOT, Shop, chromium
from browser.stocked import stock
from browser.test_faces import card_link
from browser.walking import SIZES, Quiet, Watched

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
    pytest.mark.skipif(not AXE.exists(), reason="web/ is not set up here"),
]
SCREENS = (
    "", "members", "segments", "segments/new", "programme", "programme/edit", "campaigns",
    "campaigns/new", "campaigns/tea-20?step=2", "campaigns/tea-20?step=3",
    "campaigns/tea-20?step=4", "campaigns/stacking", "campaigns/coupons", "campaigns/funders",
    "campaigns/supplies", "programme/changes", "experiments",
    "experiments/new", "till", "orders", "imports", "imports/new", "insight/due",
    "insight/calendar", "insight/slipping", "insight/lost", "insight/reasons", "insight/value",
    "insight/spending", "insight/surveys", "surveys/new", "reports/frequency",
    "reports/recruitment", "reports/repurchase", "reports/second_order", "reports/cohorts",
    "reports/rfm", "reports/tiers", "reports/points_liability", "reports/coverage",
    "settings/merchant", "settings/keys", "settings/tills", "settings/staff", "settings/audit",
    "settings/account", "no/such/page",
)  # fmt: skip
#: What axe is asked for. Whether landmarks are alike is taste, and a drawer's head is Element's.
RUN = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const found = await axe.run(document, {
    runOnly: {type: 'tag', values: tags}, rules: {'aria-dialog-name': {enabled: true}}});
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
def shop(foretold_shop: Shop) -> Shop:
    stock(foretold_shop)
    return foretold_shop


def screens_of(page: Any, shop: Shop) -> tuple[str, ...]:
    """The screens of one member, order, import and experiment."""

    def first(path: str) -> str:
        return str(page.request.get(f"{shop.base}/console/api/{path}").json()["data"][0]["id"])

    member, order = first("members?limit=1"), first("orders?limit=1")
    return (
        f"members/{member}", f"members?open={member}", f"orders/{order}", f"orders?open={order}",
        f"imports/{first('imports')}", f"experiments/{first('experiments')}",
    )  # fmt: skip


def looked_at(watched: Watched, screen: str) -> list[str]:
    page = watched.page
    # Where the page was reloaded axe is gone; a change of the hash keeps it.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    too_wide = watched.overflow()
    told = [*page.evaluate(RUN), *(f"unwritten: {text}" for text in page.evaluate(UNWRITTEN))]
    if too_wide > 0:
        told.append(f"wider than its window by {too_wide} px")
    return [f"{screen}: {one}" for one in told]


def test_every_screen_of_the_console_wide_and_narrow(shop: Shop, browser: Any) -> None:
    """Each address as it is typed, in English; the other languages walk through it below."""
    context = browser.new_context(locale="en-US")
    watched = Watched(context)
    page, quiet = watched.page, Quiet(watched.page)
    page.goto(shop.sign_in_link("looker"))
    page.wait_for_url("**/console/**")
    faults: list[str] = []
    for screen in (*SCREENS, *screens_of(page, shop)):
        quiet.load(f"{shop.base}/console/{screen}")
        page.locator("h1").first.wait_for()
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(100)
            faults += looked_at(watched, f"{screen} {size}")
            faults += [f"{screen} {size}: {one}" for one in page.evaluate(FOREIGN, "en-US")]
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
    quiet = Quiet(watched.page)
    quiet.load(card_link(shop, "m0001"))
    faults: list[str] = []
    for tab in ("card", "benefits", "coupons", "points", "me"):
        watched.page.evaluate(f"location.hash = '#/{tab}'")
        quiet.wait()
        watched.page.locator("main [aria-busy=true]").first.wait_for(state="detached")
        faults += looked_at(watched, tab)
    assert faults == []
    assert watched.faults == []
    context.close()


#: What is asked of axe in the walk: that everything to press, follow or fill in has a name.
NAMES = """async () => {
  const rules = ['button-name', 'link-name', 'label', 'image-alt', 'aria-input-field-name',
    'aria-toggle-field-name', 'aria-dialog-name', 'html-has-lang', 'html-lang-valid'];
  const found = await axe.run(document, {runOnly: {type: 'rule', values: rules}});
  return found.violations.flatMap(one => one.nodes.map(
    node => `${one.id}: ${node.target.join(' ')} ${node.html.slice(0, 120)}`));
}"""
#: Texts in another language or script than the page's. Names, codes and commands are the shop's.
FOREIGN = r"""(locale) => {
  const hans = /[这时员积额为种实单过优会验报书门订录钱]/;
  const hant = /[這時員積額為種實單過優會驗報書門訂錄錢]/;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (element.closest('script, style, code, .mono, .languages, .drawer-languages')) continue;
    if (!element.checkVisibility() || ['简体', '繁體', 'English'].includes(text)) continue;
    const wrong = locale === 'en-US' ? /\p{Script=Han}/u.test(text)
      : /[A-Za-z]+( [a-z]+){2,}/.test(text) || (locale === 'zh-CN' ? hant : hans).test(text);
    if (wrong) found.push(`foreign: ${text.slice(0, 90)}`);
  }
  return found;
}"""


@pytest.mark.parametrize("locale", ["zh-CN", "zh-TW"])
def test_a_walk_through_the_console_in_the_other_languages(
    shop: Shop, browser: Any, locale: str
) -> None:
    """Each screen wide and narrow: its own words alone, nothing too wide, everything named."""
    context = browser.new_context(locale=locale)
    watched = Watched(context)
    page, quiet = watched.page, Quiet(watched.page)
    page.goto(shop.sign_in_link(f"walker-{locale.lower()}"))
    page.wait_for_url("**/console/**")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    faults: list[str] = []
    walked = (*SCREENS, *screens_of(page, shop))
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for screen in walked:
            quiet.go(f"/console/{screen}")
            page.locator("h1").first.wait_for()
            told = [*page.evaluate(UNWRITTEN), *page.evaluate(FOREIGN, locale)]
            if size == "wide":
                told += page.evaluate(NAMES)
            if (too_wide := watched.overflow()) > 0:
                told.append(f"wider than its window by {too_wide} px")
            faults += [f"{screen} {size}: {one}" for one in told]
    assert faults == []
    assert watched.faults == []
    context.close()
