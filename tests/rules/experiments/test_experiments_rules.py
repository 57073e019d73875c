"""Who is held out, and whether the arms are as large as the plan said."""

from __future__ import annotations

import hashlib
import inspect
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regulars.kernel import chance
from regulars.modules.experiments import rules, statistics

MEMBERS = [UUID(int=number) for number in range(20_000)]


def test_a_members_place_is_written_down() -> None:
    member = UUID("0190a000-0000-7000-8000-000000000001")
    digest = hashlib.sha256(b"7:spring:0190a000000070008000000000000001").hexdigest()
    assert chance.place_of(7, "spring", member) == int(digest[:16], 16) * 10_000 >> 64
    assert chance.place_of(7, "spring", member) == 8_111


@given(member=st.uuids(), salt=st.text(max_size=40), bps=st.integers(0, 10_000))
def test_a_larger_holdout_keeps_everybody_it_held_out(member: UUID, salt: str, bps: int) -> None:
    assert 0 <= chance.place_of(1, salt, member) < 10_000
    if chance.is_held_out(1, salt, member, bps):
        assert chance.is_held_out(1, salt, member, min(bps + 500, 10_000))
    assert chance.is_held_out(1, salt, member, 10_000)
    assert not chance.is_held_out(1, salt, member, 0)


def test_the_share_held_out_is_the_share_asked_for() -> None:
    out = [m for m in MEMBERS if chance.is_held_out(1, "spring", m, 1_000)]
    assert abs(len(out) - 2_000) < 170  # four standard errors


def test_two_experiments_and_two_merchants_split_independently() -> None:
    one = {m for m in MEMBERS if chance.is_held_out(1, "spring", m, 5_000)}
    for merchant, salt in ((1, "summer"), (2, "spring")):
        other = {m for m in MEMBERS if chance.is_held_out(merchant, salt, m, 5_000)}
        assert abs(len(one & other) - 5_000) < 260


def test_who_is_held_out_of_everything_is_in_no_campaigns_arms() -> None:
    arms = rules.arms_of(1, "spring", MEMBERS, held_out_bps=2_000, global_bps=500)
    out = {m for m in MEMBERS if chance.is_held_out(1, chance.STANDING_SALT, m, 500)}
    assert arms.keys() == set(MEMBERS) - out
    assert set(arms.values()) == {"treated", "held_out"}


@pytest.mark.parametrize(
    ("treated", "held_out", "bps"),
    [(8_000, 2_000, 2_000), (8_123, 1_877, 2_000), (480, 520, 5_000)],
)
def test_the_sample_ratio_is_the_chi_square_test(treated: int, held_out: int, bps: int) -> None:
    found = rules.sample_ratio(treated=treated, held_out=held_out, held_out_bps=bps)
    share = bps / 10_000
    everybody = treated + held_out
    known = stats.chisquare([treated, held_out], [everybody * (1 - share), everybody * share])
    assert found.p_value == pytest.approx(known.pvalue, rel=1e-9)


def test_a_broken_split_stops_the_reading() -> None:
    assert rules.sample_ratio(treated=8_200, held_out=1_800, held_out_bps=2_000).stop
    assert not rules.sample_ratio(treated=8_050, held_out=1_950, held_out_bps=2_000).stop
    assert not rules.sample_ratio(treated=0, held_out=0, held_out_bps=2_000).stop


def test_no_function_takes_a_group_of_redeemers() -> None:
    """Only whole arms go in; who redeemed is at most a share that divides the effect."""
    for name, function in inspect.getmembers(statistics, inspect.isfunction):
        names = inspect.signature(function).parameters
        assert not any("redeem" in parameter for parameter in names), name
    assert list(inspect.signature(rules.per_redeemer).parameters) == ["effect", "redemption"]
