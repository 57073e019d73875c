"""What happened with one member, in one stream: orders, refunds, points, tiers, consents."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Literal, get_args
from uuid import UUID

from regulars.infra.clock import now_for
from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all
from regulars.infra.http.answers import unknown_cursor
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import parse, show
from regulars.kernel.instants import show_instant
from regulars.modules.analytics.reporting import ladder_of
from regulars.modules.ledger.queries import adjustment_reasons
from regulars.modules.ledger.types import DEBT_OF, POINTS
from regulars.modules.members.lookup import circle_of
from regulars.modules.programmes.statements import named
from regulars.modules.tiers.types import Ladder

Kind = Literal["order", "points", "tier", "refund", "consent"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_MINE: Final = f"x.merchant_id = :merchant_id AND {any_of('x.member_id', 'members')}"
_NONE: Final = "CAST(NULL AS varchar(1))"
#: Every branch gives: at, place, seq, key; then an amount, a number and five texts that each kind
#: reads its own way. What happens at one instant is told in the order of the places.
_BRANCHES: Final[dict[Kind, str]] = {
    "order": f"""SELECT coalesce(x.paid_at, x.placed_at) AS at, 1 AS place, 0 AS seq,
      x.id || '' AS key, x.net_minor AS amount, x.points AS number, x.status AS a,
      x.external_id AS b, x.store AS c, x.channel AS d, {_NONE} AS e
      FROM orders_order x WHERE {_MINE} AND x.status <> 'undone'""",
    "refund": f"""SELECT r.refunded_at, 2, 0, r.id || '', -r.cash_minor, r.points_taken,
      r.external_id, x.external_id, x.store, x.channel, x.id || ''
      FROM orders_order x JOIN orders_refund r ON r.merchant_id = x.merchant_id
        AND r.order_id = x.id WHERE {_MINE} AND x.status <> 'undone'""",
    "points": f"""SELECT x.at, 3, x.version * 100 + x.account, x.member_id || '', x.amount,
      x.balance_after, x.kind, x.cause_type, x.cause_id, {_NONE}, {_NONE}
      FROM ledger_posting x WHERE {_MINE} AND x.account IN ({POINTS}, {POINTS + DEBT_OF})""",
    "tier": f"""SELECT x.at, 4, 0, x.id || '', x.counter, x.threshold, x.reason, x.from_tier,
      x.to_tier, x.cause_type, x.cause_id
      FROM tiers_tierchange x WHERE {_MINE}""",
    "consent": f"""SELECT x.at, 5, 0, x.id || '', 0, 0, CASE WHEN x.granted THEN 'granted'
        ELSE 'withdrawn' END, x.purpose, x.channel, x.text_version, {_NONE}
      FROM members_consent x WHERE {_MINE}""",
}
_BY_PLACE: Final[dict[int, Kind]] = {
    1: "order",
    2: "refund",
    3: "points",
    4: "tier",
    5: "consent",
}
_CURSOR: Final = re.compile(r"(-?[0-9]{1,18})\.([1-5])\.([0-9]{1,14})\.([0-9a-f-]{1,36})")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Happened:
    """A row of the stream."""

    at: datetime
    place: int
    seq: int
    key: str
    amount: int
    number: int
    texts: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    """What rows are told with: tiers by name, adjustments by reason."""

    ladder: Ladder | None
    locale: str
    reasons: Mapping[UUID, tuple[str, str]]


def timeline(
    merchant: MerchantFacts,
    member_id: UUID,
    *,
    kinds: Sequence[Kind],
    limit: int,
    after: str | None,
    locale: str,
) -> dict[str, Any]:
    """A page of the stream, newest first; no ``kinds`` means all.

    Raises NotFound, and Invalid for a cursor that is none.
    """
    params: dict[str, Any] = {
        "merchant_id": merchant.id,
        "members": list(circle_of(merchant.id, member_id).ids),
        "most": limit + 1,
        **_position(after),
    }
    wanted = tuple(kind for kind in KINDS if kind in kinds) or KINDS
    rows = [_row(row) for row in fetch_all(_statement(wanted, after is not None), params)]
    shown = rows[:limit]
    has_more = len(rows) > limit
    words = _Words(
        ladder_of(merchant.id, now_for(merchant)) if "tier" in wanted else None,
        locale,
        _reasons(merchant.id, shown),
    )
    return {
        "data": [_told(row, words) for row in shown],
        "has_more": has_more,
        "next_cursor": _cursor(shown[-1]) if has_more else None,
    }


@cache
def _statement(kinds: tuple[Kind, ...], after: bool) -> Sql:
    # The first branch names the columns.
    head = "SELECT at, place, seq, key, amount, number, a, b, c, d, e FROM ("
    named_columns = f"{_BRANCHES['order']} AND 1 = 0"
    union = " UNION ALL ".join([named_columns, *(_BRANCHES[kind] for kind in kinds)])
    later = "WHERE (at, place, seq, key) < (:at, :place, :seq, :key)" if after else ""
    order = "ORDER BY at DESC, place DESC, seq DESC, key DESC LIMIT :most"
    return Sql(f"{head}{union}) happened {later} {order}")


def _row(row: Sequence[Any]) -> _Happened:
    at, place, seq, key, amount, number, *texts = row
    happened_at = as_instant(at)
    assert happened_at is not None
    return _Happened(happened_at, place, seq, key, amount, number, tuple(texts))


def _cursor(row: _Happened) -> str:
    return f"{(row.at - _EPOCH) // _TICK}.{row.place}.{row.seq}.{row.key}"


def _position(after: str | None) -> dict[str, Any]:
    if after is None:
        return {}
    found = _CURSOR.fullmatch(after)
    try:
        if found is None:
            raise ValueError
        at = _EPOCH + int(found[1]) * _TICK
    except (ValueError, OverflowError):
        raise unknown_cursor("Send a cursor of this list.") from None
    return {"at": at, "place": int(found[2]), "seq": int(found[3]), "key": found[4]}


def _reasons(merchant_id: int, rows: Sequence[_Happened]) -> Mapping[UUID, tuple[str, str]]:
    ids = [id_ for row in rows if (id_ := _adjustment(row)) is not None]
    return adjustment_reasons(merchant_id, ids) if ids else {}


def _adjustment(row: _Happened) -> UUID | None:
    """The adjustment behind a posting, where one is."""
    kind, _cause_type, cause_id, *_ = row.texts
    if _BY_PLACE[row.place] != "points" or kind != "adjust" or cause_id is None:
        return None
    return parse("adj", cause_id)


# ── in words of each kind ─────────────────────────────────────────────────────────────────


def _told(row: _Happened, words: _Words) -> dict[str, Any]:
    kind = _BY_PLACE[row.place]
    return {"at": show_instant(row.at), "kind": kind, **_SAYINGS[kind](row, words)}


def _item(
    title_key: str,
    detail: Mapping[str, Any],
    *,
    amount: int | None = None,
    unit: str | None = None,
    link: tuple[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "title_key": title_key,
        "amount": amount,
        "unit": unit,
        "link": {"type": link[0], "id": link[1]} if link else None,
        "detail": {name: value for name, value in detail.items() if value is not None},
    }


def _order(row: _Happened, _words: _Words) -> dict[str, Any]:
    status, external_id, store, channel, _ = row.texts
    return _item(
        f"order.{status}",
        {
            "external_id": external_id,
            "store": store,
            "channel": channel,
            "status": status,
            "points": row.number,
        },
        amount=row.amount,
        unit="minor",
        link=("order", show("ord", as_uuid(row.key))),
    )


def _refund(row: _Happened, _words: _Words) -> dict[str, Any]:
    external_id, order_external_id, store, channel, order_id = row.texts
    return _item(
        "refund.made",
        {
            "external_id": external_id,
            "order_external_id": order_external_id,
            "store": store,
            "channel": channel,
            "points_taken": row.number,
        },
        amount=row.amount,
        unit="minor",
        link=("order", show("ord", as_uuid(order_id))),
    )


def _points(row: _Happened, words: _Words) -> dict[str, Any]:
    kind, cause_type, cause_id, *_ = row.texts
    adjustment = _adjustment(row)
    reason, _actor = words.reasons.get(adjustment, (None, None)) if adjustment else (None, None)
    return _item(
        f"points.{kind}",
        {"balance_after": row.number, "cause_type": cause_type, "reason": reason},
        amount=row.amount,
        unit="points",
        link=(cause_type, cause_id) if cause_type and cause_id else None,
    )


def _tier(row: _Happened, words: _Words) -> dict[str, Any]:
    reason, from_tier, to_tier, cause_type, cause_id = row.texts
    by_code = {tier.code: tier for tier in words.ladder.tiers} if words.ladder else {}
    names = {
        code: named(by_code[code], words.locale)["name"] if code in by_code else code
        for code in (from_tier, to_tier)
        if code is not None
    }
    return _item(
        f"tier.{_way(from_tier, to_tier, list(by_code))}",
        {
            "from": names.get(from_tier or ""),
            "to": names.get(to_tier or ""),
            "why": reason,
            "counter": row.amount,
            "threshold": row.number,
        },
        link=(cause_type, cause_id) if cause_type and cause_id else None,
    )


def _way(before: str | None, after: str | None, codes: Sequence[str]) -> str:
    if before is None:
        return "joined"
    if before == after:
        return "kept"
    ranks = {code: rank for rank, code in enumerate(codes)}
    return "upgraded" if ranks.get(after or "", 0) > ranks.get(before, 0) else "downgraded"


def _consent(row: _Happened, _words: _Words) -> dict[str, Any]:
    word, purpose, channel, text_version, _ = row.texts
    return _item(
        f"consent.{word}",
        {"purpose": purpose, "channel": channel, "text_version": text_version},
    )


_SAYINGS: Final[Mapping[Kind, Callable[[_Happened, _Words], dict[str, Any]]]] = {
    "order": _order,
    "refund": _refund,
    "points": _points,
    "tier": _tier,
    "consent": _consent,
}
