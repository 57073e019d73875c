"""What forecasts say of members, as facts that segments can ask.

A forecast is kept as a file; what it says of each member is handed to segments as soon as it is
there, and read again from the file for whoever is read as a whole. Of whom it says nothing, and
where it abstained, nothing is known: not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import parse, show
from regulars.kernel.instants import parse_instant
from regulars.modules.segments.facts import worth_of
from regulars.modules.segments.handing import hand_over, handovers
from regulars.modules.segments.sources import Question
from regulars.modules.segments.types import Cause, ForecastPart

from . import stored
from .chances import chances_of
from .stored import Stored

#: By name of the forecast: the part of a member's facts that it tells.
PARTS: Final[Mapping[str, ForecastPart]] = {
    "churn-drop": "drop",
    "churn-silent": "silent",
    "lost": "lost",
    "clv": "value",
    "due-type": "due_type",
    "due-category": "due_category",
    "due-sku": "due_sku",
}
_COLUMNS: Final[Mapping[str, list[str]]] = {
    "churn": ["probability"],
    "lost": ["lost_as", "since"],
    "clv": ["expected_value_minor", "tenth"],
    "due": ["item", "probability", "expected_day"],
}
_EPOCH: Final = date(1970, 1, 1).toordinal()
_PIECE: Final = 20_000
_Facts = dict[str, Any]


def tell_segments(merchant: MerchantFacts) -> int:
    """Hand over what is kept and was not handed over yet; of how many members facts differed."""
    handed = handovers(merchant.id)
    touched = 0
    for name, part in PARTS.items():
        kept = stored.read(merchant.id, name)
        if kept is None:
            continue
        cause = _cause(kept, part)
        last = handed.get(part)
        if last is None or last.at != cause.at:
            told = _everybody(kept, part)
            touched += hand_over(merchant, part, told, cause, now_for(merchant)).members
    return touched


def origin(name: str, merchant_id: int) -> Cause | None:
    """Which making of the forecast ``name`` is kept; None where there is none."""
    kept = stored.read(merchant_id, name)
    return None if kept is None else _cause(kept, PARTS[name])


def read(name: str, asked: Question) -> dict[UUID, _Facts]:
    """What the forecast ``name`` says of some members, under their own ids: after a merge that of
    the record that carries on holds until the next forecast."""
    kept = stored.read(asked.merchant.id, name)
    if kept is None or kept.about.get("abstained"):
        return {}
    ids = [show("mem", member_id) for member_id in asked.circles]
    rows = kept.rows(_columns(name), member_id=ids)
    return dict(_people(PARTS[name], rows.to_batches()))


def _everybody(kept: Stored, part: ForecastPart) -> Iterator[tuple[UUID, _Facts]]:
    """Everybody of whom something is told, in the order of their ids."""
    if kept.about.get("abstained"):
        return iter(())
    rows = kept.unread("member", _columns(kept.path.stem))
    return _people(part, rows.to_batches(_PIECE))


def _people(part: ForecastPart, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[UUID, _Facts]]:
    rows = (row for batch in batches for row in _rows(part, batch))
    for shown, own in groupby(rows, key=itemgetter(0)):
        member_id = parse("mem", shown)
        assert member_id is not None, "kept rows hold ids as they are shown"
        if part in ("due_type", "due_category", "due_sku"):
            yield member_id, {part: dict(told for _, told in own)}
        else:
            yield member_id, next(own)[1]


def _rows(part: ForecastPart, batch: pa.RecordBatch) -> Iterator[tuple[str, Any]]:
    """By member as shown: their facts, or an item with what is told of it."""
    shown = batch["member_id"].to_pylist()
    if part == "lost":
        since = [day.toordinal() for day in batch["since"].to_pylist()]
        kinds = batch["lost_as"].to_pylist()
        told: Iterable[Any] = [
            {"lost_as": kind, "lost_since": day} for kind, day in zip(kinds, since, strict=True)
        ]
    elif part == "value":
        values, tenths = batch["expected_value_minor"].to_pylist(), batch["tenth"].to_pylist()
        told = [
            {"expected_value": worth_of(value), "value_tenth": tenth}
            for value, tenth in zip(values, tenths, strict=True)
        ]
    else:
        chances = chances_of(np.asarray(batch["probability"], dtype=np.float64)).tolist()
        if part in ("drop", "silent"):
            told = [{f"{part}_chance": chance} for chance in chances]
        else:
            days = batch["expected_day"].cast(pa.int32()).to_pylist()
            pairs = [
                [chance] if day is None else [chance, day + _EPOCH]
                for chance, day in zip(chances, days, strict=True)
            ]
            told = zip(batch["item"].to_pylist(), pairs, strict=True)
    yield from zip(shown, told, strict=True)


def _columns(name: str) -> list[str]:
    return ["member_id", *_COLUMNS[name.partition("-")[0]]]


def _cause(kept: Stored, part: ForecastPart) -> Cause:
    """Worked out when it was made, from facts as of the day that it knew last."""
    made_at = parse_instant(kept.about["made_at"])
    assert made_at is not None
    return Cause(f"forecast.{part}", kept.about["as_of"], made_at)
