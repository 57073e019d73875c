"""What a write changed, in the words of the events it announced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

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
    "till_id": "till_",
    "experiment_id": "exp_",
    "into_member": "mem_",
    "from_member": "mem_",
}


#: As the classes annotate an id, which are texts there.
_IDS: Final = frozenset({"UUID", "UUID | None"})
_Particular = tuple[str, str, str | None]
"""What an effect shows of an event: a field, its name there, and the prefix where it is an id."""
_of_kind: dict[type[Event], list[_Particular]] = {}
_HIDDEN: Final = frozenset({"topic", "version", "merchant_id", "happened_at"})
#: What an effect calls a field whose name it needs itself.
_SHOWN_AS: Final = {"type": "identity_type"}


def effects(events: Iterable[Event]) -> list[dict[str, Any]]:
    """One object per event: its topic as ``type``, then its particulars with prefixed ids."""
    return [effect(event, event.to_json()) for event in events]


def effect(event: Event, told: Mapping[str, Any]) -> dict[str, Any]:
    """The effect of an event of which ``told`` is the JSON, for whoever needs both."""
    shown: dict[str, Any] = {"type": event.topic}
    for name, shown_as, prefix in _particulars(type(event)):
        value = told[name]
        if prefix is not None and value is not None:
            value = prefix + value.replace("-", "")
        shown[shown_as] = value
    return shown


def _particulars(kind: type[Event]) -> list[_Particular]:
    known = _of_kind.get(kind)
    if known is None:
        known = _of_kind[kind] = _shown_of(kind)
    return known


def _shown_of(kind: type[Event]) -> list[_Particular]:
    return [
        (
            field.name,
            _SHOWN_AS.get(field.name, field.name),
            _PREFIXES.get(field.name, "") if field.type in _IDS else None,
        )
        for field in fields(kind)
        if field.name not in _HIDDEN
    ]
