"""Tables of merges."""

from __future__ import annotations

from django.db import models

from regulars.infra.tenancy import Owned


class Merge(Owned):
    """``from_member`` was folded into ``into_member``; ``moves`` names every lot that moved."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    into_member = models.UUIDField()
    from_member = models.UUIDField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    moves = models.JSONField()
