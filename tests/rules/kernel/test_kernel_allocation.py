"""Laws of splitting amounts and of partial returns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.allocation import allocate
from regulars.kernel.commerce import Line, part_gone_back

WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (10, [3, 3, 1], [4, 4, 2]),  # exact 4.29, 4.29, 1.43: the largest remainder is the last
        (1, [1, 1, 2], [0, 0, 1]),
        (7, [0, 5, 0], [0, 7, 0]),
        (5, [0, 0], [0, 0]),
        (0, [4, 5], [0, 0]),
        (3, [], []),
        (2, [1, 2, 1, 2, 1, 2], [0, 1, 0, 1, 0, 0]),
    ],
)
def test_spare_units_go_to_the_largest_remainders_earlier_first(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert allocate(total, weights) == shares


@given(total=st.integers(0, 10**15), weights=WEIGHTS.filter(any))
def test_shares_sum_to_the_total_and_none_is_off_by_a_unit(total: int, weights: list[int]) -> None:
    shares, whole = allocate(total, weights), sum(weights)
    assert sum(shares) == total
    assert all(abs(s * whole - total * w) < whole for s, w in zip(shares, weights, strict=True))


@given(total=st.integers(0, 10**9), weights=WEIGHTS.filter(any))
def test_no_share_could_claim_a_unit_with_more_right(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    claims = []
    for i, (share, weight) in enumerate(zip(allocate(total, weights), weights, strict=True)):
        floor, remainder = divmod(total * weight, whole)
        claims.append(((-remainder, i), share - floor))
    assert [extra for _, extra in sorted(claims)] == sorted((e for _, e in claims), reverse=True)


@given(total=st.integers(0, 10**9), weights=WEIGHTS)
def test_a_share_of_at_most_the_weights_fits_under_each_weight(
    total: int, weights: list[int]
) -> None:
    shares = allocate(min(total, sum(weights)), weights)
    assert all(share <= weight for share, weight in zip(shares, weights, strict=True))


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (-1, [0]), (5, [2, -1]), (5, [-1, 1])])
def test_negative_sizes_are_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError):
        allocate(total, weights)


@given(
    part=st.integers(-(10**12), 10**15),
    steps=st.lists(st.integers(0, 50), min_size=1, max_size=20),
)
def test_any_sequence_of_partial_returns_sums_to_the_whole(part: int, steps: list[int]) -> None:
    quantity, back, returned, gone = sum(steps), 0, 0, 0
    for step in steps:
        returned += step
        now = part_gone_back(part, quantity=quantity, returned=returned)
        back += now - gone
        gone = now
    assert back == (part if quantity else 0)


@given(part=st.integers(0, 10**15), quantity=st.integers(1, 1000), data=st.data())
def test_what_has_gone_back_never_falls(part: int, quantity: int, data: st.DataObject) -> None:
    returned = data.draw(st.integers(1, quantity))
    before = part_gone_back(part, quantity=quantity, returned=returned - 1)
    assert 0 <= before <= part_gone_back(part, quantity=quantity, returned=returned) <= part


def test_worked_figures_of_a_return() -> None:
    assert [part_gone_back(1000, quantity=3, returned=r) for r in range(4)] == [0, 333, 666, 1000]
    assert part_gone_back(1000, quantity=0, returned=0) == 0


@pytest.mark.parametrize(("quantity", "returned"), [(3, 4), (3, -1), (0, 1)])
def test_more_than_was_bought_cannot_go_back(quantity: int, returned: int) -> None:
    with pytest.raises(ValueError):
        part_gone_back(1000, quantity=quantity, returned=returned)


def test_a_line_keeps_the_total_it_was_given() -> None:
    line = Line(sku="A", quantity=0, unit_price_minor=250, total_minor=49)
    assert (line.quantity * line.unit_price_minor, line.total_minor) == (0, 49)
    with pytest.raises(AttributeError):
        line.total_minor = 1  # type: ignore[misc]
