"""Tables of orders and refunds."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from regulars.infra.tenancy import Owned


class Order(Owned):
    """A basket. ``frozen`` keeps the facts under which it earned, so that a refund years later
    recomputes the same; ``generation`` rises when an import run was undone and came again."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    external_id = models.CharField(max_length=255)
    generation = models.SmallIntegerField(default=0)
    member_id = models.UUIDField(null=True)
    channel = models.CharField(max_length=255, null=True)
    store = models.CharField(max_length=255, null=True)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10)
    lines = models.SmallIntegerField()
    net_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    units_left = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField()
    points = models.BigIntegerField(default=0)
    growth_value = models.BigIntegerField(default=0)
    frozen = models.TextField(null=True)
    fingerprint = models.CharField(max_length=32)
    revision = models.IntegerField(default=0)
    run_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["merchant_id", "external_id", "generation"], name="orders_order_once"
            ),
            CheckConstraint(
                condition=Q(refunded_minor__gte=0) & Q(refunded_minor__lte=F("net_minor")),
                name="orders_order_not_over_refunded",
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant_id", "member_id", "paid_at"], name="orders_order_member"
            ),
        ]


class OrderLine(Owned):
    """One line; ``net_minor`` is what it cost in all and ``returned`` how many units came back."""

    pk = models.CompositePrimaryKey("merchant_id", "order_id", "line")
    order_id = models.UUIDField()
    line = models.SmallIntegerField()
    sku = models.CharField(max_length=255)
    quantity = models.BigIntegerField()
    unit_price_minor = models.BigIntegerField(null=True)
    net_minor = models.BigIntegerField()
    returned = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(returned__gte=0) & Q(returned__lte=F("quantity")),
                name="orders_line_not_over_returned",
            ),
        ]


class Refund(Owned):
    """What was given back, and what was taken back for it; never changed."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    external_id = models.CharField(max_length=255)
    order_id = models.UUIDField()
    refunded_at = models.DateTimeField()
    cash_minor = models.BigIntegerField()
    points_taken = models.BigIntegerField()
    growth_value_taken = models.BigIntegerField()
    debt = models.BigIntegerField()
    lines = models.JSONField()
    gifts = models.JSONField(default=list)
    fingerprint = models.CharField(max_length=32)
    run_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["merchant_id", "external_id"], name="orders_refund_once"),
        ]
        indexes = [models.Index(fields=["merchant_id", "order_id"], name="orders_refund_order")]


class ParkedRefund(Owned):
    """A refund that arrived before its order; applied when the order comes."""

    pk = models.CompositePrimaryKey("merchant_id", "external_id")
    external_id = models.CharField(max_length=255)
    order_external_id = models.CharField(max_length=255)
    refunded_at = models.DateTimeField()
    lines = models.JSONField()
    parked_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "order_external_id"], name="orders_parked_by_order")
        ]


class ParkedStep(Owned):
    """A payment or a cancellation that arrived before its order; done when the order comes."""

    pk = models.CompositePrimaryKey("merchant_id", "order_external_id", "step")
    order_external_id = models.CharField(max_length=255)
    step = models.CharField(max_length=10)
    at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField()
