"""The offer book: a programme's offers compiled once per version, to be asked by many carts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Final

from regulars.modules.promotions.types import (
    STAGES,
    FreeShipping,
    Gift,
    Offer,
    PercentOff,
    SpendPercent,
    SpendSave,
)

from .basket import Basket
from .gates import Gate, Predicate
from .kinds import PLAYS, GiftPlay, Play
from .pots import gift_in_stock, keep_apart
from .sums import of_sum
from .types import Context, Rejected, RejectionCode
from .usage import used_up

#: The stages that an exclusive offer wants for itself.
CROWDED: Final = frozenset({"item", "order", "coupon"})
_BY_RANK: Final = attrgetter("rank")
STAGE_ORDER: Final = {stage: place for place, stage in enumerate(STAGES)}


class Entry:
    """One offer of the book, at its place in the order of application.

    ``group`` is a bit for its group, 0 for none; ``crowded`` says that its stage is one of those
    that an exclusive offer wants for itself.
    """

    __slots__ = (
        "active",
        "code",
        "coded",
        "crowded",
        "excluded",
        "exclusive",
        "gate",
        "group",
        "of_sum",
        "offer",
        "play",
        "rank",
        "rejections",
        "seat",
        "spend",
        "unlimited",
        "variants",
    )

    def __init__(self, offer: Offer, rank: int, gate: Gate, group: int) -> None:
        params, limit = offer.params, offer.limit
        self.offer = offer
        self.code = offer.code
        self.rank = rank
        self.gate = gate
        self.group = group
        self.excluded = offer.scope.exclude_skus
        self.exclusive = offer.exclusive
        self.crowded = offer.stage in CROWDED
        self.active = offer.status == "active"
        self.coded = offer.requires_code
        self.unlimited = limit.per_member is limit.total is offer.budget is None
        self.seat = 0
        self.play = PLAYS[offer.kind]
        self.of_sum = of_sum(params, limit)
        self.spend: int | None = None
        if isinstance(params, SpendSave | SpendPercent):
            self.spend = params.steps[0].spend
        elif isinstance(params, FreeShipping | Gift):
            self.spend = params.spend
        self.rejections: dict[str, Rejected] = {}
        self.variants: dict[int, Entry] = {}

    def at_strength(self, bps: int | None) -> Entry:
        """The same for whom it takes off another share (None: its own)."""
        if bps is None:
            return self
        found = self.variants.get(bps)
        if found is None:
            offer = replace(self.offer, params=PercentOff(bps))
            found = self.variants[bps] = Entry(offer, self.rank, self.gate, self.group)
        return found

    def rejected(self, code: RejectionCode) -> Rejected:
        """The same value each time: most offers are out for the same reason in most carts."""
        found = self.rejections.get(code)
        if found is None:
            found = self.rejections[code] = Rejected(code, self.code)
        return found


class OfferBook:
    """Offers in order of application, with their scopes as indexes and their gates shared.

    Immutable after it is made, so one book serves all threads of a process.
    """

    __slots__ = (
        "_behind",
        "_by_category",
        "_by_sku",
        "_by_tag",
        "_everywhere",
        "_groups",
        "_idle",
        "by_code",
        "entries",
        "max_discount_bps",
    )

    def __init__(
        self,
        offers: Iterable[Offer],
        *,
        max_discount_bps: int = 10_000,
        predicates: Mapping[str, Predicate] | None = None,
    ) -> None:
        self.max_discount_bps = max_discount_bps
        shown = [offer for offer in offers if offer.status != "archived"]
        shown.sort(key=in_order)
        gates: dict[object, Gate] = {}
        groups: dict[str, int] = {}
        self.by_code: dict[str, Entry] = {}
        self._idle: list[Rejected] = []
        self.entries: list[Entry] = []
        for offer in shown:
            group = 0
            if offer.group is not None:
                group = groups.setdefault(offer.group, 1 << len(groups))
            gate = _gate(gates, offer, predicates or {})
            entry = Entry(offer, len(self.entries), gate, group)
            if offer.status == "active":
                self.entries.append(entry)
            else:
                self._idle.append(entry.rejected("not_active"))
            if offer.code in self.by_code:
                raise ValueError(f"two offers have the code {offer.code!r}")
            self.by_code[offer.code] = entry
        self._groups = len(groups)
        self._behind: dict[Gate, _Behind] = {}
        for entry in self.entries:
            self._behind.setdefault(entry.gate, _Behind()).add(entry)
        self._index()

    def _index(self) -> None:
        self._everywhere: list[Entry] = []
        self._by_sku: dict[str, list[Entry]] = {}
        self._by_category: dict[str, list[Entry]] = {}
        self._by_tag: dict[str, list[Entry]] = {}
        for entry in self.entries:
            scope = entry.offer.scope
            if not (scope.skus or scope.categories or scope.tags):
                self._everywhere.append(entry)
            for index, names in (
                (self._by_sku, scope.skus),
                (self._by_category, scope.categories),
                (self._by_tag, scope.tags),
            ):
                for name in names:
                    index.setdefault(name, []).append(entry)

    def meeting(self, basket: Basket) -> dict[Entry, tuple[int, ...]]:
        """The active offers with a line in scope, and which lines."""
        found: dict[Entry, list[int]] = {}
        by_sku, by_category, by_tag = self._by_sku, self._by_category, self._by_tag
        for place, (sku, line) in enumerate(zip(basket.skus, basket.facts, strict=True)):
            hits = [by_sku.get(sku)]
            if by_category and line.category is not None:
                hits.append(by_category.get(line.category))
            if by_tag:
                hits += [by_tag.get(tag) for tag in line.tags]
            for entries in hits:
                for entry in entries or ():
                    lines = found.setdefault(entry, [])
                    if not (lines and lines[-1] == place) and sku not in entry.excluded:
                        lines.append(place)
        met = {entry: tuple(lines) for entry, lines in found.items() if lines}
        for entry in self._everywhere:
            if entry.excluded:
                lines = [i for i, sku in enumerate(basket.skus) if sku not in entry.excluded]
                if lines:
                    met[entry] = tuple(lines)
            else:
                met[entry] = basket.every_line
        return met

    def relevant(self, basket: Basket, context: Context) -> tuple[list[Play], list[Rejected]]:
        """The offers that may count, in order of application, and why each other one cannot.

        Only what meets the cart or is unlocked by a code is looked at one by one.
        """
        local = context.at.astimezone(context.zone)
        rejected = list(self._idle)
        relevant: list[Play] = []
        met = self.meeting(basket)
        waiting: dict[Gate, tuple[list[int], list[int]]] = {}
        for gate, behind in self._behind.items():
            closed = gate.closed(context, local)
            if closed is None:
                waiting[gate] = [], []
            else:
                opens_at = gate.opens_at(context)
                told = behind.closed(closed)
                rejected += told if opens_at is None else _opening(told, opens_at)
        looked_at = [*met, *self._unlocked(context, met)]
        for entry in looked_at:
            seats = waiting.get(entry.gate)
            if seats is None or (entry.coded and entry.code not in context.given):
                continue
            seats[entry.coded].append(entry.seat)
            found = _judged(entry, met.get(entry), basket, context)
            if isinstance(found, Play):
                relevant.append(found)
            else:
                rejected.append(found)
        for gate, (open_seats, coded_seats) in waiting.items():
            behind = self._behind[gate]
            rejected += _without(behind.out_of_scope, open_seats)
            rejected += _without(behind.code_missing, coded_seats)
        relevant.sort(key=_BY_RANK)
        if context.pots or context.stock:
            keep_apart(relevant, basket, context, self._groups)
        return relevant, rejected

    def _unlocked(self, context: Context, met: Mapping[Entry, tuple[int, ...]]) -> list[Entry]:
        """The offers of given codes that meet nothing."""
        found = [self.by_code.get(code) for code in context.given]
        return [
            entry
            for entry in found
            if entry is not None and entry.active and entry.coded and entry not in met
        ]

    def relevant_among(
        self, entries: Iterable[Entry], basket: Basket, context: Context
    ) -> tuple[list[Play], list[Rejected]]:
        """The same of some entries alone."""
        local = context.at.astimezone(context.zone)
        met = self.meeting(basket)
        relevant: list[Play] = []
        rejected: list[Rejected] = []
        closed: dict[Gate, RejectionCode | None] = {}
        for entry in sorted(entries, key=_BY_RANK):
            gate = entry.gate
            if gate not in closed:
                closed[gate] = gate.closed(context, local)
            code = closed[gate] if entry.active else "not_active"
            if code is None and entry.coded and entry.code not in context.given:
                code = "code_missing"
            found = (
                _judged(entry, met.get(entry), basket, context)
                if code is None
                else entry.rejected(code)
            )
            if isinstance(found, Play):
                relevant.append(found)
            else:
                rejected.append(found)
        if context.pots or context.stock:
            # Which offers stand apart hangs on all that are relevant, not on those asked about.
            apart = {play.code: play.group for play in self.relevant(basket, context)[0]}
            for play in relevant:
                play.group = apart.get(play.code, play.group)
        return relevant, rejected


class _Behind:
    """The active offers behind one gate, with the reasons that most carts have for them at hand."""

    __slots__ = ("_closed", "_entries", "code_missing", "out_of_scope")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._closed: dict[RejectionCode, list[Rejected]] = {}
        self.out_of_scope: list[Rejected] = []
        self.code_missing: list[Rejected] = []

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        if entry.coded:
            entry.seat = len(self.code_missing)
            self.code_missing.append(entry.rejected("code_missing"))
        else:
            entry.seat = len(self.out_of_scope)
            self.out_of_scope.append(entry.rejected("not_in_scope"))

    def closed(self, code: RejectionCode) -> list[Rejected]:
        found = self._closed.get(code)
        if found is None:
            found = self._closed[code] = [entry.rejected(code) for entry in self._entries]
        return found


def _opening(reasons: list[Rejected], opens_at: datetime) -> list[Rejected]:
    """The same with the time from which on this buyer may."""
    return [one._replace(opens_at=opens_at) for one in reasons]


def _without(reasons: list[Rejected], seats: list[int]) -> list[Rejected]:
    """``reasons`` but for those at ``seats``."""
    if not seats:
        return reasons
    kept: list[Rejected] = []
    begin = 0
    for seat in sorted(seats):
        kept += reasons[begin:seat]
        begin = seat + 1
    return kept + reasons[begin:]


def _judged(
    entry: Entry, lines: tuple[int, ...] | None, basket: Basket, context: Context
) -> Play | Rejected:
    """An offer that time, buyer and code let pass: bound to its lines, or why it cannot count."""
    if lines is None:
        return entry.rejected("not_in_scope")
    if entry.code in context.held_out:
        return entry.rejected("held_out")
    budget: int | None = None
    if not entry.unlimited:
        code, budget = used_up(entry.offer, context)
        if code is not None:
            return entry.rejected(code)
    entry = entry.at_strength(context.strength.get(entry.code))
    play = entry.play(entry, lines, budget, basket)
    if isinstance(play, GiftPlay):
        gift = gift_in_stock(entry.offer, basket, context.stock)
        if gift is None:
            return entry.rejected("gift_out_of_stock")
        play.gift = gift
    return play


def in_order(offer: Offer) -> tuple[int, int, str]:
    """The key of the order of application."""
    return STAGE_ORDER[offer.stage], offer.priority, offer.code


def compile_offers(
    offers: Sequence[Offer],
    *,
    max_discount_bps: int = 10_000,
    predicates: Mapping[str, Predicate] | None = None,
) -> OfferBook:
    """The book of ``offers``; made once per version and kept by the caller.

    ``predicates`` holds for each offer with a rule or CEL in its ``who`` the compiled test over
    the buyer's facts. Raises ValueError where one is missing (an offer whose rule nobody asks
    would be open to all) and where two offers have one code.
    """
    return OfferBook(offers, max_discount_bps=max_discount_bps, predicates=predicates)


def _gate(gates: dict[object, Gate], offer: Offer, predicates: Mapping[str, Predicate]) -> Gate:
    who = offer.who
    predicate = predicates.get(offer.code)
    ruled = offer.status == "active" and (who.rule is not None or who.cel is not None)
    if ruled and predicate is None:
        raise ValueError(f"the rule of offer {offer.code!r} is not compiled")
    key = (
        offer.when,
        (who.tiers, who.segments, who.channels, who.stores, who.members_only),
        None if predicate is None else offer.code,
    )
    found = gates.get(key)
    if found is None:
        found = gates[key] = Gate(offer.when, who, predicate)
    return found
