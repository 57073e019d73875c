"""What trials are taken to say: states lean on each other as far as they agree, and no further."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.modules.steering.deciding.believing import LEAST_MEMBERS, beliefs, merged, posterior
from regulars.modules.steering.types import Cell, Lift


def cell(difference: float, error: float, *, members: int = 500, used: int = 50) -> Cell:
    return Cell(
        treated=members, held_out=members, difference=difference, error=error,
        held_out_share=0.2, used=used, cost_minor=used * 500,
    )  # fmt: skip


def drawn(rng: np.random.Generator, lift: float, base: float, size: int) -> Cell:
    """A trial of ``size`` treated and as many held out, of a lift that is known."""
    one, other = rng.binomial(size, base + lift) / size, rng.binomial(size, base) / size
    error = float(np.sqrt(one * (1 - one) / size + other * (1 - other) / size))
    return Cell(size, size, one - other, error, other, int(size * one * 0.4), 400 * size)


def test_the_worked_figures() -> None:
    """docs/algorithms/spending.md, "What is believed"."""
    found = beliefs(
        [[cell(0.02, 0.03)], [cell(0.01, 0.02)], [cell(0.09, 0.02)], [cell(0.06, 0.015)]]
    )
    told = [(round(one.mean, 3), round(one.low, 3), round(one.high, 3), one.proof) for one in found]
    assert told == [
        (0.030, -0.024, 0.078, "not_proven"),
        (0.020, -0.021, 0.058, "not_proven"),
        (0.080, 0.041, 0.120, "works"),
        (0.058, 0.030, 0.086, "works"),
    ]


def test_one_state_alone_says_what_it_saw() -> None:
    (one, *rest) = beliefs([[cell(0.05, 0.02)], [], [], []])
    assert one.mean == pytest.approx(0.05)
    assert (one.low, one.high) == pytest.approx((0.05 - 1.96 * 0.02, 0.05 + 1.96 * 0.02), abs=1e-4)
    assert {other.proof for other in rest} == {"too_few"}, (
        "never tried on them, whatever others say"
    )


def test_states_that_agree_are_surer_than_each_alone() -> None:
    found = beliefs([[cell(0.04, 0.025)] for _ in range(4)])
    for one in found:
        assert 0.0 < one.low < 0.04 < one.high
        assert one.high - one.low < 2 * 1.96 * 0.025 * 0.85
    assert beliefs([[cell(0.04, 0.025)], [], [], []])[0].proof == "not_proven"


def test_states_that_differ_do_not_lean() -> None:
    found = beliefs([[cell(0.0, 0.01)], [cell(0.3, 0.01)], [cell(0.1, 0.01)], [cell(-0.2, 0.01)]])
    for one in found:
        assert one.own is not None
        assert one.mean == pytest.approx(one.own, abs=0.004)
    assert [one.proof for one in found] == ["not_proven", "works", "works", "harms"]


def test_what_nobody_used_is_not_proven() -> None:
    (one, *_) = beliefs([[cell(0.2, 0.01, used=0)], [], [], []])
    assert one.proof == "not_proven"


def test_few_members_say_nothing() -> None:
    few = cell(0.5, 0.01, members=LEAST_MEMBERS - 1)
    assert {one.proof for one in beliefs([[few], [few], [], []])} == {"too_few"}
    assert {one.proof for one in beliefs([[], [], [], []])} == {"no_trial"}
    assert merged([few]) is None
    both = merged([cell(0.1, 0.02), cell(0.2, 0.02), few])
    assert both is not None
    assert (both.difference, both.treated) == (pytest.approx(0.15), 1_000)
    assert both.error == pytest.approx(0.02 / 2**0.5)


def test_the_weights_are_those_of_the_density_worked_out_slowly() -> None:
    """The spread's posterior by brute force over the common mean."""
    y, s = np.array([0.02, 0.01, 0.09, 0.06]), np.array([0.03, 0.02, 0.02, 0.015])
    (weight, mean), _ = posterior(y.tolist(), s.tolist())
    spread = np.linspace(0.0, 3 * 0.08, len(weight))
    common = np.linspace(-1.5, 1.5, 30_001)
    slow = np.zeros(len(spread))
    for place, tau in enumerate(spread):
        noise = s**2 + tau**2
        density = -0.5 * ((y[:, None] - common) ** 2 / noise[:, None]).sum(axis=0)
        slow[place] = np.exp(density - 0.5 * np.log(noise).sum()).sum()
    slow /= slow.sum()
    assert np.abs(weight - slow).max() < 1e-6
    assert mean[0] @ weight == pytest.approx(0.0303, abs=0.0005)


def share_within(truths: list[float], *, seed: int, runs: int = 400) -> tuple[float, float]:
    """How often the interval holds the truth, and how often nothing at all is called proven."""
    rng = np.random.default_rng(seed)
    held, false, asked = 0, 0, 0
    for _run in range(runs):
        found: list[Lift] = beliefs([[drawn(rng, truth, 0.2, 400)] for truth in truths])
        for one, truth in zip(found, truths, strict=True):
            held += one.low <= truth <= one.high
            if truth <= 0:
                asked += 1
                false += one.proof == "works"
    return held / (runs * len(truths)), false / max(asked, 1)


@pytest.mark.parametrize(
    "truths",
    [[0.0] * 4, [0.05] * 4, [0.0, 0.0, 0.08, 0.08], [0.0, 0.03, 0.06, 0.09], [0.0, 0.0, 0.0, 0.2]],
)
def test_intervals_hold_the_truth_and_nothing_is_seldom_called_something(
    truths: list[float],
) -> None:
    within, false = share_within(truths, seed=11)
    assert within >= 0.93
    assert false <= 0.05
