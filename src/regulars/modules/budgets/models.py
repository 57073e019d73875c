"""Tables of what is scarce."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from regulars.infra.tenancy import Owned


class Counter(Owned):
    """How much of a key is taken: always the sum of its claims that are open or committed.

    ``most`` is the limit that the last claim was held to; the limit that counts comes with every
    claim, since a merchant may change it.
    """

    pk = models.CompositePrimaryKey("merchant_id", "key")
    key = models.CharField(max_length=400)
    taken = models.BigIntegerField(default=0)
    most = models.BigIntegerField(null=True)

    class Meta:
        constraints = [CheckConstraint(condition=Q(taken__gte=0), name="budgets_counter_not_below")]


class Claim(Owned):
    """What one owner (a quote, then its order) took of a key.

    ``open`` until ``expires_at``, ``committed`` for good, ``released`` once it was given back.
    """

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    owner = models.CharField(max_length=64)
    key = models.CharField(max_length=400)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=10)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["merchant_id", "owner", "key"], name="budgets_claim_once")
        ]
        indexes = [
            models.Index(
                fields=["merchant_id", "key", "expires_at"],
                name="budgets_claim_open",
                condition=Q(state="open"),
            ),
            models.Index(
                fields=["merchant_id", "expires_at"],
                name="budgets_claim_due",
                condition=Q(state="open"),
            ),
        ]
