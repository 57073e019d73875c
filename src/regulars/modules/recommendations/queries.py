"""Reads of the kept lists: one member's, personal only where they did not take consent back."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import pyarrow.parquet as pq

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.modules.insight import stored
from regulars.modules.insight.due.why import Locale
from regulars.modules.insight.queries import Look, item_names, state_of
from regulars.modules.insight.types import Level
from regulars.modules.members.queries import carrier_of, consents

from .services import name_of
from .tables import LEFT_OUT, without
from .types import PERSONALISATION, Mode
from .why import Why, sentence

_ASKED: Final = ["rank", "item", "score", *Why.__slots__]


def recommendations(
    merchant: MerchantFacts,
    member_id: UUID,
    *,
    mode: Mode,
    level: Level,
    length: int,
    locale: Locale,
) -> dict[str, Any]:
    """A member's list and whether it is theirs alone; else the common one, without what they have.
    Raises NotFound for an unknown member.

    Consent is looked at now, not when the lists were made.
    """
    carrier = carrier_of(merchant.id, member_id)
    kept = stored.read(merchant.id, name_of(mode, level))
    told = {**state_of(Look(merchant), kept), "mode": mode, "level": level, "personal": False}
    told["data"] = []
    if kept is None:
        return told
    rows: list[dict[str, Any]] = []
    if may_personalise(merchant.id, carrier):
        only = [("member_id", "=", show("mem", carrier))]
        rows = pq.read_table(kept.path, columns=_ASKED, filters=only).to_pylist()
        rows.sort(key=lambda row: int(row["rank"]))
    left_out = {row["item"] for row in rows if row["rank"] == LEFT_OUT}
    told["personal"] = len(rows) > len(left_out)
    common = without(kept.about["popular"], left_out, length)
    shown = rows[:length] if told["personal"] else common
    skus = {row[key] for row in shown for key in ("item", "because") if row[key] is not None}
    called = item_names(merchant.id, level, skus)
    told["data"] = [
        {
            "rank": row["rank"],
            "item": row["item"],
            "name": called.get(row["item"]),
            "reason": Why.of(row).code,
            "why": in_words(row, locale, called),
        }
        for row in shown
    ]
    return told


def may_personalise(merchant_id: int, member_id: UUID) -> bool:
    """Whether a member's own purchases may make their list: unless their latest word is no."""
    found = consents(merchant_id, [member_id])
    return all(one.granted for one in found if one.purpose == PERSONALISATION)


def in_words(row: dict[str, Any], locale: Locale, called: dict[str, str]) -> str:
    """The reason of a row; ``called`` names skus."""
    return sentence(Why.of(row), locale, because=called.get(row["because"] or ""))
