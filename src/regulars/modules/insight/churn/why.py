"""Pure: why a member is on the list of those slipping away, told against their own rhythm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from regulars.modules.insight.due.why import Locale

Code = Literal["away_long", "away_longer", "fewer_trips", "in_rhythm"]

#: From a third fewer trips in four weeks than four weeks had before, fewer is said.
_FEWER: Final = 2 / 3
_WEEKS_OF_4: Final = 4
_SENTENCES: Final[Mapping[Locale, Mapping[Code, str]]] = {
    "en": {
        "away_long": "away for {ago} days; nine of ten of their gaps were {longest} days or less",
        "away_longer": "away for {ago} days, where ~{usual} days are their rhythm",
        "fewer_trips": "came {lately} times in the last 28 days, where {before} were usual",
        "in_rhythm": "still within their rhythm of ~{usual} days (last {ago} days ago); "
        "their pattern as a whole is what speaks for it",
    },
    "zh-hans": {
        "away_long": "已 {ago} 天未到店；过去十次间隔中有九次不超过 {longest} 天",
        "away_longer": "已 {ago} 天未到店，平时约每 {usual} 天来一次",
        "fewer_trips": "最近 28 天来了 {lately} 次，以往同样时长通常 {before} 次",
        "in_rhythm": "仍在约每 {usual} 天一次的节奏内（上次在 {ago} 天前）；依据是整体消费走势",
    },
    "zh-hant": {
        "away_long": "已 {ago} 天未到店；過去十次間隔中有九次不超過 {longest} 天",
        "away_longer": "已 {ago} 天未到店，平時約每 {usual} 天來一次",
        "fewer_trips": "最近 28 天來了 {lately} 次，以往同樣時長通常 {before} 次",
        "in_rhythm": "仍在約每 {usual} 天一次的節奏內（上次在 {ago} 天前）；依據是整體消費走勢",
    },
}
#: Where a number makes another word.
_ONE: Final[Mapping[str, str]] = {
    "away for 1 days": "away since yesterday",
    "came 1 times": "came once",
    "came 0 times": "did not come",
    "last 1 days ago": "last yesterday",
    "last 0 days ago": "last today",
    "~1 days": "~1 day",
    "约每 1 天": "约每天",
    "約每 1 天": "約每天",
    "上次在 0 天前": "上次在今天",
    "上次在 1 天前": "上次在昨天",
}


@dataclass(frozen=True, slots=True)
class Slipping:
    """The numbers of one sentence: days since the last trip, the middle and the 90 % gap between
    trips, and the trips of the last 28 and 112 days."""

    days_ago: int
    usual_days: float
    longest_days: float
    trips_28: int
    trips_112: int

    @property
    def before(self) -> float:
        """Trips that 28 of the 84 days before the last 28 had."""
        return (self.trips_112 - self.trips_28) / (_WEEKS_OF_4 - 1)

    @property
    def code(self) -> Code:
        """What tells it best: the longest silence first, then fewer trips, then the silence."""
        if self.days_ago > self.longest_days:
            return "away_long"
        if self.trips_28 < _FEWER * self.before:
            return "fewer_trips"
        return "away_longer" if self.days_ago > self.usual_days else "in_rhythm"


def sentence(why: Slipping, locale: Locale) -> str:
    """The reason in words, whole numbers (half up)."""
    text = _SENTENCES[locale][why.code].format(
        ago=why.days_ago,
        usual=max(1, int(why.usual_days + 0.5)),
        longest=max(1, int(why.longest_days + 0.5)),
        lately=why.trips_28,
        before=max(1, int(why.before + 0.5)),
    )
    for plain, word in _ONE.items():
        text = text.replace(plain, word)
    return text
