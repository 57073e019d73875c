"""An order keeps of its offers what was said in them; what was left open stays what it was then."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.modules.promotions.brief import brief, in_full
from regulars.modules.promotions.document import OfferDocument, compiled

LEAST: dict[str, Any] = {"code": "five", "kind": "percent_off", "params": {"bps": 500}}


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"name": "Five off"},
        {"name": "five", "priority": 0, "status": "paused", "exclusive": True},
        {
            "scope": {"skus": ["A"], "exclude_skus": ["B"]},
            "group": "five",
            "on_return": "requalify",
        },
        {"who": {"members_only": True, "cel": "orders > 1"}, "requires_code": False},
        {"when": {"weekdays": [1], "hours": ["09:00", "12:00"]}, "limit": {"total": 1}},
        {"budget": 0, "budget_terms": {"per": "day"}, "limit": {"member_period": "year"}},
    ],
)
def test_the_brief_says_the_same(said: dict[str, Any]) -> None:
    written = {**LEAST, **said}
    document = OfferDocument.model_validate(written).model_dump(mode="json", by_alias=True)
    kept = brief(document)
    assert compiled(OfferDocument.model_validate(in_full(kept))) == compiled(
        OfferDocument.model_validate(document)
    )
    assert in_full(document) == document
    assert in_full(kept) == {**document, "name": document["name"] or kept.get("name")}


def test_what_is_left_open_is_left_out() -> None:
    document = OfferDocument.model_validate(LEAST).model_dump(mode="json", by_alias=True)
    assert brief({**document, "name": "five"}) == LEAST


def test_a_default_of_later_changes_no_order_of_before() -> None:
    assert in_full(LEAST) == {
        **LEAST,
        "name": "five",
        "scope": {"skus": [], "categories": [], "tags": [], "exclude_skus": []},
        "when": {
            "from": None, "until": None, "weekdays": [], "days_of_month": [], "nth_weekdays": [],
            "hours": None, "except_days": [], "early": [], "festivals": [],
        },
        "who": {
            "tiers": [], "segments": [], "channels": [], "stores": [], "members_only": False,
            "rule": None, "cel": None,
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
    }  # fmt: skip
