"""Tables of segments: what is known of members, and who is in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, UniqueConstraint

from regulars.infra.tenancy import Owned


class Segment(Owned):
    """A named set of members: followed by a rule, or named one by one (a list).

    While ``building``, members up to ``build_after`` were asked under the rule as it is now.
    """

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)
    exclusion = models.BooleanField(default=False)
    rule = models.TextField(null=True)
    version = models.IntegerField(default=1)
    status = models.CharField(max_length=10)
    frozen_at = models.DateTimeField(null=True)
    building = models.BooleanField(default=False)
    build_after = models.UUIDField(null=True)
    built = models.IntegerField(default=0)
    to_build = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["merchant_id", "code"], name="segments_segment_code"),
        ]


class Membership(Owned):
    """A member who carries on is in a segment."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "segment_id")
    member_id = models.UUIDField()
    segment_id = models.UUIDField()
    since = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "segment_id", "member_id"], name="segments_members"
            ),
        ]


class MemberFacts(Owned):
    """What is known of a member who carries on, by which event, as of when.

    ``due_at`` is when time alone may change an answer of a live segment's rule.
    """

    pk = models.CompositePrimaryKey("merchant_id", "member_id")
    member_id = models.UUIDField()
    facts = models.TextField()
    causes = models.TextField()
    known_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "due_at"],
                name="segments_facts_due",
                condition=Q(due_at__isnull=False),
            ),
        ]


class Mark(Owned):
    """Something of a member is to be read again (``ref`` is the member's id), or of the members
    whom a range of orders or a sku leads to. ``token`` tells whether it was set anew."""

    pk = models.CompositePrimaryKey("merchant_id", "ref", "part")
    ref = models.CharField(max_length=300)
    part = models.CharField(max_length=12)
    topic = models.CharField(max_length=60)
    about = models.CharField(max_length=300)
    at = models.DateTimeField()
    token_id = models.UUIDField()


class Sweep(Owned):
    """One reading of everybody at a merchant: at the first start, and after a programme that may
    move everybody. ``next_at`` is when another one begins."""

    pk = models.CompositePrimaryKey("merchant_id", "number")
    number = models.SmallIntegerField(default=1)
    next_at = models.DateTimeField(null=True)
    running = models.BooleanField(default=False)
    after = models.UUIDField(null=True)
    done = models.IntegerField(default=0)


class Handover(Owned):
    """A part of everybody's facts that was handed over last: made at ``at`` from facts as of
    ``about``."""

    pk = models.CompositePrimaryKey("merchant_id", "part")
    part = models.CharField(max_length=12)
    about = models.CharField(max_length=300)
    at = models.DateTimeField()


class Entry(Owned):
    """A record that was put on a list, under its own id, so that merges can be undone."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "segment_id")
    member_id = models.UUIDField()
    segment_id = models.UUIDField()
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=100)

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "segment_id"], name="segments_entries"),
        ]


class Tag(Owned):
    """A word that staff put on a record, with who did and why."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "tag")
    member_id = models.UUIDField()
    tag = models.CharField(max_length=40)
    why = models.CharField(max_length=200)
    by = models.CharField(max_length=100)
    at = models.DateTimeField()
