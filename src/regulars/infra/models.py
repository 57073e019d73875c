"""Tables of the plumbing: what was asked and answered, and what is still to be told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, UniqueConstraint

from .tenancy import Owned


class WriteRecord(Owned):
    """One mutation: who asked, under which key, and the first answer.

    It is the audit entry and the memory of idempotency in one: both must be written exactly once,
    in the transaction of the effect.
    """

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    operation = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=32)
    actor = models.CharField(max_length=100)
    subject = models.CharField(max_length=64)
    at = models.DateTimeField()
    status = models.SmallIntegerField()
    answer = models.TextField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["merchant_id", "operation", "key"], name="infra_write_once")
        ]


class OutboxRow(models.Model):
    """Events of one unit of work about one aggregate, in order, until they are relayed."""

    id = models.UUIDField(primary_key=True)
    merchant_id = models.BigIntegerField()
    aggregate = models.CharField(max_length=64)
    at = models.DateTimeField()
    events = models.TextField()
    relayed_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="infra_outbox_waiting", condition=Q(relayed_at=None))
        ]
