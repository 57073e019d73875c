"""Working forecasts out: asked for at once, or kept for the screens by the jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.util import find_spec
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.infra.clock import now_for, real_now
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.kernel.periods import day_start, program_day
from regulars.modules.analytics import services as analytics
from regulars.modules.analytics.queries import Freshness, freshness
from regulars.modules.members.queries import gone_at
from regulars.modules.orders.queries import returned_since

from . import stored, tables
from .churn.forecast import ChurnForecast, foretell_churn
from .clv.answering import lifetime_values
from .clv.report import facts_of, kept_table
from .clv.types import TooFewBuyers
from .due.forecast import Forecast, foretell
from .gathering import Gathered, GivenBack, gather
from .learning.learner import Watch
from .losing import lost_table
from .stored import BY_MEMBER, SortKeys
from .telling import tell_segments
from .types import KINDS, LEVELS, Abstained, Kind, Level

#: The horizon of the lists that are kept; any other is worked out when asked for.
KEPT_HORIZON: Final = 14
#: Under so many lines no list can be learnt; they are not even read.
LEAST_LINES: Final = 900
#: Kept forecasts are worked out again within the day when the books changed by more than this.
_MUCH: Final = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """A forecast and what it was learnt from, or why there is none. ``gone`` are the ids of those
    who had left: their purchases teach, and they are on no list."""

    told: Gathered
    found: Forecast | ChurnForecast | Abstained
    gone: frozenset[str] = frozenset()

    @property
    def rows(self) -> pa.Table | None:
        """One row per candidate; None where it abstained."""
        if isinstance(self.found, Forecast):
            return tables.without(tables.due_table(self.told, self.found), self.gone)
        if isinstance(self.found, ChurnForecast):
            return tables.without(tables.churn_table(self.told, self.found), self.gone)
        return None


def foretell_due(
    merchant: MerchantFacts,
    *,
    as_of: date,
    horizon: int,
    level: Level,
    watch: Watch | None = None,
) -> Answer:
    """Who is due to buy what again in the ``horizon`` days after ``as_of``.

    Learnt afresh, from what was known at the end of ``as_of``; what is stale is exported first.
    Raises ValueError for a horizon that is not 1 to 90.
    """
    told = known_at(merchant, as_of, level)
    found = foretell(told.history, told.as_of, horizon, watch=watch)
    return Answer(told, found, _gone(merchant, as_of))


def foretell_churn_of(
    merchant: MerchantFacts, *, as_of: date, kind: Kind, watch: Watch | None = None
) -> Answer:
    """Who is about to slip away, learnt afresh from what was known at the end of ``as_of``."""
    told = known_at(merchant, as_of, "sku")
    found = foretell_churn(told.history, told.as_of, kind, watch=watch)
    return Answer(told, found, _gone(merchant, as_of))


def _gone(merchant: MerchantFacts, as_of: date) -> frozenset[str]:
    """Who has left by now; of an earlier day than the last, who had by its end."""
    end = day_start(as_of + timedelta(days=1), ZoneInfo(merchant.zone))
    at = now_for(merchant) if as_of == yesterday(merchant) else end
    return frozenset(show("mem", id_) for id_ in gone_at(merchant.id, at))


def yesterday(merchant: MerchantFacts) -> date:
    """The last whole program day of a merchant."""
    return program_day(now_for(merchant), ZoneInfo(merchant.zone)) - timedelta(days=1)


def lines_known(fresh: Freshness) -> int:
    """How many order lines the fact files hold, told by the files themselves."""
    if fresh.folder is None:
        return 0
    return sum(pq.read_metadata(p).num_rows for p in fresh.folder.glob("lines/month=*/*.parquet"))


def refresh_next(merchant: MerchantFacts) -> str | None:
    """Work out the first forecast of a merchant that is missing or old; its name, None if none is.

    One at a time, each kept and told to segments as soon as it is there: who is cut off goes on
    from there.
    """
    tell_segments(merchant)
    lines = lines_known(freshness(merchant.id))
    if lines < LEAST_LINES:
        return None
    with stored.alone(merchant.id):
        as_of = yesterday(merchant)
        for name in NAMES:
            kept = stored.read(merchant.id, name)
            if is_possible(name) and (kept is None or is_old(kept, as_of, lines)):
                refresh(merchant, name, as_of, lines)
                tell_segments(merchant)
                return name
    return None


#: The forecasts that are kept, in the order in which they are worked out.
NAMES: Final = (
    "due-type",
    *(f"churn-{kind}" for kind in KINDS),
    "lost",
    "clv",
    *(f"due-{level}" for level in LEVELS if level != "type"),
)


def is_possible(name: str) -> bool:
    """Whether what a forecast is worked out with is installed."""
    return name != "clv" or find_spec("scipy") is not None


def is_old(kept: stored.Stored, as_of: date, lines: int) -> bool:
    """Whether a kept forecast is of another day, or of books that changed much since."""
    before: int = kept.about["lines"]
    return kept.as_of != as_of or abs(lines - before) > _MUCH * before


def refresh(merchant: MerchantFacts, name: str, as_of: date, lines: int) -> None:
    """Work one forecast out and keep it, from ``lines`` order lines; the caller is ``alone``."""
    what, _, which = name.partition("-")
    about: dict[str, Any] = {
        "as_of": as_of.isoformat(),
        "made_at": show_instant(real_now()),
        "lines": lines,
    }
    if what == "lost":
        rows, more = lost_table(merchant, freshness(merchant.id).facts, as_of)
        stored.write(merchant.id, name, rows, about | more, orders=BY_MEMBER)
        return
    if what == "clv":
        rows, more = _values(merchant, as_of)
        stored.write(merchant.id, name, rows, about | more, orders=BY_MEMBER)
        return
    if what == "due":
        level = next(one for one in LEVELS if one == which)
        answer = foretell_due(merchant, as_of=as_of, horizon=KEPT_HORIZON, level=level)
        about |= {"level": level, "horizon_days": KEPT_HORIZON}
    else:
        kind = next(one for one in KINDS if one == which)
        answer = foretell_churn_of(merchant, as_of=as_of, kind=kind)
        about["kind"] = kind
    rows = answer.rows
    told = about | tables.about(answer.told, answer.found)
    if rows is None:
        stored.write(merchant.id, name, _empty(), told)
    else:
        orders = _DUE_ORDERS if what == "due" else BY_MEMBER
        stored.write(merchant.id, name, rows, told, orders=orders)


#: As the list of what is due may be sorted; the likeliest first is how it comes.
_DUE_ORDERS: Final[Mapping[str, SortKeys]] = {
    **BY_MEMBER,
    "value": [("expected", "descending")],
    "date": [("expected_day", "ascending")],
}


def _empty() -> pa.Table:
    """Made when it is asked for: PyArrow's first array of a process brings pandas along."""
    return pa.schema([("member_id", pa.string())]).empty_table()


def _values(merchant: MerchantFacts, as_of: date) -> tuple[pa.Table, dict[str, Any]]:
    """Lifetime values as rows, and the totals with how they fared before in plain JSON."""
    try:
        found, held = lifetime_values(merchant, as_of=as_of)
    except TooFewBuyers as few:
        return _empty(), {"abstained": few.told}
    told = {"one_time": int((found.purchases == 1).sum())}
    return kept_table(found), facts_of(found, held) | told


def known_at(merchant: MerchantFacts, as_of: date, level: Level) -> Gathered:
    """What members had bought at the end of ``as_of``; what is stale is exported first."""
    fresh = analytics.fresh(merchant.id, now_for(merchant), ("orders",))
    after = day_start(as_of + timedelta(days=1), ZoneInfo(merchant.zone))
    given_back = [
        GivenBack(show("ord", order_id), line, quantity)
        for order_id, line, quantity in returned_since(merchant.id, after)
    ]
    return gather(fresh.facts, as_of=as_of, level=level, given_back=given_back)
