"""How strong an offer is for a member: its own figure for everybody, more by what a member did.

Every strength lies in the band that the offer publishes, and none is below what a stranger gets: so
no price is raised for anybody, and none is above the list. Rules know facts of a buyer and nobody's
identity. Whoever said no to personalisation gets what everybody gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field

from regulars.infra.http.fields import FreeJson

from .eligibility import RuleFault, Test, check_rule, compile_rule
from .parts import MOST_STEPS, Bps, Part, fault
from .types import Offer, PercentOff, Personal, Strength


def _rule(value: Any) -> Any:
    try:
        check_rule(value)
    except RuleFault as wrong:
        fault(wrong.where, wrong.code, wrong.detail)
    return value


class StrengthPart(Part):
    """For members who meet the rule: so much off."""

    bps: Bps
    rule: Annotated[
        FreeJson,
        BeforeValidator(_rule),
        Field(
            description="A tree of all, any, not and comparisons on the buyer's facts",
            json_schema_extra={"type": "object"},
        ),
    ]


class PersonalPart(Part):
    """The band that is published, and who gets more of it. Strangers, members who meet no step and
    members who said no to the purpose personalisation get the offer's own bps."""

    most_bps: Bps
    steps: Annotated[list[StrengthPart], Field(min_length=1, max_length=MOST_STEPS)]

    def compiled(self) -> Personal:
        steps = tuple(Strength(step.bps, step.rule) for step in self.steps)
        return Personal(self.most_bps, steps)


def check_band(personal: PersonalPart, kind: str, own_bps: int | None) -> None:
    """Refuse what would leave the band; a fault stands at its field."""
    if own_bps is None:
        fault(("personal",), "not_of_this_kind", f"{kind} has one strength; use percent_off.")
    if personal.most_bps < own_bps:
        fault(("personal", "most_bps"), "too_small", "The band begins at the offer's own bps.")
    for place, step in enumerate(personal.steps):
        if not own_bps <= step.bps <= personal.most_bps:
            fault(
                ("personal", "steps", place, "bps"),
                "outside_the_band",
                "No strength is below what everybody gets, or above the band.",
            )


class Decision(NamedTuple):
    """How strong an offer is for somebody, and by which step (None: as for everybody)."""

    bps: int
    step: int | None


@dataclass(frozen=True, slots=True)
class Band:
    """An offer whose strength varies, with its rules compiled."""

    offer: Offer
    tests: tuple[tuple[int, Test], ...]

    def decide(self, facts: Mapping[str, Any]) -> Decision:
        """The strongest step that the facts meet, of equal ones the first."""
        params = self.offer.params
        assert isinstance(params, PercentOff)
        found = Decision(params.bps, None)
        if not facts:
            return found
        for place, (bps, met) in enumerate(self.tests):
            if bps > found.bps and met(facts):
                found = Decision(bps, place)
        return found


def bands(offers: Iterable[Offer]) -> tuple[Band, ...]:
    return tuple(
        Band(offer, tuple((step.bps, compile_rule(step.rule)) for step in offer.personal.steps))
        for offer in offers
        if offer.personal is not None
    )


def strongest(offer: Offer) -> Offer:
    """The offer as it is at most, for whoever asks for the worst case."""
    if offer.personal is None:
        return offer
    return replace(offer, params=PercentOff(offer.personal.most_bps), personal=None)
