"""Who is in a segment: kept right by what changed alone, whatever happens, in whatever order."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from makers import forecasts
from makers.merchants import unique
from makers.orders import DAY, Shop, buy, enrol, give_back, make_shop, uuid
from makers.pieces import Piece
from makers.segments import (
    everybody,
    fits,
    keep_up,
    make_list,
    make_segment,
    members_in,
)
from makers.telling import tell
from regulars.events.base import from_json
from regulars.events.ledger import Movement
from regulars.infra import outbox
from regulars.infra.jobs import load
from regulars.infra.models import OutboxRow
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_id
from regulars.kernel.periods import program_day
from regulars.modules.insight.telling import tell_segments
from regulars.modules.members import services as members
from regulars.modules.members.types import ConsentDraft
from regulars.modules.orders.bulk import BulkSettler
from regulars.modules.orders.pieces import BulkOptions
from regulars.modules.orders.types import Draft, DraftLine
from regulars.modules.orders.undoing import undo_orders
from regulars.modules.segments import queries, refreshing, services, sweeping, tagging
from regulars.modules.segments.errors import CodeTaken, Frozen, InUse, NotAList, NotARule
from regulars.modules.segments.handing import handovers
from regulars.modules.segments.marking import POINTS_TOPICS
from regulars.modules.segments.models import Mark, MemberFacts, Membership, Segment
from regulars.modules.segments.scoring import take_scores
from regulars.modules.unions import services as unions
from regulars.modules.unions.errors import AlreadyMerged, MergedFurther

LAPSED = {
    "all": [
        {"fact": "orders", "op": ">=", "value": 1},
        {"fact": "last_purchase_day", "op": "more_than_days_ago", "value": 45},
    ]
}
BIG = {"fact": "spend", "op": ">=", "value": 10_000}


def write(act: Callable[[], Any]) -> Any:
    with transaction.atomic():
        return act()


def merge(shop: Shop, into: str, source: str) -> unions.Done:
    return write(lambda: unions.merge(shop.scope, into=uuid(into), source=uuid(source)))


def undo(shop: Shop, done: unions.Done) -> unions.Done:
    return write(lambda: unions.undo(shop.scope, done.merge_id))


def tag(shop: Shop, member: str, word: str) -> Any:
    return write(
        lambda: tagging.tag(
            shop.merchant, uuid(member), tag=word, why="test", by="test", now=shop.now
        )
    )


def consent(shop: Shop, member: str, granted: bool, purpose: str = "sms") -> None:
    members.record_consent(
        merchant_id=shop.merchant_id,
        member_id=uuid(member),
        consent=ConsentDraft(purpose, granted),
        now=shop.now,
    )


def told(shop: Shop, topic: str) -> list[tuple[str, str]]:
    """Member and segment of every event of a topic, in the order they were told."""
    rows = OutboxRow.objects.filter(merchant_id=shop.merchant_id).order_by("id")
    events = [one for row in rows for one in json.loads(row.events)]
    return [(one["member_id"], one["segment"]) for one in events if one["topic"] == topic]


# ── in and out ────────────────────────────────────────────────────────────────────────────


def test_an_order_brings_a_member_in_and_its_refund_takes_them_out() -> None:
    shop = make_shop()
    member, other = enrol(shop), enrol(shop)
    code = make_segment(shop, BIG)
    keep_up(shop)
    assert members_in(shop, code) == set()

    order = buy(shop, member, 6_000, 4_000)
    keep_up(shop)
    assert members_in(shop, code) == {uuid(member)}
    give_back(shop, order, (2, 1))
    keep_up(shop)

    assert members_in(shop, code) == set()
    assert told(shop, "segment.entered") == [(str(uuid(member)), code)]
    assert told(shop, "segment.left") == [(str(uuid(member)), code)]
    assert queries.segments_of(shop.merchant_id, uuid(other)) == frozenset()


def test_points_that_an_order_spent_come_back_with_it() -> None:
    """Nothing but the spent points moves: the order was never paid, so it had earned nothing."""
    shop = make_shop()
    member = enrol(shop)
    code = make_segment(shop, {"fact": "points", "op": ">=", "value": 300})
    shop.api.post(f"/members/{member}/points/adjust", {"amount": 300, "reason": "gift"})
    lines = [{"sku": "tea", "quantity": 1, "unit_price": 1_000}]
    asked = {"member_id": member, "lines": lines, "redeem": {"points": 300}}
    quote = shop.api.post("/quotes", asked).json()
    placed = {
        "external_id": unique("o"), "member_id": member, "placed_at": "2026-03-02T11:00:00Z",
        "lines": lines, "quote_id": quote["id"], "paid": quote["due"],
    }  # fmt: skip
    order = shop.api.post("/orders", placed).json()["id"]
    keep_up(shop)
    assert members_in(shop, code) == set()
    assert shop.api.post(f"/orders/{order}/cancel").status_code == 200
    keep_up(shop)
    assert members_in(shop, code) == {uuid(member)}


def test_every_movement_of_points_is_heard() -> None:
    topics = {kind.topic for kind in Movement.__subclasses__()}
    assert {one for one in topics if one.startswith("points.")} <= set(POINTS_TOPICS)


def test_time_alone_brings_a_member_in_on_the_day_and_touches_nobody_else() -> None:
    shop = make_shop()
    member, newer = enrol(shop), enrol(shop)
    code = make_segment(shop, LAPSED)
    buy(shop, member, 1_000)
    shop.move(5 * DAY)
    buy(shop, newer, 1_000)
    keep_up(shop)
    assert members_in(shop, code) == set()

    shop.move(40 * DAY)
    assert refreshing.refresh_due(shop.merchant, shop.now).members == 0, "the day before"
    shop.move(DAY)
    # Right before the job ran, for whoever asks.
    assert queries.segments_of(shop.merchant_id, uuid(member)) == {code}
    assert queries.segments_of(shop.merchant_id, uuid(newer)) == frozenset()
    assert members_in(shop, code) == set()
    settled = refreshing.refresh_due(shop.merchant, shop.now)

    assert settled.members == 1
    assert members_in(shop, code) == {uuid(member)}
    (entered,) = settled.events
    assert (entered.because, entered.segment) == ("time", code)  # type: ignore[attr-defined]


def test_an_event_touches_the_members_it_names_and_no_others() -> None:
    shop = make_shop()
    people = [enrol(shop) for _ in range(12)]
    code = make_segment(shop, BIG)
    keep_up(shop)
    before = {row.member_id: row.known_at for row in MemberFacts.objects.of(shop.merchant_id)}
    shop.move(timedelta(hours=1))
    for member in people[:3]:
        buy(shop, member, 20_000)

    settled = keep_up(shop)

    after = {row.member_id: row.known_at for row in MemberFacts.objects.of(shop.merchant_id)}
    assert (settled.members, settled.facts_written) == (3, 3)
    touched = {member_id for member_id, at in after.items() if at != before[member_id]}
    assert touched == {uuid(member) for member in people[:3]} == members_in(shop, code)


def test_the_first_reading_finds_everybody_who_was_there_before() -> None:
    shop = make_shop()
    member = enrol(shop, store="A")
    buy(shop, member, 20_000, store="B")
    tell(shop)
    Mark.objects.of(shop.merchant_id).delete()  # a shop that is older than segments
    code = make_segment(shop, BIG)

    assert queries.reading_everybody(shop.merchant_id, shop.now) == 0
    keep_up(shop)

    assert members_in(shop, code) == {uuid(member)}
    assert queries.reading_everybody(shop.merchant_id, shop.now) is None
    facts = {fact.name: fact for fact in queries.facts_of(shop.merchant, uuid(member), shop.now)}
    assert (facts["store"].value, facts["favourite_store"].value) == ("A", "B")


def test_facts_tell_where_they_come_from_and_as_of_when() -> None:
    shop = make_shop()
    member = enrol(shop)
    keep_up(shop)
    shop.move(DAY)
    order = buy(shop, member, 1_234)
    bought_at = shop.now
    shop.move(timedelta(hours=2))
    keep_up(shop)

    facts = {fact.name: fact for fact in queries.facts_of(shop.merchant, uuid(member), shop.now)}

    assert facts["spend"].value == 1_234
    assert facts["last_purchase_day"].value == program_day(bought_at, ZoneInfo("UTC"))
    assert (facts["spend"].cause, facts["spend"].about) == ("order.paid", order["id"])
    assert (facts["spend"].happened_at, facts["spend"].as_of) == (bought_at, shop.now)
    assert facts["store"].as_of != facts["spend"].as_of, "read with the member, not with the order"


def test_another_category_of_a_sku_is_another_fact_of_whoever_bought_it() -> None:
    shop = make_shop()
    member, other = enrol(shop), enrol(shop)
    code = make_segment(shop, {"fact": "categories", "op": "includes", "value": "tea"})
    buy(shop, member, 500)
    buy(shop, other, lines=[{"sku": "X", "quantity": 1, "unit_price": 100}], paid=100)
    keep_up(shop)
    assert members_in(shop, code) == set()

    assert shop.api.put("/products/S1", {"category": "tea"}).status_code < 300
    settled = keep_up(shop)

    assert members_in(shop, code) == {uuid(member)}
    assert settled.members == 1


# ── rules, freezing, lists, tags ──────────────────────────────────────────────────────────


def test_a_changed_rule_is_asked_of_everybody_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = make_shop()
    people = [enrol(shop) for _ in range(7)]
    for member in people[:4]:
        buy(shop, member, 20_000)
    code = make_segment(shop, BIG)
    keep_up(shop)
    assert len(members_in(shop, code)) == 4
    monkeypatch.setattr(sweeping, "PIECE", 3)
    none = {"not": BIG}
    write(lambda: services.change(shop.merchant, code, rule=none, now=shop.now))

    sweeping._build_piece(shop.merchant, shop.now)  # and then it is cut off

    view = queries.segment(shop.merchant_id, code, shop.now)
    assert (view.building, view.built, view.to_build) == (True, 3, 7)
    buy(shop, people[6], 20_000)  # meanwhile: answered under the new rule
    keep_up(shop)
    view = queries.segment(shop.merchant_id, code, shop.now)
    assert (view.building, view.built) == (False, 7)
    assert members_in(shop, code) == {uuid(member) for member in people[4:6]}


def test_a_frozen_segment_keeps_its_members_until_it_is_let_go() -> None:
    shop = make_shop()
    member, other = enrol(shop), enrol(shop)
    code = make_segment(shop, BIG)
    order = buy(shop, member, 20_000)
    keep_up(shop)
    write(lambda: services.freeze(shop.merchant, code, now=shop.now))
    frozen_at = shop.now
    shop.move(DAY)
    give_back(shop, order, (1, 1))
    buy(shop, other, 20_000)
    keep_up(shop)

    assert members_in(shop, code) == {uuid(member)}
    assert queries.segment(shop.merchant_id, code, shop.now).as_of == frozen_at
    with pytest.raises(Frozen):
        write(lambda: services.change(shop.merchant, code, rule=LAPSED, now=shop.now))
    write(lambda: services.let_go(shop.merchant, code, now=shop.now))
    keep_up(shop)
    assert members_in(shop, code) == {uuid(other)}


def test_a_list_follows_merges_and_their_undoing_and_rules_may_leave_it_out() -> None:
    shop = make_shop()
    keep, gone, third = enrol(shop), enrol(shop), enrol(shop)
    keep_up(shop)
    listed = make_list(shop, [uuid(gone)])
    others = make_segment(shop, {"fact": "lists", "op": "excludes", "value": listed})
    keep_up(shop)
    assert members_in(shop, listed) == {uuid(gone)}
    assert members_in(shop, others) == {uuid(keep), uuid(third)}

    done = merge(shop, keep, gone)
    keep_up(shop)
    assert members_in(shop, listed) == {uuid(keep)}
    assert members_in(shop, others) == {uuid(third)}
    assert queries.segments_of(shop.merchant_id, uuid(gone)) == {listed}, "asked by the old id"

    undo(shop, done)
    keep_up(shop)
    assert members_in(shop, listed) == {uuid(gone)}
    assert members_in(shop, others) == {uuid(keep), uuid(third)}

    def off() -> Any:
        return services.put_on_list(
            shop.merchant, listed, add=[uuid(third)], remove=[uuid(gone)], by="t", now=shop.now
        )

    moved = write(off)
    assert {one.topic for one in moved.events} == {"segment.entered", "segment.left"}
    assert members_in(shop, listed) == {uuid(third)}, "at once, without a job"
    assert members_in(shop, others) == {uuid(keep), uuid(gone)}


def test_what_a_segment_refuses() -> None:
    shop = make_shop()
    member = enrol(shop)
    keep_up(shop)
    listed = make_list(shop, [uuid(member)])
    rule = {"fact": "lists", "op": "includes", "value": listed}
    code = make_segment(shop, rule)

    def put(where: str, *who: UUID) -> Any:
        return services.put_on_list(shop.merchant, where, add=who, remove=(), by="t", now=shop.now)

    with pytest.raises(CodeTaken):
        make_segment(shop, BIG, code=code)
    with pytest.raises(Invalid):
        make_segment(shop, {"fact": "lists", "op": "includes", "value": "nowhere"})
    with pytest.raises(InUse):
        write(lambda: services.delete(shop.merchant, listed, now=shop.now))
    with pytest.raises(NotAList):
        write(lambda: put(code, uuid(member)))
    with pytest.raises(NotARule):
        write(lambda: services.change(shop.merchant, listed, rule=BIG, now=shop.now))
    with pytest.raises(Invalid) as refused:
        write(lambda: put(listed, uuid(member), new_id()))
    assert refused.value.errors[0].pointer == "/add/1"
    with pytest.raises(NotFound):
        write(lambda: services.freeze(shop.merchant, "nowhere", now=shop.now))


def test_tags_say_who_and_why_and_follow_the_person() -> None:
    shop = make_shop()
    keep, gone = enrol(shop), enrol(shop)
    keep_up(shop)
    code = make_segment(shop, {"fact": "tags", "op": "includes", "value": "vip"})
    keep_up(shop)

    events = tag(shop, gone, "vip")

    assert [one.topic for one in events] == ["member.tagged", "segment.entered"]
    assert members_in(shop, code) == {uuid(gone)}
    merge(shop, keep, gone)
    keep_up(shop)
    assert members_in(shop, code) == {uuid(keep)}
    (found,) = queries.tags_of(shop.merchant_id, uuid(keep))
    assert (found.tag, found.why, found.by) == ("vip", "test", "test")
    events = write(lambda: tagging.untag(shop.merchant, uuid(keep), tag="vip", now=shop.now))
    assert [one.topic for one in events] == ["member.untagged", "segment.left"]
    with pytest.raises(NotFound):
        write(lambda: tagging.untag(shop.merchant, uuid(keep), tag="vip", now=shop.now))


def test_scores_touch_only_those_whose_scores_differ() -> None:
    shop = make_shop()
    one, two, three = (uuid(enrol(shop)) for _ in range(3))
    keep_up(shop)
    code = make_segment(shop, {"fact": "recency_score", "op": "=", "value": 5})
    keep_up(shop)

    def take(**scores: Any) -> int:
        given = {
            {"one": one, "two": two, "three": three}[name]: value for name, value in scores.items()
        }
        return take_scores(shop.merchant, given, as_of=shop.now, now=shop.now).facts_written

    assert take(one=(5, 1, 1), two=(4, 2, 1)) == 2
    assert members_in(shop, code) == {one}
    assert take(one=(5, 1, 1), two=(5, 2, 1)) == 1
    assert members_in(shop, code) == {one, two}
    assert take(two=(5, 2, 1), three=(1, 1, 1)) == 2, "who is not named has none any more"
    assert members_in(shop, code) == {two}
    assert handovers(shop.merchant_id)["scores"].at == shop.now


# ── the law: as if everybody were asked anew ──────────────────────────────────────────────

RULES: tuple[dict[str, Any], ...] = (
    LAPSED,
    {"fact": "spend", "op": ">=", "value": 3_000},
    {"all": [{"fact": "purchase_days_30", "op": ">=", "value": 2},
             {"not": {"fact": "tags", "op": "includes", "value": "vip"}}]},
    {"any": [{"fact": "tags", "op": "includes", "value": "vip"},
             {"fact": "consents", "op": "includes", "value": "sms"}]},
    {"fact": "tier", "op": "!=", "value": "basic"},
    {"fact": "points", "op": ">", "value": 20},
    {"all": [{"fact": "categories", "op": "includes", "value": "tea"},
             {"fact": "spend_90", "op": "<", "value": 9_000}]},
    {"fact": "last_purchase_day", "op": "within_days", "value": 10},
    {"not": {"fact": "last_purchase_day", "op": "known", "value": True}},
    {"fact": "favourite_store", "op": "in", "value": ["A", "C"]},
    {"all": [{"fact": "refunded", "op": ">", "value": 0},
             {"fact": "joined_day", "op": "more_than_days_ago", "value": 3}]},
    {"fact": "status", "op": "=", "value": "shopper"},
    {"fact": "drop_chance", "op": ">=", "value": 50},
    {"all": [{"fact": "silent_chance", "op": "known", "value": True},
             {"fact": "silent_chance", "op": "<", "value": 20}]},
    {"any": [{"fact": "lost_as", "op": "=", "value": "buying"},
             {"fact": "lost_since", "op": "more_than_days_ago", "value": 20}]},
    {"all": [{"fact": "expected_value", "op": ">=", "value": 5_000},
             {"not": {"fact": "value_tenth", "op": ">", "value": 5}}]},
    {"fact": "due_type", "op": "due", "value": {"item": "TEA", "chance": 50}},
    {"fact": "due_type", "op": "due", "value": {"days": 3, "chance": 5}},
    {"fact": "due_category", "op": "due", "value": {"item": "JAM", "days": 5}},
    {"fact": "next_sku_day", "op": "within_next_days", "value": 2},
    {"not": {"fact": "next_type_day", "op": "known", "value": True}},
)  # fmt: skip
EXCLUDING = len(RULES)  # the number of the rule that leaves a list out


class World:
    """A shop in which anything may happen, its events told late, twice and in any order."""

    def __init__(self, seed: int) -> None:
        load()
        self.chance = random.Random(seed)
        self.shop = make_shop()
        self.names = [unique("m") for _ in range(5)]
        self.members = [
            enrol(self.shop, identities=[{"type": "external", "value": name}])
            for name in self.names
        ]
        self.orders: list[tuple[dict[str, Any], int]] = []
        self.merges: list[unions.Done] = []
        self.runs: list[UUID] = []
        self.frozen: dict[str, set[UUID]] = {}
        self.forecasts: dict[str, forecasts.Said | None] = {}
        self.tell()
        keep_up(self.shop)
        self.listed = make_list(self.shop, [uuid(self.members[0])])
        self.rules: dict[str, dict[str, Any]] = {}
        for number in range(EXCLUDING + 1):
            rule = self.rule(number)
            self.rules[make_segment(self.shop, rule)] = rule

    def rule(self, number: int) -> dict[str, Any]:
        if number == EXCLUDING:
            return {"fact": "lists", "op": "excludes", "value": self.listed}
        return RULES[number]

    def member(self, pick: int) -> str:
        return self.members[pick % len(self.members)]

    # ── what may happen ───────────────────────────────────────────────────────────────────

    def do(self, what: str, pick: int, more: int) -> None:
        getattr(self, f"on_{what}")(pick, more)

    def on_order(self, pick: int, more: int) -> None:
        late = (more % 4) * 9 * DAY
        order = buy(
            self.shop, self.member(pick), 300 + 700 * (more % 7), 900,
            at=self.shop.now - late, store="ABC"[more % 3],
        )  # fmt: skip
        self.orders.append((order, 0))

    def on_refund(self, pick: int, more: int) -> None:
        if self.orders:
            order, _ = self.orders[pick % len(self.orders)]
            give_back(self.shop, order, (1 + more % 2, 1))  # a second time it is refused

    def on_cancel(self, pick: int, _: int) -> None:
        if self.orders:
            order, _ = self.orders[pick % len(self.orders)]
            self.shop.api.post(f"/orders/{order['id']}/cancel")  # refused after a refund

    def on_import(self, pick: int, more: int) -> None:
        run_id, piece = new_id(), Piece()
        for number in range(1 + more % 3):
            at = self.shop.now - (1 + number) * 7 * DAY
            piece.add(
                Draft(
                    external_id=unique("f"), placed_at=at, paid_at=at, paid_minor=1_500,
                    lines=(DraftLine("S1", 1, 1_500, 1_500),), store="B",
                    identity=("external", self.names[(pick + number) % len(self.names)]),
                )
            )  # fmt: skip
        options = BulkOptions(identity_type="external", status="active", run_id=run_id)
        BulkSettler(self.shop.scope, options).settle(piece)
        self.runs.append(run_id)

    def on_undo_import(self, pick: int, _: int) -> None:
        if self.runs:
            undo_orders(self.shop.scope, self.runs.pop(pick % len(self.runs)))

    def on_tag(self, pick: int, more: int) -> None:
        word = ("vip", "kind")[more % 2]
        if more % 3:
            tag(self.shop, self.member(pick), word)
        else:
            with suppress(NotFound):
                write(
                    lambda: tagging.untag(
                        self.shop.merchant, uuid(self.member(pick)), tag=word, now=self.shop.now
                    )
                )

    def on_consent(self, pick: int, more: int) -> None:
        consent(self.shop, self.member(pick), granted=more % 2 == 0)

    def on_enrol(self, pick: int, more: int) -> None:
        self.names.append(unique("m"))
        self.members.append(
            enrol(self.shop, identities=[{"type": "external", "value": self.names[-1]}])
        )

    def on_stranger(self, pick: int, more: int) -> None:
        who = {"identity": {"type": "external", "value": unique("x")}}
        paid = {} if more % 2 else {"paid_at": None}
        buy(self.shop, None, 800, **who, **paid)

    def on_merge(self, pick: int, more: int) -> None:
        with suppress(AlreadyMerged, Invalid):
            self.merges.append(merge(self.shop, self.member(pick), self.member(pick + 1 + more)))

    def on_undo(self, pick: int, _: int) -> None:
        if self.merges:
            done = self.merges.pop(pick % len(self.merges))
            try:
                undo(self.shop, done)
            except MergedFurther:
                self.merges.append(done)

    def on_time(self, pick: int, more: int) -> None:
        self.shop.move((1 + pick % 3 * (more % 5)) * DAY + timedelta(hours=more % 24))

    def on_product(self, pick: int, more: int) -> None:
        category = ("tea", "salt", None)[more % 3]
        self.shop.api.put(f"/products/S{1 + pick % 2}", {"category": category})

    def on_forecast(self, pick: int, more: int) -> None:
        """One is kept anew: of some members, changed little or much, or it abstains."""
        name = forecasts.NAMES[pick % len(forecasts.NAMES)]
        if self.forecasts and more % 2:
            name = self.chance.choice(list(self.forecasts))
        said: dict[UUID, Any] | None = dict(self.forecasts.get(name) or {})
        if said and more % 5 == 0:
            said = None
        else:
            for number, member in enumerate(self.members):
                if (number + more) % 3 == 0:
                    said[uuid(member)] = forecasts.anything(self.chance, name, self.today)
                elif (number * more) % 5 == 1:
                    said.pop(uuid(member), None)
        self.forecasts[name] = said
        forecasts.keep(self.shop, name, said, as_of=self.today)
        if more % 3:
            tell_segments(self.shop.merchant)

    @property
    def today(self) -> date:
        return program_day(self.shop.now, ZoneInfo(self.shop.merchant.zone))

    def on_rule(self, pick: int, more: int) -> None:
        code = list(self.rules)[pick % len(self.rules)]
        if code in self.frozen:
            return
        rule = self.rules[code] = self.rule(more % (EXCLUDING + 1))
        write(lambda: services.change(self.shop.merchant, code, rule=rule, now=self.shop.now))

    def on_new_segment(self, pick: int, more: int) -> None:
        rule = self.rule(more % (EXCLUDING + 1))
        self.rules[make_segment(self.shop, rule)] = rule

    def on_freeze(self, pick: int, _: int) -> None:
        code = list(self.rules)[pick % len(self.rules)]
        if code in self.frozen:
            write(lambda: services.let_go(self.shop.merchant, code, now=self.shop.now))
            del self.frozen[code]
        else:
            write(lambda: services.freeze(self.shop.merchant, code, now=self.shop.now))
            self.frozen[code] = members_in(self.shop, code)

    def on_list(self, pick: int, more: int) -> None:
        who = [uuid(self.member(pick))]
        add, remove = (who, []) if more % 2 else ([], who)
        write(
            lambda: services.put_on_list(
                self.shop.merchant, self.listed, add=add, remove=remove, by="t", now=self.shop.now
            )
        )

    def on_tell(self, pick: int, more: int) -> None:
        self.tell()

    def on_refresh(self, pick: int, more: int) -> None:
        refreshing.refresh(self.shop.merchant, self.shop.now)

    def on_build(self, pick: int, more: int) -> None:
        write(lambda: sweeping._build_piece(self.shop.merchant, self.shop.now))

    # ── told in any order, and twice ──────────────────────────────────────────────────────

    def tell(self) -> None:
        rows = OutboxRow.objects.filter(merchant_id=self.shop.merchant_id, relayed_at=None)
        events = [one for row in rows for one in json.loads(row.events)]
        events += self.chance.sample(events, len(events) // 3)
        self.chance.shuffle(events)
        for one in events:
            for handler in outbox._handlers.get(one["topic"], ()):
                if handler.__module__.startswith("regulars.modules.segments"):
                    handler(from_json(one), "twice-0")
        rows.update(relayed_at=self.shop.now)

    # ── the law ───────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        self.tell()
        refreshing.refresh(self.shop.merchant, self.shop.now)
        sweeping.sweep(self.shop.merchant, self.shop.now)
        tell_segments(self.shop.merchant)
        facts, today = everybody(self.shop), self.today
        for member, known in facts.items():
            known.update(forecasts.facts_said(self.forecasts, member, today))
        due: dict[str, set[UUID]] = {self.listed: {
            member for member, known in facts.items() if self.listed in known["lists"]
        }}  # fmt: skip
        for code, rule in self.rules.items():
            due[code] = {member for member, known in facts.items() if fits(rule, known, today)}
        sweeping.build(self.shop.merchant, self.shop.now)
        self.check_asking(facts, due)
        refreshing.refresh_due(self.shop.merchant, self.shop.now)
        for code, expected in due.items():
            wanted = self.frozen.get(code, expected)
            assert members_in(self.shop, code) == wanted, (code, self.rules.get(code))
        assert not Mark.objects.of(self.shop.merchant_id).exists()
        known = MemberFacts.objects.of(self.shop.merchant_id).values_list("member_id", flat=True)
        assert set(known) == facts.keys(), "of everybody who carries on, and of nobody else"

    def check_asking(self, facts: dict[UUID, Any], due: dict[str, set[UUID]]) -> None:
        """Whoever asks gets the right answer before the job of the day ran."""
        for member in facts:
            asked = queries.segments_of(self.shop.merchant_id, member)
            expected = {code for code, who in due.items() if member in self.frozen.get(code, who)}
            assert asked == expected


#: How often what happens: enough of each that every rule meets every kind of change.
WEIGHTS = {
    "order": 8, "time": 8, "refund": 4, "cancel": 2, "import": 2, "undo_import": 2, "tag": 4,
    "consent": 4, "merge": 3, "undo": 3, "product": 3, "stranger": 1, "enrol": 1, "rule": 2,
    "new_segment": 1, "forecast": 16, "freeze": 2, "list": 3, "tell": 4, "refresh": 3, "build": 1,
}  # fmt: skip
STEPS = 60


def test_everything_that_may_happen_does() -> None:
    assert {name[3:] for name in dir(World) if name.startswith("on_")} == WEIGHTS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_membership_is_what_asking_everybody_anew_would_give(seed: int) -> None:
    world = World(seed)
    kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
    for number in range(STEPS):
        (what,) = world.chance.choices(kinds, weights)
        world.do(what, world.chance.randrange(41), world.chance.randrange(41))
        if what == "time" or number % 10 == 9:
            world.check()
    world.check()


def test_memberships_are_of_members_who_carry_on_alone() -> None:
    shop = make_shop()
    keep, gone = enrol(shop), enrol(shop)
    make_segment(shop, {"fact": "orders", "op": ">=", "value": 0})
    keep_up(shop)
    merge(shop, keep, gone)
    keep_up(shop)
    rows = Membership.objects.of(shop.merchant_id)
    assert set(rows.values_list("member_id", flat=True)) == {uuid(keep)}
    known = MemberFacts.objects.of(shop.merchant_id)
    assert set(known.values_list("member_id", flat=True)) == {uuid(keep)}
    assert Segment.objects.of(shop.merchant_id).count() == 1
