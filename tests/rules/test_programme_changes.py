"""What two documents of a programme say differently, and how it is put in words."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from regulars.modules.programmes import words
from regulars.modules.programmes.changes import Change, changes
from regulars.modules.programmes.document import ProgrammeDocument
from regulars.modules.programmes.reigns import in_force, reigns
from regulars.modules.programmes.templates import template
from regulars.modules.programmes.types import VersionView
from regulars.modules.programmes.wording import Told, told

LOCALES = ("en", "zh-hans", "zh-hant")


def edited(base: str = "shop", **parts: Any) -> dict[str, Any]:
    """A template with some parts replaced: ``tiers__keep={...}`` reaches in."""
    document: dict[str, Any] = copy.deepcopy(template(base))
    for path, value in parts.items():
        *way, last = path.split("__")
        place = document
        for step in way:
            place = place[step]
        place[last] = value
    return document


def said(found: list[Change], locale: Any = "en", currency: str = "EUR") -> list[tuple[str, ...]]:
    lines = [told(change, locale=locale, currency=currency) for change in found]
    return [(line.label, line.before, line.after) for line in lines]


def test_the_same_document_has_no_changes_however_it_is_written() -> None:
    plain = template("shop")
    written = ProgrammeDocument.model_validate(plain).model_dump(mode="json", by_alias=True)
    assert changes(plain, written) == []


def test_a_threshold_a_factor_and_an_expiry_in_words() -> None:
    before = edited("grocery")
    after = copy.deepcopy(before)
    after["tiers"]["ladder"][1]["from"] = 600
    after["earning"]["points"]["expiry"] = {"kind": "months", "count": 12, "end_of": "year"}
    after["earning"]["points"]["tier_bps"]["gold"] = 25_000
    found = changes(before, after)
    assert [change.key.field for change in found] == [
        "tier.from", "earning.expiry", "earning.tier_bps",
    ]  # fmt: skip
    (reached, _, factor) = said(found)
    assert reached == ("Silver: reached at", "500", "600")
    assert factor[0] == "Points: factor of Gold"
    assert factor[2] == "× 2.5"
    assert said(found)[1][2] == "after 12 months, at the end of the year"
    assert said(found, "zh-hans")[0] == ("银卡会员：达到门槛", "500", "600")
    assert said(found, "zh-hant")[1][2] == "12 個月後，至當年結束"


def test_what_the_tiers_count_says_what_a_threshold_is_written_in() -> None:
    before = edited("grocery")
    after = edited("grocery", tiers__counter="spend")
    found = said(changes(before, after), currency="CNY")
    assert ("What the tiers count", "growth value", "money spent") in found
    assert ("Silver: reached at", "500", "¥5.00") in found


def test_a_tier_that_came_and_one_that_went_are_told_once() -> None:
    before = edited("grocery")
    after = copy.deepcopy(before)
    after["tiers"]["ladder"][2]["code"] = "platinum"
    after["earning"]["points"]["tier_bps"].pop("gold", None)
    found = changes(before, after)
    by_tier = {(change.key.field, change.key.tier): change.kind for change in found}
    assert by_tier[("tier.from", "gold")] == "removed"
    assert by_tier[("tier.from", "platinum")] == "added"
    assert ("tier.name", "gold") not in by_tier
    assert by_tier[("tier.keep_from", "platinum")] == "added"


def test_rules_are_told_by_their_names_and_two_of_one_name_apart() -> None:
    weekend = {"name": "Weekend", "bps": 20_000, "weekdays": [6, 7]}
    before = edited("shop", earning__points__rates=[weekend])
    again = {"name": "Weekend", "bps": 30_000, "stores": [f"s{n}" for n in range(7)]}
    after = edited("shop", earning__points__rates=[{**weekend, "weekdays": [7]}, again])
    assert said(changes(before, after)) == [
        ("Points, rule Weekend: days of the week", "Saturday, Sunday", "Sunday"),
        ("Points, rule Weekend (2): factor", "no such rule", "× 3"),
        ("Points, rule Weekend (2): stores", "any", "s0, s1, s2, s3, s4 and 2 more"),
    ]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_field_and_value_has_words(locale: Any) -> None:
    """From a document that says as little as one can to one that says everything, and back."""
    little = edited(
        "plain", tiers__keep={"mode": "follow"}, tiers__ladder=[edited()["tiers"]["ladder"][0]],
        earning__points__tier_bps={}, earning__growth_value__tier_bps={},
    )  # fmt: skip
    rate = {
        "name": "All", "bps": 15_000, "categories": ["tea"], "types": ["green"], "skus": ["a"],
        "stores": ["north"], "channels": ["web"], "weekdays": [1, 2, 3, 4, 5, 6, 7],
        "days_of_month": [1], "from_day": "2026-03-01", "until_day": "2026-03-31",
    }  # fmt: skip
    much = edited("grocery", name="Other", tiers__crossing="split", tiers__counter="spend")
    top = {much["tiers"]["ladder"][-1]["code"]: 20_000}
    much["earning"]["growth_value"]["tier_bps"] = top
    much["tiers"]["window"] = {"span": "calendar_quarter", "count": 1}
    much["earning"]["points"] |= {"rates": [rate], "per_order_max": 9, "per_day_max": 9}
    much["earning"]["points"] |= {"pending_days": 7, "per_minor": 200, "tier_bps": top}
    much["earning"]["points"]["expiry"] = {"kind": "days", "count": 1, "end_of": "day"}
    much["leaving"] = {"points": "lapse"}
    much["notices"] = {"expiring_days": 7}
    much["redeeming"] = {"points": {"units": 50, "minor": 100, "grace_days": 1}}
    found = [*changes(little, much), *changes(much, little)]
    fields = {change.key.field for change in found}
    assert set(words.LABELS["en"]) - fields == {"tier.name"}
    for label, before, after in said(found, locale):
        assert label
        assert before != after
        assert "{" not in label + before + after


def leaves(place: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to every value of a document."""
    if isinstance(place, dict | list) and place:
        items = place.items() if isinstance(place, dict) else enumerate(place)
        return [leaf for step, inner in items for leaf in leaves(inner, (*path, step))]
    return [path]


