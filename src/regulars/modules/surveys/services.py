"""Writing surveys: drafts, opening, closing. Each in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.kernel.ids import new_id
from regulars.modules.experiments.offers import offer_of
from regulars.modules.segments.queries import segment

from . import queries
from .errors import SurveyNotDraft, SurveyNotOpen
from .models import Benefit as BenefitRow
from .models import Survey
from .rules import status_of
from .types import Draft, View


def create(*, merchant: MerchantFacts, draft: Draft, now: datetime, by: str) -> View:
    """Note down a draft; nobody is asked yet. Raises Invalid."""
    _check(merchant, draft, now)
    row = Survey(
        merchant_id=merchant.id, id=new_id(), created_at=now, created_by=by, **_columns(draft)
    )
    row.save(force_insert=True)
    _write_benefits(merchant.id, row.id, draft)
    return queries.survey(merchant.id, row.id)


def change(*, merchant: MerchantFacts, survey_id: UUID, draft: Draft, now: datetime) -> View:
    """Write a draft anew. Raises NotFound, Invalid, and SurveyNotDraft once it was opened."""
    _check(merchant, draft, now)
    _claim_draft(merchant.id, survey_id, **_columns(draft))
    BenefitRow.objects.of(merchant.id).filter(survey_id=survey_id).delete()
    _write_benefits(merchant.id, survey_id, draft)
    return queries.survey(merchant.id, survey_id)


def discard(*, merchant_id: int, survey_id: UUID) -> None:
    """Throw a draft away. Raises NotFound, and SurveyNotDraft once it was opened."""
    # Claimed before it goes, so that nobody opens what is being thrown away.
    _claim_draft(merchant_id, survey_id, closes_at=None)
    BenefitRow.objects.of(merchant_id).filter(survey_id=survey_id).delete()
    Survey.objects.of(merchant_id).filter(id=survey_id).delete()


def open_survey(
    *,
    merchant: MerchantFacts,
    survey_id: UUID,
    opens_at: datetime | None,
    closes_at: datetime,
    now: datetime,
) -> View:
    """Let members answer from ``opens_at`` (now, where it is left out) until ``closes_at``.

    Raises NotFound, Invalid, and SurveyNotDraft where it was opened before.
    """
    begins = opens_at or now
    if begins < now or closes_at <= begins:
        detail = "Close it after it opens, and open it now or later."
        raise Invalid(detail, errors=[FieldError("/closes_at", "not_after", detail)])
    _check(merchant, queries.survey(merchant.id, survey_id).draft, now)
    _claim_draft(merchant.id, survey_id, opens_at=begins, closes_at=closes_at)
    return queries.survey(merchant.id, survey_id)


def close(*, merchant_id: int, survey_id: UUID, now: datetime) -> View:
    """Take no answers from now on. Raises NotFound, and SurveyNotOpen where it takes none."""
    found = queries.survey(merchant_id, survey_id)
    status = status_of(found.opens_at, found.closes_at, now)
    if status not in ("open", "scheduled"):
        raise SurveyNotOpen
    rows = Survey.objects.of(merchant_id).filter(id=survey_id, closes_at__gt=now)
    if status == "scheduled":
        done = rows.filter(opens_at__gt=now).update(opens_at=now, closes_at=now)
    else:
        done = rows.update(closes_at=now)
    if not done:
        raise SurveyNotOpen
    return queries.survey(merchant_id, survey_id)


def _check(merchant: MerchantFacts, draft: Draft, now: datetime) -> None:
    """That the segment and the offers named are there. Raises Invalid."""
    if draft.segment is not None:
        try:
            segment(merchant.id, draft.segment, now)
        except NotFound:
            detail = "There is no segment with this code."
            raise Invalid(
                detail, errors=[FieldError("/segment", "unknown_segment", detail)]
            ) from None
    for place, benefit in enumerate(draft.benefits):
        if benefit.offer is not None and offer_of(merchant.id, benefit.offer) is None:
            detail = "There is no offer with this code."
            pointer = f"/benefits/{place}/offer"
            raise Invalid(detail, errors=[FieldError(pointer, "unknown_offer", detail)])


def _columns(draft: Draft) -> dict[str, object]:
    return {
        "name": draft.name,
        "kind": draft.kind,
        "segment": draft.segment or "",
        "shown": draft.shown,
        "questions": draft.questions,
        "worst": draft.worst,
    }


def _claim_draft(merchant_id: int, survey_id: UUID, **columns: object) -> None:
    """Write columns of what is still a draft: the condition stands in the update itself."""
    rows = Survey.objects.of(merchant_id).filter(id=survey_id)
    if not rows.filter(opens_at__isnull=True).update(**columns):
        if rows.exists():
            raise SurveyNotDraft
        raise NotFound


def _write_benefits(merchant_id: int, survey_id: UUID, draft: Draft) -> None:
    BenefitRow.plain.bulk_create(
        [
            BenefitRow(
                merchant_id=merchant_id,
                survey_id=survey_id,
                place=place,
                code=one.code,
                name=dict(one.name),
                cost_minor=one.cost_minor,
                use=one.use or "",
                offer=one.offer or "",
            )
            for place, one in enumerate(draft.benefits)
        ]
    )
