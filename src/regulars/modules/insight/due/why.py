"""Pure: why a pair is on the list, in a person's words and with the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from regulars.modules.insight.history import Floats, Ints

Locale = Literal["en", "zh-hans", "zh-hant"]
Code = Literal["rhythm", "overdue", "often"]

#: From here on a rhythm is too loose to be told as "every so many days".
_LOOSE: Final = 1.0
_OVERDUE: Final = 1.5
OFTEN_DAYS: Final = 56

_LOCALES: Final[Mapping[str, Locale]] = {"en": "en", "zh-hans": "zh-hans", "zh-hant": "zh-hant"}
_SENTENCES: Final[Mapping[Locale, Mapping[Code, str]]] = {
    "en": {
        "rhythm": "bought every ~{every} days, last {ago} days ago",
        "overdue": "bought every ~{every} days, but last {ago} days ago: overdue",
        "often": "bought on {times} days of the last {days}, last {ago} days ago",
    },
    "zh-hans": {
        "rhythm": "约每 {every} 天购买一次，上次在 {ago} 天前",
        "overdue": "约每 {every} 天购买一次，上次已是 {ago} 天前，已逾期",
        "often": "最近 {days} 天内有 {times} 天购买，上次在 {ago} 天前",
    },
    "zh-hant": {
        "rhythm": "約每 {every} 天購買一次，上次在 {ago} 天前",
        "overdue": "約每 {every} 天購買一次，上次已是 {ago} 天前，已逾期",
        "often": "最近 {days} 天內有 {times} 天購買，上次在 {ago} 天前",
    },
}
#: Where a number makes another word.
_ONE: Final[Mapping[str, str]] = {
    "every ~1 days": "about every day",
    "last 1 days ago": "last yesterday",
    "last 0 days ago": "last today",
    "on 1 days": "on 1 day",
    "约每 1 天": "约每天",
    "約每 1 天": "約每天",
    "上次在 0 天前": "上次在今天",
    "上次在 1 天前": "上次在昨天",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """The numbers of one sentence: the middle of a pair's own gaps, how long ago it was last
    bought, on how many days of the last OFTEN_DAYS, and how much its gaps vary (spread / mean)."""

    every_days: float
    days_ago: int
    times_lately: int
    variation: float

    @property
    def code(self) -> Code:
        """Which sentence tells it best: only a steady rhythm is called one."""
        if self.variation < _LOOSE:
            late = self.days_ago >= _OVERDUE * self.every_days
            return "overdue" if late else "rhythm"
        return "often" if self.times_lately > 0 else "overdue"


def whole_days(gap: Floats) -> Ints:
    """Gaps in whole days, half up, and at least one."""
    return np.maximum(1, np.floor(gap + 0.5)).astype(np.int64)


def days_until(every_days: Floats, days_ago: Ints, variation: Floats) -> Ints:
    """In how many days each pair is expected again; 0 where no steady rhythm points ahead."""
    every = whole_days(every_days)
    ahead = (variation < _LOOSE) & (days_ago < _OVERDUE * every_days) & (every > days_ago)
    return np.where(ahead, every - days_ago, 0)


def sentence(reason: Reason, locale: Locale) -> str:
    """The reason in words, days in whole numbers (half up)."""
    text = _SENTENCES[locale][reason.code].format(
        every=whole_days(np.array([reason.every_days]))[0],
        ago=reason.days_ago,
        times=reason.times_lately,
        days=OFTEN_DAYS,
    )
    for plain, word in _ONE.items():
        text = text.replace(plain, word)
    return text


def locale_of(language: str) -> Locale:
    """The language of the sentences; English where there are none in it."""
    return _LOCALES.get(language.lower(), "en")
