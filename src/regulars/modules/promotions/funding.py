"""What is left of a funder's cap, and what an order takes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from regulars.modules.budgets.sheet import Sheet
from regulars.modules.budgets.types import Seen

from .splitting import most_of, parts
from .types import Funder, FunderShare, Offer

_EVER: Final = "ever"


def capped(offer: Offer, funders: Mapping[str, Funder]) -> list[tuple[Funder, FunderShare]]:
    """Those of an offer's funders that have a cap."""
    return [
        (funders[share.funder], share)
        for share in offer.budget_terms.funding
        if share.funder in funders
    ]


def with_caps(offer: Offer, funders: Mapping[str, Funder]) -> int | None:
    """The most the offer may cost by its own hard budget and the hard caps of who pays; None for
    any amount."""
    own = [offer.budget] if offer.budget is not None and offer.budget_terms.stop == "hard" else []
    caps = [
        most_of(funder.cap_minor, share.share_bps)
        for funder, share in capped(offer, funders)
        if funder.stop == "hard"
    ]
    return min([*own, *caps], default=None)


def key(funder: Funder, day: date) -> str:
    """Where what a funder pays for orders of ``day`` is counted."""
    period = {"all": _EVER, "day": day.isoformat(), "month": f"{day:%Y-%m}"}[funder.per]
    return f"funder|{period}|{funder.code}"


def left(funder: Funder, seen: Seen, day: date) -> int:
    """What is left of a cap; below 0 never, also where it was lowered."""
    return max(0, funder.cap_minor - seen.used(key(funder, day)))


def claim(
    sheet: Sheet,
    funders: Mapping[str, Funder],
    costs: Iterable[tuple[Offer, int]],
    *,
    owner: str,
    day: date,
    expires_at: datetime | None,
) -> None:
    """Take each funder's part of what offers cost from its cap, together. Raises BudgetTaken."""
    owed: dict[str, int] = {}
    for offer, amount in costs:
        funding = offer.budget_terms.funding
        for share, part in zip(funding, parts(funding, amount), strict=True):
            if share.funder in funders and part:
                owed[share.funder] = owed.get(share.funder, 0) + part
    for code in sorted(owed):
        funder = funders[code]
        sheet.claim(
            owner=owner,
            key=key(funder, day),
            amount=owed[code],
            most=funder.cap_minor if funder.stop == "hard" else None,
            expires_at=expires_at,
        )
