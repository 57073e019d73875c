"""What joining led to, by source and by month, and where it breaks; how often whom buys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from ibis import _

from regulars.modules.analytics.expressions import months, recruiting
from regulars.modules.analytics.expressions import purchases as trade
from regulars.modules.analytics.facts import Facts, Row
from regulars.modules.analytics.recruitment_shapes import (
    BrokenStep,
    FrequencyGroup,
    FrequencyReport,
    RecruitmentLine,
    RecruitmentReport,
)
from regulars.modules.analytics.rounding import mean_4, share_bps
from regulars.modules.analytics.windows import window_start

#: Of fewer nobody says that a step is broken.
LEAST_JOINED: Final = 30


def recruitment(facts: Facts, *, as_of: date) -> RecruitmentReport:
    """From joining to the third purchase, by source and by the month of joining."""
    with facts.open() as tables:
        bought = trade.purchases(tables.table("orders"), as_of=as_of)
        came = recruiting.joined(tables.table("members"), as_of=as_of)
        told = tables.keep("steps", recruiting.steps(came, bought, as_of=as_of))
        total = tables.rows(recruiting.funnel(told))[0]
        sources = tables.rows(recruiting.funnel(told, by="source"))
        cohorts = tables.rows(recruiting.funnel(told, by="cohort"))
    whole = _line(None, total)
    lines = [_line(row["source"], row) for row in sources]
    return {
        "report": "recruitment",
        "as_of": as_of.isoformat(),
        "total": whole,
        "sources": sorted(lines, key=lambda line: (-line["joined"], line["name"] or "")),
        "cohorts": [_line(months.text_of(int(row["cohort"])), row) for row in cohorts],
        "broken": _broken(lines, whole),
    }


def frequency(facts: Facts, *, as_of: date, window_days: int) -> FrequencyReport:
    """How often and for how much members, shoppers and nobody known bought in the window.

    Raises ValueError unless ``window_days`` is 1 to 36,525.
    """
    since = window_start(as_of, window_days)
    with facts.open() as tables:
        everything = tables.table("orders")
        orders = trade.counted_orders(everything, as_of=as_of, since=since)
        bought = trade.purchases(everything, as_of=as_of).filter(_.day > since)
        rows = tables.rows(recruiting.frequencies(orders, bought, tables.table("members")))
    by_kind = {row["shopper"]: row for row in rows}
    return {
        "report": "frequency",
        "as_of": as_of.isoformat(),
        "window_days": window_days,
        "groups": [
            _group("members", by_kind.get(False)),
            _group("shoppers", by_kind.get(True)),
            _group("unknown", by_kind.get(None)),
        ],
    }


def _line(name: str | None, row: Row) -> RecruitmentLine:
    came, first, second = row["joined"], row["first"], row["second"]
    return {
        "name": name,
        "joined": came,
        "first": first,
        "second": second,
        "third": row["third"],
        "first_bps": share_bps(first, came),
        "second_bps": share_bps(second, first),
        "third_bps": share_bps(row["third"], second),
        "revenue_minor": int(row["revenue_minor"]),
        "revenue_per_member_minor": mean_4(int(row["revenue_minor"]), came),
        "ages": [
            {
                "days": age,
                "joined": row[f"old_{age}"],
                "first": row[f"first_{age}"],
                "second": row[f"second_{age}"],
                "first_bps": share_bps(row[f"first_{age}"], row[f"old_{age}"]),
                "second_bps": share_bps(row[f"second_{age}"], row[f"old_{age}"]),
            }
            for age in recruiting.AGES
        ],
    }


def _broken(lines: Sequence[RecruitmentLine], whole: RecruitmentLine) -> list[BrokenStep]:
    """The first step of each source that fewer than half as many pass as everywhere: the one to
    look at before any later one. A source too small, or too young, is not judged."""
    found: list[BrokenStep] = []
    for line in lines:
        own, all_ages = line["ages"][-1], whole["ages"][-1]
        if own["joined"] < LEAST_JOINED:
            continue
        then_own = share_bps(own["second"], own["first"])
        then_all = share_bps(all_ages["second"], all_ages["first"])
        if 2 * own["first_bps"] < all_ages["first_bps"]:
            step, bps, all_bps = "first", own["first_bps"], all_ages["first_bps"]
        elif own["first"] and 2 * then_own < then_all:
            step, bps, all_bps = "second", then_own, then_all
        else:
            continue
        found.append({"source": line["name"], "step": step, "bps": bps, "all_bps": all_bps})  # type: ignore[typeddict-item]
    return found


def _group(kind: str, row: Row | None) -> FrequencyGroup:
    known = kind != "unknown"
    orders = row["orders"] if row else 0
    revenue = int(row["revenue_minor"] or 0) if row else 0
    buyers = int(row["buyers"] or 0) if row else 0
    purchases = int(row["purchases"] or 0) if row else 0
    times = range(1, recruiting.MOST_TIMES + 1)
    return {
        "group": kind,  # type: ignore[typeddict-item]
        "orders": orders,
        "revenue_minor": revenue,
        "order_value_minor": mean_4(revenue, orders),
        "buyers": buyers if known else None,
        "purchases": purchases if known else None,
        "frequency": mean_4(purchases, buyers) if known else None,
        "bought": [int(row[f"bought_{n}"] or 0) if row else 0 for n in times] if known else None,
    }
