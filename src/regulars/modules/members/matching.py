"""Who a row of people is: somebody new, somebody known, or more than one. Pure.

One rule for the dry run and for the run: a first row of a file may bring the person whom a later
row means, so rows are matched one after the other and what each brings is known to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from .types import ACTIVE, LEFT, SHOPPER

IdentityKey = tuple[str, str]
"""Type and blind index."""
ConsentFact = tuple[str, bool, str, str, str, datetime]
"""Purpose, granted, text version, channel, campaign, at."""
Outcome = Literal["created", "promoted", "completed", "repeated", "conflict", "left"]
OUTCOMES: Final = ("created", "promoted", "completed", "repeated", "conflict", "left")


@dataclass(slots=True)
class Person:
    """Somebody as they are known while rows are matched."""

    id: UUID
    status: str
    named: bool = False
    born: bool = False
    consents: set[ConsentFact] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Told:
    """What a row tells of a person; ``joined`` of a member, else of somebody who only bought."""

    keys: tuple[IdentityKey, ...]
    named: bool
    born: bool
    joined: bool
    consents: tuple[ConsentFact, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What a row comes to. ``by`` are the types of identity it was recognised by, ``others`` the
    further members that it names; the rest is what it gives to ``person``."""

    outcome: Outcome
    person: Person | None
    by: tuple[str, ...] = ()
    others: tuple[UUID, ...] = ()
    keys: tuple[IdentityKey, ...] = ()
    consents: tuple[ConsentFact, ...] = ()
    named: bool = False
    born: bool = False


def match(told: Told, holders: dict[IdentityKey, Person], new: Callable[[], UUID]) -> Match:
    """Tell who ``told`` is, and let ``holders`` know what it gave.

    Who is known keeps what is known and gains what is missing. Identities of two members are a
    conflict and change nothing; who left stays away until they join of their own accord.
    """
    found = {holders[key].id: holders[key] for key in told.keys if key in holders}
    by = tuple(dict.fromkeys(kind for kind, key in told.keys if (kind, key) in holders))
    if len(found) > 1:
        return Match("conflict", None, by, tuple(found))
    if not found:
        return _give(
            told, Person(new(), ACTIVE if told.joined else SHOPPER), holders, "created", ()
        )
    (person,) = found.values()
    if person.status == LEFT:
        return Match("left", person, by)
    return _give(told, person, holders, _known(told, person), by)


def counted(matches: Iterable[Match]) -> dict[str, dict[str, int]]:
    """How many rows came to what, and by which identities known people were recognised."""
    outcomes: dict[str, int] = {}
    by: dict[str, int] = {}
    for one in matches:
        outcomes[one.outcome] = outcomes.get(one.outcome, 0) + 1
        for kind in one.by:
            by[kind] = by.get(kind, 0) + 1
    return {"outcomes": outcomes, "recognised_by": by}


def added(
    sums: Mapping[str, Mapping[str, int]], more: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    """The two counts of ``counted`` as one."""
    return {
        name: {
            key: sums.get(name, {}).get(key, 0) + more.get(name, {}).get(key, 0)
            for key in [*sums.get(name, {}), *more.get(name, {})]
        }
        for name in ("outcomes", "recognised_by")
    }


def _known(told: Told, person: Person) -> Outcome:
    return "promoted" if told.joined and person.status == SHOPPER else "repeated"


def _give(
    told: Told,
    person: Person,
    holders: dict[IdentityKey, Person],
    outcome: Outcome,
    by: tuple[str, ...],
) -> Match:
    keys = tuple(key for key in told.keys if key not in holders)
    consents = tuple(one for one in told.consents if one not in person.consents)
    named, born = told.named and not person.named, told.born and not person.born
    holders.update(dict.fromkeys(keys, person))
    person.consents.update(consents)
    person.named, person.born = person.named or named, person.born or born
    if outcome == "promoted":
        person.status = ACTIVE
    elif outcome == "repeated" and (keys or consents or named or born):
        outcome = "completed"
    return Match(outcome, person, by, (), keys, consents, named, born)


def proposal(
    people: Sequence[tuple[UUID, str, datetime]],
) -> tuple[UUID, tuple[UUID, ...]]:
    """Of members who may be one person: who should carry on (joined before only bought, then the
    earliest), and whom to merge into them. ``people`` are id, status and joined at."""
    rank = {ACTIVE: 0, SHOPPER: 1}
    ranked = sorted(people, key=lambda one: (rank.get(one[1], 2), one[2], one[0]))
    return ranked[0][0], tuple(one[0] for one in ranked[1:])
