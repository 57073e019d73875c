"""Forecasts as they are kept, with whatever they are to say; and, told slowly, the facts they are.

``Said`` is by member: a probability in thousandths (churn), a kind and a day (lost), a worth and a
tenth (clv), or by item a probability in thousandths and a day or None (due).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa

from makers.orders import Shop
from regulars.infra.clock import real_now
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.insight import services, stored

Said = Mapping[UUID, Any]
NAMES = services.NAMES
ITEMS = ("TEA", "SALT", "JAM")


def keep(shop: Shop, name: str, said: Said | None, *, as_of: date) -> None:
    """Keep a forecast that says so; None is one that abstained."""
    about: dict[str, Any] = {"as_of": as_of.isoformat(), "made_at": show_instant(real_now())}
    if said is None:
        about["abstained"] = {"reason": "too_few_members", "there": 1, "needed": 2}
        stored.write(
            shop.merchant_id, name, pa.table({"member_id": pa.array([], pa.string())}), about
        )
        return
    about |= {"abstained": None, "lines": 1, "backtests": []}
    rows = [row for member_id, one in said.items() for row in _rows(name, member_id, one)]
    random.Random(7).shuffle(rows)
    schema = pa.schema([("member_id", pa.string()), *_SCHEMAS[name.partition("-")[0]]])
    table = pa.Table.from_pylist(rows, schema=schema)
    stored.write(shop.merchant_id, name, table, about, orders=stored.BY_MEMBER)


_SCHEMAS: dict[str, list[tuple[str, pa.DataType]]] = {
    "churn": [("probability", pa.float64())],
    "lost": [("lost_as", pa.string()), ("since", pa.date32())],
    "clv": [("expected_value_minor", pa.int64()), ("tenth", pa.int64())],
    "due": [("item", pa.string()), ("probability", pa.float64()), ("expected_day", pa.date32())],
}


def _rows(name: str, member_id: UUID, one: Any) -> list[dict[str, Any]]:
    who = {"member_id": show("mem", member_id)}
    if name.startswith("churn"):
        return [who | {"probability": one / 1_000}]
    if name == "lost":
        return [who | {"lost_as": one[0], "since": one[1]}]
    if name == "clv":
        return [who | {"expected_value_minor": one[0], "tenth": one[1]}]
    return [
        who | {"item": item, "probability": thousandths / 1_000, "expected_day": day}
        for item, (thousandths, day) in one.items()
    ]


def anything(chance: random.Random, name: str, today: date) -> Any:
    """Something that a forecast may say of one member."""
    thousandths = chance.choice([0, 49, 50, 51, 199, 200, 499, 500, 750, 1_000])
    if name.startswith("churn"):
        return thousandths
    if name == "lost":
        return chance.choice(["card", "buying"]), today - timedelta(days=chance.randrange(40))
    if name == "clv":
        return chance.choice([0, 7, 99, 4_999, 5_000, 12_345, 120_000]), chance.randrange(1, 11)
    return {
        item: (
            chance.choice([0, 49, 50, 499, 500, 1_000]),
            chance.choice([None, today + timedelta(days=chance.randrange(1, 14))]),
        )
        for item in chance.sample(ITEMS, chance.randrange(1, len(ITEMS) + 1))
    }


def facts_said(said: Mapping[str, Said | None], member_id: UUID, today: date) -> dict[str, Any]:
    """The facts of one member from what the forecasts say, by plain arithmetic; days as days."""
    names = (
        "drop_chance", "silent_chance", "lost_as", "lost_since", "expected_value", "value_tenth",
        "due_type", "due_category", "due_sku", "next_type_day", "next_category_day", "next_sku_day",
    )  # fmt: skip
    facts: dict[str, Any] = dict.fromkeys(names)
    for name, of_all in said.items():
        one = (of_all or {}).get(member_id)
        if one is None:
            continue
        what, _, which = name.partition("-")
        if what == "churn":
            facts[f"{which}_chance"] = one // 50 * 5
        elif what == "lost":
            facts["lost_as"], facts["lost_since"] = one
        elif what == "clv":
            digits = str(one[0])
            facts["expected_value"] = int(digits[:2] + "0" * len(digits[2:]))
            facts["value_tenth"] = one[1]
        else:
            facts[f"due_{which}"] = {i: (p // 50 * 5, day) for i, (p, day) in one.items()}
            ahead = [day for _, day in one.values() if day is not None and day >= today]
            facts[f"next_{which}_day"] = min(ahead, default=None)
    return facts
