"""Tables of quotes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, UniqueConstraint

from regulars.infra.tenancy import Owned


class Quote(Owned):
    """A price that was promised until ``expires_at``. ``deal`` is all of it, as it was told.

    What it holds lies in budgets and in the ledger. ``state``: open, used (by ``order_id``),
    released.
    """

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    member_id = models.UUIDField(null=True)
    state = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    order_id = models.UUIDField(null=True)
    deal = models.TextField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["merchant_id", "order_id"],
                name="pricing_quote_of_order",
                condition=Q(order_id__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant_id", "expires_at"],
                name="pricing_quote_open",
                condition=Q(state="open"),
            ),
        ]
