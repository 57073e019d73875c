"""What insight worked out, as facts of segments: handed over for whom it changed, with its origin,
unknown where nothing is foretold."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from makers import forecasts
from makers.orders import DAY, Shop, enrol, make_shop, uuid
from makers.segments import keep_up, make_segment, members_in
from regulars.modules.insight import services, stored, telling
from regulars.modules.insight.telling import tell_segments
from regulars.modules.segments import handing, queries
from regulars.modules.segments.facts import FACTS, worth_of
from regulars.modules.segments.models import MemberFacts
from regulars.modules.segments.types import FORECAST_PARTS
from regulars.modules.segments.verification import verify
from regulars.modules.unions import services as unions

AS_OF = date(2026, 3, 9)
LIKELY = {"fact": "drop_chance", "op": ">=", "value": 50}


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def people(shop: Shop, count: int) -> list[UUID]:
    found = [uuid(enrol(shop)) for _ in range(count)]
    keep_up(shop)
    return found


def facts(shop: Shop, member_id: UUID) -> dict[str, Any]:
    return {one.name: one for one in queries.facts_of(shop.merchant, member_id, shop.now)}


def kept_at(shop: Shop) -> dict[UUID, Any]:
    return dict(MemberFacts.objects.of(shop.merchant_id).values_list("member_id", "known_at"))


def test_every_forecast_is_a_part_and_every_part_has_facts() -> None:
    assert set(telling.PARTS) == set(services.NAMES)
    assert set(telling.PARTS.values()) == set(FORECAST_PARTS)
    assert {fact.part for fact in FACTS.values()} >= set(FORECAST_PARTS)
    assert not [name for name in FACTS if "alive" in name], "no score of one-time buyers"


def test_only_those_whose_fact_changed_are_looked_at_again(shop: Shop) -> None:
    everybody = people(shop, 12)
    code = make_segment(shop, LIKELY)
    keep_up(shop)
    said = dict.fromkeys(everybody[:10], 300)
    forecasts.keep(shop, "churn-drop", said, as_of=AS_OF)
    assert tell_segments(shop.merchant) == 10
    before = kept_at(shop)

    shop.move(DAY)
    said[everybody[0]] = 349  # the same step of five points
    said[everybody[1]] = 551
    del said[everybody[2]]
    said[everybody[11]] = 990
    forecasts.keep(shop, "churn-drop", said, as_of=AS_OF + timedelta(days=1))

    assert tell_segments(shop.merchant) == 3
    after = kept_at(shop)
    touched = {member for member in after if after[member] != before[member]}
    assert touched == {everybody[1], everybody[2], everybody[11]}
    assert members_in(shop, code) == {everybody[1], everybody[11]}
    assert tell_segments(shop.merchant) == 0, "it was handed over"


def test_a_fact_tells_the_day_it_was_worked_out_and_from_what(shop: Shop) -> None:
    one, other = people(shop, 2)
    forecasts.keep(shop, "churn-drop", {one: 620}, as_of=AS_OF)
    tell_segments(shop.merchant)
    kept = stored.read(shop.merchant_id, "churn-drop")
    assert kept is not None

    def told() -> tuple[Any, ...]:
        found = facts(shop, one)["drop_chance"]
        assert found.happened_at is not None
        return found.value, found.cause, found.about, found.happened_at.isoformat()[:19]

    made_at = kept.about["made_at"][:19]
    assert told() == (60, "forecast.drop", AS_OF.isoformat(), made_at)
    # Read as a whole for another reason, it still comes from the forecast.
    with transaction.atomic():
        unions.merge(shop.scope, into=one, source=other)
    keep_up(shop)
    assert told() == (60, "forecast.drop", AS_OF.isoformat(), made_at)


def test_of_whom_nothing_is_foretold_nothing_is_known(shop: Shop) -> None:
    one, other = people(shop, 2)
    unlikely = make_segment(shop, {"fact": "drop_chance", "op": "<", "value": 50})
    unknown = make_segment(shop, {"fact": "drop_chance", "op": "known", "value": False})
    forecasts.keep(shop, "churn-drop", {one: 0}, as_of=AS_OF)
    tell_segments(shop.merchant)
    keep_up(shop)
    assert (members_in(shop, unlikely), members_in(shop, unknown)) == ({one}, {other})
    assert facts(shop, one)["drop_chance"].value == 0
    assert facts(shop, other)["drop_chance"].value is None

    forecasts.keep(shop, "churn-drop", None, as_of=AS_OF)
    assert tell_segments(shop.merchant) == 1
    assert (members_in(shop, unlikely), members_in(shop, unknown)) == (set(), {one, other})


def test_a_handover_that_was_cut_off_goes_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = people(shop, 5)
    forecasts.keep(shop, "clv", dict.fromkeys(everybody, (12345, 1)), as_of=AS_OF)
    monkeypatch.setattr(handing, "_BATCH", 2)
    asked = iter([False, True])
    with monkeypatch.context() as patch:
        patch.setattr(handing, "stopping", lambda: next(asked))
        assert tell_segments(shop.merchant) == 2
        assert "value" not in handing.handovers(shop.merchant_id), "it is not done"
    assert tell_segments(shop.merchant) == 3
    assert {facts(shop, member)["expected_value"].value for member in everybody} == {12_000}
    assert handing.handovers(shop.merchant_id)["value"].about == AS_OF.isoformat()


def test_what_is_due_is_shown_by_item_with_its_day(shop: Shop) -> None:
    (one,) = people(shop, 1)
    soon = AS_OF + timedelta(days=4)
    forecasts.keep(shop, "due-type", {one: {"TEA": (410, soon), "JAM": (998, None)}}, as_of=AS_OF)
    tell_segments(shop.merchant)
    found = facts(shop, one)
    assert [(d.item, d.chance, d.day) for d in found["due_type"].value] == [
        ("JAM", 95, None), ("TEA", 40, soon),
    ]  # fmt: skip
    assert found["next_type_day"].value == soon
    assert found["due_sku"].value is None


def test_time_alone_brings_who_is_expected_in_and_out(shop: Shop) -> None:
    (one,) = people(shop, 1)
    soon = shop.now.date() + timedelta(days=5)
    rule = {"fact": "due_type", "op": "due", "value": {"item": "TEA", "days": 3}}
    code = make_segment(shop, rule)
    forecasts.keep(shop, "due-type", {one: {"TEA": (410, soon)}}, as_of=AS_OF)
    tell_segments(shop.merchant)
    keep_up(shop)
    there = []
    for _ in range(8):
        there.append(members_in(shop, code) == {one})
        assert queries.segments_of(shop.merchant_id, one) == ({code} if there[-1] else set())
        shop.move(DAY)
        keep_up(shop)
    assert there == [False, False, True, True, True, True, False, False]


def test_the_doctor_holds_facts_against_the_kept_forecast(shop: Shop) -> None:
    one, _ = people(shop, 2)
    forecasts.keep(shop, "churn-silent", {one: 250}, as_of=AS_OF)
    tell_segments(shop.merchant)
    keep_up(shop)
    keep_up(shop)
    assert verify(shop.merchant, shop.now, sample=None) == []
    rows = MemberFacts.objects.of(shop.merchant_id).filter(member_id=one)
    written = json.loads(rows.get().facts) | {"silent_chance": 90}
    rows.update(facts=json.dumps(written))
    (fault,) = verify(shop.merchant, shop.now, sample=None)
    assert (fault.code, "silent_chance" in fault.detail) == ("facts_unlike_books", True)
    forecasts.keep(shop, "churn-silent", {one: 350}, as_of=AS_OF)
    assert verify(shop.merchant, shop.now, sample=None) == [], "it is about to be handed over"


@pytest.mark.parametrize(
    ("minor", "told"), [(0, 0), (7, 7), (99, 99), (100, 100), (12_345, 12_000), (99_999, 99_000)]
)
def test_worth_is_told_in_two_digits(minor: int, told: int) -> None:
    assert worth_of(minor) == told
