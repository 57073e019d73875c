"""Reads of the settling path: what one order needs to know, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from operator import itemgetter
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.db import (
    HotSql,
    Sql,
    any_of,
    as_instant,
    as_uuid,
    fetch_all,
    fetch_one,
)
from regulars.infra.json_text import from_json
from regulars.infra.writes import REMEMBERED
from regulars.kernel.periods import program_day
from regulars.modules.catalog.queries import product_facts
from regulars.modules.earning.gather import (
    ACTIVITY_OF_WHO,
    Counts,
    counter_index,
    load_activity,
    sums_of,
)
from regulars.modules.earning.types import LineFacts
from regulars.modules.ledger.engine import Purse
from regulars.modules.ledger.gather import ACCOUNTS_OF_WHO, Purses, purse_of_row
from regulars.modules.ledger.types import GROWTH_VALUE, POINTS, Lot
from regulars.modules.members.enrolment import WHO_BY_ID, WHO_BY_IDENTITY
from regulars.modules.members.lookup import Circle, carriers, circles
from regulars.modules.pricing.claims import owner_of
from regulars.modules.pricing.deal import Deal
from regulars.modules.pricing.gather import DEAL_OF_ORDER, QUOTE
from regulars.modules.programmes.queries import NEWEST_VERSION
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.gather import STANDING_OF_WHO, load_standings, standing_of_row
from regulars.modules.tiers.types import Ladder

from .person import Person
from .types import Draft, LineView, OrderView

_ORDER: Final = """(SELECT json_array(o.id, o.fingerprint, o.status, o.generation)
  FROM orders_order o WHERE o.merchant_id = :merchant_id AND o.external_id = :external_id
  ORDER BY o.generation DESC LIMIT 1)"""
_PARKED: Final = """CASE WHEN EXISTS (SELECT 1 FROM orders_parkedrefund p
  WHERE p.merchant_id = :merchant_id AND p.order_external_id = :external_id)
  OR EXISTS (SELECT 1 FROM orders_parkedstep p
  WHERE p.merchant_id = :merchant_id AND p.order_external_id = :external_id) THEN 1 ELSE 0 END"""


def _place(who: str, quote: str = "NULL") -> HotSql:
    return HotSql(
        f"""WITH {who} SELECT
  (SELECT json_array(own, carrier, status, joined_at) FROM who), {REMEMBERED}, {_ORDER},
  {NEWEST_VERSION}, {ACCOUNTS_OF_WHO}, {STANDING_OF_WHO}, {ACTIVITY_OF_WHO}, {_PARKED}, {quote}"""
    )


#: By how the member is named, and whether the order is placed on a quote.
PLACE: Final = {
    (by_identity, quoted): _place(who, QUOTE if quoted else "NULL")
    for by_identity, who in ((False, WHO_BY_ID), (True, WHO_BY_IDENTITY))
    for quoted in (False, True)
}
_ORDER_COLUMNS: Final = (
    "id, external_id, member_id, channel, store, placed_at, paid_at, status, net_minor, "
    "refunded_minor, paid_minor, points, growth_value, frozen, revision, generation, fingerprint, "
    f"{DEAL_OF_ORDER}"
)
_ORDER_ROW: Final = Sql(
    f"SELECT {_ORDER_COLUMNS} FROM orders_order o "
    "WHERE merchant_id = :merchant_id AND id = :order_id"
)
_ORDER_ROWS: Final = Sql(
    f"SELECT {_ORDER_COLUMNS} FROM orders_order o "
    f"WHERE merchant_id = :merchant_id AND {any_of('id')}"
)
_LINES: Final = Sql(
    "SELECT order_id, line, sku, quantity, unit_price_minor, net_minor, returned "
    f"FROM orders_orderline WHERE merchant_id = :merchant_id AND {any_of('order_id')} "
    "ORDER BY order_id, line"
)
_PARKED_NAME: Final = Sql(
    "SELECT o.external_id FROM orders_order o JOIN orders_parkedrefund p "
    "ON p.merchant_id = o.merchant_id AND p.order_external_id = o.external_id "
    "WHERE o.merchant_id = :merchant_id AND o.id = :order_id LIMIT 1"
)
_TIER_AT: Final = Sql(
    "SELECT at, to_tier FROM tiers_tierchange WHERE merchant_id = :merchant_id "
    "AND member_id = :member_id AND at <= :at ORDER BY at DESC, id DESC LIMIT 1"
)


_KNOWN: Final = Sql(
    "SELECT external_id, fingerprint, status, generation FROM orders_order "
    f"WHERE merchant_id = :merchant_id AND {any_of('external_id', 'names')}"
)


class Gathered:
    """What is known before an order is placed."""

    __slots__ = (
        "accounts",
        "activity",
        "carrier",
        "joined_at",
        "newest",
        "order",
        "own",
        "parked",
        "quote",
        "remembered",
        "standing",
        "status",
    )

    def __init__(self, row: Sequence[Any]) -> None:
        who, remembered, order, newest, accounts, standing, activity, parked, quote = row
        own, carrier, status, joined_at = from_json(who) if who else (None, None, None, None)
        self.own = as_uuid(own) if own else None
        self.carrier = self.own if carrier == own else as_uuid(carrier)
        self.status = status
        self.joined_at = as_instant(joined_at)
        self.remembered = from_json(remembered) if remembered else None
        self.order: Any = from_json(order) if order else None
        self.newest = int(newest)
        self.accounts = from_json(accounts) if accounts else []
        self.standing = from_json(standing) if standing else None
        self.activity = sums_of(activity) or [0] * 5
        self.parked = int(parked) != 0
        self.quote = from_json(quote) if quote else None


def question(
    *,
    merchant_id: int,
    draft: Draft,
    identity_key: str | None,
    operation: str,
    key: str,
    day: date,
    window_from: date,
) -> tuple[HotSql, dict[str, Any]]:
    """One read: the member, what was answered before, the purses, the standing; its parameters."""
    params: dict[str, Any] = {
        "merchant_id": merchant_id,
        "external_id": draft.external_id,
        "operation": operation,
        "key": key,
        "day": day,
        "window_from": window_from,
    }
    by_identity = identity_key is not None and draft.identity is not None
    if by_identity and draft.identity is not None:
        params |= {"identity_type": draft.identity[0], "identity_key": identity_key}
    else:
        params["member_id"] = draft.member_id
    if draft.quote_id is not None:
        params |= {"quote_id": draft.quote_id, "budget_owner": owner_of(draft.quote_id)}
    return PLACE[by_identity, draft.quote_id is not None], params


def person_at_the_till(
    gathered: Gathered, *, merchant_id: int, ladder: Ladder, day: date, zone: ZoneInfo
) -> Person:
    """A person from sums of the window alone; ``needs_history`` tells when that is not enough."""
    assert gathered.carrier is not None
    assert gathered.joined_at is not None
    purses = {
        row[0]: purse_of_row(merchant_id, gathered.carrier, row, complete=False)
        for row in gathered.accounts
    }
    stored = standing_of_row(gathered.standing) if gathered.standing else None
    person = Person(
        member_id=gathered.carrier,
        joined_on=program_day(gathered.joined_at, zone),
        points=purses.get(POINTS) or _new_purse(merchant_id, gathered.carrier, POINTS),
        growth_value=purses.get(GROWTH_VALUE)
        or _new_purse(merchant_id, gathered.carrier, GROWTH_VALUE),
        standing=stored.standing if stored else None,
        programme=stored.programme if stored else 0,
        revision=stored.revision if stored else 0,
        ladder=ladder,
        days=None,
    )
    *window, points, growth_value = gathered.activity
    person.gathered_window(day, window[counter_index(ladder.counter)], [0, 0, growth_value, points])
    return person


def _new_purse(merchant_id: int, member_id: UUID, asset: int) -> Purse:
    return Purse(merchant_id=merchant_id, member_id=member_id, asset=asset, complete=False)


class People:
    """Some persons with everything known of them, for refunds, late orders and files."""

    def __init__(
        self,
        merchant_id: int,
        carrier_ids: Sequence[UUID],
        *,
        ladder: Ladder,
        zone: ZoneInfo,
        causes: Sequence[str] = (),
        numbers: Sequence[int] = (),
    ) -> None:
        found = circles(merchant_id, carrier_ids)
        carrier_of = {own: circle.member_id for circle in found.values() for own in circle.ids}
        self.purses = Purses(merchant_id, carrier_ids, causes=causes, numbers=numbers)
        standings = load_standings(merchant_id, carrier_ids)
        activity: Mapping[UUID, dict[date, Counts]] = load_activity(merchant_id, carrier_of)
        self._people: dict[UUID, Person] = {}
        for carrier, circle in found.items():
            stored = standings.get(carrier)
            self._people[carrier] = Person(
                member_id=carrier,
                joined_on=program_day(circle.joined_at, zone),
                points=self.purses.of(carrier, POINTS),
                growth_value=self.purses.of(carrier, GROWTH_VALUE),
                standing=stored.standing if stored else None,
                programme=stored.programme if stored else 0,
                revision=stored.revision if stored else 0,
                ladder=ladder,
                days=activity.get(carrier, {}),
                own_lots=self.purses.own_lots,
                lapsed_elsewhere=_lapsed(merchant_id, circle, causes),
                lot=partial(self.purses.lot, carrier),
            )

    def of(self, carrier: UUID) -> Person:
        return self._people[carrier]

    def all(self) -> list[Person]:
        return list(self._people.values())


def _lapsed(
    merchant_id: int, circle: Circle, causes: Sequence[str]
) -> Callable[[int, str], list[tuple[Purse, Lot]]]:
    """Lots that expired under another id of the person, before a merge moved the rest here."""
    others = [own for own in circle.ids if own != circle.member_id] if causes else []
    purses = {own: Purses(merchant_id, [own], causes=causes) for own in others}
    return lambda asset, cause: [
        (known.of(own, asset), lot)
        for own, known in purses.items()
        for lot in known.own_lots(asset, cause)
        if lot.expired > lot.forgone
    ]


def carrier_of(merchant_id: int, member_id: UUID) -> UUID:
    return carriers(merchant_id, [member_id]).get(member_id, member_id)


def parked_name(merchant_id: int, order_id: UUID) -> str | None:
    """The external id of an order for which refunds are parked; None where none are."""
    row = fetch_one(_PARKED_NAME, {"merchant_id": merchant_id, "order_id": order_id})
    return row[0] if row else None


def tier_at(
    merchant_id: int,
    member_id: UUID,
    at: datetime,
    ladder: Ladder,
    *,
    decided: Sequence[tuple[datetime, str]] = (),
) -> str:
    """The tier a member had at an instant gone by; ``decided`` are changes (instant, tier), the
    latest last, that may not be recorded yet."""
    row = fetch_one(_TIER_AT, {"merchant_id": merchant_id, "member_id": member_id, "at": at})
    known = [(as_instant(row[0]), row[1])] if row else []
    known += [step for step in decided if step[0] <= at]
    # Of several at one instant the last counts, as its id is the highest.
    latest = max(reversed(known), key=itemgetter(0), default=None)
    return latest[1] if latest else ladder.tiers[0].code


def line_facts(merchant_id: int, programme: Programme, skus: Sequence[str]) -> list[LineFacts]:
    """What the rates look at; the catalogue is asked only where a rate goes by category."""
    rates = (*programme.earning.points.rates, *programme.earning.growth_value.rates)
    if not any(rate.categories or rate.types for rate in rates):
        return [LineFacts(sku, None, None) for sku in skus]
    known = product_facts(merchant_id, skus)
    return [LineFacts(sku, *known.get(sku, (None, None))) for sku in skus]


class StoredOrder:
    """An order with what only the writer needs to know of it."""

    __slots__ = ("fingerprint", "generation", "revision", "view")

    def __init__(self, row: Sequence[Any], lines: Sequence[LineView]) -> None:
        (id_, external_id, member_id, channel, store, placed_at, paid_at, status, net, refunded,
         paid, points, growth_value, frozen, revision, generation, fingerprint,
         deal) = row  # fmt: skip
        placed = as_instant(placed_at)
        assert placed is not None
        self.revision: int = revision
        self.generation: int = generation
        self.fingerprint: str = fingerprint
        self.view = OrderView(
            id=as_uuid(id_),
            external_id=external_id,
            member_id=as_uuid(member_id) if member_id else None,
            channel=channel,
            store=store,
            placed_at=placed,
            paid_at=as_instant(paid_at),
            status=status,
            net_minor=net,
            refunded_minor=refunded,
            paid_minor=paid,
            points=points,
            growth_value=growth_value,
            lines=tuple(lines),
            frozen=frozen,
            deal=Deal.from_json(deal) if deal else None,
        )


def stored_order(merchant_id: int, order_id: UUID) -> StoredOrder | None:
    row = fetch_one(_ORDER_ROW, {"merchant_id": merchant_id, "order_id": order_id})
    if row is None:
        return None
    return StoredOrder(row, lines_of(merchant_id, [order_id]).get(order_id, []))


def stored_orders(merchant_id: int, order_ids: Sequence[UUID]) -> dict[UUID, StoredOrder]:
    params = {"merchant_id": merchant_id, "ids": list(order_ids)}
    lines = lines_of(merchant_id, order_ids)
    found = (
        StoredOrder(row, lines.get(as_uuid(row[0]), [])) for row in fetch_all(_ORDER_ROWS, params)
    )
    return {order.view.id: order for order in found}


def lines_of(merchant_id: int, order_ids: Sequence[UUID]) -> dict[UUID, list[LineView]]:
    found: dict[UUID, list[LineView]] = {}
    params = {"merchant_id": merchant_id, "ids": list(order_ids)}
    for order_id, *line in fetch_all(_LINES, params):
        found.setdefault(as_uuid(order_id), []).append(LineView(*line))
    return found


def known_orders(merchant_id: int, names: Sequence[str]) -> dict[str, tuple[str, str, int]]:
    """External id -> fingerprint, status, generation of the latest that came under it."""
    params = {"merchant_id": merchant_id, "names": list(names)}
    found: dict[str, tuple[str, str, int]] = {}
    for name, fingerprint, status, generation in fetch_all(_KNOWN, params):
        if name not in found or generation > found[name][2]:
            found[name] = (fingerprint, status, generation)
    return found
