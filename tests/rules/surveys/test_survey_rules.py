"""Which questions members get, which answers fit, and what may be told of whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.errors import Invalid
from regulars.modules.surveys.rules import (
    LEAST_MEMBERS,
    LEAST_TOLD,
    choices_of,
    design,
    groups,
    questions_for,
    reasons_said,
    status_of,
    told_of,
)
from regulars.modules.surveys.types import REASONS, Answered, Benefit, Choice, Draft

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DRAFT = Draft(
    name="x",
    kind="choice",
    shown=3,
    questions=5,
    worst=True,
    benefits=tuple(Benefit(code=code, name={}) for code in ("a", "b", "c", "d", "e")),
)
SURVEY = UUID(int=9)


def answered(number: int, best: int = 0, **about: object) -> Answered:
    return Answered(
        member_id=UUID(int=number),
        at=NOW + timedelta(minutes=number),
        choices=(Choice((0, 1), best),),
        **about,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("opens", "closes", "status"),
    [
        (None, None, "draft"),
        (NOW + HOUR, NOW + 2 * HOUR, "scheduled"),
        (NOW, NOW + HOUR, "open"),
        (NOW - HOUR, None, "open"),
        (NOW - HOUR, NOW, "closed"),
        (NOW, NOW, "closed"),
    ],
)
def test_its_times_say_where_it_stands(
    opens: datetime | None, closes: datetime | None, status: str
) -> None:
    assert status_of(opens, closes, NOW) == status


def test_the_worked_design_of_the_page() -> None:
    assert design(4, 2, 6) == ((0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (1, 2))
    assert design(5, 3, 5) == ((0, 1, 2), (0, 3, 4), (1, 2, 3), (0, 1, 4), (2, 3, 4))


@given(st.integers(2, 12), st.integers(2, 4), st.integers(1, 12))
def test_each_benefit_is_shown_as_often_as_any_other(size: int, shown: int, questions: int) -> None:
    if shown > size:
        return
    sets = design(size, shown, questions)
    counts = Counter(dict.fromkeys(range(size), 0))
    counts.update(place for places in sets for place in places)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert all(len(set(places)) == shown for places in sets)


def test_over_members_every_pair_stands_together_about_as_often() -> None:
    together: Counter[tuple[int, int]] = Counter()
    first: Counter[int] = Counter()
    for number in range(3_000):
        for shown in questions_for(1, SURVEY, UUID(int=number), DRAFT):
            together.update(combinations(sorted(shown), 2))
            first[shown[0]] += 1
    # 15 pairs of 10 in each member's five questions: 4,500 each, and 3,000 times first.
    assert all(abs(count - 4_500) < 200 for count in together.values()), together
    assert all(abs(count - 3_000) < 200 for count in first.values()), first


def test_a_member_is_asked_the_same_whenever_they_look() -> None:
    one = questions_for(1, SURVEY, UUID(int=1), DRAFT)
    assert one == questions_for(1, SURVEY, UUID(int=1), DRAFT)
    assert one != questions_for(1, SURVEY, UUID(int=2), DRAFT)
    assert one != questions_for(2, SURVEY, UUID(int=1), DRAFT)


def test_answers_fit_their_questions_or_are_refused_with_the_place() -> None:
    asked = [(0, 1, 2), (2, 3, 4)]
    draft = replace(DRAFT, questions=2)
    assert choices_of(draft, asked, [("a", "c"), ("e", "d")]) == (
        Choice((0, 1, 2), 0, 2),
        Choice((2, 3, 4), 4, 3),
    )
    for given_, pointer in [
        ([("a", "c")], "/choices"),
        ([("a", "c"), ("a", "d")], "/choices/1/best"),
        ([("a", "e"), ("e", "d")], "/choices/0/worst"),
        ([("a", "a"), ("e", "d")], "/choices/0/worst"),
        ([("a", None), ("e", "d")], "/choices/0/worst"),
    ]:
        with pytest.raises(Invalid) as refused:
            choices_of(draft, asked, given_)
        assert refused.value.errors[0].pointer == pointer
    with pytest.raises(Invalid):
        choices_of(replace(draft, worst=False), asked, [("a", "c"), ("e", None)])


@given(st.integers(0, 60), st.integers(1, 60))
def test_no_two_looks_at_an_open_survey_differ_by_fewer_than_five(before: int, more: int) -> None:
    every = [answered(number) for number in range(before + more)]
    one, two = told_of(every[:before], closed=False), told_of(every, closed=False)
    assert len(two) - len(one) == 0 or len(two) - len(one) >= LEAST_TOLD
    end = told_of(every, closed=True)
    assert len(end) in (0, len(every))
    assert len(end) - len(two) == 0 or len(end) - len(two) >= LEAST_TOLD
    assert len(end) == 0 or len(end) >= LEAST_TOLD


def test_a_group_is_told_of_only_beside_enough_others() -> None:
    gold = [answered(number, 0, tier="gold") for number in range(30)]
    basic = [answered(100 + number, 1, tier="basic") for number in range(30)]
    few = [answered(200 + number, 1, tier="new") for number in range(LEAST_MEMBERS - 1)]
    found = {one.group: one for one in groups([*gold, *basic, *few], 2)}
    assert set(found) == {"gold", "basic"}
    assert found["gold"].members == 30
    assert [cell.differs for cell in found["gold"].cells] == ["more", "less"]
    assert groups([*gold, *few], 2) == [], "the others are too few to hide among"


def test_groups_that_choose_alike_do_not_differ() -> None:
    mixed = [answered(n, int(n % 3 == 0), channel="web" if n % 2 else "shop") for n in range(120)]
    told = groups(mixed, 2)
    assert {one.group for one in told} == {"web", "shop"}
    assert {cell.differs for one in told for cell in one.cells} == {None}


def test_reasons_are_counted_with_their_intervals_and_never_of_few() -> None:
    assert reasons_said(["price"] * 4) == []
    told = reasons_said(["price"] * 12 + ["stock"] * 8)
    assert [(one.reason, one.count, one.of) for one in told[:2]] == [
        ("price", 12, 20),
        ("stock", 8, 20),
    ]
    assert len(told) == len(REASONS)
    assert sum(one.share.value for one in told) == pytest.approx(1)
    assert (round(told[0].share.low, 4), round(told[0].share.high, 4)) == (0.3866, 0.7812)
