"""What is left of articles of which there is only so much, and what an order takes of them.

``units`` of a supply is what there was at first, and the limit of its counter; so sold and given +
held + left = units, always. What those take who may buy early is counted a second time, against the
part that is not kept for the general sale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from regulars.modules.budgets.sheet import Sheet
from regulars.modules.budgets.types import Claim, Seen

from .types import Gift, Offer, Supply, begins_for

_STOCK = "stock|"
_EARLY = "early|"


def stock_key(sku: str) -> str:
    return f"{_STOCK}{sku}"


def early_key(sku: str) -> str:
    return f"{_EARLY}{sku}"


def keys(supplies: Iterable[Supply]) -> list[str]:
    """Every key that a price of these articles depends on."""
    found = []
    for supply in supplies:
        if supply.units is not None:
            found.append(stock_key(supply.sku))
        if supply.early_units is not None:
            found.append(early_key(supply.sku))
    return found


def gift_skus(offers: Iterable[Offer]) -> set[str]:
    """What any of these offers may give."""
    return {
        choice.sku
        for offer in offers
        if isinstance(offer.params, Gift)
        for choice in offer.params.choices
    }


def opens_for(supply: Supply, tier: str | None) -> datetime | None:
    """From when on somebody of ``tier`` may buy it; None: always could."""
    return begins_for(supply.opens_at, supply.early, tier)


def is_early(supply: Supply, at: datetime) -> bool:
    """Whether it is not for everybody yet."""
    return supply.opens_at is not None and at < supply.opens_at


def left(supply: Supply, seen: Seen, at: datetime) -> int | None:
    """How many units may still be bought now; None: as many as anybody likes."""
    rests = []
    if supply.units is not None:
        rests.append(supply.units - seen.used(stock_key(supply.sku)))
    if supply.early_units is not None and is_early(supply, at):
        rests.append(supply.early_units - seen.used(early_key(supply.sku)))
    return max(0, min(rests)) if rests else None


def claim(
    sheet: Sheet,
    supplies: Mapping[str, Supply],
    sold: Mapping[str, int],
    given: Mapping[str, int],
    *,
    owner: str,
    at: datetime,
    expires_at: datetime | None,
) -> None:
    """Take what an order sells and gives away of each article. Raises BudgetTaken."""
    for sku in sorted(set(sold) | set(given)):
        supply = supplies.get(sku)
        if supply is None:
            continue
        units, bought = sold.get(sku, 0) + given.get(sku, 0), sold.get(sku, 0)
        if supply.units is not None:
            sheet.claim(
                owner=owner,
                key=stock_key(sku),
                amount=units,
                most=supply.units,
                expires_at=expires_at,
            )
        if bought and supply.early_units is not None and is_early(supply, at):
            sheet.claim(
                owner=owner,
                key=early_key(sku),
                amount=bought,
                most=supply.early_units,
                expires_at=expires_at,
            )


def give_back(
    sheet: Sheet, claims: Iterable[Claim], sold: Mapping[str, int], given: Mapping[str, int]
) -> None:
    """Give back what an order took of articles but for what of it is kept."""
    for one in claims:
        if one.key.startswith(_STOCK):
            sku = one.key.removeprefix(_STOCK)
            sheet.shrink(one, sold.get(sku, 0) + given.get(sku, 0))
        elif one.key.startswith(_EARLY):
            sheet.shrink(one, sold.get(one.key.removeprefix(_EARLY), 0))
