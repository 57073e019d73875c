"""What a price claims of what is scarce: uses of offers and coupons, and budgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from regulars.infra.recording import Writes
from regulars.kernel.ids import show
from regulars.modules.budgets.errors import ClaimEnded
from regulars.modules.budgets.gather import claims_of_owner
from regulars.modules.budgets.sheet import Sheet
from regulars.modules.budgets.types import NOTHING_SEEN, Claim, Seen
from regulars.modules.coupons import counting as coupon_counting
from regulars.modules.coupons.types import Coupon
from regulars.modules.promotions import counting, funding, stocking
from regulars.modules.promotions.splitting import most_of
from regulars.modules.promotions.types import Funder, Offer, Supply

from .errors import QuoteExpired
from .types import CartLine, Evaluation, Pot, Uses

NOBODY: Final[tuple[UUID, ...]] = ()


@dataclass(frozen=True, slots=True)
class Counting:
    """Of whom and where uses are counted. ``people`` are all records of the person, who carries
    on first; ``seen`` is what the gather saw of the keys."""

    people: Sequence[UUID]
    day: date
    store: str | None
    coupon_keys: Sequence[str] = ()
    seen: Seen = NOTHING_SEEN
    funders: Mapping[str, Funder] = field(default_factory=dict)
    #: Of what is bought or may be given, and when.
    supplies: Mapping[str, Supply] = field(default_factory=dict)
    at: datetime | None = None

    def keys(self, offers: Iterable[Offer]) -> list[str]:
        """Of these offers, of who pays for them, and of the coupons given."""
        return [
            *counting.keys(offers, people=self.people, day=self.day, store=self.store),
            *[funding.key(funder, self.day) for funder in self.funders.values()],
            *stocking.keys(self.supplies.values()),
            *coupon_counting.keys(self.coupon_keys, self.people),
        ]

    def uses(self, offers: Iterable[Offer]) -> dict[str, Uses]:
        """As the evaluator takes them, of the offers that are counted."""
        found = {}
        for offer in offers:
            left = counting.left(
                offer, self.seen, people=self.people, day=self.day, store=self.store
            )
            budgets = [] if left.budget_minor is None else [left.budget_minor]
            for funder, share in funding.capped(offer, self.funders):
                if funder.stop == "hard":
                    rest = funding.left(funder, self.seen, self.day)
                    budgets.append(most_of(rest, share.share_bps))
            found[offer.code] = Uses(
                by_member=left.by_member,
                in_all=left.in_all,
                budget_left_minor=min(budgets, default=None),
            )
        return found

    def stock(self) -> dict[str, int]:
        """How many units are left of each article that is counted."""
        assert not self.supplies or self.at is not None
        return {
            sku: left
            for sku, supply in self.supplies.items()
            if self.at is not None
            and (left := stocking.left(supply, self.seen, self.at)) is not None
        }

    def pots(self, offers: Iterable[Offer]) -> tuple[Pot, ...]:
        """What several offers draw from: the hard cap of a funder that pays for more than one."""
        drawn: dict[str, dict[str, int]] = {}
        for offer in offers:
            for funder, share in funding.capped(offer, self.funders):
                if funder.stop == "hard":
                    drawn.setdefault(funder.code, {})[offer.code] = share.share_bps
        return tuple(
            Pot(funding.left(self.funders[code], self.seen, self.day), shares)
            for code, shares in sorted(drawn.items())
            if len(shares) > 1
        )

    def claim(
        self,
        sheet: Sheet,
        offers: Iterable[Offer],
        coupons: Mapping[str, Coupon],
        evaluation: Evaluation,
        *,
        owner: str,
        expires_at: datetime,
    ) -> None:
        """Take what the applied among ``offers`` count, and one use of each coupon that unlocked
        one. Raises BudgetTaken."""
        for applied in evaluation.applied:
            if applied.offer in coupons:
                coupon_counting.claim(
                    sheet,
                    coupons[applied.offer],
                    owner=owner,
                    people=self.people,
                    expires_at=expires_at,
                )
        cost = {applied.offer: applied.amount_minor for applied in evaluation.applied}
        for offer in offers:
            if offer.code in cost:
                counting.claim(
                    sheet,
                    offer,
                    owner=owner,
                    cost_minor=cost[offer.code],
                    people=self.people,
                    day=self.day,
                    store=self.store,
                    expires_at=expires_at,
                )
        funding.claim(
            sheet,
            self.funders,
            [(offer, cost[offer.code]) for offer in offers if offer.code in cost],
            owner=owner,
            day=self.day,
            expires_at=expires_at,
        )

    def claim_stock(
        self,
        sheet: Sheet,
        goods: Sequence[CartLine],
        evaluation: Evaluation,
        *,
        owner: str,
        expires_at: datetime,
    ) -> dict[str, int]:
        """Take what is sold and given of articles that are counted, and say what that is. Raises
        BudgetTaken."""
        sold = _units((line.sku, line.quantity) for line in goods)
        given = _units((gift.sku, gift.quantity) for gift in evaluation.gifts)
        if not self.supplies or self.at is None:
            return {}
        stocking.claim(
            sheet,
            self.supplies,
            sold,
            given,
            owner=owner,
            at=self.at,
            expires_at=expires_at,
        )
        return {
            sku: sold.get(sku, 0) + given.get(sku, 0)
            for sku in sorted(set(sold) | set(given))
            if sku in self.supplies
        }


def _units(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for sku, units in rows:
        found[sku] = found.get(sku, 0) + units
    return found


def is_counted(offer: Offer, funders: Mapping[str, Funder]) -> bool:
    """Whether anything of an offer is counted."""
    limit = offer.limit
    if limit.total is limit.per_member is offer.budget is None:
        return bool(funding.capped(offer, funders))
    return True


def owner_of(quote_id: UUID) -> str:
    """Under what name a quote's claims stand, also once an order was placed on it."""
    return show("quo", quote_id)


def commit(
    writes: Writes, merchant_id: int, claims: Iterable[Claim], *, quote_id: UUID, now: datetime
) -> None:
    """Make everything that a quote holds final. Raises QuoteExpired where somebody else's clock
    has freed a part of it already."""
    sheet = Sheet(merchant_id, NOTHING_SEEN, now)
    try:
        sheet.commit(claims, owner=owner_of(quote_id))
    except ClaimEnded:
        raise QuoteExpired("What it held is free again; ask for a new quote.") from None
    sheet.add_to(writes)


def keep_stock(
    writes: Writes,
    merchant_id: int,
    quote_id: UUID,
    now: datetime,
    *,
    sold: Mapping[str, int],
    given: Mapping[str, int],
) -> None:
    """Give back what an order took of articles but for what of it is kept."""
    sheet = Sheet(merchant_id, NOTHING_SEEN, now)
    stocking.give_back(sheet, claims_of_owner(merchant_id, owner_of(quote_id)), sold, given)
    sheet.add_to(writes)


def release_of(writes: Writes, merchant_id: int, quote_id: UUID, now: datetime) -> None:
    """Give back everything that a quote, or the order placed on it, has claimed."""
    sheet = Sheet(merchant_id, NOTHING_SEEN, now)
    sheet.release(claims_of_owner(merchant_id, owner_of(quote_id)))
    sheet.add_to(writes)
