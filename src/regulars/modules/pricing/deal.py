"""A price as it was agreed: what an order is placed on, and what a return years later undoes.

Pure. Stored as JSON text; names are short because every quote has one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.kernel.ids import unchecked
from regulars.kernel.instants import parse_instant, show_instant
from regulars.modules.ledger.types import Spent

from .types import Applied, CartLine, Discount, GiftLine, PricedLine, TenderShares

_IN_CASH: Final = TenderShares()
_NONE: Final[frozenset[str]] = frozenset()
_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class DealLine:
    """One line as sent and as priced; ``goods`` keeps what the catalogue said of it then."""

    goods: CartLine
    priced: PricedLine


@dataclass(frozen=True, slots=True)
class Spending:
    """What a tender took: the ledger's entry, and the lots it came out of."""

    entry: str
    parts: tuple[Spent, ...]


@dataclass(frozen=True, slots=True)
class SoldOffer:
    """An applied offer as it was written then, in brief (older ones in full: ``in_full`` reads
    both). ``lines`` are the places (from 0) of the lines in its scope, ``budget_minor`` what its
    budget still allowed; None without a budget."""

    document: Mapping[str, Any]
    lines: tuple[int, ...]
    budget_minor: int | None


@dataclass(frozen=True, slots=True)
class Funded:
    """What one funder pays of an offer's discount. All of an offer's are its discount."""

    offer: str
    funder: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Decided:
    """How strong an applied offer was for this buyer: by which step (None: as for everybody), in
    the band from ``own_bps`` to ``most_bps``; ``personal`` is false where the buyer said no."""

    offer: str
    bps: int
    own_bps: int
    most_bps: int
    step: int | None
    personal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """``offers`` are the applied ones in their turn, ``coupons`` the ids of what unlocked them by
    offer. ``holds`` and ``spent`` are by the name of the asset; spent once an order was placed.
    """

    quote_id: UUID
    lines: tuple[DealLine, ...]
    shipping_gross_minor: int
    shipping_discounts: tuple[Discount, ...]
    gifts: tuple[GiftLine, ...]
    applied: tuple[Applied, ...]
    points_to_earn: int
    programme: int
    tier: str | None
    channel: str | None = None
    store: str | None = None
    max_discount_bps: int = 10_000
    offers: tuple[SoldOffer, ...] = ()
    coupons: Mapping[str, str] = field(default_factory=dict)
    holds: Mapping[str, str] = field(default_factory=dict)
    spent: Mapping[str, Spending] = field(default_factory=dict)
    #: Of the offers that somebody is named to pay for, in the order of ``applied``.
    funded: tuple[Funded, ...] = ()
    #: Units sold and given, by the sku of each article that is counted.
    stock: Mapping[str, int] = field(default_factory=dict)
    #: Of the applied offers whose strength varies.
    decided: tuple[Decided, ...] = ()

    @property
    def shipping_minor(self) -> int:
        """What is left of the shipping to pay."""
        return self.shipping_gross_minor - sum(d.amount_minor for d in self.shipping_discounts)

    @property
    def net_minor(self) -> int:
        return sum(line.priced.net_minor for line in self.lines)

    @property
    def due_minor(self) -> int:
        return sum(line.priced.cash_minor for line in self.lines) + self.shipping_minor

    @property
    def requalifies(self) -> bool:
        """Whether a return asks an offer again."""
        return any(offer.document.get("on_return") == "requalify" for offer in self.offers)

    def with_spent(self, spent: Mapping[str, Spending]) -> Deal:
        return replace(self, spent=spent)

    def to_json(self) -> str:
        return _PLAIN.encode(
            {
                **({"funded": [_funded_row(one) for one in self.funded]} if self.funded else {}),
                **({"decided": [list(astuple(d)) for d in self.decided]} if self.decided else {}),
                **({"stock": dict(self.stock)} if self.stock else {}),
                "quote": self.quote_id.hex,
                "lines": [_line_row(line) for line in self.lines],
                "shipping": [self.shipping_gross_minor, _discount_rows(self.shipping_discounts)],
                "gifts": [[gift.offer, gift.sku, gift.quantity] for gift in self.gifts],
                "applied": [[offer.offer, offer.amount_minor] for offer in self.applied],
                "points_to_earn": self.points_to_earn,
                "programme": self.programme,
                "tier": self.tier,
                "place": [self.channel, self.store],
                "max_discount_bps": self.max_discount_bps,
                "offers": [[o.document, o.lines, o.budget_minor] for o in self.offers],
                "coupons": dict(self.coupons),
                "holds": dict(self.holds),
                "spent": {
                    asset: [spending.entry, [_spent_row(part) for part in spending.parts]]
                    for asset, spending in self.spent.items()
                },
            }
        )

    @staticmethod
    def from_json(kept: str | Mapping[str, Any]) -> Deal:
        """From ``to_json``'s text, or from what the text says."""
        stored = json.loads(kept) if isinstance(kept, str) else kept
        shipping_gross, shipping_discounts = stored["shipping"]
        channel, store = stored["place"]
        return Deal(
            quote_id=unchecked(int(stored["quote"], 16)),
            lines=tuple([_line(number, row) for number, row in enumerate(stored["lines"], 1)]),
            shipping_gross_minor=shipping_gross,
            shipping_discounts=_discounts(shipping_discounts),
            gifts=tuple(GiftLine(*row) for row in stored["gifts"]),
            applied=tuple(Applied(*row) for row in stored["applied"]),
            points_to_earn=stored["points_to_earn"],
            programme=stored["programme"],
            tier=stored["tier"],
            channel=channel,
            store=store,
            max_discount_bps=stored["max_discount_bps"],
            offers=tuple(
                [
                    SoldOffer(document, tuple(lines), budget)
                    for document, lines, budget in stored["offers"]
                ]
            ),
            coupons=stored["coupons"],
            holds=stored["holds"],
            funded=tuple(Funded(*row) for row in stored.get("funded", ())),
            stock=stored.get("stock", {}),
            decided=tuple(Decided(*row) for row in stored.get("decided", ())),
            spent={
                asset: Spending(entry, tuple(_spent(row) for row in rows))
                for asset, (entry, rows) in stored["spent"].items()
            },
        )


