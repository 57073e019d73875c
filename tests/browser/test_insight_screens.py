"""Insight in a real browser: from a day of the calendar to a list, a member and what is likely."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from browser.shop import Shop, chromium, served
from browser.walking import SIZES, Quiet, Watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]
VIEWS = ("due", "calendar", "slipping", "slipping?kind=silent", "lost", "lost?lost_as=card",
         "reasons", "value")  # fmt: skip


@pytest.fixture(scope="module")
def shop(foretold_shop: Shop) -> Shop:
    return foretold_shop


def signed_in(shop: Shop, browser: Any, name: str, locale: str = "en-US") -> Watched:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=locale)
    watched = Watched(context)
    watched.page.goto(shop.sign_in_link(name))
    watched.page.wait_for_url("**/console/**")
    return watched


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "zh-TW"])
def test_every_view_shows_what_is_foretold(shop: Shop, browser: Any, locale: str) -> None:
    watched = signed_in(shop, browser, f"viewer-{locale.lower()}", locale)
    page, quiet = watched.page, Quiet(watched.page)
    for width, height in SIZES.values():
        page.set_viewport_size({"width": width, "height": height})
        for view in VIEWS:
            quiet.go(f"/console/insight/{view}")
            page.locator("section.card h2").first.wait_for()
            assert page.locator('section.card[role="status"]').count() == 0, view
            assert watched.overflow() <= 0, f"{view} at {width} px"
            text = page.inner_text("main")
            assert any(letter.isdigit() for letter in text), view
            for unwritten in ("insight.", "insight_", "{", "undefined", "NaN"):
                assert unwritten not in text, f"{view}: {unwritten}"
    assert watched.faults == []
    page.context.close()


def test_a_day_leads_to_its_list_and_on_to_a_member(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "caller")
    page = watched.page
    page.goto(f"{shop.base}/console/insight/calendar")
    days = page.locator("table button")
    days.first.wait_for()
    assert days.count() == 14
    said = days.nth(3).get_attribute("aria-label")
    days.nth(3).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/insight/due?day=*")
    title = page.locator("section.card h2").first
    title.wait_for()
    day = title.inner_text().split(" on ")[1]
    assert said.startswith(day)
    row = page.locator(".list tbody tr").first
    row.locator("b").wait_for()
    item = row.locator("b").inner_text()
    row.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**open=mem_*")
    card = page.locator(".el-drawer .outlook")
    card.locator("li").first.wait_for()
    card.locator("ol li").first.wait_for()
    assert "Next purchases, 14 days" in card.inner_text()
    assert "Lifetime value" in card.inner_text()
    assert item in card.locator("ul").first.inner_text()
    assert watched.faults == []
    page.context.close()


MADE = {
    "due?least_chance=50": "chance 50% or more",
    "due?day=DAY&level=category": "Due to rebuy, category",
    "slipping?least_chance=20": "Chance of half the visits in 8 weeks is at least 20%",
    "lost": "Lost as is Stopped buying",
    "value?tenth=1": "Tenth by expected value (1: highest) is 1",
}


def test_a_list_becomes_a_segment_and_the_segment_a_held_out_campaign(
    shop: Shop, browser: Any
) -> None:
    watched = signed_in(shop, browser, "planner")
    page = watched.page
    page.goto(f"{shop.base}/console/insight/calendar")
    page.locator("table button").nth(2).click()
    page.wait_for_url("**/insight/due?day=*")
    day = page.url.rsplit("day=", 1)[1]
    for view, words in MADE.items():
        asked = view.replace("DAY", day)
        page.goto(f"{shop.base}/console/insight/{asked}")
        page.get_by_role("link", name="Make a segment of these").click()
        page.wait_for_url("**/segments/new?**")
        figure = page.locator(".figure")
        figure.wait_for()
        listed = _people(page, shop, asked)
        assert int(figure.inner_text()) == len(listed) > 0, view
        assert words in page.locator(".words").first.inner_text()
        assert "Forecasts worked out" in page.inner_text("main")
        page.get_by_role("button", name="Save segment").click()
        page.wait_for_url("**/segments?open=**")
        segment = page.url.rsplit("open=", 1)[1]
        page.get_by_role("button", name="Make a campaign for these").click()
        page.wait_for_url("**/campaigns/new?**")
        page.get_by_text("would be held out").wait_for(timeout=60_000)
        page.get_by_role("button", name="Save draft and go on").click()
        page.wait_for_url("**/campaigns/*step=3")
        code = page.url.rsplit("/", 1)[1].partition("?")[0]
        draft = _asked(page, shop, f"offers/{code}")
        assert (draft["status"], draft["who"]["segments"], draft["held_out_bps"]) == (
            "draft", [segment], 2_000,
        )  # fmt: skip
        for _ in range(120):  # the jobs ask everybody, piece by piece
            if _asked(page, shop, f"segments/{segment}")["building"] is None:
                break
            page.wait_for_timeout(500)
        members = _asked(page, shop, f"segments/{segment}/members?limit=100")["data"]
        assert {one["id"] for one in members} == listed, view
    assert watched.faults == []
    page.context.close()


def _asked(page: Any, shop: Shop, path: str) -> Any:
    answer = page.request.get(f"{shop.base}/console/api/{path}")
    assert answer.ok, answer.text()
    return answer.json()


def _people(page: Any, shop: Shop, view: str) -> set[str]:
    """Everybody on the list behind a view."""
    name, _, query = view.partition("?")
    path = {"due": "due", "slipping": "churn", "lost": "lost", "value": "clv/members"}[name]
    answer = page.request.get(f"{shop.base}/console/api/insight/{path}?{query}&format=csv")
    assert answer.ok, answer.text()
    return {line["member_id"] for line in csv.DictReader(io.StringIO(answer.text()))}


def test_forecasts_are_worked_out_now_and_the_screen_shows_them(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "asker")
    page = watched.page
    page.goto(f"{shop.base}/console/insight/slipping")
    stamp = page.locator(".list > p").first
    stamp.wait_for()
    before = _asked(page, shop, "insight/churn")["made_at"]
    page.get_by_role("button", name="Work out now").click()
    page.get_by_role("progressbar").wait_for()
    assert not page.get_by_role("button", name="Work out now").is_visible()
    page.reload()  # whoever comes back sees how far it is
    page.get_by_text("Worked out on request").wait_for(timeout=240_000)
    told = _asked(page, shop, "insight")["run"]
    assert (told["status"], told["done"]) == ("done", told["of"])
    assert _asked(page, shop, "insight/churn")["made_at"] > before
    assert page.get_by_role("button", name="Work out now").is_visible()
    page.locator(".list tbody tr").first.wait_for()
    assert watched.faults == []
    page.context.close()


def test_the_file_behind_a_list_is_the_list(shop: Shop, browser: Any) -> None:
    watched = signed_in(shop, browser, "filer")
    page = watched.page
    page.goto(f"{shop.base}/console/insight/value")
    page.locator(".list tbody tr a").first.wait_for()
    shown = page.locator(".list tbody tr a").all_inner_texts()
    with page.expect_download() as download:
        page.locator(".list header a[download]").click()
    lines = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert [line["number"] for line in lines][: len(shown)] == shown
    with page.expect_download() as download:
        page.locator(".frame header a[download]").click()
    groups = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert sum(int(group["members"]) for group in groups) <= len(lines)
    assert watched.faults == []
    page.context.close()


def test_where_there_is_too_little_the_screen_says_so(browser: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="regulars-little-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with served(home) as empty:
            watched = signed_in(empty, browser, "owner")
            page = watched.page
            for view in ("due", "calendar", "slipping", "lost", "reasons", "value"):
                page.goto(f"{empty.base}/console/insight/{view}")
                state = page.locator('section.card[role="status"]')
                state.wait_for()
                assert "There are 0 order lines; at least 900 are needed." in state.inner_text()
            answer = page.request.get(f"{empty.base}/console/api/insight")
            assert json.loads(answer.text())["done"] == 0
            assert watched.faults == []
            page.context.close()
