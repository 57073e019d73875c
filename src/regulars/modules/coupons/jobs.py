"""The periodic work of coupons."""

from __future__ import annotations

from regulars.infra.clock import now_for
from regulars.infra.jobs import periodic
from regulars.modules.merchants.queries import merchants

from .issuing import issue_due
from .making import make_pieces


@periodic(every_seconds=1)
def make_codes() -> int:
    """Go on with batches that are not yet made."""
    return make_pieces()


@periodic(every_seconds=30)
def issue_everywhere() -> None:
    """Give the coupons that paid orders promised and that fell due."""
    for merchant in merchants():
        issue_due(merchant, now_for(merchant))
