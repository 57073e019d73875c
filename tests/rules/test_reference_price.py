"""What may stand struck through: the table of docs/algorithms/reference-price.md, and its laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.catalog.reference_price import (
    RULES,
    PricePoint,
    lawful_strike,
    reference_price,
)

BEGINS = datetime(2026, 3, 31, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


LISTED = [PricePoint(day(3, 20), 12_000), PricePoint(day(1, 1), 10_000)]


@pytest.mark.parametrize(
    ("listed", "deals", "eu", "cn"),
    [
        (LISTED, [PricePoint(day(3, 25), 11_000)], 10_000, 11_000),
        (LISTED, [PricePoint(day(3, 20), 9_000)], 9_000, 9_000),
        ([PricePoint(BEGINS, 12_000)], [], None, None),
        ([], [PricePoint(BEGINS, 100)], None, None),
        (LISTED, [PricePoint(day(3, 1), 5_000), PricePoint(day(3, 2), 6_000)], 5_000, 6_000),
        (LISTED, [PricePoint(day(2, 1), 5_000)], 10_000, 5_000),
    ],
)
def test_the_worked_figures(
    listed: list[PricePoint], deals: list[PricePoint], eu: int | None, cn: int | None
) -> None:
    for region, told in (("eu", eu), ("cn", cn)):
        rule = RULES[region]  # type: ignore[index]
        assert reference_price(rule, begins=BEGINS, listed=listed, deals=deals) == told


@pytest.mark.parametrize(("region", "days"), [("eu", 30), ("cn", 7)])
def test_the_window_is_half_open(region: str, days: int) -> None:
    rule = RULES[region]  # type: ignore[index]
    start = BEGINS - timedelta(days=days)

    def with_deals(*at: datetime) -> int | None:
        deals = [PricePoint(moment, 100 + number) for number, moment in enumerate(at)]
        later = [PricePoint(BEGINS - TICK, 900)]
        return reference_price(rule, begins=BEGINS, listed=[], deals=deals + later)

    assert with_deals(start) == 100
    assert with_deals(start - TICK) == 900
    assert with_deals(BEGINS) == 900


def test_the_price_that_held_when_the_window_opened_counts() -> None:
    start = BEGINS - timedelta(days=30)
    rule = RULES["eu"]
    for last_of_old in (start, start - TICK):
        listed = [PricePoint(day(1, 1), 100), PricePoint(last_of_old, 200)]
        assert reference_price(rule, begins=BEGINS, listed=listed) == 200
    listed = [PricePoint(day(1, 1), 100), PricePoint(start + TICK, 200)]
    assert reference_price(rule, begins=BEGINS, listed=listed) == 100


def test_of_the_last_sales_at_one_instant_the_lowest_counts() -> None:
    deals = [PricePoint(day(1, 1), price) for price in (300, 200, 250)]
    assert reference_price(RULES["cn"], begins=BEGINS, listed=LISTED, deals=deals) == 200


prices = st.lists(
    st.builds(
        PricePoint,
        st.integers(-2_000, 100).map(lambda hours: BEGINS + timedelta(hours=hours)),
        st.integers(1, 99),
    ),
    max_size=12,
    unique_by=lambda price: price.at,
)


@given(listed=prices, deals=prices)
def test_eu_is_the_lowest_of_every_hour(listed: list[PricePoint], deals: list[PricePoint]) -> None:
    """Walked hour by hour, as somebody who looks at the shelf all month."""
    seen = []
    for hours in range(30 * 24, 0, -1):
        at = BEGINS - timedelta(hours=hours)
        on_shelf = [price for price in listed if price.at <= at]
        if on_shelf:
            seen.append(max(on_shelf, key=lambda price: price.at).minor)
        seen += [deal.minor for deal in deals if deal.at == at]
    told = reference_price(RULES["eu"], begins=BEGINS, listed=listed, deals=deals)
    assert told == (min(seen) if seen else None)


@pytest.mark.parametrize(
    ("reference", "price", "lawful"), [(None, 1, False), (100, 99, True), (100, 100, False)]
)
def test_only_a_higher_price_is_struck_through(
    reference: int | None, price: int, lawful: bool
) -> None:
    assert lawful_strike(reference, price) is lawful
