"""What a member does with a survey: answers it once, puts it away, takes an answer back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.kernel.ids import new_id
from regulars.kernel.instants import show_instant
from regulars.modules.members.lookup import Circle, circle_of
from regulars.modules.members.queries import gone_since, member
from regulars.modules.members.types import LEFT
from regulars.modules.programmes.statements import tier_part
from regulars.modules.segments.queries import segments_of

from . import queries
from .errors import AlreadyAnswered, NotGone, SurveyNotOpen
from .models import Response
from .queries import LEAVING, SURVEY
from .rules import Places, choices_of, questions_for, status_of
from .types import Choice, Reason, State, View


@dataclass(frozen=True, slots=True)
class Asked:
    """A survey as one member is asked it: which benefits each question shows, by place."""

    view: View
    questions: list[Places]


def asked_of(merchant: MerchantFacts, member_id: UUID, now: datetime) -> list[Asked]:
    """The surveys that a member may answer now and has neither answered nor put away. Who left is
    asked nothing. Raises NotFound."""
    found = queries.open_now(merchant.id, now)
    if not found:
        return []
    circle = circle_of(merchant.id, member_id)
    if member(merchant.id, circle.member_id).status == LEFT:
        return []
    done = {row.ref for row in queries.responses(merchant.id, circle.ids) if row.about == SURVEY}
    mine = segments_of(merchant.id, circle.member_id, now)
    return [
        _asked(merchant.id, circle, view)
        for view in found
        if view.id.hex not in done and (view.draft.segment is None or view.draft.segment in mine)
    ]


def _asked(merchant_id: int, circle: Circle, view: View) -> Asked:
    if view.draft.kind == "reason":
        return Asked(view, [])
    return Asked(view, questions_for(merchant_id, view.id, circle.member_id, view.draft))


def answer(
    *,
    merchant: MerchantFacts,
    member_id: UUID,
    survey_id: UUID,
    given: Sequence[tuple[str, str | None]] | None,
    reason: Reason | None,
    now: datetime,
) -> None:
    """Keep a member's answer to a survey, with what is known of them now. Runs inside the caller's
    transaction. Raises NotFound, Invalid, SurveyNotOpen, and AlreadyAnswered."""
    circle, view = _open_for(merchant, member_id, survey_id, now)
    choices: tuple[Choice, ...] = ()
    if view.draft.kind == "choice":
        if given is None or reason is not None:
            raise _missing("/choices", "Send a choice for each question.")
        choices = choices_of(view.draft, _asked(merchant.id, circle, view).questions, given)
    elif reason is None or given is not None:
        raise _missing("/reason", "Send one reason.")
    about = _known(merchant, circle.member_id, now)
    kept = [[list(one.shown), one.best, one.worst] for one in choices]
    _keep(
        merchant.id,
        circle,
        SURVEY,
        survey_id.hex,
        {"state": "answered", "at": now, "choices": kept, "reason": reason or "", **about},
    )


def put_away(*, merchant: MerchantFacts, member_id: UUID, survey_id: UUID, now: datetime) -> None:
    """Take a survey off a member's card for good. Runs inside the caller's transaction; again, or
    where it was answered, it changes nothing. Raises NotFound, SurveyNotOpen."""
    circle, _view = _open_for(merchant, member_id, survey_id, now)
    done = Response.objects.of(merchant.id).filter(
        member_id__in=circle.ids, about=SURVEY, ref=survey_id.hex
    )
    if done.exists():
        return
    row = Response(
        merchant_id=merchant.id, id=new_id(), member_id=circle.member_id, about=SURVEY,
        ref=survey_id.hex, state="put_away", at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return


def say_why(*, merchant: MerchantFacts, member_id: UUID, reason: Reason, now: datetime) -> None:
    """Keep why somebody left, once for each leaving; who came back is not asked any more. Runs
    inside the caller's transaction. Raises NotFound, NotGone, AlreadyAnswered."""
    circle = circle_of(merchant.id, member_id)
    left_at = gone_since(merchant.id, circle.member_id)
    if left_at is None:
        raise NotGone
    about = _known(merchant, circle.member_id, now)
    kept = {"state": "answered", "at": now, "reason": reason, **about}
    _keep(merchant.id, circle, LEAVING, show_instant(left_at), kept)


def is_asked_why(merchant_id: int, member_id: UUID) -> bool:
    """Whether somebody has left and not yet done anything with the question why."""
    circle = circle_of(merchant_id, member_id)
    left_at = gone_since(merchant_id, circle.member_id)
    if left_at is None:
        return False
    ref = show_instant(left_at)
    rows = Response.objects.of(merchant_id).filter(member_id__in=circle.ids)
    return not rows.filter(about=LEAVING, ref=ref).exists()


def take_back(*, merchant_id: int, member_id: UUID, response_id: UUID, now: datetime) -> None:
    """Wipe what a member answered; that they were asked stays, so that they are not asked again.
    Runs inside the caller's transaction. Raises NotFound."""
    circle = circle_of(merchant_id, member_id)
    own = Response.objects.of(merchant_id).filter(id=response_id, member_id__in=circle.ids)
    if not own.exclude(state="put_away").update(
        state="taken_back", at=now, tier=None, channel=None, segments=[], choices=[], reason=""
    ):
        raise NotFound


def forget(*, merchant_id: int, member_id: UUID) -> int:
    """Erase all that a person answered, the trace of having been asked included; how many there
    were. Runs inside the caller's transaction, for whoever erases the person. Raises NotFound."""
    circle = circle_of(merchant_id, member_id)
    gone, _each = Response.objects.of(merchant_id).filter(member_id__in=circle.ids).delete()
    return gone


def _open_for(
    merchant: MerchantFacts, member_id: UUID, survey_id: UUID, now: datetime
) -> tuple[Circle, View]:
    """Somebody's circle, and the survey that is open for them. Raises NotFound, SurveyNotOpen."""
    view = queries.by_ids(merchant.id, [survey_id]).get(survey_id)
    circle = circle_of(merchant.id, member_id)
    if (
        view is None
        or view.opens_at is None
        or member(merchant.id, circle.member_id).status == LEFT
    ):
        raise NotFound
    wanted = view.draft.segment
    if wanted is not None and wanted not in segments_of(merchant.id, circle.member_id, now):
        raise NotFound
    if status_of(view.opens_at, view.closes_at, now) != "open":
        raise SurveyNotOpen
    return circle, view


def _known(merchant: MerchantFacts, member_id: UUID, now: datetime) -> dict[str, Any]:
    """What groups an answer is counted in: tier, way of joining and segments as they are now."""
    try:
        tier = tier_part(merchant, member_id, now)["tier"]["code"]
    except NotFound:  # a merchant without a programme has no tiers
        tier = None
    return {
        "tier": tier,
        "channel": member(merchant.id, member_id).channel,
        "segments": sorted(segments_of(merchant.id, member_id, now)),
    }


def _keep(merchant_id: int, circle: Circle, about: str, ref: str, columns: dict[str, Any]) -> None:
    """One answer for one person, whoever is faster: what was put away may still be answered."""
    rows = Response.objects.of(merchant_id).filter(member_id__in=circle.ids, about=about, ref=ref)
    if rows.exists():
        away: State = "put_away"
        if rows.exclude(state=away).exists() or not rows.filter(state=away).update(**columns):
            raise AlreadyAnswered
        return
    row = Response(
        merchant_id=merchant_id, id=new_id(), member_id=circle.member_id, about=about, ref=ref,
        **columns,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyAnswered from error


def _missing(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldError(pointer, "missing", detail)])
