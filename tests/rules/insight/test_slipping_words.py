"""Why somebody is slipping away, told against their own rhythm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.insight.churn.why import Code, Slipping, sentence
from regulars.modules.insight.due.why import Locale

LOCALES: tuple[Locale, ...] = ("en", "zh-hans", "zh-hant")


@pytest.mark.parametrize(
    ("told", "code", "english", "chinese"),
    [
        (
            Slipping(21, 7.0, 12.4, 1, 13), "away_long",
            "away for 21 days; nine of ten of their gaps were 12 days or less",
            "已 21 天未到店；过去十次间隔中有九次不超过 12 天",
        ),
        (
            Slipping(3, 7.0, 12.0, 2, 14), "fewer_trips",
            "came 2 times in the last 28 days, where 4 were usual",
            "最近 28 天来了 2 次，以往同样时长通常 4 次",
        ),
        (
            Slipping(12, 7.0, 12.0, 4, 16), "away_longer",
            "away for 12 days, where ~7 days are their rhythm",
            "已 12 天未到店，平时约每 7 天来一次",
        ),
        (
            Slipping(1, 7.0, 12.0, 4, 16), "in_rhythm",
            "still within their rhythm of ~7 days (last yesterday); "
            "their pattern as a whole is what speaks for it",
            "仍在约每 7 天一次的节奏内（上次在昨天）；依据是整体消费走势",
        ),
        (
            Slipping(20, 20.0, 40.0, 0, 5), "fewer_trips",
            "did not come in the last 28 days, where 2 were usual",
            "最近 28 天来了 0 次，以往同样时长通常 2 次",
        ),
    ],
)  # fmt: skip
def test_worked_sentences(told: Slipping, code: Code, english: str, chinese: str) -> None:
    assert told.code == code
    assert sentence(told, "en") == english
    assert sentence(told, "zh-hans") == chinese


@given(
    st.integers(0, 400), st.floats(1, 120), st.floats(1, 200), st.integers(0, 28),
    st.integers(0, 84),
)  # fmt: skip
def test_every_sentence_names_a_number_of_the_members_own(
    ago: int, usual: float, longest: float, lately: int, before: int
) -> None:
    told = Slipping(ago, usual, longest, lately, lately + before)
    for locale in LOCALES:
        text = sentence(told, locale)
        assert "{" not in text
        assert any(letter.isdigit() for letter in text) or "每天" in text
    # Nobody is told to be away who came within the rhythm that is named.
    if told.code in ("away_long", "away_longer"):
        assert ago > min(usual, longest)
    if told.code == "fewer_trips":
        assert lately < before / 3
