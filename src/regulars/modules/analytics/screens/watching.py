"""Who calls for attention, and who bought how much: lists of members worked out from facts.

Each is a small file that belongs to an export (and to a day, where it depends on one).
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis import _
from ibis.expr.types import Table

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import parse, show
from regulars.kernel.periods import program_day
from regulars.modules.analytics import folders
from regulars.modules.analytics.expressions.purchases import purchases
from regulars.modules.analytics.facts import FactTables, Row
from regulars.modules.analytics.queries import Freshness
from regulars.modules.earning.gather import load_activity, series
from regulars.modules.members.lookup import circles
from regulars.modules.programmes.statements import money_for
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers import queries as tiers
from regulars.modules.tiers import rules
from regulars.modules.tiers.gather import load_standings

Ranking = Literal["spend", "last_order"]

EXPIRING_DAYS: Final = 30
_LEAST_PURCHASES: Final = 3
_LEAST_SILENCE_DAYS: Final = 14
_LONG_GONE_DAYS: Final = 365
_BATCH: Final = 1_000
_PLACES: Final[dict[Ranking, str]] = {"spend": "spend_minor", "last_order": "last_day"}
_LAST: Final[dict[Ranking, int | date]] = {"spend": 0, "last_order": date(1, 1, 1)}


@dataclass(frozen=True, slots=True)
class Listed:
    """Some members and what is at stake with them in all."""

    member_ids: tuple[UUID, ...]
    amount: int


def expiring(fresh: Freshness, today: date) -> Listed:
    """Members whose points expire within 30 days, and how many points."""
    with fresh.facts.open() as tables:
        soon = tables.table("lots").filter(
            _.asset == "points",
            _.expires_day >= today,
            _.expires_day < today + timedelta(days=EXPIRING_DAYS),
        )
        rows = tables.rows(soon.group_by("member_id").agg(amount=_.remaining.sum()))
    return _listed(rows)


def lapsing(fresh: Freshness, today: date) -> Listed:
    """Members late for their next order, and what they spent so far.

    They bought on three days or more and have been silent for twice their usual gap, for two
    weeks at least and not yet for a year.
    """
    with _buyers(fresh) as (tables, buyers):
        silent = ibis.literal(today).delta(buyers.last_day, unit="day")
        active = buyers.last_day.delta(buyers.first_day, unit="day")
        late = buyers.filter(
            buyers.purchases >= _LEAST_PURCHASES,
            silent >= _LEAST_SILENCE_DAYS,
            silent <= _LONG_GONE_DAYS,
            silent * (buyers.purchases - 1) > 2 * active,
        )
        rows = tables.rows(late.select("member_id", amount="spend_minor"))
    return _listed(rows)


def ranked(
    fresh: Freshness,
    by: Ranking,
    *,
    among: Sequence[UUID] | None,
    after: UUID | None,
    limit: int,
) -> list[UUID]:
    """Members by what they spent or when they last bought, the highest first; ``limit`` of them.

    ``among`` keeps to some; ``after`` is the last one seen. Who never bought comes last.
    """
    with _buyers(fresh) as (tables, buyers):
        members = tables.table("members").select("member_id")
        if among is not None:
            shown = pa.table({"member_id": pa.array([show("mem", m) for m in among], pa.string())})
            members = tables.given("among", shown)
        found = members.left_join(buyers, "member_id").select(
            "member_id", place=_[_PLACES[by]].coalesce(_LAST[by])
        )
        if after is not None:
            last = show("mem", after)
            seen = tables.rows(found.filter(_.member_id == last))
            place = seen[0]["place"] if seen else _LAST[by]
            found = found.filter((_.place < place) | ((_.place == place) & (_.member_id < last)))
        order = [ibis.desc("place"), ibis.desc("member_id")]
        rows = tables.rows(found.order_by(order).limit(limit))
    return [_id(row["member_id"]) for row in rows]


def at_risk(fresh: Freshness, merchant: MerchantFacts, programme: Programme, today: date) -> Listed:
    """Members who lose their tier at its review, and what orders worth would keep all of them."""
    if fresh.folder is None:
        gaps = list(_gaps(merchant, programme, today))
        return Listed(tuple(member_id for member_id, _ in gaps), sum(money for _, money in gaps))

    def keep(path: Path) -> None:
        found = list(_gaps(merchant, programme, today))
        shown = [show("mem", member_id) for member_id, _money in found]
        columns = {"member_id": shown, "amount": [money for _member_id, money in found]}
        schema = pa.schema({"member_id": pa.string(), "amount": pa.int64()})
        pq.write_table(pa.table(columns, schema=schema), path)

    name = f"at_risk-{programme.number}-{today}.parquet"
    return _listed(pq.read_table(folders.derived(fresh.folder, name, keep)).to_pylist())


def _gaps(merchant: MerchantFacts, programme: Programme, today: date) -> Iterator[tuple[UUID, int]]:
    ladder, zone = programme.ladder, ZoneInfo(merchant.zone)
    members = tiers.at_risk(merchant.id, ladder=ladder, zone=zone, day=today)
    for start in range(0, len(members), _BATCH):
        some = members[start : start + _BATCH]
        found = circles(merchant.id, some)
        carrier_of = {own: circle.member_id for circle in found.values() for own in circle.ids}
        days = load_activity(merchant.id, carrier_of)
        for member_id, stored in load_standings(merchant.id, some).items():
            gap = rules.keep_gap(
                stored.standing,
                history=rules.History(series(days.get(member_id, {}), ladder.counter)),
                ladder=ladder,
                day=today,
                joined_on=program_day(found[member_id].joined_at, zone),
            )
            tier = rules.effective_tier(stored.standing, ladder, today)
            yield member_id, money_for(gap or 0, tier, programme) or 0


@contextmanager
def _buyers(fresh: Freshness) -> Iterator[tuple[FactTables, Table]]:
    """The facts, and what each member bought in all: ``purchases`` (days), ``spend_minor``,
    ``first_day`` and ``last_day``."""
    with fresh.facts.open() as tables:
        if fresh.folder is None:
            yield tables, _bought(tables)
            return
        path = folders.derived(
            fresh.folder, "buyers.parquet", lambda draft: _keep_buyers(tables, draft)
        )
        yield tables, tables.connection.read_parquet(glob.escape(str(path)), table_name="buyers")


def _bought(tables: FactTables) -> Table:
    return (
        purchases(tables.table("orders"), as_of=date.max)
        .group_by("member_id")
        .agg(
            purchases=_.count(),
            spend_minor=_.value_minor.sum().cast("int64"),
            first_day=_.day.min(),
            last_day=_.day.max(),
        )
    )


def _keep_buyers(tables: FactTables, path: Path) -> None:
    pq.write_table(_bought(tables).to_pyarrow(), path)


def _listed(rows: Sequence[Row]) -> Listed:
    return Listed(tuple(_id(row["member_id"]) for row in rows), sum(row["amount"] for row in rows))


def _id(shown: str) -> UUID:
    found = parse("mem", shown)
    assert found is not None
    return found
