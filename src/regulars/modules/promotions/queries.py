"""Reads of offers: the compiled book that pricing works from, and documents for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any, Final

from regulars.infra.db import Sql, as_instant, as_json, fetch_one
from regulars.kernel.errors import NotFound
from regulars.kernel.instants import parse_instant

from .brief import brief
from .document import OfferDocument, compiled
from .models import Offer as OfferRow
from .types import Early, Funder, Offer, Supply

#: A scalar for other gathers: the version of the book of :merchant_id; 0 before its first offer.
BOOK_VERSION: Final = (
    "(SELECT coalesce(max(b.version), 0) FROM promotions_offerbook b "
    "WHERE b.merchant_id = :merchant_id)"
)
_BOOK: Final = Sql(
    """SELECT
  (SELECT json_array(b.version, b.standing_held_out_bps, b.max_discount_bps, b.points_max_bps,
    b.growth_max_bps) FROM promotions_offerbook b WHERE b.merchant_id = :merchant_id),
  (SELECT json_group_array(o.document) FROM promotions_offer o
    WHERE o.merchant_id = :merchant_id AND o.status <> 'archived'),
  (SELECT json_group_array(json_array(f.code, f.cap_minor, f.per, f.stop))
    FROM promotions_funder f WHERE f.merchant_id = :merchant_id),
  (SELECT json_group_array(json_array(s.sku, s.units, s.opens_at, s.early, s.early_units))
    FROM promotions_supply s WHERE s.merchant_id = :merchant_id)"""
)


@dataclass(frozen=True, slots=True)
class PricingSettings:
    """How far discounts, and the tenders points and growth value, may go: shares in bps."""

    max_discount_bps: int = 10_000
    points_max_bps: int = 10_000
    growth_max_bps: int = 10_000


@dataclass(frozen=True, slots=True)
class Book:
    """Everything a merchant promises, as of a version; archived offers are left out, others
    stand by code."""

    version: int
    offers: tuple[Offer, ...]
    settings: PricingSettings
    #: What was written, by code.
    documents: Mapping[str, dict[str, Any]]
    #: The same in brief: what an order keeps of an offer that it used.
    briefs: Mapping[str, dict[str, Any]]
    #: The share of the members who get no offer that has a holdout.
    standing_held_out_bps: int = 0
    #: Who has a cap over all the offers it pays for, by code.
    funders: Mapping[str, Funder] = field(default_factory=dict)
    #: Of which articles there is only so much, or not for everybody yet, by sku.
    supplies: Mapping[str, Supply] = field(default_factory=dict)

    def offer(self, code: str) -> Offer | None:
        return next((offer for offer in self.offers if offer.code == code), None)


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as it was written, with every default filled in."""

    code: str
    document: dict[str, Any]
    version: int
    created_at: datetime
    changed_at: datetime


_books: dict[int, Book] = {}
_lock = Lock()


def book(merchant_id: int, version: int | None = None) -> Book:
    """The compiled book, once per process and version.

    ``version`` is what BOOK_VERSION told; without it the book is read anew. One statement reads
    version and offers, so a book is never of two versions.
    """
    known = _books.get(merchant_id)
    if known is not None and version is not None and known.version == version:
        return known
    row = fetch_one(_BOOK, {"merchant_id": merchant_id})
    assert row is not None
    head, documents = as_json(row[0]), as_json(row[1]) or []
    funders = [Funder(*one) for one in as_json(row[2]) or []]
    supplies = [_supply(one) for one in as_json(row[3]) or []]
    found = _book(head, [as_json(document) for document in documents], known)
    if found is not known:
        found = replace(
            found,
            funders={funder.code: funder for funder in funders},
            supplies={supply.sku: supply for supply in supplies},
        )
    with _lock:
        _books[merchant_id] = found
    return found


def offers(merchant_id: int, version: int | None = None) -> tuple[Offer, ...]:
    """Every offer that is not archived, by code, as the evaluator reads it."""
    return book(merchant_id, version).offers


def offer_view(merchant_id: int, code: str) -> OfferView:
    """Raises NotFound."""
    row = OfferRow.objects.of(merchant_id).filter(code=code).first()
    if row is None:
        raise NotFound
    return view_of(row)


def offer_views(
    merchant_id: int, *, limit: int, after: str | None = None, status: str | None = None
) -> list[OfferView]:
    """By code, one more than ``limit`` where there are more; all statuses unless one is named."""
    rows = OfferRow.objects.of(merchant_id)
    if status is not None:
        rows = rows.filter(status=status)
    if after is not None:
        rows = rows.filter(code__gt=after)
    return [view_of(row) for row in rows.order_by("code")[: limit + 1]]


def offer_names(merchant_id: int, codes: Iterable[str]) -> dict[str, str]:
    """The names of offers, archived ones too, by code."""
    rows = OfferRow.objects.of(merchant_id).filter(code__in=sorted(set(codes)))
    return {code: document["name"] for code, document in rows.values_list("code", "document")}


def changed_since(merchant_id: int, codes: Iterable[str]) -> dict[str, datetime]:
    """Since when each of these offers stands as it does."""
    rows = OfferRow.objects.of(merchant_id).filter(code__in=sorted(set(codes)))
    return dict(rows.values_list("code", "changed_at"))


def view_of(row: OfferRow) -> OfferView:
    return OfferView(row.code, row.document, row.version, row.created_at, row.changed_at)


def _supply(row: Sequence[Any]) -> Supply:
    sku, units, opens_at, early, early_units = row
    return Supply(
        sku=sku,
        units=units,
        opens_at=as_instant(opens_at),
        early=early_of(as_json(early) or []),
        early_units=early_units,
    )


def early_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Early, ...]:
    """As a supply keeps them."""
    return tuple(Early(frozenset(row["tiers"]), parse_instant(row["from"])) for row in rows)


def _book(head: Any, documents: list[dict[str, Any]], known: Book | None) -> Book:
    if head is None:
        return Book(0, (), PricingSettings(), {}, {})
    version, standing, *settings = head
    if known is not None and known.version == version:
        return known
    parsed = [compiled(OfferDocument.model_validate(document)) for document in documents]
    offers = tuple(sorted(parsed, key=lambda offer: offer.code))
    by_code = {document["code"]: document for document in documents}
    briefs = {code: brief(document) for code, document in by_code.items()}
    return Book(version, offers, PricingSettings(*settings), by_code, briefs, standing)
