"""The figures of docs/algorithms/tiers.md, worked out by the code, and the laws behind them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regulars.kernel.periods import Window
from regulars.modules.tiers import rules
from regulars.modules.tiers.forecast import Forecast
from regulars.modules.tiers.rules import History, effective_tier, replay, tier_for
from regulars.modules.tiers.statement import Statement, as_of, spend_for, told, window_of
from regulars.modules.tiers.types import Floor, Keep, Ladder, Standing, Step, Tier, Warned

DOC = Path(__file__).parents[2] / "docs" / "algorithms" / "tiers.md"
D = date
ONE = timedelta(days=1)
JOINED = D(2026, 1, 15)
PERIOD = Keep("period", months=12, grace_days=30, step="one", warn_days=30)


def ladder(
    *rungs: tuple[str, int] | tuple[str, int, int],
    window: Window | None = None,
    keep: Keep | None = None,
    counter: str = "spend",
) -> Ladder:
    tiers = tuple(
        Tier(rung[0], {"en": rung[0]}, rung[1], rung[2] if len(rung) == 3 else rung[1])
        for rung in rungs
    )
    return Ladder(counter, window or Window("months", 12), keep or Keep(), tiers)  # type: ignore[arg-type]


RUNGS = (("basic", 0), ("silver", 500, 400), ("gold", 2_000, 1_800))
KEPT = ladder(*RUNGS, keep=PERIOD)
THIRTY = ladder(("basic", 0), ("silver", 500), window=Window("days", 30))


def stand(activity: Sequence[tuple[date, int]], on: date, under: Ladder) -> Standing:
    return replay(activity, ladder=under, until=on, joined_on=JOINED)[0]


def steps(activity: Sequence[tuple[date, int]], on: date, under: Ladder) -> list[object]:
    notes = replay(activity, ladder=under, until=on, joined_on=JOINED)[1]
    return [
        (n.day, n.from_tier, n.to_tier, n.reason, n.counter)
        if isinstance(n, Step)
        else (n.day, "warned", n.gap)
        for n in notes
    ]


# ── the page ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("counter", "tier"),
    [(0, "basic"), (499, "basic"), (500, "silver"), (1_999, "silver"), (2_000, "gold")],
)
def test_a_threshold_is_reached_by_meeting_it(counter: int, tier: str) -> None:
    assert tier_for(counter, KEPT).code == tier


@pytest.mark.parametrize(
    ("window", "day", "first", "last"),
    [
        (Window("days", 30), D(2026, 3, 31), D(2026, 3, 2), D(2026, 3, 31)),
        (Window("months", 12), D(2027, 1, 31), D(2026, 2, 1), D(2027, 1, 31)),
        (Window("calendar_quarter"), D(2026, 5, 20), D(2026, 4, 1), D(2026, 6, 30)),
        (Window("calendar_year"), D(2026, 5, 20), D(2026, 1, 1), D(2026, 12, 31)),
        (Window("anniversary"), D(2026, 5, 20), D(2026, 1, 15), D(2027, 1, 14)),
        (Window("lifetime"), D(2026, 5, 20), None, None),
    ],
)
def test_which_days_count(window: Window, day: date, first: date | None, last: date | None) -> None:
    assert window_of(ladder(("basic", 0), window=window), day, JOINED) == (first, last)


def test_a_ladder_that_follows_goes_up_and_down_by_the_day() -> None:
    activity = [(D(2026, 3, 1), 300), (D(2026, 3, 20), 250)]
    assert stand(activity, D(2026, 3, 19), THIRTY).tier == "basic"
    assert stand(activity, D(2026, 3, 20), THIRTY).tier == "silver"
    assert stand(activity, D(2026, 3, 30), THIRTY).tier == "silver"
    assert stand(activity, D(2026, 3, 31), THIRTY).tier == "basic"
    assert steps(activity, D(2026, 4, 30), THIRTY) == [
        (D(2026, 3, 20), "basic", "silver", "reached", 550),
        (D(2026, 3, 31), "silver", "basic", "recounted", 250),
    ]


def test_a_tier_is_kept_for_its_period_then_given_grace_then_lowered_by_one() -> None:
    activity = [(D(2026, 3, 20), 2_100)]
    found = stand(activity, D(2026, 3, 20), KEPT)
    assert (found.tier, found.keep_until) == ("gold", D(2027, 3, 21))
    assert steps(activity, D(2028, 12, 31), KEPT) == [
        (D(2026, 3, 20), "basic", "gold", "reached", 2_100),
        (D(2027, 2, 19), "warned", 1_800),
        (D(2027, 4, 20), "gold", "silver", "not_kept", 0),
        (D(2028, 3, 21), "warned", 400),
        (D(2028, 5, 20), "silver", "basic", "not_kept", 0),
    ]
    assert stand(activity, D(2027, 3, 21), KEPT).grace_until == D(2027, 4, 20)


def test_growing_in_grace_keeps_the_tier_at_once() -> None:
    activity = [(D(2026, 3, 20), 2_100), (D(2027, 4, 1), 1_800)]
    assert steps(activity, D(2027, 4, 30), KEPT)[-1] == (
        D(2027, 4, 1), "gold", "gold", "kept", 1_800
    )  # fmt: skip
    assert stand(activity, D(2027, 4, 30), KEPT).keep_until == D(2028, 4, 2)


def test_the_review_keeps_what_still_counts() -> None:
    activity = [(D(2026, 3, 20), 600), (D(2027, 1, 5), 450)]
    found = steps(activity, D(2027, 3, 21), KEPT)
    assert found[-1] == (D(2027, 3, 21), "silver", "silver", "kept", 450)
    assert stand(activity, D(2027, 3, 21), KEPT).keep_until == D(2028, 3, 21)


def test_stepping_to_the_counter_skips_rungs() -> None:
    straight = ladder(*RUNGS, keep=Keep("period", months=12, step="counter"))
    assert stand([(D(2026, 3, 20), 2_100)], D(2027, 3, 21), straight).tier == "basic"


@pytest.mark.parametrize(("hold", "tier"), [(True, "gold"), (False, "silver")])
def test_a_refund_lowers_the_counter_at_once_and_the_tier_at_its_review(
    hold: bool, tier: str
) -> None:
    under = ladder(*RUNGS, keep=Keep("period", 12, "day", 30, "one", 30, hold))
    day = D(2026, 5, 1)
    before = stand([(D(2026, 3, 20), 2_100)], day, under)
    recounted = stand([(D(2026, 3, 20), 600)], day, under)
    after = rules.held_after_recount(before, recounted, under, day)
    assert after.tier == "silver"
    assert effective_tier(after, under, day).code == tier
    assert effective_tier(after, under, D(2027, 3, 21)).code == "silver"


def test_the_end_of_a_floor_is_a_step_that_is_told() -> None:
    floor = Floor("gold", D(2026, 6, 1), "vip")
    standing = stand([(D(2026, 3, 20), 600)], D(2026, 4, 1), KEPT)._replace(
        floor=floor, review_on=D(2026, 6, 1)
    )
    history = History([(D(2026, 3, 20), 600)])
    after, notes = rules.advance(
        standing, history=history, ladder=KEPT, until=D(2026, 6, 1), joined_on=JOINED
    )
    assert after.floor is None
    (step,) = notes
    assert isinstance(step, Step)
    assert (step.from_tier, step.to_tier, step.reason) == ("gold", "silver", "floor_ended")
    assert step.counter == 600


def test_a_floor_below_what_counts_ends_in_silence() -> None:
    standing = stand([(D(2026, 3, 20), 600)], D(2026, 4, 1), KEPT)._replace(
        floor=Floor("silver", D(2026, 6, 1), "vip"), review_on=D(2026, 6, 1)
    )
    _, notes = rules.advance(
        standing, history=History([(D(2026, 3, 20), 600)]), ladder=KEPT, until=D(2026, 6, 1),
        joined_on=JOINED,
    )  # fmt: skip
    assert notes == []


def test_a_member_is_warned_once_though_a_floor_ends_after_it() -> None:
    """The end of a floor looks at the standing anew, within the days of the warning."""
    bought = [(D(2026, 3, 1), 500)]
    before = stand(bought, D(2027, 1, 30), KEPT)
    floored = before._replace(floor=Floor("silver", D(2027, 2, 10), "vip"))
    after, notes = rules.advance(
        floored, history=History(bought), ladder=KEPT, until=D(2027, 2, 20), joined_on=JOINED
    )
    assert [(note.day, type(note)) for note in notes] == [(D(2027, 1, 31), Warned)]
    assert (after.floor, after.warned) == (None, True)


# ── what a member is told ─────────────────────────────────────────────────────────────────


def tell(activity: Sequence[tuple[date, int]], day: date, under: Ladder) -> Statement:
    standing = stand(activity, day, under)
    return told(standing, activity=activity, ladder=under, day=day, joined_on=JOINED)


def test_the_statement_on_the_page() -> None:
    found = tell([(D(2026, 3, 20), 600), (D(2026, 8, 2), 150)], D(2026, 8, 2), KEPT)
    assert (found.tier.code, found.counter) == ("silver", 750)
    assert (found.window_from, found.window_until) == (D(2025, 8, 3), D(2026, 8, 2))
    assert found.next is not None
    assert (found.next.code, found.gap) == ("gold", 1_250)
    assert (found.keep_until, found.keep_from, found.keep_gap) == (D(2027, 3, 20), 400, 250)


def test_the_top_has_no_next_and_the_bottom_nothing_to_keep() -> None:
    top = tell([(D(2026, 3, 20), 5_000)], D(2026, 3, 20), KEPT)
    assert (top.next, top.gap) == (None, None)
    bottom = tell([], D(2026, 3, 20), KEPT)
    assert (bottom.keep_until, bottom.keep_gap, bottom.gap) == (None, None, 500)


def test_a_floor_tells_what_the_tier_will_ask_when_it_ends() -> None:
    activity = [(D(2026, 3, 20), 600)]
    day = D(2026, 5, 1)
    standing = stand(activity, day, KEPT)._replace(floor=Floor("gold", D(2026, 7, 1), "vip"))
    found = told(standing, activity=activity, ladder=KEPT, day=day, joined_on=JOINED)
    assert found.tier.code == "gold"
    assert (found.keep_until, found.keep_from, found.keep_gap) == (D(2026, 6, 30), 2_000, 1_400)


@pytest.mark.parametrize(
    ("gap", "per_minor", "amount", "tier_bps", "minor"),
    [
        (380, 100, 1, 10_000, 38_000),
        (380, 100, 1, 12_000, 31_667),
        (1, 100, 3, 10_000, 34),
        (5, 100, 0, 10_000, None),
    ],
)
def test_what_to_spend_is_just_enough(
    gap: int, per_minor: int, amount: int, tier_bps: int, minor: int | None
) -> None:
    assert spend_for(gap, per_minor=per_minor, amount=amount, tier_bps=tier_bps) == minor
    if minor is not None:
        earned = [net * tier_bps * amount // (per_minor * 10_000) for net in (minor - 1, minor)]
        assert earned[0] < gap <= earned[1]


def test_late_jobs_and_a_new_ladder_are_seen_through() -> None:
    activity = [(D(2026, 3, 20), 2_100)]
    old = stand(activity, D(2026, 3, 20), KEPT)
    today = D(2027, 5, 1)
    seen, ahead = as_of(
        old, activity=activity, ladder=KEPT, day=today, joined_on=JOINED, under_ladder=True
    )
    assert (seen.tier, [s.to_tier for s in ahead]) == ("silver", ["silver"])
    easier = ladder(("basic", 0), ("silver", 10), ("gold", 20), window=Window("lifetime"))
    seen, ahead = as_of(
        stand(activity, today, KEPT), activity=activity, ladder=easier, day=today,
        joined_on=JOINED, under_ladder=False,
    )  # fmt: skip
    assert (seen.tier, [s.reason for s in ahead]) == ("gold", ["programme"])


def test_the_page_quotes_these_figures() -> None:
    text = DOC.read_text(encoding="utf-8")
    for figure in ("550", "2,100", "31 March", "20 April 2027", "1,250", "316.67"):
        assert figure in text, figure


# ── laws ──────────────────────────────────────────────────────────────────────────────────

DAYS = st.integers(0, 900).map(lambda n: D(2025, 1, 1) + n * ONE)
#: No day is below zero: a refund is taken off the day of its purchase, and never more than that.
HISTORIES = st.dictionaries(DAYS, st.integers(0, 900), max_size=25).map(
    lambda days: sorted(days.items())
)
WINDOWS = st.sampled_from(
    [
        Window("days", 30), Window("days", 200), Window("months", 6), Window("calendar_month"),
        Window("calendar_quarter"), Window("calendar_year"), Window("anniversary"),
        Window("lifetime"),
    ]
)  # fmt: skip
KEEPS = st.one_of(
    st.just(Keep()),
    st.builds(
        Keep,
        mode=st.just("period"),
        months=st.sampled_from([1, 6, 12]),
        end_of=st.sampled_from(["day", "month", "year"]),
        grace_days=st.sampled_from([0, 1, 30]),
        step=st.sampled_from(["one", "counter"]),
        warn_days=st.sampled_from([1, 30, 60]),
    ),
)
LADDERS = st.builds(lambda window, keep: ladder(*RUNGS, window=window, keep=keep), WINDOWS, KEEPS)
LAWS = settings(max_examples=300, deadline=None)


@LAWS
@given(activity=HISTORIES, under=LADDERS, until=DAYS)
@example(
    activity=[(D(2026, 3, 20), 2_100), (D(2027, 4, 1), 1_800)], under=KEPT, until=D(2027, 4, 30)
)
@example(
    activity=[(D(2026, 3, 20), 2_100), (D(2027, 3, 25), 10), (D(2027, 4, 1), 1_800)],
    under=KEPT,
    until=D(2027, 4, 30),
)
@example(activity=[(D(2026, 3, 20), 2_100)], under=KEPT, until=D(2027, 4, 19))
def test_the_forecast_is_the_replay(
    activity: list[tuple[date, int]], under: Ladder, until: date
) -> None:
    slow = stand(activity, until, under)
    quick = Forecast(under, until).standing(activity, JOINED)
    assert (quick.tier, quick.keep_until, quick.grace_until, quick.floor) == (
        slow.tier, slow.keep_until, slow.grace_until, slow.floor
    )  # fmt: skip


@LAWS
@given(activity=HISTORIES, under=LADDERS, first=DAYS, second=DAYS)
def test_looking_in_between_changes_nothing(
    activity: list[tuple[date, int]], under: Ladder, first: date, second: date
) -> None:
    """A job that runs on some day leaves what one that runs later alone would leave."""
    early, late = sorted((first, second))
    known = [part for part in activity if part[0] <= early]
    standing = stand(known, early, under)
    moved, _ = rules.advance(
        standing, history=History(known), ladder=under, until=late, joined_on=JOINED
    )
    assert moved == stand(known, late, under)


@LAWS
@given(activity=HISTORIES, window=WINDOWS, day=DAYS)
def test_a_ladder_that_follows_is_what_the_window_counts(
    activity: list[tuple[date, int]], window: Window, day: date
) -> None:
    under = ladder(*RUNGS, window=window)
    known = [part for part in activity if part[0] <= day]
    counter = rules.counted(History(known), under, day, JOINED)
    assert stand(known, day, under).tier == tier_for(counter, under).code


@LAWS
@given(activity=HISTORIES, day=DAYS)
def test_a_warning_comes_before_every_fall(activity: list[tuple[date, int]], day: date) -> None:
    """Never silent: whoever falls at a review was told before, or grew less than what they had."""
    notes = replay(activity, ladder=KEPT, until=day, joined_on=JOINED)[1]
    warned: set[str] = set()
    for note in notes:
        if isinstance(note, Warned):
            warned.add(note.tier)
        elif note.reason == "not_kept":
            graced = KEPT.keep.grace_days > 0
            assert note.from_tier in warned or graced
            warned.discard(note.from_tier or "")
