"""Tables of offers."""

from __future__ import annotations

from django.db import models

from regulars.infra.tenancy import Owned


class Offer(Owned):
    """One promise as the merchant wrote it. ``version`` counts its changes, from 1."""

    pk = models.CompositePrimaryKey("merchant_id", "code")
    code = models.CharField(max_length=100)
    status = models.CharField(max_length=10)
    document = models.JSONField()
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()


class Funder(Owned):
    """The most that one funder pays for all of its offers together, in all or per period."""

    pk = models.CompositePrimaryKey("merchant_id", "code")
    code = models.CharField(max_length=100)
    cap_minor = models.BigIntegerField()
    per = models.CharField(max_length=10)
    stop = models.CharField(max_length=10)
    changed_at = models.DateTimeField()


class Supply(Owned):
    """How much there is of an article, and from when on who may buy it. ``early`` are tiers and the
    instant from which on they may."""

    pk = models.CompositePrimaryKey("merchant_id", "sku")
    sku = models.CharField(max_length=255)
    units = models.BigIntegerField(null=True)
    opens_at = models.DateTimeField(null=True)
    early = models.JSONField(default=list)
    early_units = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()


class OfferBook(Owned):
    """A merchant's offers and pricing settings taken together.

    ``version`` rises with every change of either, so that a process knows when what it compiled
    is no longer true. ``standing_held_out_bps`` of the members get no offer with a holdout.
    """

    merchant_id = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField(default=0)
    max_discount_bps = models.IntegerField(default=10_000)
    points_max_bps = models.IntegerField(default=10_000)
    growth_max_bps = models.IntegerField(default=10_000)
    standing_held_out_bps = models.IntegerField(default=0)
