"""Tables of surveys."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from regulars.infra.tenancy import Owned

#: What a benefit may cost per member and month, at most: nobody means more.
MOST_COST_MINOR = 1_000_000_000_000


class Survey(Owned):
    """What is asked of whom, and from when until when. It is a draft until it has ``opens_at``;
    whether it is open follows from its times."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)
    segment = models.CharField(max_length=40, default="")
    shown = models.SmallIntegerField()
    questions = models.SmallIntegerField()
    worst = models.BooleanField()
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "closes_at"],
                name="surveys_open",
                condition=Q(opens_at__isnull=False),
            ),
        ]
        constraints = [
            CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__gte=F("opens_at")),
                name="surveys_closes_after_opening",
            ),
        ]


class Benefit(Owned):
    """A benefit that a survey's questions show, and what it costs per member and month."""

    pk = models.CompositePrimaryKey("merchant_id", "survey_id", "place")
    survey_id = models.UUIDField()
    place = models.SmallIntegerField()
    code = models.CharField(max_length=40)
    name = models.JSONField()
    cost_minor = models.BigIntegerField(null=True)
    use = models.CharField(max_length=10, default="")
    offer = models.CharField(max_length=100, default="")

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["merchant_id", "survey_id", "code"], name="surveys_benefit_code"
            ),
            CheckConstraint(
                condition=Q(cost_minor__isnull=True)
                | Q(cost_minor__gte=0, cost_minor__lte=MOST_COST_MINOR),
                name="surveys_cost_bounded",
            ),
        ]


class Response(Owned):
    """What a member did with something they were asked: a survey, or why they left.

    ``ref`` is the survey's id or the instant of the leaving, so that nobody answers either twice.
    Once taken back only that stays, and nothing of what was answered.
    """

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    member_id = models.UUIDField()
    about = models.CharField(max_length=10)
    ref = models.CharField(max_length=40)
    state = models.CharField(max_length=10)
    at = models.DateTimeField()
    tier = models.CharField(max_length=100, null=True)
    channel = models.CharField(max_length=255, null=True)
    segments = models.JSONField(default=list)
    choices = models.JSONField(default=list)
    reason = models.CharField(max_length=20, default="")

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["merchant_id", "member_id", "about", "ref"], name="surveys_asked_once"
            ),
            CheckConstraint(
                condition=Q(state="answered") | Q(choices=[], reason=""),
                name="surveys_nothing_kept",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant_id", "about", "ref"], name="surveys_answers"),
        ]
