"""One piece on its way: gathered, decided order by order, made into rows.

Nothing is written here: ``bulk`` records the rows, in this process or through a pen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import accumulate, chain, repeat
from typing import TypeVar
from uuid import UUID

from regulars.events.orders import OrdersImported
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Writes
from regulars.kernel.ids import new_ids
from regulars.modules.earning.rules import KnownLines
from regulars.modules.ledger import recorder as ledger
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.types import Cause
from regulars.modules.members.enrolment import add_identity, add_member
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.gather import TIER_CHANGE
from regulars.modules.tiers.rules import Note

from .deciding import new_person
from .fingerprints import piece_fingerprints
from .gather import known_orders, tier_at
from .person import Person, Settled
from .pieces import Piece, PieceResult, Refused
from .placing import CLOCK_SLACK
from .recorder import LINE, ORDER
from .register import Register
from .settlement import add_person, step_rows

L = TypeVar("L")
#: Of an order: whose it is, when it was paid, its net in minor units, what it brought.
_Outcome = tuple[UUID | None, datetime, int, Settled | None]


class PieceWork:
    """What is decided of one piece: ``writes`` to be recorded as one unit, and ``result``."""

    def __init__(self, known: Register, piece: Piece) -> None:
        self.writes = Writes()
        self.result = PieceResult()
        self._known = known
        self._piece = piece
        self._scope = known.scope
        self._options = known.options
        self._journal = Journal()
        self._touched: dict[str, Person] = {}
        self._days: set[date] = set()
        self._members: Sequence[str | None] = piece.member

    def decide(self) -> None:
        """Gather what is not known yet, settle order by order, make rows of it."""
        piece = self._piece
        before = known_orders(self._scope.merchant_id, piece.external_id)
        fingerprints = piece_fingerprints(piece, identity_type=self._options.identity_type)
        wanted = self._sift(before, fingerprints)
        self._enrol(wanted)
        self._load(wanted)

        order_ids = new_ids(len(piece.external_id))
        hexes = [id_.hex for id_ in order_ids]
        outcomes = self._settle_all(wanted, hexes)

        self._add_orders(wanted, hexes, before, fingerprints, outcomes)
        self._add_lines(wanted, hexes)
        self._add_changes(order_ids)

    def believe(self) -> None:
        """Take what was decided for recorded, for whoever goes on with it."""
        ledger.settled(self._journal)
        for person in self._touched.values():
            person.recorded()

    def _sift(
        self, known: Mapping[str, tuple[str, str, int]], fingerprints: Sequence[str]
    ) -> list[int]:
        """The orders to settle; the others are repeated or refused."""
        piece, latest = self._piece, self._scope.now + CLOCK_SLACK
        wanted: list[int] = []
        for index, name in enumerate(piece.external_id):
            before = known.get(name)
            if piece.placed_at[index] > latest:
                self._refuse(index, "in_the_future", "It lies ahead of the merchant's clock.")
            elif before is None or before[1] == "undone":
                wanted.append(index)
            elif before[0] == fingerprints[index]:
                self.result.repeated += 1
            else:
                self._refuse(
                    index,
                    "external_id_reused",
                    "An order of this id came before with other content; give it its own id.",
                )
        return wanted

    def _refuse(self, index: int, code: str, detail: str) -> None:
        piece = self._piece
        self.result.refused.append(
            Refused(index, piece.first_row[index], piece.external_id[index], code, detail)
        )

    def _enrol(self, wanted: Sequence[int]) -> None:
        piece, known, scope = self._piece, self._known, self._scope
        first_seen: dict[str, int] = {}
        for index in wanted:
            member = piece.member[index]
            if member is not None and member not in first_seen:
                first_seen[member] = index
        unknown = known.learn_owners(first_seen)
        for name, member_id in zip(unknown, new_ids(len(unknown)), strict=True):
            index = first_seen[name]
            add_member(
                self.writes,
                merchant_id=scope.merchant_id,
                member_id=member_id,
                status=self._options.status,
                joined_at=piece.placed_at[index],
                now=scope.now,
                channel=piece.channel[index],
                store=piece.store[index],
            )
            add_identity(
                self.writes,
                merchant_id=scope.merchant_id,
                member_id=member_id,
                type=self._options.identity_type,
                value=name,
                now=scope.now,
            )
            known.owners[name] = member_id
            known.carrier[member_id] = member_id
            day = known.clock.day(piece.placed_at[index])
            programme = known.schedule.at(piece.placed_at[index])
            known.people[member_id] = new_person(scope, programme, member_id, day)
        self.result.members += len(unknown)
        if known.gone:
            self._members = [None if name in known.gone else name for name in piece.member]

    def _load(self, wanted: Sequence[int]) -> None:
        members = (self._members[index] for index in wanted)
        owners = self._known.owners
        self._known.learn_people({owners[m] for m in members if m is not None})
        self._known.learn_facts(self._piece.sku)

    # ── decide ────────────────────────────────────────────────────────────────────────────

    def _settle_all(self, wanted: Sequence[int], hexes: Sequence[str]) -> list[_Outcome]:
        """Person by person, each in the order of time: nothing of one hangs on another, and what
        is known of one is near the processor while their orders are settled. The persons come in
        the order of their ids, and so do their rows."""
        piece, known, now = self._piece, self._known, self._scope.now
        days = [known.clock.day(min(piece.placed_at[index], now)) for index in wanted]
        self._days.update(days)
        orders_of: dict[Person | None, list[int]] = {}
        for place, index in enumerate(wanted):
            member = self._members[index]
            person = None if member is None else known.holder(member)[1]
            orders_of.setdefault(person, []).append(place)
        outcomes: list[_Outcome] = [(None, now, 0, None)] * len(wanted)
        for person, places in sorted(orders_of.items(), key=_whose):
            if person is not None:
                self._touched[person.points.member_hex] = person
            for place in places:
                index = wanted[place]
                outcomes[place] = self._settle(index, person, days[place], "ord_" + hexes[index])
        return outcomes

    def _settle(self, index: int, person: Person | None, day: date, shown_id: str) -> _Outcome:
        piece, known = self._piece, self._known
        first, last = piece.line_start[index], piece.line_start[index + 1]
        net = piece.total_minor[first:last]
        paid_at = min(piece.placed_at[index], self._scope.now)
        member = self._members[index]
        if person is None or member is None:
            return None, paid_at, sum(net), None
        owner, _ = known.holder(member)
        then = known.schedule.at(paid_at)
        order = Cause("order", shown_id)
        settled = person.settle_in_turn(
            self._journal, then, known.going, owner, order, net, piece.sku[first:last], paid_at,
            day, piece.store[index], piece.channel[index],
        )  # fmt: skip
        if settled is None:
            settled = self._settle_out_of_turn(index, person, owner, then, order, net, paid_at, day)
        if settled.notes:
            self._add_steps(person, settled.notes, paid_at, order)
        return owner, paid_at, sum(net), settled

    def _settle_out_of_turn(
        self,
        index: int,
        person: Person,
        owner: UUID,
        then: Programme,
        order: Cause,
        net: Sequence[int],
        paid_at: datetime,
        day: date,
    ) -> Settled:
        piece, known, scope = self._piece, self._known, self._scope
        first, last = piece.line_start[index], piece.line_start[index + 1]
        late = person.is_late(day)
        stands_by = then
        if late or person.programme > then.number:
            number = person.programme or known.schedule.at(scope.now).number
            stands_by = known.schedule.version(number)
        tier_then = None
        if late or day < person.standing.since:
            tier_then = tier_at(
                scope.merchant_id,
                person.member_id,
                paid_at,
                stands_by.ladder,
                decided=known.steps.get(person.member_id, ()),
            )
        return person.settle(
            journal=self._journal,
            programme=then,
            standing_by=stands_by,
            owner=owner,
            order=order,
            net_minor=net,
            lines=KnownLines(piece.sku[first:last], known.rates),
            paid_at=paid_at,
            day=day,
            zone=scope.zone,
            now=paid_at,
            store=piece.store[index],
            channel=piece.channel[index],
            tier_then=tier_then,
        )

    def _add_steps(self, person: Person, notes: Sequence[Note], at: datetime, order: Cause) -> None:
        rows = step_rows(scope=self._scope, person=person, notes=notes, at=at, cause=order)
        self.writes.extend(TIER_CHANGE, rows)
        self._known.note_steps(person.member_id, rows)

    # ── record, announce ──────────────────────────────────────────────────────────────────

    def _add_orders(
        self,
        wanted: Sequence[int],
        hexes: Sequence[str],
        before: Mapping[str, tuple[str, str, int]],
        fingerprints: Sequence[str],
        outcomes: Sequence[_Outcome],
    ) -> None:
        """The orders column by column, in the order of their ids, which is that of the key."""
        piece, starts, count = self._piece, self._piece.line_start, len(wanted)
        if not count:
            return
        self.result.orders += count
        names = _of(wanted, piece.external_id)
        owners, paid_at, nets, settled = zip(*outcomes, strict=True)
        units = list(accumulate(piece.quantity, initial=0))
        self.writes.set_columns(
            ORDER,
            [
                [self._scope.merchant_id] * count,
                _of(wanted, hexes),
                names,
                [before.get(name, ("", "", -1))[2] + 1 for name in names],
                owners,
                _of(wanted, piece.channel),
                _of(wanted, piece.store),
                _of(wanted, piece.placed_at),
                paid_at,
                ["paid"] * count,
                [starts[index + 1] - starts[index] for index in wanted],
                nets,
                [0] * count,
                [units[starts[index + 1]] - units[starts[index]] for index in wanted],
                nets,
                [told.points if told else 0 for told in settled],
                [told.growth_value if told else 0 for told in settled],
                [told.terms.to_json() if told else None for told in settled],
                _of(wanted, fingerprints),
                [1] * count,
                [self._options.run_id.hex if self._options.run_id else None] * count,
            ],
        )

    def _add_lines(self, wanted: Sequence[int], hexes: Sequence[str]) -> None:
        """The lines column by column: most rows of a file are lines, and none is decided."""
        piece, starts = self._piece, self._piece.line_start
        spans = [range(starts[index], starts[index + 1]) for index in wanted]
        counts = list(map(len, spans))
        count = sum(counts)
        self.result.lines += count
        if not count:
            return
        whole = count == len(piece.sku)
        places = range(count) if whole else list(chain(*spans))
        owners = map(repeat, _of(wanted, hexes), counts)
        self.writes.set_columns(
            LINE,
            [
                [self._scope.merchant_id] * count,
                list(chain.from_iterable(owners)),
                list(chain.from_iterable(range(1, lines + 1) for lines in counts)),
                _of(places, piece.sku),
                _of(places, piece.quantity),
                _of(places, piece.unit_price_minor),
                _of(places, piece.total_minor),
                [0] * count,
            ],
        )

    def _add_changes(self, order_ids: Sequence[UUID]) -> None:
        """Rows of persons and purses, and the event of the piece."""
        scope, run_id = self._scope, self._options.run_id
        for person in self._touched.values():
            add_person(self.writes, scope.merchant_id, person)
        ledger.add_to(self.writes, self._journal)
        if run_id is None or not self._days:
            return
        months = sorted({(day.year, day.month) for day in self._days})
        event = OrdersImported(
            merchant_id=scope.merchant_id,
            happened_at=scope.now,
            run_id=run_id,
            orders=self.result.orders,
            months=tuple(f"{year}-{month:02}" for year, month in months),
            first_order=order_ids[0],
            last_order=order_ids[-1],
        )
        row = outbox_row(
            merchant_id=scope.merchant_id, aggregate=run_id.hex, events=[event], at=scope.now
        )
        self.writes.add(OUTBOX, row)


def _whose(orders: tuple[Person | None, list[int]]) -> str:
    person, _ = orders
    return "" if person is None else person.points.member_hex


def _of(places: Sequence[int], column: Sequence[L]) -> Sequence[L]:
    """What stands in ``column`` at these places, which rise."""
    return column if len(places) == len(column) else [column[at] for at in places]
