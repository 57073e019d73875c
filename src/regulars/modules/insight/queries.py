"""Reads of the forecasts that are kept: lists, and how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final, Literal

from regulars.infra.clock import now_for
from regulars.infra.http.answers import unknown_cursor
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid
from regulars.modules.analytics.queries import freshness
from regulars.modules.catalog.queries import product_names
from regulars.modules.surveys.queries import said

from . import stored
from .chances import least_probability
from .churn import why as slipping
from .churn.lost import LostAs
from .due.why import Locale, Reason, sentence
from .people import due_people, lost_people, slipping_people
from .services import LEAST_LINES, NAMES, is_old, is_possible, lines_known, yesterday
from .stored import Rows, Stored
from .types import Kind, Level

State = Literal["ready", "waiting", "abstained"]
#: What the list of what is due may be sorted by.
Order = Literal["chance", "value", "date"]
#: What came may differ from what was expected by so much, in basis points, and still be called met.
_MET_BPS: Final = 1_000
#: So many rows of a whole list are in memory as objects at a time.
_PIECE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a kept list, and where the next ones begin."""

    about: dict[str, Any]
    rows: list[dict[str, Any]]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A kept list, or why there is none: read by pages, or whole.

    ``rows`` are as kept, in order; ``shaped`` makes of some of them what goes out.
    """

    about: dict[str, Any]
    stamp: str
    rows: Rows | None
    shaped: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

    def page(self, limit: int, after: str | None = None) -> Page:
        """The rows behind the place ``after`` names; a place is good for one making of the list.

        Raises Invalid for an ``after`` that is of another list.
        """
        if self.rows is None:
            return Page(self.about, [], None)
        first = 0
        if after is not None:
            made, _, place = after.rpartition("@")
            if made != self.stamp or not place.isdecimal():
                raise unknown_cursor("The list was made anew: read it from its beginning.")
            first = int(place)
        shown = self.shaped(self.rows.slice(first, limit).to_pylist())
        more = first + limit < self.rows.num_rows
        return Page(self.about, shown, f"{self.stamp}@{first + limit}" if more else None)

    def whole(self) -> Iterator[dict[str, Any]]:
        """Every row, a piece at a time."""
        if self.rows is not None:
            for piece in self.rows.to_batches(max_chunksize=_PIECE):
                yield from self.shaped(piece.to_pylist())


class Look:
    """A reader's look at what is kept for a merchant: what all lists depend on is asked once."""

    def __init__(self, merchant: MerchantFacts) -> None:
        self.merchant = merchant

    @cached_property
    def lines(self) -> int:
        """How many order lines are known."""
        return lines_known(freshness(self.merchant.id))

    def kept(self, name: str) -> Stored | None:
        """The forecast of that name, where there is one."""
        return stored.read(self.merchant.id, name)


def state_of(look: Look, kept: Stored | None) -> dict[str, Any]:
    """Whether a list is there, and if not why: ``waiting`` for the jobs, or too little to learn."""
    nothing = {"as_of": None, "made_at": None, "abstained": None}
    if kept is None:
        lines = look.lines
        if lines >= LEAST_LINES:
            return {"state": "waiting", **nothing}
        few = {"reason": "too_few_lines", "there": lines, "needed": LEAST_LINES}
        return {"state": "abstained", **nothing, "abstained": few}
    abstained = kept.about.get("abstained")
    return {
        "state": "abstained" if abstained else "ready",
        "as_of": kept.about["as_of"],
        "made_at": kept.about["made_at"],
        "abstained": abstained,
    }


def progress(merchant: MerchantFacts) -> dict[str, Any]:
    """How many of the forecasts are worked out for today, of how many; the jobs do the rest."""
    look = Look(merchant)
    lines = look.lines
    as_of = yesterday(merchant)
    known = [(name, look.kept(name)) for name in NAMES if is_possible(name)]
    done = [name for name, kept in known if kept is not None and not is_old(kept, as_of, lines)]
    return {
        "as_of": as_of.isoformat(),
        "lines": lines,
        "lines_needed": LEAST_LINES,
        "done": len(done),
        "of": len(known),
    }


def due_list(
    look: Look,
    *,
    level: Level,
    locale: Locale,
    member_id: str | None = None,
    item: str | None = None,
    day: date | None = None,
    least_chance: int = 0,
    order: Order = "chance",
) -> Listed:
    """Who is due to buy what again, from ``least_chance`` percent within the horizon on: the
    likeliest first, or what is worth most, or what is expected soonest; of one member or item where
    asked.

    With a ``day`` of the horizon the chances and the worth are those of a first purchase on that
    day. Raises Invalid for a day that is not one of them.
    """
    kept = look.kept(f"due-{level}")
    about = {**_about(look, kept), "level": level, "horizon_days": None}
    if kept is None or about["state"] != "ready":
        return nothing(about)
    about |= {"horizon_days": kept.about["horizon_days"], "backtest": backtest_of(kept)}
    if member_id is None:
        about["people"] = due_people(level, item=item, least_chance=least_chance)
    share = 1.0 if day is None else _share_of(kept, day)
    rows = some_of(
        kept, member_id=member_id, item=item, least_chance=least_chance,
        order=None if order == "chance" else order,
    )  # fmt: skip

    def shaped(some: list[dict[str, Any]]) -> list[dict[str, Any]]:
        called = item_names(look.merchant.id, level, {row["item"] for row in some})
        return [_due(row, locale, share, called) for row in some]

    return Listed(about, f"{kept.about['made_at']}{order}{least_chance}", rows, shaped)


