"""Pure: which questions a member gets, which answers fit them, and what may be told of whom."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import combinations
from typing import Final
from uuid import UUID

from regulars.kernel.errors import FieldError, Invalid
from regulars.modules.experiments.distributions import t_quantile

from .types import (
    DIMENSIONS,
    REASONS,
    Answered,
    Cell,
    Choice,
    Dimension,
    Draft,
    Group,
    Reason,
    Said,
    Status,
)
from .utilities import SURE, fit, log_odds, share_of, wilson

#: Nothing is told of fewer answers, nor what would let the answers of fewer be worked out.
LEAST_TOLD: Final = 5
#: Utilities are not told from fewer members.
LEAST_MEMBERS: Final = 20
MOST_BENEFITS: Final = 12
MOST_SHOWN: Final = 4
MOST_QUESTIONS: Final = 12

Places = tuple[int, ...]


def status_of(opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> Status:
    """Where a survey stands; its times decide, no job has to run."""
    if opens_at is None:
        return "draft"
    if closes_at is not None and closes_at <= now:
        return "closed"
    return "open" if opens_at <= now else "scheduled"


@lru_cache(maxsize=256)
def design(benefits: int, shown: int, questions: int) -> tuple[Places, ...]:
    """Sets of benefits by place: each is in as many as any other or in one more, and the next set
    is the one whose benefits were least together so far."""
    alone = [0] * benefits
    together: dict[tuple[int, int], int] = {}
    found: list[Places] = []
    for _question in range(questions):

        def cost(places: Places) -> tuple[int, int, Places]:
            pairs = sum((1 + together.get(pair, 0)) ** 2 for pair in combinations(places, 2))
            return sum(alone[place] for place in places), pairs, places

        chosen = min(combinations(range(benefits), shown), key=cost)
        for place in chosen:
            alone[place] += 1
        for pair in combinations(chosen, 2):
            together[pair] = together.get(pair, 0) + 1
        found.append(chosen)
    return tuple(found)


def questions_for(merchant_id: int, survey_id: UUID, member_id: UUID, draft: Draft) -> list[Places]:
    """The sets that a member is asked about, in order: the same whenever they look. Which benefit
    takes which place of the design is settled by a hash, so over members every pair is alike."""

    def place_in(*words: object) -> bytes:
        written = ":".join(map(str, (merchant_id, survey_id.hex, member_id.hex, *words)))
        return hashlib.sha256(written.encode()).digest()

    size = len(draft.benefits)
    order = sorted(range(size), key=lambda place: place_in("place", place))
    asked = []
    for number, places in enumerate(design(size, draft.shown, draft.questions)):
        mine = [order[place] for place in places]
        asked.append(tuple(sorted(mine, key=lambda one: place_in(number, one))))
    return asked


def choices_of(
    draft: Draft, asked: Sequence[Places], given: Sequence[tuple[str, str | None]]
) -> tuple[Choice, ...]:
    """What was chosen, by place. Raises Invalid where an answer does not fit its question."""
    if len(given) != len(asked):
        detail = f"Answer all {len(asked)} questions, in their order."
        raise Invalid(detail, errors=[FieldError("/choices", "wrong_count", detail)])
    place_of = {benefit.code: place for place, benefit in enumerate(draft.benefits)}
    found = []
    for number, (shown, (best, worst)) in enumerate(zip(asked, given, strict=True)):
        picked = _shown(place_of, shown, best, f"/choices/{number}/best")
        least = None
        if draft.worst:
            least = _shown(place_of, shown, worst, f"/choices/{number}/worst")
        elif worst is not None:
            raise _unfit(f"/choices/{number}/worst", "This survey does not ask for the least.")
        if least == picked:
            raise _unfit(f"/choices/{number}/worst", "The most and the least liked are two.")
        found.append(Choice(shown, picked, least))
    return tuple(found)


def _shown(place_of: dict[str, int], shown: Places, code: str | None, pointer: str) -> int:
    place = place_of.get(code or "")
    if place is None or place not in shown:
        raise _unfit(pointer, "Choose one of the benefits that this question shows.")
    return place


def _unfit(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldError(pointer, "not_shown", detail)])


def told_of(answers: Sequence[Answered], *, closed: bool) -> list[Answered]:
    """The answers that may be told of: all once a survey is closed; before that the oldest, in
    whole steps of LEAST_TOLD and one step behind, so that no two looks differ by fewer."""
    known = sorted(answers, key=lambda one: (one.at, one.member_id))
    if closed:
        return known if len(known) >= LEAST_TOLD else []
    return known[: max(len(known) // LEAST_TOLD - 1, 0) * LEAST_TOLD]


def groups(answers: Sequence[Answered], benefits: int) -> list[Group]:
    """How each benefit does with members of one kind, beside all others who answered.

    A kind is told of only where it and the others are LEAST_MEMBERS each. Whether it differs is
    judged so that all cells together err at most once in twenty.
    """
    kinds = [
        (dimension, name, inside)
        for dimension in DIMENSIONS
        for name, inside in _kinds(answers, dimension)
        if min(len(inside), len(answers) - len(inside)) >= LEAST_MEMBERS
    ]
    sure = 1 - (1 - SURE) / max(len(kinds) * benefits, 1)
    return [
        Group(dimension, name, len(inside), _cells(answers, inside, benefits, sure))
        for dimension, name, inside in kinds
    ]


def _kinds(answers: Sequence[Answered], dimension: Dimension) -> list[tuple[str, set[int]]]:
    found: dict[str, set[int]] = {}
    for number, answer in enumerate(answers):
        for name in _names(answer, dimension):
            found.setdefault(name, set()).add(number)
    return sorted(found.items())


def _names(answer: Answered, dimension: Dimension) -> Iterable[str]:
    if dimension == "segment":
        return answer.segments
    name = answer.tier if dimension == "tier" else answer.channel
    return () if name is None else (name,)


def _cells(
    answers: Sequence[Answered], inside: set[int], benefits: int, sure: float
) -> tuple[Cell, ...]:
    ours = fit([one for number, one in enumerate(answers) if number in inside], benefits)
    theirs = fit([one for number, one in enumerate(answers) if number not in inside], benefits)
    limit = t_quantile(sure, min(ours.members, theirs.members) - 1)
    found = []
    for place in range(benefits):
        own, own_error = log_odds(ours, place)
        other, other_error = log_odds(theirs, place)
        beyond = abs(own - other) > limit * (own_error**2 + other_error**2) ** 0.5
        differs = ("more" if own > other else "less") if beyond else None
        found.append(Cell(share_of(ours, place), differs))  # type: ignore[arg-type]
    return tuple(found)


def reasons_said(reasons: Sequence[Reason]) -> list[Said]:
    """How many named each reason, the most named first; nothing of fewer than LEAST_TOLD."""
    of = len(reasons)
    if of < LEAST_TOLD:
        return []
    counts = {reason: sum(one == reason for one in reasons) for reason in REASONS}
    found = [Said(reason, count, of, wilson(count, of)) for reason, count in counts.items()]
    return sorted(found, key=lambda one: (-one.count, REASONS.index(one.reason)))
