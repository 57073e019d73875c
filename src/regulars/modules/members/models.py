"""Tables of people. What names or reaches a person is encrypted per field."""

from __future__ import annotations

from django.db import models
from django.db.models import UniqueConstraint

from regulars.infra.tenancy import Owned


class Member(Owned):
    """One person at one merchant. ``merged_into`` names who carries on for a merged member.

    ``birthday_changed_on`` is the program day on which a known birthday was last replaced or
    forgotten; telling it for the first time is no change."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    status = models.CharField(max_length=10)
    name_sealed = models.TextField(blank=True, default="")
    birthday_sealed = models.TextField(blank=True, default="")
    birthday_changed_on = models.DateField(null=True)
    joined_at = models.DateTimeField()
    channel = models.CharField(max_length=255, null=True)
    store = models.CharField(max_length=255, null=True)
    locale = models.CharField(max_length=10, blank=True, default="")
    merged_into = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "merged_into"],
                name="members_merged_into",
                condition=models.Q(merged_into__isnull=False),
            ),
            models.Index(fields=["merchant_id", "joined_at"], name="members_joined"),
        ]


class Identity(Owned):
    """How a member is recognised. ``key`` is a keyed blind index (HMAC-SHA-256), never the value;
    ``tail`` is the last four characters of a phone or card, for the till's search."""

    pk = models.CompositePrimaryKey("merchant_id", "type", "key")
    type = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    member_id = models.UUIDField()
    value_sealed = models.TextField()
    masked = models.CharField(max_length=80)
    tail = models.CharField(max_length=4)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "member_id"], name="members_identity_member"),
            models.Index(fields=["merchant_id", "tail"], name="members_identity_tail"),
        ]


class Departure(Owned):
    """One leaving, and the coming back where there was one. ``points`` is what the programme
    did with them: frozen, or lapsed (``lapsed`` of them)."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    member_id = models.UUIDField()
    was = models.CharField(max_length=10)
    left_at = models.DateTimeField()
    channel = models.CharField(max_length=40, blank=True, default="")
    points = models.CharField(max_length=10)
    lapsed = models.BigIntegerField(default=0)
    rejoined_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "member_id"], name="members_departure_member")
        ]
        constraints = [
            # Nobody leaves twice without having come back.
            UniqueConstraint(
                fields=["merchant_id", "member_id"],
                condition=models.Q(rejoined_at__isnull=True),
                name="members_gone_once",
            )
        ]


class Consent(Owned):
    """One yes or no to one purpose, as it was given; never changed, the latest counts.

    ``campaign`` is what brought it about, in the merchant's word."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    member_id = models.UUIDField()
    purpose = models.CharField(max_length=40)
    granted = models.BooleanField()
    text_version = models.CharField(max_length=40)
    channel = models.CharField(max_length=40, blank=True, default="")
    campaign = models.CharField(max_length=100, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["merchant_id", "member_id", "purpose", "at", "id"],
                name="members_consent_trail",
            )
        ]
