"""Reasons in the reader's words."""

from __future__ import annotations

import pytest

from regulars.modules.recommendations.why import Why, sentence


def why(**changes: object) -> Why:
    plain: dict[str, object] = {
        "because": None, "every_days": 0.0, "days_ago": 0, "times": 0, "times_lately": 0,
        "variation": 0.0, "buyers": 7,
    }  # fmt: skip
    return Why.of({**plain, **changes})


@pytest.mark.parametrize(
    ("told", "code", "english", "chinese"),
    [
        (
            why(every_days=12.0, days_ago=11, times=4, variation=0.1), "rhythm",
            "bought every ~12 days, last 11 days ago", "约每 12 天购买一次，上次在 11 天前",
        ),
        (
            why(days_ago=1, times=1, times_lately=1), "before",
            "bought on 1 day so far, last yesterday", "至今有 1 天购买，上次在昨天",
        ),
        (
            why(because="TEA {x}"), "together",
            "members who buy TEA {x}, as this one does, also buy it",
            "与该会员一样购买 TEA {x} 的会员也买它",
        ),
        (
            why(buyers=1), "popular",
            "bought by 1 member in the last 28 days", "最近 28 天内有 1 位会员购买",
        ),
    ],
)  # fmt: skip
def test_each_reason(told: Why, code: str, english: str, chinese: str) -> None:
    assert told.code == code
    assert sentence(told, "en") == english
    assert sentence(told, "zh-hans") == chinese
    assert sentence(told, "zh-hant") != english


def test_what_speaks_may_have_a_name() -> None:
    text = sentence(why(because="1082185"), "en", because="Bananas")
    assert text == "members who buy Bananas, as this one does, also buy it"
