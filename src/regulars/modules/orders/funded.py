"""What a funder paid of orders: each part as the order was sold, less what went back of it.

Read out of the deals that orders were placed on when somebody asks, which takes as long as there
are orders of the stretch with this funder in it. Nothing of other funders is in the answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from regulars.infra.db import Sql, as_instant, as_json, as_uuid, fetch_all
from regulars.kernel.allocation import allocate
from regulars.kernel.periods import program_day
from regulars.modules.pricing.deal import Deal
from regulars.modules.pricing.returns import discounts_left
from regulars.modules.pricing.selling import sale_of

from .dealt import gone_so_far

_ORDERS: Final = Sql(
    """SELECT o.id, o.placed_at, o.status, q.deal,
  (SELECT json_group_array(json_array(l.line, l.returned)) FROM orders_orderline l
    WHERE l.merchant_id = o.merchant_id AND l.order_id = o.id)
FROM orders_order o JOIN pricing_quote q ON q.merchant_id = o.merchant_id AND q.order_id = o.id
WHERE o.merchant_id = :merchant_id AND o.placed_at >= :since AND o.placed_at < :until
  AND q.deal LIKE :named ESCAPE '!' ORDER BY o.placed_at, o.id"""
)


@dataclass(frozen=True, slots=True)
class FundedLine:
    """Orders of one day with one offer: what the funder's part was, and what of it went back."""

    day: str
    offer: str
    orders: int
    part_minor: int
    given_back_minor: int

    @property
    def cost_minor(self) -> int:
        return self.part_minor - self.given_back_minor


def statement(
    merchant_id: int, funder: str, *, since: datetime, until: datetime, zone: ZoneInfo
) -> list[FundedLine]:
    """By day of the purchase (in the merchant's zone) and offer, orders placed in [since, until).

    What went back is told on the day of the purchase it belongs to, as of now.
    """
    named = json.dumps(funder, ensure_ascii=False)
    for special in "!%_":
        named = named.replace(special, f"!{special}")
    rows = fetch_all(
        _ORDERS,
        {"merchant_id": merchant_id, "since": since, "until": until, "named": f"%{named}%"},
    )
    found: dict[tuple[str, str], list[int]] = {}
    for order_id, placed_at, status, text, lines in rows:
        at = as_instant(placed_at)
        assert at is not None
        deal = Deal.from_json(text)
        returned = [units for _, units in sorted(as_json(lines) or [])]
        day = program_day(at, zone).isoformat()
        for offer, part, back in _parts(merchant_id, order_id, deal, status, returned, funder):
            sums = found.setdefault((day, offer), [0, 0, 0])
            for place, amount in enumerate((1, part, back)):
                sums[place] += amount
    return [FundedLine(day, offer, *sums) for (day, offer), sums in sorted(found.items())]


def _parts(
    merchant_id: int,
    order_id: Any,
    deal: Deal,
    status: str,
    returned: Sequence[int],
    funder: str,
) -> list[tuple[str, int, int]]:
    """Of each offer that the funder paid for: its part, and what went back of that."""
    own = [one for one in deal.funded if one.funder == funder]
    if not own:
        return []
    whole = status == "cancelled" or all(
        units == line.goods.quantity for units, line in zip(returned, deal.lines, strict=True)
    )
    if whole:
        return [(one.offer, one.amount_minor, one.amount_minor) for one in own]
    left: dict[str, int] = {}
    if any(returned):
        sale = sale_of(deal)
        gone = gone_so_far(merchant_id, as_uuid(order_id), deal, sale, returned)
        left = discounts_left(sale, gone)
    return [(one.offer, one.amount_minor, _gone_of(deal, one.offer, funder, left)) for one in own]


def _gone_of(deal: Deal, offer: str, funder: str, left: dict[str, int]) -> int:
    """What went back of an offer, over its funders by what each had paid; nothing of shipping."""
    paid = [one for one in deal.funded if one.offer == offer]
    whole = sum(one.amount_minor for one in paid)
    gone = whole - left.get(offer, whole)
    split = allocate(gone, [one.amount_minor for one in paid])
    return next(part for one, part in zip(paid, split, strict=True) if one.funder == funder)
