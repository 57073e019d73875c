"""Pure: why an item is on somebody's list, in a person's words and with the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from regulars.modules.insight.due.why import Locale, Reason
from regulars.modules.insight.due.why import sentence as rhythm_sentence

Code = Literal["rhythm", "overdue", "often", "before", "together", "popular"]

_SENTENCES: Final[Mapping[Locale, Mapping[str, str]]] = {
    "en": {
        "before": "bought on {times} days so far, last {ago} days ago",
        "together": "members who buy {because}, as this one does, also buy it",
        "popular": "bought by {buyers} members in the last 28 days",
    },
    "zh-hans": {
        "before": "至今有 {times} 天购买，上次在 {ago} 天前",
        "together": "与该会员一样购买 {because} 的会员也买它",
        "popular": "最近 28 天内有 {buyers} 位会员购买",
    },
    "zh-hant": {
        "before": "至今有 {times} 天購買，上次在 {ago} 天前",
        "together": "與該會員一樣購買 {because} 的會員也買它",
        "popular": "最近 28 天內有 {buyers} 位會員購買",
    },
}
#: Where a number makes another word.
_ONE: Final[Mapping[str, str]] = {
    "on 1 days": "on 1 day",
    "last 1 days ago": "last yesterday",
    "last 0 days ago": "last today",
    "by 1 members": "by 1 member",
    "上次在 0 天前": "上次在今天",
    "上次在 1 天前": "上次在昨天",
}


@dataclass(frozen=True, slots=True)
class Why:
    """The numbers of one entry; ``because`` names the member's own item that speaks for it."""

    because: str | None
    every_days: float
    days_ago: int
    times: int
    times_lately: int
    variation: float
    buyers: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Why:
        """From a row of a kept list."""
        return cls(**{name: row[name] for name in cls.__slots__})

    @property
    def code(self) -> Code:
        """Which sentence tells it best."""
        if self.times > 0 and self.every_days > 0:
            return self._rhythm.code
        if self.times > 0:
            return "before"
        return "together" if self.because is not None else "popular"

    @property
    def _rhythm(self) -> Reason:
        return Reason(self.every_days, self.days_ago, self.times_lately, self.variation)


def sentence(why: Why, locale: Locale, *, because: str | None = None) -> str:
    """The reason in words; ``because`` is what the item that speaks is called, if not as it is."""
    code = why.code
    if code in ("rhythm", "overdue", "often"):
        return rhythm_sentence(why._rhythm, locale)
    name = because or why.because
    text = _SENTENCES[locale][code]
    if code != "together":
        text = text.format(times=why.times, ago=why.days_ago, buyers=why.buyers)
        for plain, word in _ONE.items():
            text = text.replace(plain, word)
        return text
    return text.format(because=name)
