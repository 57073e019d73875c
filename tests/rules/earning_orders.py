"""Random orders as earning sees them: terms, nets, quantities."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from regulars.modules.earning.types import Crossing, Frozen

Order = tuple[Frozen, list[int], list[int]]
"""Terms, nets and quantities, by line."""

BPS = st.sampled_from([0, 5_000, 9_999, 10_000, 10_001, 12_500, 15_000, 20_000, 33_333])


@st.composite
def priced_lines(
    draw: st.DrawFn, *, max_lines: int, min_lines: int = 1, most_net: int = 3_000
) -> tuple[Frozen, list[int]]:
    """Terms and nets of so many lines; tier rates rise from crossing to crossing."""
    size = draw(st.sampled_from([12, most_net]))
    nets = draw(st.lists(st.integers(0, size), min_size=min_lines, max_size=max_lines))
    rates = sorted(draw(st.lists(BPS, min_size=1, max_size=3)))
    crossed = len(rates) - 1
    aboves = sorted(draw(st.lists(st.integers(0, 2 * size), min_size=crossed, max_size=crossed)))
    per_line = draw(st.lists(BPS, min_size=len(nets), max_size=len(nets)))
    frozen = Frozen(
        per_minor=draw(st.sampled_from([1, 7, 100])),
        amount=draw(st.sampled_from([1, 3, 10])),
        tier_bps=rates[0],
        line_bps=draw(st.sampled_from([tuple(per_line), tuple(per_line), ()])),
        crossings=tuple(Crossing(*pair) for pair in zip(aboves, rates[1:], strict=True)),
        most=draw(st.one_of(st.none(), st.none(), st.integers(0, 4 * size))),
    )
    return frozen, nets


@st.composite
def orders(draw: st.DrawFn, max_lines: int = 12) -> Order:
    frozen, nets = draw(priced_lines(max_lines=max_lines))
    quantities = draw(st.lists(st.integers(1, 6), min_size=len(nets), max_size=len(nets)))
    return frozen, nets, quantities


def kept(nets: Sequence[int], quantities: Sequence[int], back: Sequence[int]) -> list[int]:
    """pricing.md, section 6: of a line's net, net x r // q has gone back after r of q units."""
    return [n - n * r // q for n, q, r in zip(nets, quantities, back, strict=True)]
