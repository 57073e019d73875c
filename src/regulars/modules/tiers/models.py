"""Tables of standings."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from regulars.infra.tenancy import Owned


class Standing(Owned):
    """A member's rung. Always equal to a replay of the member's activity, joined with floors."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id")
    member_id = models.UUIDField()
    tier = models.CharField(max_length=40)
    since = models.DateField()
    keep_until = models.DateField(null=True)
    grace_until = models.DateField(null=True)
    warned = models.BooleanField(default=False)
    evaluated_on = models.DateField()
    review_on = models.DateField(null=True)
    floor_tier = models.CharField(max_length=40, null=True)
    floor_until = models.DateField(null=True)
    floor_reason = models.CharField(max_length=200, null=True)
    programme = models.IntegerField(default=0)
    revision = models.IntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "review_on"],
                name="tiers_standing_due",
                condition=Q(review_on__isnull=False),
            ),
        ]


class TierChange(Owned):
    """One step of a member's way through the tiers, with the figures that caused it."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    at = models.DateTimeField()
    from_tier = models.CharField(max_length=40, null=True)
    to_tier = models.CharField(max_length=40)
    reason = models.CharField(max_length=20)
    counter = models.BigIntegerField()
    threshold = models.BigIntegerField()
    cause_type = models.CharField(max_length=16)
    cause_id = models.CharField(max_length=64)
    programme = models.IntegerField()
