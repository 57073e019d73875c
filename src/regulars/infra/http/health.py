"""Whether this process can serve, and what it has counted."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from regulars.infra import metrics

from .client import is_loopback
from .problems import of_status

_migrated = False


@require_safe
def healthz(_: HttpRequest) -> HttpResponse:
    """200 where the database answers and every migration is applied, else 503 and which."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        migrated = migrations_applied()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    if not migrated:
        return JsonResponse({"status": "unavailable", "database": "not migrated"}, status=503)
    return JsonResponse({"status": "ok"})


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Prometheus' text, for this machine or for whoever has REGULARS_METRICS_TOKEN."""
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    by_token = bool(settings.METRICS_TOKEN) and hmac.compare_digest(given.encode(), wanted.encode())
    if not by_token and not is_loopback(request):
        return of_status(404)
    return HttpResponse(metrics.text(), content_type=metrics.CONTENT_TYPE)


def migrations_applied() -> bool:
    """Whether the database has every migration of this code; true once, true until restart."""
    global _migrated  # noqa: PLW0603
    if not _migrated:
        executor = MigrationExecutor(connection)
        leaves = executor.loader.graph.leaf_nodes()
        _migrated = not executor.migration_plan(leaves)
    return _migrated
