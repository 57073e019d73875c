"""Who gets a stronger offer in the place of a weaker one gets at least as much, always."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.modules.promotions.comparing import gives_at_least
from regulars.modules.promotions.document import OfferDocument


def offer(bps: int, **more: Any) -> dict[str, Any]:
    written = {
        "code": f"off-{bps}", "kind": "percent_off", "params": {"bps": bps},
        "requires_code": True, "who": {"members_only": True}, **more,
    }  # fmt: skip
    return OfferDocument.model_validate(written).model_dump(mode="json")


WEAKER = offer(800)


def test_as_much_or_more_is_at_least_as_much() -> None:
    assert gives_at_least(WEAKER, offer(800))
    assert gives_at_least(WEAKER, offer(1_500))
    assert not gives_at_least(WEAKER, offer(700))


@pytest.mark.parametrize(
    "fails",
    [
        {"budget": 100_000},
        {"limit": {"total": 500}},
        {"budget_terms": {"funder": "brand"}},
        {"who": {"members_only": True, "channels": ["till"]}},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_some_do_not_get_is_less_however_much_it_takes_off(fails: dict[str, Any]) -> None:
    assert not gives_at_least(WEAKER, offer(1_500, **fails))


@pytest.mark.parametrize("fails", [{"budget": 9}, {"limit": {"total": 5}}])
def test_where_both_may_run_out_the_stronger_one_may_be_first(fails: dict[str, Any]) -> None:
    assert not gives_at_least(offer(800, **fails), offer(1_500, **fails))


def test_one_that_does_not_run_out_may_follow_one_that_does() -> None:
    assert gives_at_least(offer(800, budget=100_000), offer(1_500))
