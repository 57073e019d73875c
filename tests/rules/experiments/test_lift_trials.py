"""The lift figures keep their word on a real year of spend, where the truth is known.

A part of `python -m bench.lift`; bands allow for the number of replications made here.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import numpy as np
import pytest

from makers import trials
from makers.journey import Year, folder, year
from regulars.modules.experiments import rules, statistics
from regulars.modules.experiments.types import Group

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(folder() is None, reason="needs requirements/demo.txt"),
]


@pytest.fixture(scope="module")
def data() -> Year:
    return year()


def test_the_cell_of_spend_has_honest_intervals_and_half_the_error(data: Year) -> None:
    told = trials.cell(data.weeks(41, 48), data.weeks(25, 40), held_out=0.5, replications=2_000)
    for name in ("welch", "cuped", "lin_hc2"):
        assert abs(told[name]["significant"] - 0.05) <= 0.010, name
        assert abs(told[name]["coverage"] - 0.95) <= 0.010, name
    assert abs(told["cuped"]["relative_coverage"] - 0.95) <= 0.010
    assert told["cuped"]["mean_se"] <= 0.55 * told["welch"]["mean_se"]
    assert told["welch"]["mean_se"] == pytest.approx(11.94, abs=0.02)
    assert told["cuped"]["mean_se"] == pytest.approx(6.43, abs=0.02)


def test_cuped_finds_five_percent_three_times_as_often(data: Year) -> None:
    told = trials.cell(
        data.weeks(41, 48), data.weeks(25, 40), held_out=0.5, replications=400, effect=0.05
    )
    assert told["welch"]["significant"] < 0.25
    assert told["cuped"]["significant"] > 0.42
    assert told["cuped"]["coverage"] > 0.92


def test_looking_every_week_is_paid_for_by_the_limits_not_by_the_truth(data: Year) -> None:
    ever = trials.peeking(data, replications=1_000)
    assert ever["usual"] > 0.12
    assert ever["obrien_fleming"] <= 0.05 + 0.014  # two errors of 1,000 replications
    assert ever["always_valid"] <= 0.03


def test_looking_while_members_come_is_safe_only_with_the_always_valid_interval(
    data: Year,
) -> None:
    ever = trials.accruing(data, replications=200)
    assert ever["usual"] > 0.15
    assert ever["always_valid"] <= 0.05


def test_only_chance_arms_find_an_effect_that_members_chose_themselves(data: Year) -> None:
    told = trials.semi_synthetic(data, replications=300)
    assert told["truth"]["itt"] == pytest.approx(1.26, abs=0.01)
    assert told["truth"]["per_redeemer"] == pytest.approx(5.27, abs=0.03)
    for name, bias in (("others", 426), ("non_redeemers", 493)):
        naive = told[f"naive_redeemers_vs_{name}"]
        assert naive["bias_percent"] == pytest.approx(bias, abs=8)
        assert naive["coverage"] == 0.0
    changes = told["difference_in_differences_redeemers"]
    assert changes["bias_percent"] == pytest.approx(-90, abs=8)
    assert changes["coverage"] < 0.25
    assert abs(told["itt_cuped"]["bias_percent"]) < 15
    assert told["itt_cuped"]["rmse"] < 0.62 * told["itt_welch"]["rmse"]
    for name in ("itt_welch", "itt_cuped", "cace"):
        assert abs(told[name]["coverage"] - 0.95) < 0.03
    assert abs(told["cace"]["bias_percent"]) < 15


def test_the_redeemers_lead_of_three_campaigns(data: Year) -> None:
    """What the comparison that is refused would have said of each of the big campaigns."""
    told = {
        8: (date(2017, 5, 8), date(2017, 6, 26), 48.4, 166, 31.9, 70, 32.1, 175),
        13: (date(2017, 8, 8), date(2017, 9, 25), 44.5, 160, 26.5, 58, 34.2, 209),
        18: (date(2017, 10, 30), date(2017, 12, 25), 50.2, 164, 33.3, 70, 34.7, 183),
    }
    for number, (begins, ends, *leads) in told.items():
        found = trials.leads_of_redeemers(data, number, begins, ends, without=())
        for (dollars, percent), (said, said_percent) in zip(
            found, [leads[0:2], leads[2:4], leads[4:6]], strict=True
        ):
            assert dollars == pytest.approx(said, abs=0.06)
            assert percent == pytest.approx(said_percent, abs=0.8)
    assert "before the campaign" in rules.REFUSED_COMPARISONS["redeemers"]


def test_redeemers_were_as_far_ahead_before_the_campaign_existed(data: Year) -> None:
    """The placebo: the 'lift' of campaign 8's redeemers is there before it began.

    Campaign 27 was sent to 361 households before that; they are left out, and the window is the
    42 days between the end of the one and the beginning of the other.
    """
    begins, ends = date(2017, 3, 27), date(2017, 5, 8)
    others, non_redeemers, unexposed = trials.leads_of_redeemers(
        data, 8, begins, ends, without=(27,)
    )
    assert others == pytest.approx((48.0, 178), abs=0.5)
    assert non_redeemers == pytest.approx((28.6, 62), abs=0.5)
    assert unexposed == pytest.approx((34.2, 209), abs=0.6)
    # With those households, and over 49 days, the lead is a little less: it is not the choice.
    whole = trials.leads_of_redeemers(data, 8, date(2017, 3, 20), ends, without=())
    assert whole[0] == pytest.approx((43.6, 149), abs=0.6)


def test_before_and_after_does_not_save_the_placebo(data: Year) -> None:
    """Against the 38 days before campaign 27: the exposed fall back, and the interval of exposed
    against unexposed leaves out the truth, which is nothing."""
    began, begins, ends = date(2017, 2, 8), date(2017, 3, 27), date(2017, 5, 8)
    told = trials.changes_of_exposed(data, 8, date(2017, 1, 1), began, begins, ends, without=(27,))
    assert told["exposed"] == pytest.approx(-2.6, abs=0.05)
    assert told["redeemers_vs_non_redeemers"] == pytest.approx((6.0, -0.4, 12.5), abs=0.06)
    assert told["exposed_vs_unexposed"] == pytest.approx((-4.9, -7.2, -2.6), abs=0.06)
    assert told["exposed_vs_unexposed"][2] < 0


def test_adjusting_does_not_save_the_placebo_either(data: Year) -> None:
    """For what was spent before, or for all that is known of it: the truth, nothing, is left out.

    The same adjustment finds nothing to speak of in the campaigns themselves.
    """
    january, began = date(2017, 1, 1), date(2017, 2, 8)
    begins, ends = date(2017, 3, 27), date(2017, 5, 8)
    told = trials.adjusted_leads_of_exposed(data, 8, january, began, begins, ends, without=(27,))
    assert told["one"] == pytest.approx((4.5, 1.6, 7.5), abs=0.06)
    assert told["several"] == pytest.approx((6.1, 3.2, 8.9), abs=0.15)
    campaigns = {
        8: (date(2017, 3, 20), date(2017, 5, 8), date(2017, 6, 26), 1.2, -0.9, 3.3),
        13: (date(2017, 6, 21), date(2017, 8, 8), date(2017, 9, 25), -0.1, -2.4, 2.1),
        18: (date(2017, 9, 4), date(2017, 10, 30), date(2017, 12, 25), 0.2, -2.1, 2.6),
    }
    for number, (window, begins, ends, *said) in campaigns.items():
        told = trials.adjusted_leads_of_exposed(
            data, number, window, begins, begins, ends, without=()
        )
        assert told["several"] == pytest.approx(said, abs=0.3)


def test_nothing_tried_is_nothing_found_at_the_promised_rate(data: Year) -> None:
    """A/A by the real hash: 400 salts over the year's households, one look each."""
    members = [UUID(int=int(household)) for household in data.household]
    outcome, before = data.weeks(41, 48), data.weeks(25, 40)
    found = flagged = 0
    for salt in range(400):
        arms = rules.arms_of(1, f"aa-{salt}", members, held_out_bps=2_000)
        out = np.array([arms[member] == "held_out" for member in members])
        ratio = rules.sample_ratio(
            treated=int((~out).sum()), held_out=int(out.sum()), held_out_bps=2_000
        )
        told = statistics.cuped(
            Group(outcome=outcome[~out], before=before[~out]),
            Group(outcome=outcome[out], before=before[out]),
        )
        flagged += ratio.stop
        found += rules.verdict(told.effect, ratio) != "not_proven"
    assert flagged <= 3
    assert 0.05 - 0.025 < found / 400 < 0.05 + 0.025
