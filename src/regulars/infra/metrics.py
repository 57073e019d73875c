"""What the process counts, in Prometheus' words; workers share files where there are several."""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
REQUESTS: Final = Counter(
    "regulars_requests_total", "Requests answered.", ("method", "route", "status")
)
SECONDS: Final = Histogram(
    "regulars_request_seconds",
    "How long answers took.",
    ("method", "route"),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
WRITES_REPLAYED: Final = Counter(
    "regulars_writes_replayed_total", "Writes answered with the first answer again."
)


def text() -> bytes:
    """Everything counted so far, of all workers of this server."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + _waiting()
    return generate_latest(REGISTRY) + _waiting()


def _waiting() -> bytes:
    from .outbox import waiting

    name = "regulars_outbox_waiting"
    told = (f"# HELP {name} Event rows still to be told.", f"# TYPE {name} gauge")
    return "\n".join((*told, f"{name} {waiting()}", "")).encode()
