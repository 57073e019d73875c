"""Plans of spending in a real browser: what is proven, another budget, and giving the coupons."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.shop import ROOT, Shop, chromium, served
from browser.walking import SIZES, Watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]
SEED = (
    "import json, django; django.setup(); from makers.steering import shown_in_a_home; "
    "print(json.dumps(shown_in_a_home()))"
)


@pytest.fixture(scope="module")
def there() -> Iterator[tuple[Shop, dict[str, str]]]:
    """A shop that tried an offer on its sleepers; its jobs run when they are told to."""
    with tempfile.TemporaryDirectory(prefix="regulars-spending-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with served(home, clock=True, jobs=False) as running:
            seeding = {
                **running.environment,
                "REGULARS_HOSTS": "testserver",
                "DJANGO_SETTINGS_MODULE": "regulars.config.settings",
                "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}",
            }
            done = subprocess.run(
                [sys.executable, "-c", SEED], env=seeding, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr[-3000:]
            yield running, json.loads(done.stdout.strip().splitlines()[-1])


def signed_in(there: tuple[Shop, dict[str, str]], browser: Any, locale: str = "en-US") -> Watched:
    shop, made = there
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=locale)
    watched = Watched(context)
    told = shop.regulars(
        "staff", "create", "--merchant", made["merchant"], "--username", f"p-{locale.lower()}",
        "--role", "owner",
    )  # fmt: skip
    watched.page.goto(shop.base + "/sign-in/" + str(told["sign_in_link"]).rsplit("/", 1)[1])
    watched.page.wait_for_url("**/console/**")
    return watched


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "zh-TW"])
def test_every_state_of_a_plan_reads_well(
    there: tuple[Shop, dict[str, str]], browser: Any, locale: str, tmp_path: Path
) -> None:
    shop, made = there
    watched = signed_in(there, browser, locale)
    page = watched.page
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for name in ("list", "earns", "never", "trial"):
            path = "insight/spending" if name == "list" else f"spending/{made[name]}"
            page.goto(f"{shop.base}/console/{path}")
            page.wait_for_load_state("networkidle")
            page.locator("section.card, section .card").first.wait_for()
            page.screenshot(path=tmp_path / f"{name}-{size}-{locale}.png", full_page=True)
            assert watched.overflow() <= 0, f"{name} at {width} px"
            text = page.inner_text("main")
            for unwritten in ("spending.", "spending_", "{", "undefined", "NaN"):
                assert unwritten not in text, f"{name}: {unwritten}"
    assert watched.faults == []
    page.context.close()


def test_from_a_plan_to_another_budget_to_coupons_and_a_ladder(
    there: tuple[Shop, dict[str, str]], browser: Any, tmp_path: Path
) -> None:
    shop, made = there
    watched = signed_in(there, browser, "en-GB")
    page = watched.page
    page.goto(f"{shop.base}/console/spending/{made['earns']}")
    slider = page.locator("input[type=range]")
    slider.wait_for()
    before = page.locator(".slide label").inner_text()
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    assert page.locator(".slide label").inner_text() != before
    page.get_by_role("button", name="Plan with this budget").click()
    page.locator("#plan-name").fill("A smaller one")
    page.get_by_role("dialog").get_by_role("button", name="New plan").click()
    page.get_by_text("Being worked out", exact=True).first.wait_for()
    shop.regulars("jobs", "run", "--once")
    page.get_by_role("button", name="Give the coupons").click()
    page.get_by_role("dialog").get_by_role("button", name="Give the coupons").click()
    page.get_by_text("Starting", exact=True).first.wait_for()
    shop.regulars("jobs", "run", "--once")
    page.get_by_text("What it does is measured here").click()
    page.wait_for_url("**/experiments/**")
    page.get_by_text("A smaller one").first.wait_for()
    page.goto(f"{shop.base}/console/insight/spending")
    page.get_by_role("button", name="Put a ladder up").click()
    page.locator("#ladder-name").fill("Wake them up")
    page.get_by_role("dialog").locator(".el-select").first.click()
    page.get_by_role("option", name="Twelve off").click()
    page.get_by_role("textbox", name="The coupons may take off at most").fill("500")
    page.get_by_role("dialog").get_by_role("button", name="Put a ladder up").click()
    page.get_by_text("Running", exact=True).wait_for()
    shop.regulars("jobs", "run", "--once")
    page.reload()
    page.get_by_text("advanced on").wait_for()
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=tmp_path / f"ladder-{size}.png", full_page=True)
        assert watched.overflow() <= 0
    text = page.inner_text("main")
    assert "Too few are through its days" in text
    assert "ladder." not in text
    page.get_by_role("button", name="Take it down").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it down").click()
    page.get_by_role("article").get_by_text("Taken down", exact=True).first.wait_for()
    assert watched.faults == []
    page.context.close()
