"""Freeing what nobody came back for."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from regulars.infra.db import retrying
from regulars.infra.recording import Writes

from .gather import run_out
from .sheet import Sheet
from .types import NOTHING_SEEN


def free_run_out(merchant_id: int, now: datetime) -> int:
    """Free claims whose time is over; how many there were. Safe to repeat and beside buyers."""
    freed = 0
    while done := retrying(lambda: _free_some(merchant_id, now)):
        freed += done
    return freed


def _free_some(merchant_id: int, now: datetime) -> int:
    with transaction.atomic():
        claims = run_out(merchant_id, now)
        if claims:
            sheet, writes = Sheet(merchant_id, NOTHING_SEEN, now), Writes()
            sheet.release(claims)
            sheet.add_to(writes)
            writes.record()
    return len(claims)
