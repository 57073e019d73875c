"""`make shots`: the README's pictures, taken anew from the demo, so that they never lie."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser.shop import ARGUMENTS, ROOT, Shop, chromium, served

PICTURES = ROOT / "docs" / "pictures"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 375, "height": 667}
#: Households of the demo with a full year; whose card and page are shown.
HOUSEHOLD = "external:1"
LOCALES = {"en": "en-US", "zh-hans": "zh-CN", "zh-hant": "zh-TW"}


def main() -> int:
    home = ROOT / ".regulars"
    if not (home / "regulars.sqlite3").exists():
        sys.stderr.write("run `DEMO_SERVE=0 make demo` first\n")
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with served(home, jobs=False) as shop, sync_playwright() as playwright:
        # What is foretold is the jobs': some minutes where they have not been at it today. They
        # are run here alone, for a job that somebody else is at is left to them.
        shop.regulars("jobs", "run", "--once")
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        token = shop.regulars("members", "card-link", "--identity", HOUSEHOLD)
        for name, locale in LOCALES.items():
            card(browser, shop, token["card_link"], name, locale)
        console(browser, shop, token["member"])
        browser.close()
    return 0


def card(browser: Any, shop: Shop, link: str, name: str, locale: str) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport=NARROW, locale=locale, color_scheme=scheme, device_scale_factor=2
        )
        page = context.new_page()
        page.goto(f"{shop.base}/m/#{link.rsplit('#', 1)[1]}")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(600)
        suffix = "" if name == "en" else f"-{name}"
        dark = "" if scheme == "light" else "-dark"
        page.screenshot(path=str(PICTURES / f"card-375{suffix}{dark}.png"))
        context.close()


def owner(shop: Shop) -> Any:
    """A link for the demo's owner, whom the demo itself only makes where it goes on to serve."""
    try:
        return shop.regulars("staff", "link", "--username", "demo-owner")
    except AssertionError:
        return shop.regulars("staff", "create", "--username", "demo-owner", "--role", "owner")


def console(browser: Any, shop: Shop, member: str) -> None:
    told = owner(shop)
    context = browser.new_context(viewport=WIDE, locale="en-US")
    page = context.new_page()
    page.goto(f"{shop.base}/sign-in/{told['sign_in_link'].rsplit('/', 1)[1]}")
    for size, width in ((WIDE, 1440), (NARROW, 375)):
        page.set_viewport_size(size)
        for name, path in (
            ("home", ""),
            ("members", "members"),
            ("member", f"members/{member}"),
            ("programme", "programme"),
            ("orders", "orders"),
            ("imports", "imports"),
            ("reports", "reports/cohorts"),
            ("repurchase", "reports/repurchase"),
            ("rfm", "reports/rfm"),
            ("calendar", "insight/calendar"),
            ("slipping", "insight/slipping"),
            ("value", "insight/value"),
        ):
            page.goto(f"{shop.base}/console/{path}")
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(900)
            page.screenshot(path=str(PICTURES / f"{name}-{width}.png"))
    context.close()


if __name__ == "__main__":
    sys.exit(main())