def churn_list(
    look: Look,
    *,
    kind: Kind,
    locale: Locale,
    member_id: str | None = None,
    least_chance: int = 0,
) -> Listed:
    """Who is slipping away, from ``least_chance`` percent on, the likeliest first."""
    kept = look.kept(f"churn-{kind}")
    about = {**_about(look, kept), "kind": kind}
    if kept is None or about["state"] != "ready":
        return nothing(about)
    about["backtest"] = backtest_of(kept)
    if member_id is None:
        about["people"] = slipping_people(kind, least_chance=least_chance)
    rows = some_of(kept, member_id=member_id, least_chance=least_chance)
    return Listed(
        about,
        f"{kept.about['made_at']}{least_chance}",
        rows,
        lambda some: [_slipping(row, locale) for row in some],
    )


def lost_members(look: Look, *, lost_as: LostAs | None, member_id: str | None = None) -> Listed:
    """The members who were lost in one of the two ways (None: in either), the latest first."""
    kept = look.kept("lost")
    about = {**state_of(look, kept), "lost_as": lost_as, "members": 0, "people": None}
    if kept is None:
        return nothing(about)
    if lost_as is not None and member_id is None:
        about["people"] = lost_people(lost_as)
    rows = kept.rows(member_id=member_id, lost_as=lost_as)
    rows = rows.sort_by([("since", "descending"), ("member", "ascending")])
    about["members"] = rows.num_rows
    return Listed(about, kept.about["made_at"], rows.drop_columns(["member"]), _plain)


def reasons(look: Look) -> dict[str, Any]:
    """What went before members stopped buying, counted against those who went on; and, apart from
    it, what members said when they were asked. What either tells of is no unknown."""
    kept = look.kept("lost")
    told = kept.about["reasons"] if kept else {"days": None, "no_data": [], "lines": []}
    spoken = said(look.merchant, now_for(look.merchant))
    if any(source["lines"] for source in spoken["sources"]):
        told = {**told, "no_data": []}
    return {**state_of(look, kept), **told, "said": spoken}


def backtest_of(kept: Stored) -> dict[str, Any] | None:
    """The badge: the last windows foretold as if they lay ahead, and what came.

    ``met`` where the two differ by less than a tenth. None where no window could be foretold.
    """
    windows = kept.about["backtests"]
    if not windows:
        return None
    expected = sum(window["expected"] for window in windows)
    happened = sum(window["happened"] for window in windows)
    off_bps = round(10_000 * (happened - expected) / max(expected, 1.0))
    return {
        "from_day": min(_day_after(window["known_until"]) for window in windows),
        "until": max(window["until"] for window in windows),
        "expected": round(expected),
        "happened": happened,
        "off_bps": off_bps,
        "met": abs(off_bps) < _MET_BPS,
    }


def item_names(merchant_id: int, level: Level, items: Collection[str]) -> dict[str, str]:
    """What the catalogue calls skus; types and categories are their own names."""
    if level != "sku" or not items:
        return {}
    found = product_names(merchant_id, sorted(items))
    return {sku: name for sku, (name, _) in found.items() if name}


def nothing(about: dict[str, Any]) -> Listed:
    """A list that is not there; ``about`` says why."""
    return Listed(about, "", None, _plain)


def _about(look: Look, kept: Stored | None) -> dict[str, Any]:
    more = {"backtest": None, "people": None, "currency": look.merchant.currency}
    return {**state_of(look, kept), **more}


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return rows


def _share_of(kept: Stored, day: date) -> float:
    """Of what is bought within the horizon, the share that is bought first on ``day``."""
    shares: list[float] = kept.about["day_shares"]
    number = (day - kept.as_of).days
    if not 1 <= number <= len(shares):
        detail = f"Name one of the {len(shares)} days after {kept.as_of}."
        raise Invalid(detail, errors=[FieldError("?day", "out_of_range", detail)])
    return shares[number - 1]


def _due(
    row: dict[str, Any], locale: Locale, share: float, called: dict[str, str]
) -> dict[str, Any]:
    reason = Reason(row["every_days"], row["days_ago"], row["times_lately"], row["variation"])
    probability = row["probability"] * share
    return {
        "member_id": row["member_id"],
        "item": row["item"],
        "item_name": called.get(row["item"]),
        "probability_bps": round(10_000 * probability),
        "expected_minor": round(probability * row["worth_minor"]),
        "worth_minor": row["worth_minor"],
        "every_days": max(1, int(row["every_days"] + 0.5)),
        "days_ago": row["days_ago"],
        "expected_day": row["expected_day"],
        "purchases": row["purchases"],
        "reason": reason.code,
        "why": sentence(reason, locale),
    }


def _slipping(row: dict[str, Any], locale: Locale) -> dict[str, Any]:
    told = {name: row[name] for name in slipping.Slipping.__slots__}
    reason = slipping.Slipping(**told)
    return {
        "member_id": row["member_id"],
        "probability_bps": round(10_000 * row["probability"]),
        **told,
        "usual_days": round(row["usual_days"], 1),
        "longest_days": round(row["longest_days"], 1),
        "spend_112_minor": row["spend_112_minor"],
        "reason": reason.code,
        "why": slipping.sentence(reason, locale),
    }


def some_of(
    kept: Stored,
    *,
    member_id: str | None,
    item: str | None = None,
    least_chance: int = 0,
    order: str | None = None,
) -> Rows:
    """The rows of a member or an item, or from a chance on; all of them, still unread, where
    nothing is asked for."""
    if member_id is None and item is None and not least_chance:
        return kept.unread(order)
    least = {"probability": least_probability(least_chance)} if least_chance else None
    found: Rows = kept.rows(member_id=member_id, item=item, least=least, order=order)
    return found


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
