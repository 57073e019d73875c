"""Tables of the ledger. Written by the recorder alone; postings and seals are never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q

from regulars.infra.tenancy import Owned


class Account(Owned):
    """A member's cached holding of one asset, with the head of its chain and of its debt's.

    ``balance`` is the sum of the account's postings; ``held`` and ``pending`` are the open holds
    and promises; ``debt`` is what the member owes (the debt account's balance is its negative).
    ``revision`` rises with every write to the account, its lots, promises or holds: a writer that
    saw an older one has lost. (Versions and sums alone could be the same again after a hold went
    and another came.)
    """

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "asset")
    member_id = models.UUIDField()
    asset = models.SmallIntegerField()
    balance = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    debt = models.BigIntegerField(default=0)
    version = models.IntegerField(default=0)
    head = models.CharField(max_length=64)
    debt_version = models.IntegerField(default=0)
    debt_head = models.CharField(max_length=64)
    last_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(null=True)
    revision = models.IntegerField(default=1)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(balance__gte=F("held"))
                & Q(held__gte=0)
                & Q(pending__gte=0)
                & Q(debt__gte=0)
                & Q(balance__lte=10**15),
                name="ledger_account_in_bounds",
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant_id", "next_due_at"],
                name="ledger_account_due",
                condition=Q(next_due_at__isnull=False),
            ),
        ]


class Posting(Owned):
    """One movement. Append-only: a trigger refuses UPDATE and DELETE."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "account", "version")
    member_id = models.UUIDField()
    account = models.SmallIntegerField()
    version = models.IntegerField()
    at = models.DateTimeField()
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    cause_type = models.CharField(max_length=16)
    cause_id = models.CharField(max_length=64)
    reverses = models.CharField(max_length=64, null=True)
    parts = models.TextField(null=True)
    hash = models.CharField(max_length=64)


class Lot(Owned):
    """What one credit brought and what became of it; the number is the crediting version."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "asset", "number")
    member_id = models.UUIDField()
    asset = models.SmallIntegerField()
    number = models.IntegerField()
    original = models.BigIntegerField()
    remaining = models.BigIntegerField()
    held = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    reversed = models.BigIntegerField(default=0)
    forgone = models.BigIntegerField(default=0)
    earned_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    cause_type = models.CharField(max_length=16)
    cause_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(held__gte=0)
                & Q(remaining__gte=F("held"))
                & Q(expired__gte=F("forgone"))
                & Q(forgone__gte=0)
                & Q(reversed__gte=0)
                & Q(original__gte=F("remaining") + F("expired") + F("reversed")),
                name="ledger_lot_in_bounds",
            ),
        ]


class Pending(Owned):
    """A promised credit: outside the balance until ``available_at``."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    asset = models.SmallIntegerField()
    amount = models.BigIntegerField()
    earned_at = models.DateTimeField()
    available_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    cause_type = models.CharField(max_length=16)
    cause_id = models.CharField(max_length=64)

    class Meta:
        constraints = [CheckConstraint(condition=Q(amount__gt=0), name="ledger_pending_positive")]


class Hold(Owned):
    """Points set aside for a while; ``parts`` names the lots they are pinned in."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    member_id = models.UUIDField()
    asset = models.SmallIntegerField()
    amount = models.BigIntegerField()
    captured = models.BigIntegerField(default=0)
    status = models.CharField(max_length=10)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    parts = models.TextField()

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "member_id"],
                name="ledger_hold_open",
                condition=Q(status="open"),
            ),
        ]


class Adjustment(Owned):
    """Why somebody changed a member's points by hand, and who; never changed."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    member_id = models.UUIDField()
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=500)
    actor = models.CharField(max_length=100)
    at = models.DateTimeField()


class Seal(Owned):
    """A root over every account head of a merchant, naming the seal before (RFC 6962)."""

    pk = models.CompositePrimaryKey("merchant_id", "number")
    number = models.IntegerField()
    at = models.DateTimeField()
    accounts = models.IntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)


class SealSignature(Owned):
    """Who made a seal: an Ed25519 signature of its exported row. Append-only as the seal is."""

    pk = models.CompositePrimaryKey("merchant_id", "number")
    number = models.IntegerField()
    public_key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)


class SealedHead(Owned):
    """What the latest seal saw of an account, so that a deleted last posting is found."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id", "account")
    member_id = models.UUIDField()
    account = models.SmallIntegerField()
    version = models.IntegerField()
    head = models.CharField(max_length=64)
