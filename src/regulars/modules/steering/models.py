"""Tables of steering: plans, and who was chosen in those that were started."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, UniqueConstraint

from regulars.infra.tenancy import Owned
from regulars.kernel.canonical import MAX_SAFE_INTEGER


class Plan(Owned):
    """A plan, from being asked for to having given its coupons.

    ``asked`` is what it was asked to do, ``found`` what it came to; the list of members is a file
    that can be worked out again until the plan is started. Its experiment has the plan's id.
    """

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    name = models.CharField(max_length=100)
    status = models.CharField(max_length=10)
    asked = models.JSONField()
    found = models.JSONField(null=True)
    batches = models.JSONField(default=dict)
    as_of = models.DateField(null=True)
    done = models.IntegerField(default=0)
    of = models.IntegerField(default=0)
    error = models.CharField(max_length=300, default="")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    started_at = models.DateTimeField(null=True)
    started_by = models.CharField(max_length=100, default="")
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["merchant_id"],
                condition=Q(status__in=["waiting", "starting", "giving"]),
                name="steering_one_at_work",
            ),
        ]
        indexes = [models.Index(fields=["merchant_id", "created_at"], name="steering_plan_latest")]


class Chosen(Owned):
    """A member whom a started plan chose an offer for; ``held_out`` by chance, or given a coupon.

    ``outcome`` is empty until their turn came: given, bought (meanwhile, so nothing was given),
    no_consent (any more). Never changed after that.
    """

    pk = models.CompositePrimaryKey("merchant_id", "plan_id", "member_id")
    plan_id = models.UUIDField()
    member_id = models.UUIDField()
    offer = models.CharField(max_length=100)
    held_out = models.BooleanField()
    until = models.DateField()
    outcome = models.CharField(max_length=10, default="")
    given_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "member_id", "given_at"], name="steering_given"),
            models.Index(
                fields=["merchant_id", "plan_id", "member_id"],
                name="steering_to_give",
                condition=Q(outcome="", held_out=False),
            ),
        ]


class NextCoupon(Owned):
    """What was decided of the coupon that a paid order brings by a sized batch, once per order.

    ``until`` is when a coupon that was given ends, null where none was given; what of the member
    it hung on stands beside, as it was.
    """

    pk = models.CompositePrimaryKey("merchant_id", "batch_id", "order_id")
    batch_id = models.UUIDField()
    order_id = models.UUIDField()
    member_id = models.UUIDField()
    decided_at = models.DateTimeField()
    why = models.CharField(max_length=16)
    offer = models.CharField(max_length=100, default="")
    until = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, default="")
    days_ago = models.IntegerField(null=True)
    usual_days = models.IntegerField(null=True)
    reach_days = models.IntegerField(null=True)
    gain_minor = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(gain_minor__isnull=True)
                | Q(gain_minor__gte=-MAX_SAFE_INTEGER, gain_minor__lte=MAX_SAFE_INTEGER),
                name="steering_next_gain_bounded",
            ),
            models.CheckConstraint(
                condition=Q(offer="", until__isnull=True) | (~Q(offer="") & Q(until__isnull=False)),
                name="steering_next_given_or_not",
            ),
        ]


class Ladder(Owned):
    """Rising offers for sleepers. ``rungs`` are offers with the days that are waited after each;
    ``last_on`` is the program day up to which everybody was advanced."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    name = models.CharField(max_length=100)
    status = models.CharField(max_length=10)
    rungs = models.JSONField()
    held_out_bps = models.IntegerField()
    consent = models.CharField(max_length=40)
    cost_cap_minor = models.BigIntegerField()
    try_members = models.IntegerField()
    batches = models.JSONField(default=dict)
    last_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["merchant_id"],
                condition=Q(status="running"),
                name="steering_one_ladder",
            ),
        ]


class Climber(Owned):
    """A sleeper on a ladder, once. ``rung`` is how many rungs they had (held out: would have
    had); ``next_on`` when they are looked at again; ``ended`` why they are not any more."""

    pk = models.CompositePrimaryKey("merchant_id", "ladder_id", "member_id")
    ladder_id = models.UUIDField()
    member_id = models.UUIDField()
    held_out = models.BooleanField()
    rung = models.SmallIntegerField(default=0)
    entered_on = models.DateField()
    next_on = models.DateField()
    ended = models.CharField(max_length=12, default="")
    given_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "ladder_id", "next_on", "member_id"],
                name="steering_climbing",
                condition=Q(ended=""),
            ),
            models.Index(fields=["merchant_id", "member_id", "given_at"], name="steering_climbed"),
        ]
