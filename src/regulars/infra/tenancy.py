"""Tenancy that fails closed: a table with an owner cannot be queried without naming the owner."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class TenantMissing(RuntimeError):
    """Code asked a member-owned table without saying whose rows it may see."""


class OwnedManager(models.Manager[M]):
    """``Model.objects.of(merchant_id)`` is the only way in."""

    def get_queryset(self) -> models.QuerySet[M]:
        raise TenantMissing(f"{self.model.__name__}.objects.of(merchant_id) is the only way in")

    def of(self, merchant_id: int) -> models.QuerySet[M]:
        return models.QuerySet(self.model, using=self._db).filter(merchant_id=merchant_id)

    def across_merchants(self) -> models.QuerySet[M]:
        """For jobs and operators that serve every merchant; never for an answer to one."""
        return models.QuerySet(self.model, using=self._db)


class Owned(models.Model):
    """A table whose every row belongs to one merchant."""

    merchant_id = models.BigIntegerField()

    objects: ClassVar[OwnedManager[Self]] = OwnedManager()
    #: Django's own machinery (migrations, relations) goes through a plain manager.
    plain: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "plain"
        default_manager_name = "plain"
