"""Tables of notices."""

from __future__ import annotations

from django.db import models

from regulars.infra.tenancy import Owned


class Notice(Owned):
    """What was announced to a member, once: ``about`` tells notices of a kind apart (the day points
    go, the tier and its period). ``due_at`` is when it is over; the figures are of that instant."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "kind", "about")
    member_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    about = models.CharField(max_length=80)
    at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    points = models.BigIntegerField(null=True)
    tier = models.CharField(max_length=40, null=True)
    gap = models.BigIntegerField(null=True)
    gap_money_minor = models.BigIntegerField(null=True)
    likely_orders = models.IntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["merchant_id", "at"], name="notices_recent")]


class LookedAt(Owned):
    """The program day up to which everybody was looked at for ``what``."""

    pk = models.CompositePrimaryKey("merchant_id", "what")
    what = models.CharField(max_length=20)
    day = models.DateField()