def other_values(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    words_ = [word.partition(".")[2].partition(".")[2] for word in words.VALUES["en"]]
    spans = [unit.partition(".")[2] for unit in words.UNITS["en"]]
    more = [*words_, *spans, "days", "never", "2030-01-01", f"{value}x", 7, ["other"], {}]
    return [one for one in more if one != value]


def test_no_field_of_a_document_changes_without_a_word() -> None:
    """Whatever value of a document that says everything is replaced by another that holds."""
    much = edited("grocery")
    rate = {"name": "All", "bps": 15_000, "from_day": "2026-03-01", "until_day": "2026-03-31"}
    much["earning"]["points"]["rates"] = [rate]
    full = ProgrammeDocument.model_validate(much).model_dump(mode="json", by_alias=True)
    replaced = 0
    for path in leaves(full):
        *way, last = path
        if way[-1:] == ["expiry"] and last != "kind" and _at(full, tuple(way))["kind"] == "never":
            continue  # what never expires says nothing by these
        for value in other_values(_at(full, path)):
            document = copy.deepcopy(full)
            _at(document, tuple(way))[last] = value
            try:
                parsed = ProgrammeDocument.model_validate(document)
            except ValidationError:
                continue
            if parsed.model_dump(mode="json", by_alias=True) == full:
                continue
            found = changes(full, document)
            assert found, (path, value)
            assert all(before != after for _, before, after in said(found)), (path, value)
            replaced += 1
            break
    assert replaced > 70


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def test_the_languages_have_the_same_words() -> None:
    for table in (words.LABELS, words.VALUES, words.NOTHING, words.LISTED, words.ASSETS):
        assert set(table["en"]) == set(table["zh-hans"]) == set(table["zh-hant"])
    plain = {unit for unit in words.UNITS["en"] if not unit.endswith(".one")}
    assert plain == set(words.UNITS["zh-hans"]) == set(words.UNITS["zh-hant"])


def test_words_of_money_and_numbers() -> None:
    before = edited("shop", earning__points__per_minor=100)
    after = edited("shop", earning__points__per_minor=123_456_789)
    (line,) = (told(one, locale="en", currency="JPY") for one in changes(before, after))
    assert isinstance(line, Told)
    assert line.after.endswith("for each JPY 123,456,789 paid")
    assert said(changes(before, after))[0][2].endswith("for each €1,234,567.89 paid")


VERSIONS = st.lists(st.integers(0, 24 * 20), min_size=1, max_size=8)


@given(hours=VERSIONS, zone=st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]))
def test_reigns_follow_each_other_and_agree_with_what_holds(hours: list[int], zone: str) -> None:
    """At every hour the version in force is the last that began, by number where two did; whole
    days of two versions never overlap."""
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    views = [
        VersionView(number, begin + timedelta(hours=hour), begin, "test", {})
        for number, hour in enumerate(hours, start=1)
    ]
    held = reigns(views, ZoneInfo(zone))
    assert sorted(reign.number for reign in held) == list(range(1, len(hours) + 1))
    for hour in range(0, 24 * 21, 7):
        at = begin + timedelta(hours=hour)
        begun = [view for view in views if view.effective_at <= at]
        latest = max(begun, key=lambda view: (view.effective_at, view.number), default=None)
        found = in_force(held, at)
        assert found is not None
        if latest is not None:
            assert found.number == latest.number
            assert found.since <= at
            assert found.until is None or at < found.until
    days: set[Any] = set()
    for reign in held:
        if reign.last_day is None or not reign.ever:
            continue
        own = {
            reign.first_day + timedelta(days=n)
            for n in range((reign.last_day - reign.first_day).days + 1)
        }
        assert own.isdisjoint(days)
        days |= own
