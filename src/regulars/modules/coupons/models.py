"""Tables of coupons. A generated code is not among them: only its keyed index is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from regulars.infra.tenancy import Owned


class Batch(Owned):
    """Coupons of one offer under one set of terms; ``made`` of ``count`` exist so far.

    ``issue_after`` makes it a batch that gives members a coupon after a paid order: a number of
    days, or the return window. ``sized`` is how that one hangs on the member (null: not at all);
    the stronger coupons of such a batch stand in batches of their own, which name it as
    ``of_batch``.
    """

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    offer = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)
    member_id = models.UUIDField(null=True)
    begins_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    valid_days = models.IntegerField(null=True)
    max_uses = models.BigIntegerField(null=True)
    max_uses_per_member = models.BigIntegerField(null=True)
    issue_after = models.CharField(max_length=20, null=True)
    sized = models.JSONField(null=True)
    of_batch = models.UUIDField(null=True)
    count = models.IntegerField()
    made = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant_id", "of_batch", "offer"],
                condition=Q(of_batch__isnull=False),
                name="coupons_batch_of_batch",
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="coupons_batch_unfinished",
                condition=Q(made__lt=models.F("count")),
            ),
            models.Index(
                fields=["merchant_id"],
                name="coupons_batch_issuing",
                condition=Q(issue_after__isnull=False),
            ),
        ]


class Coupon(Owned):
    """One code, by its keyed index. ``text`` is a public code as written, else empty; times are
    the batch's where they are null."""

    pk = models.CompositePrimaryKey("merchant_id", "key")
    key = models.CharField(max_length=32)
    batch_id = models.UUIDField()
    number = models.IntegerField()
    text = models.CharField(max_length=100, default="")
    member_id = models.UUIDField(null=True)
    begins_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "member_id"],
                name="coupons_coupon_member",
                condition=Q(member_id__isnull=False),
            ),
            models.Index(
                fields=["merchant_id", "batch_id", "number"],
                name="coupons_coupon_written",
                condition=~Q(text=""),
            ),
        ]


class Promised(Owned):
    """A coupon that a paid order brings at ``due_at``, unless the order goes back before."""

    pk = models.CompositePrimaryKey("merchant_id", "batch_id", "order_id")
    batch_id = models.UUIDField()
    order_id = models.UUIDField()
    member_id = models.UUIDField()
    due_at = models.DateTimeField()
    net_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    #: Kept once it was issued or lost, so that one order is never counted twice.
    settled = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "due_at"],
                name="coupons_promised_due",
                condition=Q(settled=False),
            )
        ]