def _line_row(line: DealLine) -> list[Any]:
    goods, priced = line.goods, line.priced
    tenders = priced.tenders
    row: list[Any] = [
        goods.sku,
        goods.quantity,
        goods.unit_price_minor,
        priced.net_minor,
        _discount_rows(priced.discounts),
        priced.points_to_earn,
        priced.earn_bps,
        [goods.category, goods.type, sorted(goods.tags)],
    ]
    if tenders.minor:
        row.append(
            [
                tenders.points,
                tenders.growth_value,
                tenders.stored_value,
                tenders.points_minor,
                tenders.growth_value_minor,
                tenders.stored_value_minor,
            ]
        )
    return row


def _line(number: int, row: Sequence[Any]) -> DealLine:
    sku, quantity, unit_price, net, discounts, points, bps, (category, kind, tags), *rest = row
    return DealLine(
        CartLine(sku, quantity, unit_price, category, kind, frozenset(tags) if tags else _NONE),
        PricedLine(
            line=number,
            gross_minor=quantity * unit_price,
            discounts=_discounts(discounts),
            tenders=TenderShares(*rest[0]) if rest else _IN_CASH,
            net_minor=net,
            points_to_earn=points,
            earn_bps=bps,
        ),
    )


def _funded_row(one: Funded) -> list[Any]:
    return [one.offer, one.funder, one.amount_minor]


def _discount_rows(discounts: Sequence[Discount]) -> list[list[Any]]:
    return [[discount.offer, discount.amount_minor] for discount in discounts]


def _discounts(rows: Sequence[Sequence[Any]]) -> tuple[Discount, ...]:
    return tuple([Discount(offer, amount) for offer, amount in rows])


def _spent_row(part: Spent) -> list[Any]:
    until: datetime | None = part.expires_at
    return [
        part.number,
        part.amount,
        show_instant(part.earned_at),
        show_instant(until) if until else None,
    ]


def _spent(row: Sequence[Any]) -> Spent:
    number, amount, earned_at, until = row
    return Spent(number, amount, parse_instant(earned_at), parse_instant(until) if until else None)


def discounts_json(discounts: Sequence[Discount]) -> list[dict[str, Any]]:
    """Discounts as the API shows them."""
    return [{"offer": d.offer, "amount": d.amount_minor} for d in discounts]


def tenders_json(tenders: TenderShares) -> dict[str, int]:
    """Units of each tender, as the API shows them."""
    return {
        "points": tenders.points,
        "growth_value": tenders.growth_value,
        "stored_value": tenders.stored_value,
    }


def gifts_json(gifts: Sequence[GiftLine]) -> list[dict[str, Any]]:
    return [{"offer": g.offer, "sku": g.sku, "quantity": g.quantity} for g in gifts]
