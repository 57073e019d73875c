"""Tables of programme versions."""

from __future__ import annotations

from django.db import models

from regulars.infra.tenancy import Owned


class ProgrammeVersion(Owned):
    """One document; never changed once it has taken effect."""

    pk = models.CompositePrimaryKey("merchant_id", "number")
    number = models.IntegerField()
    effective_at = models.DateTimeField()
    document = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100, default="")
