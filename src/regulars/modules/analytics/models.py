"""Tables of facts' freshness."""

from __future__ import annotations

from django.db import models

from regulars.infra.tenancy import Owned


class StaleMonth(Owned):
    """A month of a merchant whose facts no longer tell the books."""

    pk = models.CompositePrimaryKey("merchant_id", "month")
    month = models.CharField(max_length=7)
    since = models.DateTimeField()


class FactsStamp(models.Model):
    """Up to when a merchant's facts tell the books."""

    merchant_id = models.BigIntegerField(primary_key=True)
    as_of = models.DateTimeField()
    exported_at = models.DateTimeField()
