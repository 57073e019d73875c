"""Reads of surveys: what there is, who answered what, and why members say they left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from django.db.models import Count, Q

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import NotFound
from regulars.modules.members.lookup import carriers

from .models import Benefit as BenefitRow
from .models import Response, Survey
from .rules import LEAST_TOLD, reasons_said, status_of, told_of
from .types import Answered, Benefit, Choice, Draft, Reason, Said, View

SURVEY: Final = "survey"
LEAVING: Final = "leaving"
#: How far back reasons for leaving are counted.
SAID_DAYS: Final = 365


def survey(merchant_id: int, survey_id: UUID) -> View:
    """Raises NotFound."""
    row = Survey.objects.of(merchant_id).filter(id=survey_id).first()
    if row is None:
        raise NotFound
    return _views(merchant_id, [row])[0]


def by_ids(merchant_id: int, survey_ids: Iterable[UUID]) -> dict[UUID, View]:
    """These surveys without their counts, which grow with every answer to look through."""
    rows = list(Survey.objects.of(merchant_id).filter(id__in=list(survey_ids)))
    return {view.id: view for view in _views(merchant_id, rows, counted=False)} if rows else {}


def surveys(merchant_id: int, *, limit: int, after: UUID | None = None) -> list[View]:
    """Newest first, one more than ``limit``."""
    rows = Survey.objects.of(merchant_id).order_by("-id")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return _views(merchant_id, list(rows[: limit + 1]))


def open_now(merchant_id: int, now: datetime) -> list[View]:
    """The surveys that take answers, the one that closes first first."""
    rows = Survey.objects.of(merchant_id).filter(
        Q(opens_at__lte=now) & (Q(closes_at__gt=now) | Q(closes_at__isnull=True))
    )
    found = list(rows.order_by("closes_at", "id"))
    return _views(merchant_id, found, counted=False) if found else []


def _views(merchant_id: int, rows: Sequence[Survey], *, counted: bool = True) -> list[View]:
    benefits: dict[UUID, list[Benefit]] = {row.id: [] for row in rows}
    kept = BenefitRow.objects.of(merchant_id).filter(survey_id__in=list(benefits))
    for one in kept.order_by("place"):
        benefits[one.survey_id].append(_benefit(one))
    counts = _counts(merchant_id, rows) if counted else {}
    found = []
    for row in rows:
        found.append(
            View(
                id=row.id,
                draft=_draft(row, tuple(benefits[row.id])),
                opens_at=row.opens_at,
                closes_at=row.closes_at,
                created_at=row.created_at,
                created_by=row.created_by,
                answered=counts.get((row.id.hex, "answered"), 0),
                put_away=counts.get((row.id.hex, "put_away"), 0),
            )
        )
    return found


def _draft(row: Survey, benefits: tuple[Benefit, ...]) -> Draft:
    return Draft(
        name=row.name,
        kind=cast(Any, row.kind),
        segment=row.segment or None,
        benefits=benefits,
        shown=row.shown,
        questions=row.questions,
        worst=row.worst,
    )


def _benefit(row: BenefitRow) -> Benefit:
    return Benefit(
        code=row.code,
        name=row.name,
        cost_minor=row.cost_minor,
        use=cast(Any, row.use or None),
        offer=row.offer or None,
    )


def _counts(merchant_id: int, rows: Iterable[Survey]) -> dict[tuple[str, str], int]:
    refs = [row.id.hex for row in rows]
    found = Response.objects.of(merchant_id).filter(about=SURVEY, ref__in=refs)
    return {
        (ref, state): count
        for ref, state, count in found.values_list("ref", "state").annotate(Count("id"))
    }


def responses(merchant_id: int, member_ids: Sequence[UUID]) -> list[Response]:
    """All that one person was asked and did something with, the latest first."""
    rows = Response.objects.of(merchant_id).filter(member_id__in=list(member_ids))
    return list(rows.order_by("-at", "-id"))


def answers(merchant_id: int, survey_id: UUID) -> list[Answered]:
    """Everybody's answer to a survey, merged records counted as the one person they are: what was
    answered first counts."""
    [found] = _people(merchant_id, [_answered(merchant_id, SURVEY).filter(ref=survey_id.hex)])
    return found


def _answered(merchant_id: int, about: str) -> Any:
    return Response.objects.of(merchant_id).filter(about=about, state="answered")


def _people(merchant_id: int, sets: Iterable[Iterable[Response]]) -> list[list[Answered]]:
    """Of each set of answers those of different persons, in the order they came in."""
    kept = [sorted(rows, key=lambda row: (row.at, row.id)) for rows in sets]
    carrier = carriers(merchant_id, sorted({row.member_id for rows in kept for row in rows}))
    told = []
    for rows in kept:
        found: dict[UUID, Answered] = {}
        for row in rows:
            person = carrier.get(row.member_id, row.member_id)
            found.setdefault(person, replace(_answer(row), member_id=person))
        told.append(list(found.values()))
    return told


def _answer(row: Response) -> Answered:
    return Answered(
        member_id=row.member_id,
        at=row.at,
        tier=row.tier,
        channel=row.channel,
        segments=tuple(row.segments),
        choices=tuple(Choice(tuple(shown), best, worst) for shown, best, worst in row.choices),
        reason=cast(Any, row.reason or None),
    )


def said(merchant: MerchantFacts, now: datetime) -> dict[str, Any]:
    """Why members say they left or stay away, each source by itself: those who were asked on
    leaving within a year, and the surveys of that kind that are open or closed within it."""
    since = now - timedelta(days=SAID_DAYS)
    [left] = _people(merchant.id, [_answered(merchant.id, LEAVING).filter(at__gt=since)])
    sources = [_source("leaving", None, left, closed=False)]
    asked = Survey.objects.of(merchant.id).filter(
        Q(kind="reason", opens_at__lte=now) & (Q(closes_at__gt=since) | Q(closes_at__isnull=True))
    )
    surveys_asked = list(asked.order_by("-id"))
    given: dict[str, list[Response]] = {row.id.hex: [] for row in surveys_asked}
    for response in _answered(merchant.id, SURVEY).filter(ref__in=list(given)):
        given[response.ref].append(response)
    people = _people(merchant.id, given.values())
    for row, found in zip(surveys_asked, people, strict=True):
        closed = status_of(row.opens_at, row.closes_at, now) == "closed"
        sources.append(_source("survey", row.name, found, closed=closed))
    return {"days": SAID_DAYS, "least": LEAST_TOLD, "sources": sources}


def _source(
    kind: str, name: str | None, found: Sequence[Answered], *, closed: bool
) -> dict[str, Any]:
    told = told_of(found, closed=closed)
    return {
        "source": kind,
        "name": name,
        "answers": len(found),
        "told": len(told),
        "lines": said_json(reasons_said(reasons_in(told))),
    }


def reasons_in(found: Sequence[Answered]) -> list[Reason]:
    return [one.reason for one in found if one.reason is not None]


def said_json(lines: Sequence[Said]) -> list[dict[str, Any]]:
    """Lines of reasons in plain JSON, shares in basis points."""
    return [
        {
            "reason": line.reason,
            "count": line.count,
            "of": line.of,
            "share_bps": round(10_000 * line.share.value),
            "low_bps": round(10_000 * line.share.low),
            "high_bps": round(10_000 * line.share.high),
        }
        for line in lines
    ]
