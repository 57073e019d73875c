"""Tables of import runs, and of whom a member file meant."""

from __future__ import annotations

from django.db import models

from regulars.infra.tenancy import Owned


class ImportRun(Owned):
    """One file on its way in. ``pieces_done`` moves in the transaction of the piece it counts."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    id = models.UUIDField()
    kind = models.CharField(max_length=10)
    file_name = models.CharField(max_length=255)
    file_path = models.TextField()
    sha256 = models.CharField(max_length=64)
    profile = models.CharField(max_length=40)
    status = models.CharField(max_length=10)
    pieces_done = models.IntegerField(default=0)
    pieces = models.IntegerField(null=True)
    orders = models.BigIntegerField(default=0)
    lines = models.BigIntegerField(default=0)
    repeated = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    report = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100, default="")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["merchant_id", "created_at"], name="connectors_run_recent")]


class BroughtRow(Owned):
    """What one row of a member file came to. ``given`` is what it gave ``member_id``, for whoever
    takes it back; ``others`` are the members of a conflict."""

    pk = models.CompositePrimaryKey("merchant_id", "run_id", "row")
    run_id = models.UUIDField()
    row = models.BigIntegerField()
    outcome = models.CharField(max_length=10)
    member_id = models.UUIDField(null=True)
    recognised_by = models.CharField(max_length=80, blank=True, default="")
    others = models.JSONField(default=list)
    given = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "run_id", "outcome", "row"],
                name="connectors_brought_outcome",
            ),
            models.Index(
                fields=["merchant_id", "run_id", "member_id"], name="connectors_brought_member"
            ),
        ]
