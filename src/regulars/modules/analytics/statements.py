"""How rows as the tables have them become facts: one DuckDB statement for each dataset.

``raw_…`` are extracts, ``days`` which program day a stretch of a UTC day belongs to, ``owners``
who carries on for the members that a month's orders name, ``products`` the catalogue, ``ladder``
the tiers from the lowest up. Ids lose the dashes that one dialect writes and get the prefix that
people see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .facts_schema import Dataset


def _instant(column: str) -> str:
    return f"CAST({column} AS TIMESTAMP)"


def _day_of(instant: str, days: str = "d") -> str:
    """``days`` tells the program day of an instant; the equality lets the join hash."""
    return (
        f"{days}.utc_day = CAST({instant} AS DATE) "
        f"AND {instant} >= {days}.start AND {instant} < {days}.stop"
    )


def _shown(prefix: str, column: str) -> str:
    return f"'{prefix}_' || replace({column}, '-', '')"


#: A month's orders with their day and their member, for the statements on orders and on lines.
PLACED: Final = f"""
    CREATE OR REPLACE TEMP TABLE placed AS
    SELECT r.*, {_shown("ord", "r.id")} AS order_id, d.day, w.shown AS member_id,
      w.key AS member_key
    FROM (SELECT * EXCLUDE (member_id), member_id AS owner, {_instant("paid_at")} AS instant
          FROM raw_orders) r
    JOIN days d ON {_day_of("r.instant")}
    LEFT JOIN owners w ON w.id = r.owner"""
_ASSET: Final = "CASE WHEN {0} % 10 = 1 THEN 'points' ELSE 'growth_value' END"

DATASETS: Final[Mapping[Dataset, str]] = {
    "orders": """
        SELECT order_id, member_id, member_key, day, instant AS paid_at, channel, store, net_minor,
          net_minor - refunded_minor AS kept_minor, status = 'paid' AND gone = 0 AS counted,
          CAST(lines AS INTEGER) AS lines
        FROM placed ORDER BY day, order_id""",
    "lines": """
        SELECT o.order_id, o.member_id, o.day, CAST(l.line AS INTEGER) AS line, l.sku, p.category,
          p.type, l.quantity, l.quantity - l.returned AS kept_quantity, l.net_minor,
          CASE WHEN l.returned = 0 THEN l.net_minor ELSE CAST(l.net_minor
            - CAST(l.net_minor AS HUGEINT) * l.returned // l.quantity AS BIGINT) END AS kept_minor
        FROM raw_lines l JOIN placed o ON o.id = l.order_id
        LEFT JOIN products p ON p.sku = l.sku""",
    "postings": f"""
        SELECT {_shown("mem", "m.carrier")} AS member_id, {_ASSET.format("p.account")} AS asset,
          p.instant AS "at", d.day, p.amount, p.kind, strftime(p.instant, '%Y-%m') AS month
        FROM (SELECT *, {_instant('"at"')} AS instant FROM raw_postings) p
        JOIN days d ON {_day_of("p.instant")}
        JOIN raw_members m ON m.id = p.member_id""",
    # An instant of expiry is the first at which it is gone: the day is the last it was good on.
    "lots": f"""
        SELECT {_shown("mem", "m.carrier")} AS member_id, {_ASSET.format("l.asset")} AS asset,
          l.remaining, e.day AS expires_day, d.day AS earned_day
        FROM (SELECT *, {_instant("earned_at")} AS earned,
                {_instant("expires_at")} - INTERVAL 1 MICROSECOND AS good_until FROM raw_lots) l
        JOIN days d ON {_day_of("l.earned")}
        LEFT JOIN days e ON {_day_of("l.good_until", "e")}
        JOIN raw_members m ON m.id = l.member_id""",
    "lot_moves": f"""
        SELECT m.kind, u.day, d.day AS earned_day, e.day AS expires_day,
          CAST(sum(m.amount) AS BIGINT) AS amount, strftime(m.moved, '%Y-%m') AS month
        FROM (SELECT kind, amount, {_instant('"at"')} AS moved, {_instant("earned_at")} AS earned,
                {_instant("expires_at")} - INTERVAL 1 MICROSECOND AS good_until FROM raw_moves) m
        JOIN days u ON {_day_of("m.moved", "u")}
        JOIN days d ON {_day_of("m.earned")}
        LEFT JOIN days e ON {_day_of("m.good_until", "e")}
        GROUP BY ALL""",
    "members": f"""
        SELECT {_shown("mem", "m.carrier")} AS member_id, min(d.day) AS joined_day,
          any_value(m.channel) FILTER (m.id = m.carrier) AS channel,
          any_value(m.store) FILTER (m.id = m.carrier) AS store,
          any_value(m.status) FILTER (m.id = m.carrier) AS status
        FROM (SELECT *, {_instant("joined_at")} AS instant FROM raw_members) m
        JOIN days d ON {_day_of("m.instant")}
        GROUP BY m.carrier ORDER BY member_id""",
    # A floor lifts until its day; a tier that is no longer on the ladder counts as the first.
    "tiers": f"""
        SELECT {_shown("mem", "m.id")} AS member_id, l.code AS tier
        FROM raw_members m
        LEFT JOIN raw_standings s ON s.member_id = m.id
        LEFT JOIN ladder own ON own.code = s.tier
        LEFT JOIN ladder held ON held.code = s.floor_tier
          AND CAST(s.floor_until AS DATE) > $today
        JOIN ladder l ON l.rank = greatest(coalesce(own.rank, 0), coalesce(held.rank, 0))
        WHERE m.id = m.carrier ORDER BY member_id""",
    "tier_changes": f"""
        SELECT {_shown("mem", "c.member_id")} AS member_id, c.instant AS "at", d.day,
          c.from_tier, c.to_tier, c.reason
        FROM (SELECT *, {_instant('"at"')} AS instant FROM raw_changes) c
        JOIN days d ON {_day_of("c.instant")}
        JOIN raw_members m ON m.id = c.member_id AND m.id = m.carrier
        ORDER BY c.instant, c.id""",
}
