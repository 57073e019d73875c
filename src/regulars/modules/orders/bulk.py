"""The set-based path: thousands of orders gathered, decided and recorded together.

One piece is one transaction. The rules are the same as at the till: each person's orders are
settled in the order of time, and what fell due in between (expiry, pending points, reviews) falls
due in between here too, so a year of history leaves the ledger that the year would have left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from regulars.events.orders import OrdersImported
from regulars.infra.crypto import blind_index
from regulars.infra.db import retrying
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Writes
from regulars.kernel.ids import new_ids
from regulars.kernel.periods import DayClock
from regulars.modules.catalog.queries import product_facts
from regulars.modules.earning.rules import RateMemo
from regulars.modules.earning.types import LineFacts
from regulars.modules.ledger import recorder as ledger
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.types import Cause
from regulars.modules.members.enrolment import add_identity, add_member, members_by_keys
from regulars.modules.members.lookup import carriers
from regulars.modules.programmes.queries import Schedule
from regulars.modules.tiers.rules import Note

from .gather import People, known_orders, tier_at
from .person import Person, Settled
from .pieces import BulkOptions, Piece, PieceResult, Refused, collector_paused
from .placing import CLOCK_SLACK, new_person
from .recorder import LINE, ORDER
from .settlement import Scope, add_person, add_steps
from .types import content_fingerprint


class BulkSettler:
    """Settles the pieces of one run, keeping the persons it has met in memory in between."""

    def __init__(self, scope: Scope, options: BulkOptions) -> None:
        self._scope = scope
        self._options = options
        self._schedule = Schedule(scope.merchant_id)
        self._clock = DayClock(scope.zone)
        self._owners: dict[str, UUID] = {}
        self._carrier: dict[UUID, UUID] = {}
        self._people: dict[UUID, Person] = {}
        self._facts: dict[str, LineFacts] = {}
        self._memo: RateMemo = {}

    def settle(
        self, piece: Piece, *, also: Callable[[Writes, PieceResult], None] = lambda w, r: None
    ) -> PieceResult:
        """Settle one piece in one transaction; ``also`` may add rows to it (a run's progress).

        Orders that came before with the same content count as repeated; with other content, or
        from the future, they are refused one by one. Raises Contention.
        """

        def attempt() -> PieceResult:
            try:
                with collector_paused(), transaction.atomic():
                    return _PieceWork(self, piece).run(also)
            except BaseException:
                self._forget()
                raise

        return retrying(attempt)

    def _forget(self) -> None:
        """What is in memory may be ahead of the books: read it anew."""
        self._people.clear()
        self._owners.clear()
        self._carrier.clear()

    # ── gather ────────────────────────────────────────────────────────────────────────────

    def learn_owners(self, names: Iterable[str]) -> list[str]:
        """Find who holds these identities; returns the names that nobody holds yet."""
        merchant_id, kind = self._scope.merchant_id, self._options.identity_type
        keys = {
            blind_index(merchant_id=merchant_id, type=kind, value=name): name
            for name in names
            if name not in self._owners
        }
        found = members_by_keys(merchant_id, kind, list(keys)) if keys else {}
        for key, member_id in found.items():
            self._owners[keys[key]] = member_id
        for own, carrier in carriers(merchant_id, list(found.values())).items():
            self._carrier[own] = carrier
        return [name for key, name in keys.items() if key not in found]

    def learn_people(self, owners: Iterable[UUID]) -> None:
        wanted = sorted({self._carrier[owner] for owner in owners} - self._people.keys())
        if not wanted:
            return
        latest = self._schedule.at(self._scope.now)
        loaded = People(
            self._scope.merchant_id, wanted, ladder=latest.ladder, zone=self._scope.zone
        )
        for person in loaded.all():
            stood_by = self._schedule.version(person.programme or latest.number)
            if stood_by.ladder != latest.ladder:
                person.use_ladder(stood_by.ladder)
            self._people[person.member_id] = person

    def learn_facts(self, skus: Iterable[str]) -> None:
        """What the catalogue knows of these skus, asked once for a whole piece."""
        missing = set(skus) - self._facts.keys()
        if missing:
            facts = product_facts(self._scope.merchant_id, list(missing))
            for sku in missing:
                self._facts[sku] = LineFacts(sku, *facts.get(sku, (None, None)))

    def facts_of(self, skus: Sequence[str]) -> list[LineFacts]:
        known = self._facts
        return [known[sku] for sku in skus]


class _PieceWork:
    """One piece on its way: gathered, decided order by order, recorded, announced."""

    def __init__(self, settler: BulkSettler, piece: Piece) -> None:
        self._settler = settler
        self._piece = piece
        self._scope = settler._scope
        self._options = settler._options
        self._writes = Writes()
        self._journal = Journal()
        self._result = PieceResult()
        self._touched: dict[UUID, Person] = {}
        self._months: set[str] = set()

    def run(self, also: Callable[[Writes, PieceResult], None]) -> PieceResult:
        piece = self._piece
        known = known_orders(self._scope.merchant_id, piece.external_id)
        fingerprints = [self._fingerprint(index) for index in range(len(piece.external_id))]
        wanted = self._sift(known, fingerprints)
        self._enrol(wanted)
        self._load(wanted)

        order_ids = new_ids(len(piece.external_id))
        self._result.order_ids = list(order_ids)
        for index in wanted:
            generation = known.get(piece.external_id[index], ("", "", -1))[2] + 1
            self._order(index, order_ids[index], generation, fingerprints[index])

        self._record(also)
        return self._result

    def _fingerprint(self, index: int) -> str:
        piece = self._piece
        first, last = piece.line_start[index], piece.line_start[index + 1]
        member = piece.member[index]
        return content_fingerprint(
            who=[self._options.identity_type, member] if member is not None else [],
            placed_at=piece.placed_at[index],
            paid_at=piece.placed_at[index],
            channel=piece.channel[index],
            store=piece.store[index],
            lines=list(
                zip(
                    piece.sku[first:last],
                    piece.quantity[first:last],
                    piece.unit_price_minor[first:last],
                    piece.total_minor[first:last],
                    strict=True,
                )
            ),
        )

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
                self._result.repeated += 1
            else:
                self._refuse(
                    index,
                    "external_id_reused",
                    "An order of this id came before with other content; give it its own id.",
                )
        return wanted

    def _refuse(self, index: int, code: str, detail: str) -> None:
        piece = self._piece
        self._result.refused.append(
            Refused(index, piece.first_row[index], piece.external_id[index], code, detail)
        )

    def _enrol(self, wanted: Sequence[int]) -> None:
        piece, settler, scope = self._piece, self._settler, self._scope
        first_seen: dict[str, int] = {}
        for index in wanted:
            member = piece.member[index]
            if member is not None and member not in first_seen:
                first_seen[member] = index
        unknown = settler.learn_owners(first_seen)
        for name, member_id in zip(unknown, new_ids(len(unknown)), strict=True):
            index = first_seen[name]
            add_member(
                self._writes,
                merchant_id=scope.merchant_id,
                member_id=member_id,
                status=self._options.status,
                joined_at=piece.placed_at[index],
                now=scope.now,
                channel=piece.channel[index],
                store=piece.store[index],
            )
            add_identity(
                self._writes,
                merchant_id=scope.merchant_id,
                member_id=member_id,
                type=self._options.identity_type,
                value=name,
                now=scope.now,
            )
            settler._owners[name] = member_id
            settler._carrier[member_id] = member_id
            day = settler._clock.day(piece.placed_at[index])
            programme = settler._schedule.at(piece.placed_at[index])
            settler._people[member_id] = new_person(scope, programme, member_id, day)
        self._result.members += len(unknown)

    def _load(self, wanted: Sequence[int]) -> None:
        members = (self._piece.member[index] for index in wanted)
        owners = self._settler._owners
        self._settler.learn_people({owners[m] for m in members if m is not None})
        self._settler.learn_facts(self._piece.sku)

    # ── decide ────────────────────────────────────────────────────────────────────────────

    def _order(self, index: int, order_id: UUID, generation: int, fingerprint: str) -> None:
        piece, settler, scope = self._piece, self._settler, self._scope
        first, last = piece.line_start[index], piece.line_start[index + 1]
        net = piece.total_minor[first:last]
        paid_at = min(piece.placed_at[index], scope.now)
        day = settler._clock.day(paid_at)
        owner = None
        settled = None
        member = piece.member[index]
        if member is not None:
            owner = settler._owners[member]
            settled = self._settle(owner, order_id, index, net, paid_at, day)
        self._add_rows(index, order_id, generation, fingerprint, owner, settled, paid_at)
        self._months.add(f"{day:%Y-%m}")
        self._result.orders += 1
        self._result.lines += last - first

    def _add_rows(
        self,
        index: int,
        order_id: UUID,
        generation: int,
        fingerprint: str,
        owner: UUID | None,
        settled: Settled | None,
        paid_at: datetime,
    ) -> None:
        piece, scope = self._piece, self._scope
        first, last = piece.line_start[index], piece.line_start[index + 1]
        net = piece.total_minor[first:last]
        total = sum(net)
        self._writes.add(
            ORDER,
            (
                scope.merchant_id,
                order_id,
                piece.external_id[index],
                generation,
                owner,
                piece.channel[index],
                piece.store[index],
                piece.placed_at[index],
                paid_at,
                "paid",
                last - first,
                total,
                0,
                sum(piece.quantity[first:last]),
                total,
                settled.points if settled else 0,
                settled.growth_value if settled else 0,
                settled.terms.to_json() if settled else None,
                fingerprint,
                1,
                self._options.run_id,
            ),
        )
        merchant_id, order_hex = scope.merchant_id, order_id.hex
        self._writes.extend(
            LINE,
            [
                (merchant_id, order_hex, number, sku, quantity, unit_price, line_total, 0)
                for number, (sku, quantity, unit_price, line_total) in enumerate(
                    zip(
                        piece.sku[first:last],
                        piece.quantity[first:last],
                        piece.unit_price_minor[first:last],
                        net,
                        strict=True,
                    ),
                    1,
                )
            ],
        )

    def _settle(
        self,
        owner: UUID,
        order_id: UUID,
        index: int,
        net: Sequence[int],
        paid_at: datetime,
        day: date,
    ) -> Settled:
        piece, settler, scope = self._piece, self._settler, self._scope
        person = settler._people[settler._carrier[owner]]
        then, late = settler._schedule.at(paid_at), person.is_late(day)
        stands_by = then
        if late or person.programme > then.number:
            number = person.programme or settler._schedule.at(scope.now).number
            stands_by = settler._schedule.version(number)
        tier_then = None
        if late or day < person.standing.since:
            tier_then = tier_at(scope.merchant_id, person.member_id, paid_at, stands_by.ladder)
        first, last = piece.line_start[index], piece.line_start[index + 1]
        order = Cause("order", "ord_" + order_id.hex)
        settled = person.settle(
            journal=self._journal,
            programme=then,
            standing_by=stands_by,
            owner=owner,
            order=order,
            net_minor=net,
            lines=settler.facts_of(piece.sku[first:last]),
            paid_at=paid_at,
            day=day,
            zone=scope.zone,
            now=paid_at,
            store=piece.store[index],
            channel=piece.channel[index],
            tier_then=tier_then,
            memo=settler._memo,
        )
        self._touched[person.member_id] = person
        if settled.notes:
            self._add_steps(person, settled.notes, paid_at, order)
        return settled

    def _add_steps(self, person: Person, notes: Sequence[Note], at: datetime, order: Cause) -> None:
        add_steps(self._writes, scope=self._scope, person=person, notes=notes, at=at, cause=order)

    # ── record, announce ──────────────────────────────────────────────────────────────────

    def _record(self, also: Callable[[Writes, PieceResult], None]) -> None:
        scope = self._scope
        for person in self._touched.values():
            add_person(self._writes, scope.merchant_id, person)
        ledger.add_to(self._writes, self._journal)
        if self._options.run_id is not None and self._months:
            event = OrdersImported(
                merchant_id=scope.merchant_id,
                happened_at=scope.now,
                run_id=self._options.run_id,
                orders=self._result.orders,
                months=tuple(sorted(self._months)),
                first_order=self._result.order_ids[0],
                last_order=self._result.order_ids[-1],
            )
            self._writes.add(
                OUTBOX,
                outbox_row(
                    merchant_id=scope.merchant_id,
                    aggregate=self._options.run_id.hex,
                    events=[event],
                    at=scope.now,
                ),
            )
        also(self._writes, self._result)
        self._writes.record()
        ledger.settled(self._journal)
        for person in self._touched.values():
            person.recorded()
