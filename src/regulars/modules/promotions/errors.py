"""What promotions refuses."""

from __future__ import annotations

from regulars.kernel.errors import Conflict


class OfferExists(Conflict):
    """Another offer has this code already."""

    code = "offer_exists"
    title = "There is an offer with this code already; change it, or choose another code"


class OfferArchived(Conflict):
    """An archived offer stays as it was when its time was over."""

    code = "offer_archived"
    title = "This offer is archived; make a new one"
