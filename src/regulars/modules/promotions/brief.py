"""An offer as an order keeps it: what is said in it, without what every offer leaves open.

What is left out is written down here and not asked of the document's shape: an order of years ago
means what was open then, also where a new offer's default has become another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_OPEN: Final[Mapping[str, Any]] = {
    "scope": {"skus": [], "categories": [], "tags": [], "exclude_skus": []},
    "when": {
        "from": None,
        "until": None,
        "weekdays": [],
        "days_of_month": [],
        "nth_weekdays": [],
        "hours": None,
        "except_days": [],
        "early": [],
        "festivals": [],
    },
    "who": {
        "tiers": [],
        "segments": [],
        "channels": [],
        "stores": [],
        "members_only": False,
        "rule": None,
        "cel": None,
    },
    "stage": None,
    "priority": 100,
    "group": None,
    "exclusive": False,
    "requires_code": False,
    "limit": {"per_order": None, "per_member": None, "total": None, "member_period": "ever"},
    "budget": None,
    "budget_terms": {"stop": "hard", "per": "all", "funder": None, "funders": []},
    "on_return": "keep",
    "held_out_bps": None,
    "personal": None,
    "status": "active",
}
_ABSENT: Final = object()


def brief(document: Mapping[str, Any]) -> dict[str, Any]:
    """``document`` without what ``in_full`` adds again."""
    return _without(document, {**_OPEN, "name": document["code"]})


def in_full(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of which this is the brief; one that was kept in full stays as it is."""
    return _with(document, {**_OPEN, "name": document["code"]})


def _without(document: Mapping[str, Any], open_: Mapping[str, Any]) -> dict[str, Any]:
    said = {}
    for name, value in document.items():
        usual = open_.get(name, _ABSENT)
        if value == usual and type(value) is type(usual):
            continue
        said[name] = _without(value, usual) if isinstance(usual, dict) else value
    return said


def _with(document: Mapping[str, Any], open_: Mapping[str, Any]) -> dict[str, Any]:
    full = {**open_, **document}
    for name, usual in open_.items():
        if isinstance(usual, dict):
            full[name] = _with(full[name], usual)
    return full
