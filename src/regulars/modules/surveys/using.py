"""Whether members use what they say they would like, as far as the books know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from ibis import _

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.periods import day_start, program_day
from regulars.modules.analytics import services as analytics
from regulars.modules.analytics.expressions.purchases import counted_orders
from regulars.modules.analytics.facts import Facts, FactTables
from regulars.modules.experiments.offers import offer_of
from regulars.modules.members.lookup import carriers
from regulars.modules.pricing.redemptions import redemptions
from regulars.modules.promotions.queries import offer_view
from regulars.modules.promotions.types import Offer, When, Who

from .types import Benefit, Use
from .utilities import wilson

#: How far back use is looked for.
USE_DAYS: Final = 365
#: With fewer who could, no share is told.
LEAST_COULD: Final = 5


def uses(merchant: MerchantFacts, benefits: Sequence[Benefit], now: datetime) -> list[Use | None]:
    """For each benefit the members who could use it within a year and those who did; None where
    the books do not know who could."""
    if not any(benefit.use for benefit in benefits):
        return [None] * len(benefits)
    facts = analytics.fresh(merchant.id, now, ("orders", "ledger")).facts
    today = program_day(now, ZoneInfo(merchant.zone))
    return [_use(merchant, facts, benefit, today) for benefit in benefits]


def _use(merchant: MerchantFacts, facts: Facts, benefit: Benefit, today: date) -> Use | None:
    since = today - timedelta(days=USE_DAYS)
    if benefit.use == "points":
        could, did = _points(facts, since=since, until=today)
    elif benefit.offer is not None:
        offer = offer_of(merchant.id, benefit.offer)
        if offer is None or not _is_for_every_buyer(offer):
            return None
        made = offer_view(merchant.id, benefit.offer).created_at
        since = max(since, program_day(made, ZoneInfo(merchant.zone)) - timedelta(days=1))
        could = _buyers(facts, since=since, until=today)
        did = _took(merchant, benefit.offer, since=since, until=today)
    else:
        return None
    both = len(could & did)
    return Use(len(could), both, wilson(both, len(could))) if len(could) >= LEAST_COULD else None


def _is_for_every_buyer(offer: Offer) -> bool:
    """Whether any member who bought while it was there could have used it: no code, no condition
    on who, no days on which it rests."""
    plain = (Who(), Who(members_only=True))
    always = offer.when == When()
    return not offer.requires_code and offer.who in plain and always and not offer.held_out_bps


def _points(facts: Facts, *, since: date, until: date) -> tuple[set[str], set[str]]:
    """Who was credited points within the days, and who redeemed some."""
    with facts.open() as tables:
        rows = tables.table("postings").filter(
            _.asset == "points", _.day > since, _.day <= until, _.member_id.notnull()
        )
        given = rows.filter(_.kind.isin(["earn", "adjust"]), _.amount > 0)
        spent = rows.filter(_.kind == "redeem")
        return _members(tables, given), _members(tables, spent)


def _buyers(facts: Facts, *, since: date, until: date) -> set[str]:
    with facts.open() as tables:
        orders = counted_orders(tables.table("orders"), as_of=until, since=since)
        return _members(tables, orders.filter(_.member_id.notnull()))


def _members(tables: FactTables, rows: Any) -> set[str]:
    """The shown ids of who stands in some rows."""
    return {row["member_id"] for row in tables.rows(rows.select("member_id").distinct())}


def _took(merchant: MerchantFacts, offer: str, *, since: date, until: date) -> set[str]:
    """The shown ids of who carries on for those who bought with an offer."""
    zone = ZoneInfo(merchant.zone)
    found = redemptions(
        merchant.id,
        offer,
        since=day_start(since + timedelta(days=1), zone),
        until=day_start(until + timedelta(days=1), zone),
    )
    own = sorted({one.member_id for one in found})
    carrier = carriers(merchant.id, own)
    return {show("mem", carrier.get(one, one)) for one in own}
