"""The answers to an enrolment and to a change, for every audience that may."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from regulars.events.effects import effects
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.members import services
from regulars.modules.members.describing import describe

from .shapes import MemberChangeIn, MemberIn, member_json


def enrolled(merchant: MerchantFacts, body: MemberIn, now: datetime) -> Outcome:
    """201 with a new member, 200 with one who was there. Raises Invalid, IdentityConflict."""
    done = services.enrol(merchant=merchant, wanted=body.wanted(), now=now)
    told = member_json(merchant, done.member_id, now)
    told["effects"] = effects(done.events)
    return Outcome(
        status=201 if done.created else 200, body=told, subject=show("mem", done.member_id)
    )


def described(
    merchant: MerchantFacts, member_id: UUID, body: MemberChangeIn, now: datetime
) -> Outcome:
    """200 with the member as they are known now. Raises as describe."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    events = describe(merchant=merchant, member_id=member_id, given=given, now=now)
    told = member_json(merchant, member_id, now)
    told["effects"] = effects(events)
    return Outcome(status=200, body=told, subject=show("mem", member_id))
