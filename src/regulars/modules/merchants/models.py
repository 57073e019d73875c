"""Tables of tenants, their people and their keys."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import UniqueConstraint


class Merchant(models.Model):
    """A programme operator. ``clock_at`` freezes its programme time where it is set."""

    id = models.BigAutoField(primary_key=True)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    zone = models.CharField(max_length=64)
    locale = models.CharField(max_length=10, default="en")
    clock_at = models.DateTimeField(null=True, blank=True)
    source_note = models.TextField(blank=True, default="")
    suspended = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.code


class Store(models.Model):
    """A shop that orders named."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    code = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        constraints = [UniqueConstraint(fields=["merchant", "code"], name="merchants_store_once")]

    def __str__(self) -> str:
        return self.code


class StaffRole(models.Model):
    """What one person may do for one merchant."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    role = models.CharField(max_length=16)

    class Meta:
        constraints = [UniqueConstraint(fields=["merchant", "user"], name="merchants_staff_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} @ {self.merchant_id}"


class ApiKey(models.Model):
    """A key is shown once; only its SHA-256 is kept (a key has 256 random bits)."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    #: Where web pages may use a publishable key from; empty for a secret one.
    origins = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=100, default="")
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}…"


class SignInLink(models.Model):
    """A link that signs its user in once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link of {self.user_id}"
