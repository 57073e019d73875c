"""Tables of tills."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from regulars.infra.tenancy import Owned

from .types import MOST_DAYS_OFFLINE, MOST_NUMBER


class Till(Owned):
    """A device. ``last_number`` moves by one with each envelope that is settled, in its unit."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    name = models.CharField(max_length=100)
    store = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    #: SHA-256 of the enrolment code, until it is used.
    code_digest = models.CharField(max_length=64, null=True)
    code_until = models.DateTimeField(null=True)
    #: SubjectPublicKeyInfo in base64; empty until the device registers.
    public_key = models.CharField(max_length=200, default="")
    registered_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    takes_unsent = models.BooleanField(default=True)
    last_number = models.BigIntegerField(default=0)
    seen_number = models.BigIntegerField(default=0)
    taken = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["merchant_id", "code_digest"],
                name="tills_code_once",
                condition=Q(code_digest__isnull=False),
            ),
            CheckConstraint(
                condition=Q(last_number__gte=0, last_number__lte=MOST_NUMBER),
                name="tills_number_fits",
            ),
            CheckConstraint(
                condition=Q(seen_number__gte=0, seen_number__lte=MOST_NUMBER),
                name="tills_seen_fits",
            ),
            CheckConstraint(
                condition=Q(taken__gte=0, refused__gte=0, last_number=F("taken") + F("refused")),
                name="tills_numbers_add_up",
            ),
        ]


class Envelope(Owned):
    """A number that is used up, and with what. Its content is in the books or was refused; what
    was sold, and to whom, does not stand here."""

    pk = models.CompositePrimaryKey("merchant_id", "till_id", "number")
    till_id = models.UUIDField()
    number = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    external_id = models.CharField(max_length=255)
    made_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField()
    fate = models.CharField(max_length=10)
    code = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(number__gte=1, number__lte=MOST_NUMBER), name="tills_envelope_number"
            ),
            CheckConstraint(
                condition=Q(fate__in=["taken", "refused", "given_up"]), name="tills_envelope_fate"
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant_id", "till_id", "number"],
                name="tills_envelope_refused",
                condition=~Q(fate="taken"),
            )
        ]


class Terms(Owned):
    """How a merchant deals with tills; without a row as ``DAYS_OFFLINE`` says."""

    merchant_id = models.BigIntegerField(primary_key=True)
    most_days_offline = models.IntegerField()

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(most_days_offline__gte=1, most_days_offline__lte=MOST_DAYS_OFFLINE),
                name="tills_days_offline",
            )
        ]
