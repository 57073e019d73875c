"""Surveys in a real browser: written and opened in the console, answered on the card, read."""

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
    "import json, django; django.setup(); from makers.surveys import shown_in_a_home; "
    "print(json.dumps(shown_in_a_home()))"
)
There = tuple[Shop, dict[str, str]]


@pytest.fixture(scope="module")
def there() -> Iterator[There]:
    """A shop that asked its members."""
    with tempfile.TemporaryDirectory(prefix="regulars-surveys-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with served(home, jobs=False) as running:
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


def signed_in(there: There, browser: Any, locale: str = "en-US") -> Watched:
    shop, made = there
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=locale)
    watched = Watched(context)
    told = shop.regulars(
        "staff", "create", "--merchant", made["merchant"], "--username", f"s-{locale.lower()}",
        "--role", "owner",
    )  # fmt: skip
    watched.page.goto(shop.base + "/sign-in/" + str(told["sign_in_link"]).rsplit("/", 1)[1])
    watched.page.wait_for_url("**/console/**")
    return watched


def on_the_card(there: There, browser: Any, member: str, locale: str = "en-US") -> Watched:
    shop, made = there
    context = browser.new_context(viewport={"width": 375, "height": 667}, locale=locale)
    watched = Watched(context)
    told = shop.regulars(
        "members", "card-link", "--identity", f"external:{member}", "--merchant", made["merchant"]
    )
    watched.page.goto(shop.base + "/m/#" + str(told["card_link"]).rsplit("#", 1)[1])
    return watched


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "zh-TW"])
def test_every_screen_reads_well(there: There, browser: Any, locale: str, tmp_path: Path) -> None:
    shop, made = there
    watched = signed_in(there, browser, locale)
    page = watched.page
    paths = {
        "list": "insight/surveys",
        "new": "surveys/new",
        "choice": f"surveys/{made['choice']}",
        "why": f"surveys/{made['why']}",
        "reasons": "insight/reasons",
    }
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for name, path in paths.items():
            page.goto(f"{shop.base}/console/{path}")
            page.wait_for_load_state("networkidle")
            page.locator("main .card").first.wait_for()
            if name in ("choice", "why", "reasons"):
                page.locator("main canvas").first.wait_for()
            page.screenshot(path=tmp_path / f"{name}-{size}-{locale}.png", full_page=True)
            assert watched.overflow() <= 0, f"{name} at {width} px"
            text = page.inner_text("main")
            if name == "choice" and size == "wide":
                liked = {"en-US": "Free delivery", "zh-CN": "免运费", "zh-TW": "免運費"}
                assert liked[locale] in text
            for unwritten in ("surveys.", "survey_", "said.", "{", "undefined", "NaN"):
                assert unwritten not in text, f"{name}: {unwritten}"
    assert watched.faults == []
    page.context.close()


def test_from_a_draft_to_an_answer_to_what_it_says(
    there: There, browser: Any, tmp_path: Path
) -> None:
    shop, _made = there
    watched = signed_in(there, browser, "en-GB")
    page = watched.page
    page.goto(f"{shop.base}/console/insight/surveys")
    page.get_by_role("button", name="New survey").click()
    page.locator("#survey-name").fill("What next")
    for number, word in enumerate(("Free delivery", "Birthday gift", "Early access"), start=1):
        for place in range(3):
            field = page.locator("fieldset").nth(number - 1).locator(".names input").nth(place)
            field.fill(word if place == 2 else f"{word} {place}")
    page.get_by_text("which matters least").click()
    assert "Free delivery" in page.get_by_role("complementary", name="On the card").inner_text()
    page.screenshot(path=tmp_path / "editor.png", full_page=True)
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/surveys/svy_*")
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Open", exact=True).click()
    page.get_by_text("Open until").wait_for()

    card = on_the_card(there, browser, "walker")
    mine = card.page
    answer = mine.get_by_role("button", name="Answer")
    answer.wait_for()
    # It closes first, so it stands there first.
    mine.get_by_text("3 short questions").wait_for()
    mine.screenshot(path=tmp_path / "card-offer.png", full_page=True)
    answer.focus()
    mine.keyboard.press("Enter")
    for number in range(1, 4):
        mine.get_by_text(f"Question {number} of 3").wait_for()
        mine.locator("fieldset").nth(0).locator("input").first.focus()
        mine.keyboard.press("Space")
        mine.locator("fieldset").nth(1).locator("input").last.focus()
        mine.keyboard.press("Space")
        mine.screenshot(path=tmp_path / f"card-{number}.png", full_page=True)
        assert card.overflow() <= 0
        mine.locator("button[type=submit]").focus()
        mine.keyboard.press("Enter")
    mine.get_by_text("Thank you").wait_for()
    mine.reload()
    mine.get_by_text("A question about coming back").wait_for()
    mine.get_by_role("button", name="No, thanks").click()
    mine.get_by_role("button", name="No, thanks").wait_for(state="detached")
    mine.reload()
    mine.get_by_text("My benefits").wait_for()
    mine.wait_for_load_state("networkidle")
    assert mine.get_by_role("button", name="Answer").count() == 0
    mine.get_by_role("tab", name="Me").or_(mine.get_by_text("Me", exact=True)).first.click()
    mine.get_by_text("Your answers").wait_for()
    mine.screenshot(path=tmp_path / "card-me.png", full_page=True)

    page.reload()
    page.get_by_text("Told from 0 of 1 answers").wait_for()
    mine.get_by_role("button", name="Take back").click()
    mine.get_by_text("Your answers").wait_for(state="detached")
    page.reload()
    page.get_by_text("Told from 0 of 0 answers").wait_for()
    page.get_by_role("button", name="Close now").click()
    page.get_by_role("dialog").get_by_role("button", name="Close now").click()
    page.get_by_text("Closed", exact=True).wait_for()
    assert watched.faults == []
    assert card.faults == []
    page.context.close()
    mine.context.close()


def test_who_leaves_is_asked_why_after_they_left(
    there: There, browser: Any, tmp_path: Path
) -> None:
    card = on_the_card(there, browser, "leaver", "zh-CN")
    mine = card.page
    mine.get_by_text("我的", exact=True).first.click()
    mine.locator("section.pane button").last.wait_for()
    pane = mine.locator("section").last
    assert mine.get_by_text("您为什么离开").count() == 0
    pane.locator("button").last.click()
    pane.locator("button.danger").click()
    mine.get_by_text("您为什么离开").wait_for()
    mine.screenshot(path=tmp_path / "why-left.png", full_page=True)
    mine.get_by_label("价格").check()
    mine.get_by_role("button", name="告诉商家").click()
    mine.get_by_text("谢谢，您的回答已保存").wait_for()
    assert card.overflow() <= 0
    assert card.faults == []
    mine.context.close()
