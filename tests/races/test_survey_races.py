"""A survey answered, put away, changed and opened at once by many: once each."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import transaction

from makers.merchants import client_for, make_merchant, member, unique
from makers.surveys import a_joined, choice_body, chosen, make_survey
from makers.threads import at_once, refusals
from regulars.infra.clock import now_for
from regulars.infra.db import retrying
from regulars.kernel.ids import parse
from regulars.modules.surveys import answering, services
from regulars.modules.surveys.errors import AlreadyAnswered, SurveyNotDraft
from regulars.modules.surveys.models import Benefit, Response, Survey


def _atomic(act: Any) -> Any:
    def once() -> Any:
        with transaction.atomic():
            return act()

    return retrying(once)


@pytest.mark.parametrize("put_away_first", [False, True])
def test_whoever_is_first_a_member_answers_once(put_away_first: bool) -> None:
    shop = make_merchant(programme="plain")
    survey_id = make_survey(shop, choice_body())
    own = a_joined(shop, unique("m"))
    card = member(shop, own)
    (asked,) = card.get("/surveys").json()["data"]
    if put_away_first:
        assert card.post(f"/surveys/{survey_id}/put-away").status_code == 200
    given = [(one["best"], one["worst"]) for one in chosen(asked)["choices"]]
    act = partial(
        answering.answer,
        merchant=shop,
        member_id=own,
        survey_id=parse("svy", survey_id),
        given=given,
        reason=None,
        now=now_for(shop),
    )
    found = at_once(*[partial(_atomic, act)] * 8)
    assert [type(one) for one in refusals(found)] == [AlreadyAnswered] * 7
    (row,) = Response.objects.of(shop.id).filter(member_id=own)
    assert row.state == "answered"
    assert len(row.choices) == 3


def test_who_left_says_why_once() -> None:
    shop = make_merchant(programme="plain")
    own = a_joined(shop, unique("m"))
    assert member(shop, own).post("/leaving").status_code == 200
    act = partial(
        answering.say_why, merchant=shop, member_id=own, reason="price", now=now_for(shop)
    )
    found = at_once(*[partial(_atomic, act)] * 8)
    assert [type(one) for one in refusals(found)] == [AlreadyAnswered] * 7
    assert Response.objects.of(shop.id).count() == 1


@pytest.mark.parametrize("round_number", range(3))
def test_a_draft_is_opened_or_thrown_away_and_never_both(round_number: int) -> None:
    shop = make_merchant(programme="plain")
    made = client_for(shop).post("/surveys", choice_body()).json()["id"]
    survey_id = parse("svy", made)
    assert survey_id is not None
    now = now_for(shop)
    opening = partial(
        services.open_survey,
        merchant=shop,
        survey_id=survey_id,
        opens_at=None,
        closes_at=now.replace(year=now.year + 1),
        now=now,
    )
    discarding = partial(services.discard, merchant_id=shop.id, survey_id=survey_id)
    found = at_once(*[partial(_atomic, act) for act in (opening, discarding) * 3])
    done = len(found) - len(refusals(found))
    assert done == 1, found
    benefits = Benefit.objects.of(shop.id).filter(survey_id=survey_id).count()
    row = Survey.objects.of(shop.id).filter(id=survey_id).first()
    assert (row is None and benefits == 0) or (row is not None and benefits == 4)
    if row is not None:
        kinds = {type(one) for one in refusals(found)}
        assert kinds == {SurveyNotDraft}
