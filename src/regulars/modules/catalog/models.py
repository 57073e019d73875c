"""Tables of goods."""

from __future__ import annotations

from django.db import models

from regulars.infra.tenancy import Owned


class Product(Owned):
    """A sku and what is known of it; unknown skus stay text on order lines."""

    pk = models.CompositePrimaryKey("merchant_id", "sku")
    sku = models.CharField(max_length=255)
    name = models.CharField(max_length=500, null=True)
    category = models.CharField(max_length=255, null=True)
    type = models.CharField(max_length=255, null=True)
    tags = models.JSONField(default=list)
    list_price_minor = models.BigIntegerField(null=True)


class PricePoint(Owned):
    """A list price from an instant on; append-only, so that a struck-through price is proved."""

    pk = models.CompositePrimaryKey("merchant_id", "sku", "at")
    sku = models.CharField(max_length=255)
    at = models.DateTimeField()
    list_price_minor = models.BigIntegerField()


class Deal(Owned):
    """A price at which units were sold in the hour that begins at ``hour``; append-only."""

    pk = models.CompositePrimaryKey("merchant_id", "sku", "hour", "unit_minor")
    sku = models.CharField(max_length=255)
    hour = models.DateTimeField()
    unit_minor = models.BigIntegerField()


class StrikePolicy(Owned):
    """By which region's rule prices are struck through, from an instant on; append-only."""

    pk = models.CompositePrimaryKey("merchant_id", "effective_at")
    effective_at = models.DateTimeField()
    region = models.CharField(max_length=8)
