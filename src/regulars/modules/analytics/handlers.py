"""Events that make facts stale leave a mark."""

from __future__ import annotations

from typing import Any

from regulars.infra.outbox import hears

from . import marks
from .queries import marks_of, was_seen
from .services import mark_stale


@hears(
    *marks.ORDER_TOPICS,
    *marks.IMPORT_TOPICS,
    *marks.PERSON_TOPICS,
    *marks.PEOPLE_TOPICS,
    *marks.LEDGER_TOPICS,
)
def note_what_is_stale(event: Any, event_id: str) -> None:
    """Mark what an event changed; the next export takes the mark away.

    An export looks at waiting events too: what it has seen already is not marked again.
    """
    outbox_row, _, _ = event_id.partition("-")
    if was_seen(event.merchant_id, outbox_row):
        return
    stale = marks.stale_after([event.to_json()])
    mark_stale(event.merchant_id, marks_of(event.merchant_id, stale))
