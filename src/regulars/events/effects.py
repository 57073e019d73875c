"""What a write changed, in the words of the events it announced."""

from __future__ import annotations

from collections.abc import Iterable
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


def effects(events: Iterable[Event]) -> list[dict[str, Any]]:
    """One object per event: its topic as ``type``, then its particulars with prefixed ids."""
    return [_effect(event) for event in events]


def _effect(event: Event) -> dict[str, Any]:
    told = event.to_json()
    shown: dict[str, Any] = {"type": told.pop("topic")}
    for name, value in told.items():
        if name in ("version", "merchant_id", "happened_at"):
            continue
        raw = getattr(event, name)
        if name == "type":
            name = "identity_type"  # noqa: PLW2901  # an effect's own type is its topic
        shown[name] = f"{_PREFIXES.get(name, '')}{raw.hex}" if isinstance(raw, UUID) else value
    return shown
