"""Orders of one request placed together: gathered as a set, decided in turn, one unit of writes.

Each is decided by the rules of ``placing`` and gets the answer it would get by itself; what later
orders of the set find is what the earlier ones left. Only ordinary orders go together: what needs
more (a quote, an order that came before, refunds that wait) is placed by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction

from regulars.events.base import Event
from regulars.events.effects import effects
from regulars.infra.crypto import blind_index
from regulars.infra.db import Sql, any_of, fetch_all, retrying
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked, answer_text, remember
from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_id, show
from regulars.modules.earning.rules import KnownLines
from regulars.modules.ledger import recorder as ledger
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.types import Cause
from regulars.modules.members.enrolment import members_by_keys
from regulars.modules.members.lookup import carriers, who_left
from regulars.modules.tiers.gather import TIER_CHANGE

from .deciding import check_holding, enrol_shopper, new_person, order_events, view_of_draft
from .gather import known_orders, tier_at
from .person import Person, Settled
from .pieces import BulkOptions
from .placing import check_instants
from .recorder import LINE, ORDER, line_rows, order_row
from .register import Register
from .settlement import Scope, add_person, announced, order_body, step_rows
from .types import Draft

_WAITING: Final = Sql(
    "SELECT order_external_id FROM orders_parkedrefund "
    f"WHERE merchant_id = :merchant_id AND {any_of('order_external_id', 'names')} "
    "UNION SELECT order_external_id FROM orders_parkedstep "
    f"WHERE merchant_id = :merchant_id AND {any_of('order_external_id', 'names')}"
)
#: A set that was beaten this often is placed order by order.
_TRIES: Final = 3


class Wish(NamedTuple):
    """An order to be placed, with the key that remembers its answer."""

    asked: Asked
    draft: Draft


class NotTogether(Exception):
    """One of the orders is no longer an ordinary one."""


def ordinary(scope: Scope, wishes: Sequence[Wish]) -> list[bool]:
    """Which of the orders may go together with those around them."""
    generations = _generations(scope, wishes)
    return [wish.draft.external_id in generations and first for wish, first in _firsts(wishes)]


def place_together(scope: Scope, wishes: Sequence[Wish]) -> list[Answer]:
    """Place all of ``wishes``, in their order, or none; the answer of each.

    Raises NotTogether where one is not ``ordinary``, a Refusal where one is refused, Contention.
    """

    def attempt() -> list[Answer]:
        generations = _generations(scope, wishes)
        if len(generations) < len(wishes):
            raise NotTogether
        work = _Together(scope, generations)
        work.know(wishes)
        answers = [work.place(wish) for wish in wishes]
        # Decided before the transaction: on SQLite that holds the one write lock, and the rows
        # carry what was seen.
        with transaction.atomic():
            work.record()
        return answers

    return retrying(attempt, tries=_TRIES)


def _firsts(wishes: Sequence[Wish]) -> Iterable[tuple[Wish, bool]]:
    seen: set[str] = set()
    for wish in wishes:
        yield wish, wish.draft.external_id not in seen
        seen.add(wish.draft.external_id)


def _generations(scope: Scope, wishes: Sequence[Wish]) -> dict[str, int]:
    """Of each ordinary order, by its external id, how often an import of it was undone before."""
    if not wishes:
        return {}
    merchant_id = scope.merchant_id
    names = [wish.draft.external_id for wish in wishes]
    before = known_orders(merchant_id, names)
    params = {"merchant_id": merchant_id, "names": names}
    waiting = {name for (name,) in fetch_all(_WAITING, params)}
    members = {wish.draft.member_id for wish in wishes if wish.draft.member_id is not None}
    known = carriers(merchant_id, list(members)) if members else {}
    found: dict[str, int] = {}
    for wish in wishes:
        draft = wish.draft
        _, status, generation = before.get(draft.external_id, ("", "undone", -1))
        if (
            status == "undone"
            and draft.quote_id is None
            and draft.external_id not in waiting
            and (draft.member_id is None or draft.member_id in known)
            and _has_passed(scope, draft)
        ):
            found[draft.external_id] = generation + 1
    return found


def _has_passed(scope: Scope, draft: Draft) -> bool:
    try:
        check_instants(scope, placed_at=draft.placed_at, paid_at=draft.paid_at)
    except Invalid:
        return False
    return True


class _Together:
    """The orders on their way: what is known, what is decided."""

    def __init__(self, scope: Scope, generations: dict[str, int]) -> None:
        self._scope = scope
        self._generations = generations
        self._known = Register(scope, BulkOptions(run_id=None))
        self._rules = self._known.schedule.at(scope.now)
        self._owners: dict[tuple[str, str], UUID] = {}
        self._writes = Writes()
        self._journal = Journal()
        self._touched: dict[UUID, Person] = {}
        self._left: set[UUID] = set()

    def know(self, wishes: Sequence[Wish]) -> None:
        """Gather everybody and everything the orders name."""
        merchant_id, known = self._scope.merchant_id, self._known
        keys: dict[str, dict[str, tuple[str, str]]] = {}
        for wish in wishes:
            if wish.draft.member_id is None and wish.draft.identity is not None:
                kind, value = identity = wish.draft.identity
                key = blind_index(merchant_id=merchant_id, type=kind, value=value)
                keys.setdefault(kind, {})[key] = identity
        for kind, named in keys.items():
            for key, member_id in members_by_keys(merchant_id, kind, list(named)).items():
                self._owners[named[key]] = member_id
        members = {wish.draft.member_id for wish in wishes} | set(self._owners.values())
        self._left = who_left(merchant_id, [id_ for id_ in members if id_ is not None])
        known.carrier = carriers(merchant_id, [id_ for id_ in members if id_ is not None])
        known.learn_people(known.carrier)
        known.learn_facts([line.sku for wish in wishes for line in wish.draft.lines])

    def place(self, wish: Wish) -> Answer:
        """Decide one order; what it brings waits in memory, and is known to the next."""
        scope, rules = self._scope, self._rules
        draft, fingerprint = wish.draft, wish.draft.fingerprint()
        if draft.paid_at is not None:
            draft = replace(draft, paid_at=min(draft.paid_at, scope.now))
        order_id, journal = new_id(), Journal()
        shown = show("ord", order_id)
        events: list[Event] = []
        owner = self._owner(draft, events)
        person: Person | None = None
        settled: Settled | None = None
        at = draft.paid_at or draft.placed_at
        if draft.paid_at is not None and owner is not None:
            person = self._known.people[self._known.carrier[owner]]
            settled = self._settle(draft, person, owner, Cause("order", shown), journal)
        view = view_of_draft(draft, order_id, owner, settled, None)
        generation = self._generations[draft.external_id]
        self._writes.add(ORDER, order_row(scope.merchant_id, view, generation, fingerprint, None))
        self._writes.extend(LINE, line_rows(scope.merchant_id, view))
        events += order_events(scope, view)
        events += announced(
            scope=scope,
            journal=journal,
            person=person,
            notes=settled.notes if settled else [],
            ladder=rules.ladder,
            at=at,
        )
        self._journal.absorb(journal)
        text = answer_text(order_body(view, effects(events)))
        remember(self._writes, wish.asked, subject=shown, status=201, answer=text)
        aggregate = (owner or order_id).hex
        self._writes.add(
            OUTBOX,
            outbox_row(
                merchant_id=scope.merchant_id, aggregate=aggregate, events=events, at=scope.now
            ),
        )
        return Answer(201, text)

    def record(self) -> None:
        """Write all of it as one unit."""
        for person in self._touched.values():
            add_person(self._writes, self._scope.merchant_id, person)
        ledger.add_to(self._writes, self._journal)
        self._writes.record()

    def _owner(self, draft: Draft, events: list[Event]) -> UUID | None:
        if draft.member_id is not None:
            return None if draft.member_id in self._left else draft.member_id
        if draft.identity is None:
            return None
        owner = self._owners.get(draft.identity)
        if owner in self._left:
            return None
        if owner is None:
            owner = enrol_shopper(self._scope, self._writes, draft, events)
            joined_at = min(draft.paid_at or draft.placed_at, self._scope.now)
            day = self._known.clock.day(joined_at)
            self._owners[draft.identity] = self._known.carrier[owner] = owner
            self._known.people[owner] = new_person(self._scope, self._rules, owner, day)
        return owner

    def _settle(
        self, draft: Draft, person: Person, owner: UUID, order: Cause, journal: Journal
    ) -> Settled:
        assert draft.paid_at is not None
        scope, known, rules = self._scope, self._known, self._rules
        day = known.clock.day(draft.paid_at)
        tier_then = None
        if day < person.standing.since or person.is_late(day):
            decided = known.steps.get(person.member_id, ())
            tier_then = tier_at(
                scope.merchant_id, person.member_id, draft.paid_at, rules.ladder, decided=decided
            )
        settled = person.settle(
            journal=journal,
            programme=known.schedule.at(draft.paid_at),
            standing_by=rules,
            owner=owner,
            order=order,
            net_minor=[line.total_minor for line in draft.lines],
            lines=KnownLines([line.sku for line in draft.lines], known.rates),
            paid_at=draft.paid_at,
            day=day,
            zone=scope.zone,
            now=scope.now,
            store=draft.store,
            channel=draft.channel,
            tier_then=tier_then,
        )
        check_holding(person)
        self._touched[person.member_id] = person
        rows = step_rows(
            scope=scope, person=person, notes=settled.notes, at=draft.paid_at, cause=order
        )
        self._writes.extend(TIER_CHANGE, rows)
        known.note_steps(person.member_id, rows)
        return settled
