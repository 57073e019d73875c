"""Pure: a change of the programme in a person's words, in the languages of the faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from regulars.kernel.money import to_major_text

from .changes import Change, Fact, Key
from .words import ASSETS, LABELS, LISTED, NOTHING, UNITS, VALUES, Locale

_LOCALES: Final[Mapping[str, Locale]] = {"en": "en", "zh-hans": "zh-hans", "zh-hant": "zh-hant"}
_SIGNS: Final = {"CNY": "¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "TWD": "NT$", "USD": "$"}
_BPS: Final = 10_000
#: So many of a list are named; of the others it is told how many there are.
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What it is about, and what each side says."""

    label: str
    before: str
    after: str


def locale_of(tag: str) -> Locale:
    """The language for a tag; English where it is another."""
    return _LOCALES.get(tag, "en")


def told(change: Change, *, locale: Locale, currency: str) -> Told:
    """The change in words."""
    said = _Words(locale, currency)
    sides = [said.fact(change.key, fact) for fact in (change.before, change.after)]
    if sides[0] == sides[1]:
        # Another language's text is what differs: all of them are shown.
        every = [_Words(one, currency) for one in _LOCALES.values()]
        sides = [
            " / ".join(words.fact(change.key, fact) for words in every)
            for fact in (change.before, change.after)
        ]
    return Told(said.label(change), *sides)


@dataclass(frozen=True, slots=True)
class _Words:
    locale: Locale
    currency: str

    def label(self, change: Change) -> str:
        key = change.key
        item = self._named(change.item_name) or key.item or ""
        return LABELS[self.locale][key.field].format(
            asset=ASSETS[self.locale][key.asset] if key.asset else "",
            tier=self._named(change.tier_name) or key.tier or "",
            item=item,
        )

    def fact(self, key: Key, fact: Fact | None) -> str:
        if fact is None:
            words = NOTHING[self.locale]
            return words.get(key.field) or words["otherwise"]
        write = getattr(self, f"_{fact.unit}", None)
        if write is not None:
            return str(write(fact.value))
        if fact.unit == "word":
            return VALUES[self.locale][f"{key.field}.{fact.value}"]
        return self._of(fact.unit, f"{fact.value:,}", fact.value)

    def _of(self, unit: str, number: str, count: int) -> str:
        words = UNITS[self.locale]
        one = words.get(f"{unit}.one") if count == 1 else None
        return (one or words.get(unit, "{n}")).format(n=number)

    def _named(self, names: Mapping[str, str]) -> str:
        return names.get(self.locale) or names.get("en") or ""

    def _text(self, value: str) -> str:
        return value

    def _minor(self, value: int) -> str:
        whole, point, decimals = to_major_text(value, self.currency).partition(".")
        sign = _SIGNS.get(self.currency, f"{self.currency} ")
        return f"{sign}{int(whole):,}{point}{decimals}"

    def _bps(self, value: int) -> str:
        times, rest = divmod(value, _BPS)
        decimals = f"{rest:04}".rstrip("0")
        return f"× {times}" + (f".{decimals}" if decimals else "")

    def _names(self, value: Mapping[str, str]) -> str:
        return self._named(value)

    def _benefit(self, value: Mapping[str, Mapping[str, str]]) -> str:
        name, text = self._named(value["name"]), self._named(value["text"])
        return f"{name} ({text})" if text else name

    def _list(self, value: list[str]) -> str:
        comma = LISTED[self.locale]["comma"]
        named = comma.join(value[:_NAMED])
        if len(value) <= _NAMED:
            return named
        return LISTED[self.locale]["more"].format(named=named, n=len(value) - _NAMED)

    def _weekdays(self, value: list[int]) -> str:
        names = VALUES[self.locale]
        return LISTED[self.locale]["comma"].join(names[f"weekday.{day}"] for day in value)

    def _period(self, value: list[str | None]) -> str:
        first, last = (self._day(day) if day else None for day in value)
        words = LISTED[self.locale]
        if first and last:
            return words["between"].format(first=first, last=last)
        return words["from"].format(day=first) if first else words["until"].format(day=last)

    def _day(self, written: str) -> str:
        day = date.fromisoformat(written)
        if self.locale == "en":
            return f"{day.day} {day:%B} {day.year}"
        return f"{day.year} 年 {day.month} 月 {day.day} 日"

    def _yes_no(self, value: bool) -> str:
        return VALUES[self.locale]["yes" if value else "no"]

    def _window(self, value: Mapping[str, Any]) -> str:
        return self._of(f"window.{value['span']}", f"{value['count']:,}", value["count"])

    def _expiry(self, value: Mapping[str, Any]) -> str:
        kind = value["kind"]
        if kind == "never":
            return VALUES[self.locale]["expiry.never"]
        end = value["end_of"]
        lasts = self._of(kind, f"{value['count']:,}", value["count"])
        if end == "day":
            return lasts
        return VALUES[self.locale]["expiry.to_end"].format(
            lasts=lasts, end=VALUES[self.locale][f"keep.end_of.{end}"]
        )

    def _earns(self, value: Mapping[str, int]) -> str:
        return VALUES[self.locale]["earns"].format(
            amount=f"{value['amount']:,}", per=self._minor(value["per_minor"])
        )

    def _worth(self, value: Mapping[str, int]) -> str:
        return VALUES[self.locale]["worth"].format(
            units=f"{value['units']:,}", minor=self._minor(value["minor"])
        )
