"""What a write changed, in the words of the events it announced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from .base import Event

_PREFIXES: Final = {
    "member_id": "mem_",
    "order_id": "ord_",
    "refund_id": "ref_",
    "merge_id": "mrg_",
    "hold_id": "hold_",
    "quote_id": "quo_",
    "run_id": "run_",
    "batch_id": "bat_",
    "experiment_id": "exp_",
    "into_member": "mem_",
    "from_member": "mem_",
}


_HIDDEN: Final = frozenset({"topic", "version", "merchant_id", "happened_at"})
#: What an effect calls a field whose name it needs itself.
_SHOWN_AS: Final = {"type": "identity_type"}


def effects(events: Iterable[Event]) -> list[dict[str, Any]]:
    """One object per event: its topic as ``type``, then its particulars with prefixed ids."""
    return [effect(event, event.to_json()) for event in events]


def effect(event: Event, told: Mapping[str, Any]) -> dict[str, Any]:
    """The effect of an event of which ``told`` is the JSON, for whoever needs both."""
    shown: dict[str, Any] = {"type": event.topic}
    for name, value in told.items():
        if name in _HIDDEN:
            continue
        raw = getattr(event, name)
        if type(raw) is UUID:
            value = f"{_PREFIXES.get(name, '')}{raw.hex}"  # noqa: PLW2901
        shown[_SHOWN_AS.get(name, name)] = value
    return shown
