"""What a bulk run has come to know: persons, owners, goods, versions, kept between its pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.infra.crypto import blind_index
from regulars.kernel.periods import DayClock
from regulars.modules.catalog.queries import product_facts
from regulars.modules.earning.rules import RateMemo
from regulars.modules.earning.types import LineFacts
from regulars.modules.ledger.engine import Purse
from regulars.modules.members.enrolment import members_by_keys
from regulars.modules.members.lookup import carriers, who_left
from regulars.modules.programmes.going import GoingMemo
from regulars.modules.programmes.queries import Schedule
from regulars.modules.tiers.gather import TIER_CHANGE

from .gather import People
from .person import Person
from .pieces import BulkOptions
from .settlement import Scope

_AT, _TO_TIER = TIER_CHANGE.columns.index("at"), TIER_CHANGE.columns.index("to_tier")


class Register:
    """Everybody whom a run has met, as its decisions left them, which may be ahead of the books.

    ``steps`` are the tier changes decided so far by person, with their instants: those of a piece
    are not in the database yet when the next order asks.
    """

    def __init__(self, scope: Scope, options: BulkOptions) -> None:
        self.scope = scope
        self.options = options
        self.schedule = Schedule(scope.merchant_id)
        self.clock = DayClock(scope.zone)
        self.owners: dict[str, UUID] = {}
        self.gone: set[str] = set()
        self.carrier: dict[UUID, UUID] = {}
        self.people: dict[UUID, Person] = {}
        self.steps: dict[UUID, list[tuple[datetime, str]]] = {}
        self.rates = RateMemo()
        self.going = GoingMemo(self.rates, scope.zone)
        self._holders: dict[str, tuple[UUID, Person]] = {}

    def forget(self) -> None:
        """What is in memory may be ahead of the books: read it anew."""
        self.people.clear()
        self.owners.clear()
        self.gone.clear()
        self.carrier.clear()
        self.steps.clear()
        self._holders.clear()

    def holder(self, name: str) -> tuple[UUID, Person]:
        """Under whose record this identity's orders are made, and the person who carries on."""
        found = self._holders.get(name)
        if found is None:
            owner = self.owners[name]
            found = self._holders[name] = owner, self.people[self.carrier[owner]]
        return found

    def learn_owners(self, names: Iterable[str]) -> list[str]:
        """Find who holds these identities; returns the names that nobody holds yet. Names of
        those who left are ``gone``: they are nobody's, and nobody new is made of them."""
        merchant_id, kind = self.scope.merchant_id, self.options.identity_type
        keys = {
            blind_index(merchant_id=merchant_id, type=kind, value=name): name
            for name in names
            if name not in self.owners and name not in self.gone
        }
        found = members_by_keys(merchant_id, kind, list(keys)) if keys else {}
        left = who_left(merchant_id, list(found.values())) if found else set()
        for key, member_id in found.items():
            if member_id in left:
                self.gone.add(keys[key])
            else:
                self.owners[keys[key]] = member_id
        for own, carrier in carriers(merchant_id, list(found.values())).items():
            self.carrier[own] = carrier
        return [name for key, name in keys.items() if key not in found]

    def learn_people(self, owners: Iterable[UUID]) -> None:
        wanted = sorted({self.carrier[owner] for owner in owners} - self.people.keys())
        if not wanted:
            return
        latest = self.schedule.at(self.scope.now)
        loaded = People(self.scope.merchant_id, wanted, ladder=latest.ladder, zone=self.scope.zone)
        for person in loaded.all():
            stood_by = self.schedule.version(person.programme or latest.number)
            if stood_by.ladder != latest.ladder:
                person.use_ladder(stood_by.ladder)
            self.people[person.member_id] = person

    def due_purses(self, now: datetime) -> list[Purse]:
        """Of the persons met, the purses on which something fell due by ``now``, in the order of
        their keys."""
        people = sorted(self.people.values(), key=lambda person: person.points.member_hex)
        return [
            purse
            for person in people
            for purse in (person.points, person.growth_value)
            if purse.next_due_at is not None and purse.next_due_at <= now
        ]

    def note_steps(self, member_id: UUID, rows: Sequence[Sequence[Any]]) -> None:
        """Remember tier changes (rows of TIER_CHANGE) that are decided and not recorded yet."""
        if rows:
            decided = self.steps.setdefault(member_id, [])
            decided += [(row[_AT], row[_TO_TIER]) for row in rows]

    def learn_facts(self, skus: Sequence[str]) -> None:
        """What the catalogue knows of these skus, asked once for a whole piece."""
        missing = self.rates.unknown(skus)
        if missing:
            facts = product_facts(self.scope.merchant_id, list(missing))
            self.rates.learn([LineFacts(sku, *facts.get(sku, (None, None))) for sku in missing])
