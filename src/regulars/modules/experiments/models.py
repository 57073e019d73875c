"""Tables of experiments."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from regulars.infra.tenancy import Owned


class Experiment(Owned):
    """What is tried on whom, how it is judged, and what came of it.

    ``scope`` campaign is one offer or journey; everything is the merchant's standing holdout,
    whose members get no campaign. The outcome counts from the day after ``assigned_on``.
    ``offer`` is the code of the offer that is tried, empty for something else; a draft with
    ``opens_at`` is started by the jobs once that instant has come.
    """

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=255)
    scope = models.CharField(max_length=10)
    status = models.CharField(max_length=10)
    metric = models.CharField(max_length=10)
    looking = models.CharField(max_length=10)
    looks = models.SmallIntegerField()
    held_out_bps = models.IntegerField()
    days = models.IntegerField()
    rebought_days = models.IntegerField()
    least_bps = models.IntegerField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    assigned_on = models.DateField(null=True)
    decided_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=10, default="")
    result = models.JSONField(null=True)
    offer = models.CharField(max_length=100, default="")
    opens_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["merchant_id", "code"], name="experiment_code_once"),
            UniqueConstraint(
                fields=["merchant_id"],
                condition=Q(scope="everything", status="running"),
                name="experiment_one_standing",
            ),
            UniqueConstraint(
                fields=["merchant_id", "offer"],
                condition=~Q(offer="") & ~Q(status="decided"),
                name="experiment_open_of_offer",
            ),
            CheckConstraint(
                condition=Q(held_out_bps__gt=0) & Q(held_out_bps__lt=10_000),
                name="experiment_two_arms",
            ),
        ]


class Assignment(Owned):
    """A member's arm, and the weeks before as they were known on that day; never changed."""

    pk = models.CompositePrimaryKey("merchant_id", "experiment_id", "member_id")
    experiment_id = models.UUIDField()
    member_id = models.UUIDField()
    held_out = models.BooleanField()
    before_orders = models.IntegerField()
    before_minor = models.BigIntegerField()
    before_days = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "member_id"], name="experiments_of_member"),
        ]
