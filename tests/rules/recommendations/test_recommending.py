"""Lists from a history: nothing of the future, nothing bought before, nothing off sale."""

from __future__ import annotations

import numpy as np
import pytest

from makers.rhythms import Bought, history, rhythms
from regulars.modules.insight.due.pairs import pair_key
from regulars.modules.insight.history import History
from regulars.modules.recommendations.ranking import listing, next_basket
from regulars.modules.recommendations.ranking.exploring import trend
from regulars.modules.recommendations.ranking.listing import (
    Recommended,
    recommend_new,
    recommend_next,
)
from regulars.modules.recommendations.ranking.lists import NOTHING
from regulars.modules.recommendations.ranking.next_basket import foretell_basket
from regulars.modules.recommendations.ranking.shop import next_baskets, shop_at

ROWS = rhythms(members=150, items=30, days=200)
BOUGHT = history(ROWS)
AS_OF = 170


def named(told: History, found: Recommended) -> list[tuple[str, int, str, float]]:
    entries = found.entries
    columns = (entries.member, entries.rank, entries.item, entries.score)
    return [
        (told.members[member], int(rank), told.items[item], float(score))
        for member, rank, item, score in zip(*columns, strict=True)
    ]


def recommend(mode: str, told: History, as_of: int, length: int = 8) -> Recommended:
    return {"next_basket": recommend_next, "explore": recommend_new}[mode](
        told, as_of, length=length
    )


@pytest.mark.parametrize("mode", ["next_basket", "explore"])
def test_the_future_changes_nothing(mode: str) -> None:
    """Everything after the day is replaced by nonsense, in the same codes."""
    later = [row for row in ROWS if row.day <= AS_OF]
    names = sorted({row.member for row in ROWS}), sorted({row.item for row in ROWS})
    poison = [
        Bought(member, item, "c0", AS_OF + 1 + n % 20, 99, 10**6)
        for n, member in enumerate(names[0])
        for item in names[1]
    ]
    honest, poisoned = history(ROWS), history(later + poison)
    assert len(poisoned) != len(honest)
    first = recommend(mode, honest, AS_OF)
    second = recommend(mode, poisoned, AS_OF)
    assert named(honest, first) == named(poisoned, second)
    assert honest.items[first.popular.item].tolist() == poisoned.items[second.popular.item].tolist()


@pytest.mark.parametrize("mode", ["next_basket", "explore"])
def test_ranks_are_one_to_the_end_and_scores_fall(mode: str) -> None:
    found = recommend(mode, BOUGHT, AS_OF)
    rows = named(BOUGHT, found)
    assert len({(member, item) for member, _, item, _ in rows}) == len(rows)
    own: dict[str, list[tuple[int, float]]] = {}
    for member, rank, _, score in rows:
        own.setdefault(member, []).append((rank, score))
    assert len(own) > 100
    for ranked in own.values():
        assert [rank for rank, _ in ranked] == list(range(1, len(ranked) + 1))
        scores = [score for _, score in ranked]
        assert scores == sorted(scores, reverse=True)


def test_explore_shows_nothing_that_was_bought_before() -> None:
    found = recommend("explore", BOUGHT, AS_OF)
    before = {(row.member, row.item) for row in ROWS if row.day <= AS_OF}
    shown = {(member, item) for member, _, item, _ in named(BOUGHT, found)}
    assert shown
    assert not shown & before
    for member, because in zip(found.entries.member, found.entries.because, strict=True):
        if because != NOTHING:
            assert (BOUGHT.members[member], BOUGHT.items[because]) in before
    assert (found.entries.because != NOTHING).mean() > 0.9


def test_what_is_no_longer_sold_is_not_shown() -> None:
    last = AS_OF - 60
    gone = {"i003", "i007"}
    told = history([row for row in ROWS if row.item not in gone or row.day <= last])
    for mode in ("next_basket", "explore"):
        found = recommend(mode, told, AS_OF)
        assert not gone & {item for _, _, item, _ in named(told, found)}
        assert not gone & set(told.items[found.popular.item])
    assert "i003" in {item for _, _, item, _ in named(BOUGHT, recommend("explore", BOUGHT, AS_OF))}


@pytest.mark.parametrize("members", [30, 120])
def test_in_a_small_shop_what_one_alone_buys_is_theirs_and_nobody_elses(members: int) -> None:
    """From a hundred members on an item needs others who buy it."""
    rows = [row for row in ROWS if row.member < f"m{members:04d}"]
    rows += [
        Bought(f"m{n:04d}", f"own of m{n:04d}", "c0", day, 1, 500)
        for n in range(members)
        for day in range(n % 3, 200, 5)
    ]
    told = history(rows)
    found = recommend("next_basket", told, AS_OF, length=60)
    shown = {(member, item) for member, _, item, _ in named(told, found) if "own" in item}
    whole = {(f"m{n:04d}", f"own of m{n:04d}") for n in range(members)}
    assert shown == (whole if members < 100 else set())
    explored = recommend("explore", told, AS_OF, length=60)
    assert not any("own" in item for _, _, item, _ in named(told, explored))
    for common in (found.popular, explored.popular):
        assert not any("own" in item for item in told.items[common.item])


def test_the_next_basket_is_what_they_buy_again_then_what_goes_with_it() -> None:
    found = recommend("next_basket", BOUGHT, AS_OF, length=12)
    entries = found.entries
    assert found.using == "trees_and_logistic" or found.using == "logistic"
    again = entries.times > 0
    assert 0 < again.mean() < 1
    assert np.array_equal(again, entries.because == NOTHING) or (~again).any()
    for member in np.unique(entries.member):
        own = again[entries.member == member]
        assert own.tolist() == sorted(own, reverse=True), "new ones stand below the usual"


