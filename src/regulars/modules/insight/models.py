"""Tables of insight: forecasts themselves are files, what is asked for at once is a row."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, UniqueConstraint

from regulars.infra.tenancy import Owned


class Run(Owned):
    """All forecasts of a merchant, asked for now; ``done`` steps are over, ``step`` is at work."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    done = models.SmallIntegerField(default=0)
    step = models.CharField(max_length=20, default="")
    error = models.CharField(max_length=300, default="")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["merchant_id"],
                condition=Q(finished_at__isnull=True),
                name="insight_one_run_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["merchant_id", "created_at"], name="insight_run_latest")]
