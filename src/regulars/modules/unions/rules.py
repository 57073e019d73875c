"""Pure rules of merges: the standing of two who become one, and what they agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from regulars.modules.tiers.rules import held_after_recount
from regulars.modules.tiers.types import Floor, Ladder, Standing


def united(
    into: Standing, source: Standing, recounted: Standing, *, ladder: Ladder, day: date
) -> Standing:
    """The standing of both together: ``recounted`` over both histories, and no lower than the
    keep rule or a floor held either of them."""
    held = [held_after_recount(old, recounted, ladder, day) for old in (into, source)]
    return _with_floor(recounted, [one.floor for one in held], ladder)


def stayed(
    before: Standing,
    current: Standing,
    given: Floor | None,
    recounted: Standing,
    *,
    ladder: Ladder,
    day: date,
) -> Standing:
    """The standing of who carried on, once a merge is undone.

    ``before`` is what they had before it, ``recounted`` what their own history gives now. A floor
    set since (other than the one the merge had ``given``) stays with them.
    """
    floors = [held_after_recount(before, recounted, ladder, day).floor]
    if current.floor != given:
        floors.append(current.floor)
    return _with_floor(recounted, [f for f in floors if f and day < f.until], ladder)


def withdrawn(into: Mapping[str, bool], source: Mapping[str, bool]) -> list[str]:
    """Purposes that the one who carries on no longer agrees to: the strictest word counts.

    Whoever never answered said neither yes nor no, so their silence neither gives nor takes.
    """
    return sorted(
        purpose for purpose, granted in into.items() if granted and source.get(purpose) is False
    )


def _with_floor(standing: Standing, floors: list[Floor | None], ladder: Ladder) -> Standing:
    known = [floor for floor in floors if floor is not None]
    best = max(known, key=lambda floor: (ladder.rank(floor.tier), floor.until), default=None)
    if best is None:
        return standing._replace(floor=None)
    review_on = min(filter(None, (standing.review_on, best.until)))
    return standing._replace(floor=best, review_on=review_on)
