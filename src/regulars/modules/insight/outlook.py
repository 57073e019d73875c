"""What is likely of one member, from everything that is kept."""

from __future__ import annotations

from itertools import chain
from typing import Any, Final
from uuid import UUID

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.modules.members.queries import carrier_of

from .due.why import Locale
from .queries import Listed, Look, churn_list, due_list, lost_members
from .types import KINDS, Level
from .values import value_list

MOST_DUE: Final = 5
#: Kinds of items tell more than single articles, and not every catalogue has them.
_PREFERRED: Final[tuple[Level, ...]] = ("type", "category", "sku")


def outlook(
    merchant: MerchantFacts, member_id: UUID, *, level: Level | None, locale: Locale
) -> dict[str, Any]:
    """What a member is due to buy again, how likely they slip away, and what they may bring.

    Items are of ``level``, or of the first one of which anything is foretold in this shop. Raises
    NotFound for an unknown member. What is not told of them (no rhythm yet, too few
    purchases) is None, and ``due`` is empty.
    """
    who = show("mem", carrier_of(merchant.id, member_id))
    look = Look(merchant)
    due = _due(look, level, locale, who)
    value = value_list(look, member_id=who)
    told: dict[str, Any] = {
        **{name: due.about[name] for name in ("state", "as_of", "made_at", "abstained")},
        "level": due.about["level"],
        "currency": merchant.currency,
        "due_days": due.about["horizon_days"],
        "due": _own(due, MOST_DUE),
        "value_days": value.about["horizon_days"],
        "value": _first(value),
        "lost": _first(lost_members(look, lost_as=None, member_id=who)),
    }
    for kind in KINDS:
        told[kind] = _first(churn_list(look, kind=kind, locale=locale, member_id=who))
    return told


def _due(look: Look, level: Level | None, locale: Locale, who: str) -> Listed:
    levels = _PREFERRED if level is None else (level,)
    lists = (due_list(look, level=one, locale=locale, member_id=who) for one in levels)
    first = next(lists)
    return next((one for one in chain([first], lists) if one.about["state"] == "ready"), first)


def _own(listed: Listed, most: int) -> list[dict[str, Any]]:
    rows = listed.page(most).rows
    return [{name: row[name] for name in row if name != "member_id"} for row in rows]


def _first(listed: Listed) -> dict[str, Any] | None:
    return next(iter(_own(listed, 1)), None)
