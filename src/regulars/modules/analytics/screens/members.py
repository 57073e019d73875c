"""The list of members: found, filtered, sorted, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.clock import now_for
from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all
from regulars.infra.http.answers import id_after
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.kernel.periods import day_start, program_day
from regulars.modules.analytics import services
from regulars.modules.analytics.queries import Freshness
from regulars.modules.analytics.reporting import WINDOW_DAYS
from regulars.modules.members import queries as people
from regulars.modules.members.lookup import carriers
from regulars.modules.members.rules import member_number
from regulars.modules.programmes.queries import programme_at
from regulars.modules.programmes.statements import named
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.queries import tiers_of
from regulars.modules.tiers.types import Ladder

from . import watching

Filter = Literal["at_risk", "expiring", "lapsing", "debt", "new"]
Sort = Literal["joined", "points", "spend", "last_order"]
#: Lists and rankings come from facts; a longer export than this is left to the jobs.
AT_ONCE_ROWS: Final = 20_000
_FOUND_MOST: Final = 500
_NUMBER: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{12}", re.IGNORECASE)

_CONDITIONS: Final = {
    "found": any_of("m.id", "found"),
    "only": any_of("m.id", "only"),
    "new": "m.joined_at >= :since",
    # On the tier by activity with no floor above it, or lifted to it by a floor.
    "tier": "(coalesce(s.tier, :first_tier) = :tier AND NOT (s.floor_until IS NOT NULL "
    f"AND s.floor_until > :today AND {any_of('s.floor_tier', 'above')}) "
    "OR s.floor_tier = :tier AND s.floor_until > :today "
    f"AND {any_of('coalesce(s.tier, :first_tier)', 'below')})",
}
_STANDING: Final = (
    " LEFT JOIN tiers_standing s ON s.merchant_id = m.merchant_id AND s.member_id = m.id"
)
_PLACES: Final = {
    "joined": "{0}.joined_at",
    "points": "coalesce((SELECT a.balance - a.held FROM ledger_account a "
    "WHERE a.merchant_id = {0}.merchant_id AND a.member_id = {0}.id AND a.asset = 1), 0)",
}
_OWING: Final = Sql(
    "SELECT member_id FROM ledger_account "
    "WHERE merchant_id = :merchant_id AND asset = 1 AND debt > 0"
)
_ROWS: Final = Sql(
    "SELECT id, status, joined_at FROM members_member "
    f"WHERE merchant_id = :merchant_id AND {any_of('id')}"
)
_ACCOUNTS: Final = Sql(
    "SELECT member_id, asset, balance - held FROM ledger_account "
    f"WHERE merchant_id = :merchant_id AND {any_of('member_id')}"
)
_BOUGHT: Final = Sql(
    "WITH circle AS (SELECT m.id, m.id AS carrier FROM members_member m "
    f"WHERE m.merchant_id = :merchant_id AND {any_of('m.id')} "
    "UNION ALL SELECT m.id, m.merged_into FROM members_member m "
    f"WHERE m.merchant_id = :merchant_id AND {any_of('m.merged_into')}) "
    "SELECT c.carrier, sum(v.orders), sum(v.spend_minor), "
    "max(CASE WHEN v.orders > 0 THEN v.day END) "
    # CROSS: from these few to what they did, never through what everybody did.
    "FROM circle c CROSS JOIN earning_activity v "
    "WHERE v.merchant_id = :merchant_id AND v.member_id = c.id GROUP BY c.carrier"
)
#: A member's number is the last 60 bits of the id.
_BY_NUMBER: Final = Sql(
    "SELECT id FROM members_member WHERE merchant_id = :merchant_id "
    "AND substr(replace(id || '', '-', ''), 18) = :digits"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which members, in which order; None does not restrict."""

    query: str | None = None
    tier: str | None = None
    filter: Filter | None = None
    sort: Sort = "joined"
    limit: int = 20
    after: str | None = None


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """The conditions of a list and their parameters."""

    names: tuple[str, ...]
    params: dict[str, Any]


def members(merchant: MerchantFacts, wanted: Wanted, *, locale: str) -> dict[str, Any]:
    """A page of members who carry on, with ``total``. Raises Invalid for an unknown cursor."""
    now = now_for(merchant)
    programme = programme_at(merchant.id, now)
    fresh = None
    if wanted.filter in ("at_risk", "expiring", "lapsing") or wanted.sort not in _PLACES:
        fresh = services.fresh(merchant.id, now, at_most_rows=AT_ONCE_ROWS)
    narrowed = _narrowed(merchant, wanted, programme, fresh, now)
    after = id_after("mem", wanted.after)
    if wanted.sort in _PLACES:
        ids = _by_books(narrowed, wanted.sort, after, wanted.limit + 1)
    else:
        assert fresh is not None
        by: watching.Ranking = "spend" if wanted.sort == "spend" else "last_order"
        among = _all(narrowed) if narrowed.names else None
        ids = watching.ranked(fresh, by, among=among, after=after, limit=wanted.limit + 1)
    shown = ids[: wanted.limit]
    has_more = len(ids) > wanted.limit
    return {
        "data": rows(merchant, programme, shown, now, locale=locale),
        "has_more": has_more,
        "next_cursor": show("mem", shown[-1]) if has_more else None,
        "total": _total(narrowed),
    }


