"""Why a pair is due, in words."""

from __future__ import annotations

import pytest

from regulars.modules.insight.due.why import Locale, Reason, sentence

STEADY = Reason(every_days=12.0, days_ago=11, times_lately=5, variation=0.4)
LATE = Reason(every_days=12.0, days_ago=18, times_lately=3, variation=0.4)
LOOSE = Reason(every_days=3.0, days_ago=1, times_lately=9, variation=1.4)
GONE = Reason(every_days=6.5, days_ago=80, times_lately=0, variation=1.4)


@pytest.mark.parametrize(
    ("reason", "locale", "words"),
    [
        (STEADY, "en", "bought every ~12 days, last 11 days ago"),
        (STEADY, "zh-hans", "约每 12 天购买一次，上次在 11 天前"),
        (STEADY, "zh-hant", "約每 12 天購買一次，上次在 11 天前"),
        (LATE, "en", "bought every ~12 days, but last 18 days ago: overdue"),
        (LATE, "zh-hans", "约每 12 天购买一次，上次已是 18 天前，已逾期"),
        (LATE, "zh-hant", "約每 12 天購買一次，上次已是 18 天前，已逾期"),
        (LOOSE, "en", "bought on 9 days of the last 56, last yesterday"),
        (LOOSE, "zh-hans", "最近 56 天内有 9 天购买，上次在昨天"),
        (LOOSE, "zh-hant", "最近 56 天內有 9 天購買，上次在昨天"),
        (GONE, "en", "bought every ~7 days, but last 80 days ago: overdue"),
        (Reason(0.5, 0, 4, 0.1), "en", "bought about every day, last today"),
        (Reason(3.0, 2, 1, 2.0), "en", "bought on 1 day of the last 56, last 2 days ago"),
        (Reason(3.0, 11, 1, 2.0), "en", "bought on 1 day of the last 56, last 11 days ago"),
    ],
)
def test_a_reason_reads_as_a_person_would_say_it(
    reason: Reason, locale: Locale, words: str
) -> None:
    assert sentence(reason, locale) == words
