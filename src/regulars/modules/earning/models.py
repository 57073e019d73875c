"""Tables of what members did that counts."""

from __future__ import annotations

from django.db import models

from regulars.infra.tenancy import Owned


class Activity(Owned):
    """A member's counted doing on one program day, net of refunds; windows and caps sum it."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "day")
    member_id = models.UUIDField()
    day = models.DateField()
    orders = models.IntegerField(default=0)
    spend_minor = models.BigIntegerField(default=0)
    growth_value = models.BigIntegerField(default=0)
    points = models.BigIntegerField(default=0)
