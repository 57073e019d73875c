"""The answer to an enrolment, for every audience that may enrol."""

from __future__ import annotations

from datetime import datetime

from regulars.events.effects import effects
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.members import services

from .shapes import MemberIn, member_json


def enrolled(merchant: MerchantFacts, body: MemberIn, now: datetime) -> Outcome:
    """201 with a new member, 200 with one who was there. Raises Invalid, IdentityConflict."""
    done = services.enrol(merchant=merchant, wanted=body.wanted(), now=now)
    told = member_json(merchant, done.member_id, now)
    told["effects"] = effects(done.events)
    return Outcome(
        status=201 if done.created else 200, body=told, subject=show("mem", done.member_id)
    )
