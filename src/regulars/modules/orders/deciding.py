"""What becomes of an order: what is known of it and its rules in, its answer and its rows out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from regulars.events.base import Event
from regulars.events.effects import effect
from regulars.events.members import MemberEnrolled
from regulars.events.orders import OrderCreated, OrderPaid
from regulars.infra.crypto import blind_index
from regulars.infra.db import HotSql, fetch_texts
from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked, answer_text, remember, replay
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_id, show
from regulars.kernel.periods import program_day
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.types import AMOUNT_MAX, GROWTH_VALUE, POINTS, Cause
from regulars.modules.members.enrolment import add_identity, add_member
from regulars.modules.members.types import LEFT
from regulars.modules.pricing.claims import commit
from regulars.modules.pricing.deal import Deal
from regulars.modules.pricing.recorder import add_used
from regulars.modules.programmes.queries import Schedule, schedule_of
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.rules import Note, window_from

from .errors import ExternalIdReused
from .gather import (
    Gathered,
    People,
    line_facts,
    person_at_the_till,
    question,
    stored_order,
    tier_at,
)
from .person import Person, Settled
from .quoted import Accepted, accepted, spend
from .recorder import LINE, ORDER, line_rows, order_row
from .settlement import Scope, add_person, add_steps, add_told, announced, order_body
from .types import Draft, LineView, OrderView

FIRST_DAY = date(1900, 1, 1)


class Wanted(NamedTuple):
    """An order to be placed: ``draft`` as it is settled, ``fingerprint`` of what was sent."""

    scope: Scope
    asked: Asked
    draft: Draft
    fingerprint: str

    @property
    def who(self) -> tuple[object, ...]:
        """Of whom no two orders can be decided at once."""
        draft = self.draft
        return self.scope.merchant_id, draft.member_id or draft.identity or draft.external_id


class Placed(NamedTuple):
    """The answer to an order, and whether refunds that came before it wait for it."""

    answer: Answer
    parked: bool


class Decided(NamedTuple):
    """What an order gets, and its rows: none where it was placed before."""

    placed: Placed
    writes: Writes | None


def question_of(wanted: Wanted) -> tuple[HotSql, dict[str, Any]]:
    """What has to be known before an order is decided: one statement and its parameters."""
    scope, asked, draft, _ = wanted
    return _question(scope, asked, draft, schedule_of(scope.merchant_id).at(scope.now))


def decide(wanted: Wanted, gathered: Gathered) -> Decided:
    """What becomes of an order. Raises as placing.place."""
    scope, asked, draft, fingerprint = wanted
    answered = replay(gathered.remembered, asked.fingerprint)
    if answered is not None:
        return Decided(Placed(answered, gathered.parked), None)
    if gathered.order is not None and gathered.order[2] != "undone":
        return Decided(Placed(_first(scope, gathered, fingerprint), gathered.parked), None)
    schedule = schedule_of(scope.merchant_id)
    if gathered.newest != schedule.newest:
        asked_by = schedule.at(scope.now).number
        schedule = schedule_of(scope.merchant_id, gathered.newest)
        rules = schedule.at(scope.now)
        if rules.number != asked_by:
            gathered = gather(*_question(scope, asked, draft, rules))
    answer, writes = _decide(scope, asked, draft, gathered, schedule, fingerprint)
    return Decided(Placed(answer, gathered.parked), writes)


def gather(sql: HotSql, params: dict[str, Any]) -> Gathered:
    """What is known, in one round trip."""
    row = fetch_texts(sql, params)
    assert row is not None
    return Gathered(row)


def check_holding(person: Person) -> None:
    """Raises Invalid where an order would bring more than an account can hold."""
    if any(p.balance + p.pending > AMOUNT_MAX for p in (person.points, person.growth_value)):
        raise Invalid(f"The order would bring a member above {AMOUNT_MAX}; nobody holds as much.")


def _question(
    scope: Scope, asked: Asked, draft: Draft, rules: Programme
) -> tuple[HotSql, dict[str, Any]]:
    day = program_day(draft.paid_at or draft.placed_at, scope.zone)
    identity_key = None
    if draft.identity is not None:
        kind, value = draft.identity
        identity_key = blind_index(merchant_id=scope.merchant_id, type=kind, value=value)
    ladder = rules.ladder
    anchored = ladder.window.span == "anniversary"
    return question(
        merchant_id=scope.merchant_id,
        draft=draft,
        identity_key=identity_key,
        operation=asked.operation,
        key=asked.key,
        day=day,
        window_from=FIRST_DAY if anchored else window_from(ladder, day, FIRST_DAY),
    )


def _first(scope: Scope, gathered: Gathered, fingerprint: str) -> Answer:
    id_, known, _status, _generation = gathered.order
    if known != fingerprint:
        raise ExternalIdReused("An order with this external_id came before with other content.")
    order = stored_order(scope.merchant_id, UUID(hex=id_))
    assert order is not None
    return Answer(200, answer_text(order_body(order.view, [])))


def _decide(
    scope: Scope,
    asked: Asked,
    draft: Draft,
    gathered: Gathered,
    schedule: Schedule,
    fingerprint: str,
) -> tuple[Answer, Writes]:
    order_id = new_id()
    shown = show("ord", order_id)
    rules = schedule.at(scope.now)
    journal, writes = Journal(), Writes()
    events: list[Event] = []
    owner = gathered.own
    if draft.member_id is not None and owner is None:
        raise NotFound
    on_quote = accepted(scope, draft, gathered)
    if gathered.status == LEFT and on_quote is None:
        # Who left is not followed: what they buy is bought by nobody until they come back.
        draft, owner = replace(draft, member_id=None, identity=None), None
    if on_quote is not None:
        draft = on_quote.draft
    if owner is None and draft.identity is not None:
        owner = enrol_shopper(scope, writes, draft, events)
    person: Person | None = None
    settled: Settled | None = None
    deal: Deal | None = None
    if on_quote is not None:
        deal, person = _use_quote(scope, on_quote, gathered, rules, order_id, journal, writes)
    if draft.paid_at is not None and owner is not None:
        person = person or _person(scope, draft, gathered, rules, owner)
        then = schedule.version(deal.programme) if deal else schedule.at(draft.paid_at)
        settled = _settle(scope, draft, person, then, rules, owner, order_id, journal, deal)

    view = view_of_draft(draft, order_id, owner, settled, deal)
    generation = gathered.order[3] + 1 if gathered.order is not None else 0
    writes.add(ORDER, order_row(scope.merchant_id, view, generation, fingerprint, None))
    writes.extend(LINE, line_rows(scope.merchant_id, view))
    notes: list[Note] = settled.notes if settled else []
    at = draft.paid_at or draft.placed_at
    if person is not None and settled is not None:
        add_person(writes, scope.merchant_id, person)
        if notes:
            cause = ("order", shown)
            add_steps(writes, scope=scope, person=person, notes=notes, at=at, cause=cause)
    events += order_events(scope, view)
    events += announced(
        scope=scope, journal=journal, person=person, notes=notes, ladder=rules.ladder, at=at
    )
    # Each event is made JSON once: as an effect for the caller, as it is for who hears it.
    told = [event.to_json() for event in events]
    body = answer_text(order_body(view, list(map(effect, events, told))))
    remember(writes, asked, subject=shown, status=201, answer=body)
    add_told(writes, scope=scope, journal=journal, told=told, aggregate=owner or order_id)
    return Answer(201, body), writes


def enrol_shopper(scope: Scope, writes: Writes, draft: Draft, events: list[Event]) -> UUID:
    assert draft.identity is not None
    member_id = new_id()
    joined_at = min(draft.paid_at or draft.placed_at, scope.now)
    add_member(
        writes,
        merchant_id=scope.merchant_id,
        member_id=member_id,
        status="shopper",
        joined_at=joined_at,
        now=scope.now,
        channel=draft.channel,
        store=draft.store,
    )
    kind, value = draft.identity
    add_identity(
        writes,
        merchant_id=scope.merchant_id,
        member_id=member_id,
        type=kind,
        value=value,
        now=scope.now,
    )
    events.append(
        MemberEnrolled(
            merchant_id=scope.merchant_id,
            happened_at=joined_at,
            member_id=member_id,
            channel=draft.channel,
            store=draft.store,
        )
    )
    return member_id


def _person(
    scope: Scope, draft: Draft, gathered: Gathered, rules: Programme, owner: UUID
) -> Person:
    assert draft.paid_at is not None
    day = program_day(draft.paid_at, scope.zone)
    if gathered.carrier is None:
        return new_person(scope, rules, owner, day)
    person = person_at_the_till(
        gathered, merchant_id=scope.merchant_id, ladder=rules.ladder, day=day, zone=scope.zone
    )
    if person.needs_history(day, rules.ladder) or person.programme not in (0, rules.number):
        people = People(scope.merchant_id, [gathered.carrier], ladder=rules.ladder, zone=scope.zone)
        person = people.of(gathered.carrier)
    return person


def new_person(scope: Scope, rules: Programme, member_id: UUID, day: date) -> Person:
    """Somebody who was just enrolled: nothing is known, so everything is."""
    return Person(
        member_id=member_id,
        joined_on=day,
        points=Purse(merchant_id=scope.merchant_id, member_id=member_id, asset=POINTS),
        growth_value=Purse(merchant_id=scope.merchant_id, member_id=member_id, asset=GROWTH_VALUE),
        standing=None,
        programme=0,
        revision=0,
        ladder=rules.ladder,
        days={},
    )


def _settle(
    scope: Scope,
    draft: Draft,
    person: Person,
    then: Programme,
    rules: Programme,
    owner: UUID,
    order_id: UUID,
    journal: Journal,
    deal: Deal | None,
) -> Settled:
    assert draft.paid_at is not None
    day = program_day(draft.paid_at, scope.zone)
    tier_then = deal.tier if deal else None
    if tier_then is None and (day < person.standing.since or person.is_late(day)):
        tier_then = tier_at(scope.merchant_id, person.member_id, draft.paid_at, rules.ladder)
    settled = person.settle(
        journal=journal,
        programme=then,
        standing_by=rules,
        owner=owner,
        order=Cause("order", show("ord", order_id)),
        net_minor=[line.total_minor for line in draft.lines],
        lines=line_facts(scope.merchant_id, then, [line.sku for line in draft.lines]),
        paid_at=draft.paid_at,
        day=day,
        zone=scope.zone,
        now=scope.now,
        store=draft.store,
        channel=draft.channel,
        tier_then=tier_then,
        promised_bps=[line.priced.earn_bps for line in deal.lines] if deal else (),
    )
    check_holding(person)
    return settled


def _use_quote(
    scope: Scope,
    on_quote: Accepted,
    gathered: Gathered,
    rules: Programme,
    order_id: UUID,
    journal: Journal,
    writes: Writes,
) -> tuple[Deal, Person | None]:
    """Spend what a quote held and mark it used; the person with everything known, where it held."""
    quote, deal = on_quote.quote, on_quote.quote.deal
    person = None
    if deal.holds:
        assert gathered.carrier is not None
        people = People(scope.merchant_id, [gathered.carrier], ladder=rules.ladder, zone=scope.zone)
        person = people.of(gathered.carrier)
        order = Cause("order", show("ord", order_id))
        deal = spend(deal, person, journal, order=order, at=scope.now)
    commit(writes, scope.merchant_id, quote.claims, quote_id=quote.id, now=scope.now)
    spent = deal if deal.holds else None
    add_used(writes, scope.merchant_id, quote.id, order_id=order_id, spent=spent)
    return deal, person


def view_of_draft(
    draft: Draft, order_id: UUID, owner: UUID | None, settled: Settled | None, deal: Deal | None
) -> OrderView:
    return OrderView(
        id=order_id,
        external_id=draft.external_id,
        member_id=owner,
        channel=draft.channel,
        store=draft.store,
        placed_at=draft.placed_at,
        paid_at=draft.paid_at,
        status="placed" if draft.paid_at is None else "paid",
        net_minor=sum(line.total_minor for line in draft.lines),
        refunded_minor=0,
        paid_minor=draft.paid_minor,
        points=settled.points if settled else 0,
        growth_value=settled.growth_value if settled else 0,
        lines=tuple(
            LineView(n, line.sku, line.quantity, line.unit_price_minor, line.total_minor, 0)
            for n, line in enumerate(draft.lines, 1)
        ),
        frozen=settled.terms.to_json() if settled else None,
        deal=deal,
    )


def order_events(scope: Scope, view: OrderView) -> list[Event]:
    """Created, and paid where it was."""
    found: list[Event] = [
        OrderCreated(
            merchant_id=scope.merchant_id,
            happened_at=view.placed_at,
            order_id=view.id,
            member_id=view.member_id,
            net_minor=view.net_minor,
        )
    ]
    if view.paid_at is not None:
        found.append(paid_event(scope, view, view.paid_at))
    return found


def paid_event(scope: Scope, view: OrderView, paid_at: datetime) -> OrderPaid:
    return OrderPaid(
        merchant_id=scope.merchant_id,
        happened_at=paid_at,
        order_id=view.id,
        member_id=view.member_id,
        net_minor=view.net_minor,
        month=program_day(paid_at, scope.zone).isoformat()[:7],
    )