def test_a_list_says_the_numbers_of_its_reason() -> None:
    found = recommend("next_basket", BOUGHT, AS_OF)
    entries = found.entries
    for place in range(0, len(entries.rank), 37):
        member, item = BOUGHT.members[entries.member[place]], BOUGHT.items[entries.item[place]]
        days = sorted(
            {r.day for r in ROWS if (r.member, r.item) == (member, item) and r.day <= AS_OF}
        )
        assert entries.times[place] == len(days)
        if not days:
            continue
        assert entries.days_ago[place] == AS_OF - days[-1]
        assert entries.times_lately[place] == sum(day > AS_OF - 56 for day in days)
        gaps = np.diff(days)
        every = np.median(gaps) if len(days) >= 3 else 0.0
        assert entries.every_days[place] == pytest.approx(every)
        recent = {r.member for r in ROWS if r.item == item and AS_OF - 28 < r.day <= AS_OF}
        assert entries.buyers[place] == len(recent)


def test_a_basket_not_yet_bought_teaches_nothing() -> None:
    rows = [Bought("a", "tea", "drinks", day, 1, 1) for day in (0, 10, 20, 40)]
    rows += [Bought("b", "tea", "drinks", day, 1, 1) for day in (0, 10, 30)]
    told = history(rows)
    baskets = next_baskets(told.until(35), 20, 56)
    assert baskets.day.tolist() == [np.iinfo(np.int64).max, 30]
    assert next_baskets(told, 20, 15).day.tolist()[0] > 10**6, "too late to be the next"
    assert (
        next_baskets(told, 20, 56).keys.tolist()
        == pair_key(np.array([0, 1]), np.array([0, 0])).tolist()
    )


def test_with_few_examples_counting_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_basket, "LEAST_EXAMPLES", 10**9)
    found = foretell_basket(BOUGHT, AS_OF)
    assert found.learner is None
    assert found.score.tolist() == pytest.approx(found.repeats.column("decayed_112"), rel=1e-5)


def of_few_members() -> History:
    return history([row for row in ROWS if row.member < f"m{listing.LEAST_SHOPPERS - 1:04d}"])


@pytest.mark.parametrize("mode", ["next_basket", "explore"])
def test_with_few_members_nothing_is_learnt_of_others(mode: str) -> None:
    found = recommend(mode, of_few_members(), AS_OF)
    assert found.abstained is not None
    assert (found.abstained.reason, found.abstained.needed) == ("too_few_shoppers", 20)
    assert (found.entries.because == NOTHING).all()
    assert found.using == {"next_basket": "counting", "explore": "nothing"}[mode]
    assert len(found.popular.item) > 0
    assert recommend(mode, BOUGHT, AS_OF).abstained is None


def test_with_few_members_nobody_is_told_what_they_may_like() -> None:
    assert len(recommend("explore", of_few_members(), AS_OF).entries.rank) == 0


def test_with_few_members_each_gets_what_they_buy_then_what_is_popular() -> None:
    told = of_few_members()
    found = recommend("next_basket", told, AS_OF, length=12)
    days: dict[tuple[str, str], set[int]] = {}
    for row in ROWS:
        if row.day <= AS_OF:
            days.setdefault((row.member, row.item), set()).add(row.day)
    entries = found.entries
    rows = named(told, found)
    for member in {member for member, *_ in rows}:
        shown = [(item, score) for name, _, item, score in rows if name == member]
        of_member = entries.times[told.members[entries.member] == member]
        own = int((of_member > 0).sum())
        for item, score in shown[:own]:
            ages = AS_OF - np.array(sorted(days[member, item]))
            assert score == pytest.approx((0.5 ** (ages / 112.0)).sum())
        assert len(shown) == 12
        assert own > 0
        assert not any((member, item) in days for item, _ in shown[own:])
        assert [score for _, score in shown] == sorted((s for _, s in shown), reverse=True)
    below = entries.times == 0
    assert (entries.buyers[below] >= 1).all()
    assert below.any()


def test_of_nothing_nothing_is_told() -> None:
    for mode in ("next_basket", "explore"):
        found = recommend(mode, BOUGHT, -1)
        assert found.abstained is not None
        assert len(found.entries.rank) == len(found.popular.item) == 0


def test_trend_is_one_where_nothing_changed() -> None:
    rows = [Bought(f"m{n}", "tea", "d", day, 1, 1) for n in range(9) for day in range(0, 140, 7)]
    rows += [Bought(f"m{n}", "ice", "d", day, 1, 1) for n in range(9) for day in range(0, 140, 7)]
    even = history(rows)
    assert trend(shop_at(even, 139), recent_days=28, power=0.5).tolist() == [1.0, 1.0]
    rising = history(rows + [Bought(f"n{n}", "ice", "d", 130, 1, 1) for n in range(36)])
    ice, tea = trend(shop_at(rising, 139), recent_days=28, power=0.5)
    # 72 and 36 of the last 28 days; so far 216 and 180 of 396: expected 58.9 and 49.1.
    assert ice == pytest.approx((73 / (108 * 216 / 396 + 1)) ** 0.5)
    assert tea == pytest.approx((37 / (108 * 180 / 396 + 1)) ** 0.5)