def rows(
    merchant: MerchantFacts,
    programme: Programme,
    ids: Sequence[UUID],
    now: datetime,
    *,
    locale: str,
) -> list[dict[str, Any]]:
    """What a list shows of members who carry on, in the order of ``ids``."""
    if not ids:
        return []
    of = {"merchant_id": merchant.id, "ids": list(ids)}
    known = {as_uuid(id_): (status, at) for id_, status, at in fetch_all(_ROWS, of)}
    free = {(as_uuid(id_), asset): amount for id_, asset, amount in fetch_all(_ACCOUNTS, of)}
    bought = {as_uuid(id_): figures for id_, *figures in fetch_all(_BOUGHT, of)}
    today = program_day(now, ZoneInfo(merchant.zone))
    standing = tiers_of(merchant.id, ids, ladder=programme.ladder, day=today)
    identities = people.identities_of(merchant.id, ids)
    names = people.names(merchant.id, ids)
    found = []
    for id_ in ids:
        if id_ not in known:
            continue
        status, joined_at = known[id_]
        joined = as_instant(joined_at)
        assert joined is not None
        orders, spend_minor, last_day = bought.get(id_, (0, 0, None))
        found.append(
            {
                "id": show("mem", id_),
                "name": names.get(id_),
                "number": member_number(id_),
                "identities": [
                    {"type": one.type, "masked": one.masked} for one in identities.get(id_, ())
                ],
                "tier": named(standing[id_], locale),
                "points": free.get((id_, 1), 0),
                "growth_value": free.get((id_, 2), 0),
                "orders": int(orders),
                "spend_minor": int(spend_minor),
                "last_order_day": str(last_day) if last_day is not None else None,
                "joined_at": show_instant(joined),
                "status": status,
            }
        )
    return found


# ── which ─────────────────────────────────────────────────────────────────────────────────


def _narrowed(
    merchant: MerchantFacts,
    wanted: Wanted,
    programme: Programme,
    fresh: Freshness | None,
    now: datetime,
) -> _Narrowed:
    zone = ZoneInfo(merchant.zone)
    today = program_day(now, zone)
    names: list[str] = []
    params: dict[str, Any] = {"merchant_id": merchant.id}
    if wanted.query and wanted.query.strip():
        names.append("found")
        params["found"] = find(merchant, wanted.query)
    if wanted.tier is not None:
        names.append("tier")
        params |= {"tier": wanted.tier, "today": today, **_around(programme.ladder, wanted.tier)}
    if wanted.filter == "new":
        names.append("new")
        params["since"] = day_start(today - timedelta(days=WINDOW_DAYS - 1), zone)
    elif wanted.filter == "debt":
        names.append("only")
        owing = fetch_all(_OWING, {"merchant_id": merchant.id})
        params["only"] = [as_uuid(row[0]) for row in owing]
    elif wanted.filter is not None:
        assert fresh is not None
        names.append("only")
        if wanted.filter == "expiring":
            listed = watching.expiring(fresh, today)
        elif wanted.filter == "lapsing":
            listed = watching.lapsing(fresh, today)
        else:
            listed = watching.at_risk(fresh, merchant, programme, today)
        params["only"] = list(listed.member_ids)
    return _Narrowed(tuple(names), params)


def find(merchant: MerchantFacts, text: str) -> list[UUID]:
    """Members who may be meant: by id, identity, its last characters, or the number on a card."""
    found = people.search(merchant, text, limit=_FOUND_MOST)
    number = re.sub(r"[\s-]", "", text)
    if _NUMBER.fullmatch(number):
        params = {"merchant_id": merchant.id, "digits": _hexadecimal(number)}
        found += [as_uuid(row[0]) for row in fetch_all(_BY_NUMBER, params)]
    carrier_of = carriers(merchant.id, found) if found else {}
    return list(dict.fromkeys(carrier_of.get(one, one) for one in found))


@cache
def _digits() -> str:
    """The digits that member numbers are written with, in order."""
    return "".join(member_number(UUID(int=value))[-1] for value in range(32))


def _hexadecimal(number: str) -> str:
    value = 0
    for digit in number.upper():
        value = value << 5 | _digits().index(digit)
    return f"{value:015x}"


def _around(ladder: Ladder, tier: str) -> dict[str, Any]:
    codes = [rung.code for rung in ladder.tiers]
    rank = codes.index(tier) if tier in codes else 0
    return {"first_tier": codes[0], "below": codes[:rank], "above": codes[rank + 1 :]}


# ── in which order ────────────────────────────────────────────────────────────────────────


def _by_books(narrowed: _Narrowed, sort: str, after: UUID | None, most: int) -> list[UUID]:
    params = {**narrowed.params, "most": most}
    if after is not None:
        params["after"] = after
    sql = _statement("m.id", narrowed.names, sort, after is not None)
    return [as_uuid(row[0]) for row in fetch_all(sql, params)]


def _all(narrowed: _Narrowed) -> list[UUID]:
    rows = fetch_all(_statement("m.id", narrowed.names, None, False), narrowed.params)
    return [as_uuid(row[0]) for row in rows]


def _total(narrowed: _Narrowed) -> int:
    ((total,),) = fetch_all(_statement("count(*)", narrowed.names, None, False), narrowed.params)
    return int(total)


@cache
def _statement(shown: str, names: tuple[str, ...], sort: str | None, after: bool) -> Sql:
    conditions = ["m.merchant_id = :merchant_id", "m.merged_into IS NULL"]
    conditions += [_CONDITIONS[name] for name in names]
    order = ""
    if sort is not None:
        place = _PLACES[sort]
        if after:
            conditions.append(
                f"({place.format('m')}, m.id) < (SELECT {place.format('x')}, x.id "
                "FROM members_member x WHERE x.merchant_id = :merchant_id AND x.id = :after)"
            )
        order = f" ORDER BY {place.format('m')} DESC, m.id DESC LIMIT :most"
    source = f"members_member m{_STANDING if 'tier' in names else ''}"
    return Sql(f"SELECT {shown} FROM {source} WHERE {' AND '.join(conditions)}{order}")
