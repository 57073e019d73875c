"""The set-based path and the till leave the same books."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from makers.merchants import make_merchant
from makers.pieces import Piece
from regulars.infra.db import Sql, as_json, fetch_all
from regulars.infra.pen import Pen
from regulars.infra.recording import Writes
from regulars.infra.writes import Asked, fingerprint_of
from regulars.kernel.ids import new_id
from regulars.modules.ledger.services import expire_and_activate
from regulars.modules.ledger.verification import verify
from regulars.modules.members.services import enrol
from regulars.modules.members.types import Enrolment, IdentityDraft
from regulars.modules.merchants.queries import merchant_of_id
from regulars.modules.orders.bulk import BulkSettler
from regulars.modules.orders.pieces import BulkOptions, PieceResult
from regulars.modules.orders.placing import place
from regulars.modules.orders.settlement import Scope
from regulars.modules.orders.types import Draft, DraftLine
from regulars.modules.orders.undoing import undo_orders
from regulars.modules.programmes.services import run_due, start

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def a_year(seed: int, orders: int) -> list[Draft]:
    """Orders of a few members over a year, in the order of time."""
    chance = random.Random(seed)
    moments = sorted(
        NOW - timedelta(minutes=chance.randrange(366 * 24 * 60)) for _ in range(orders)
    )
    drafts = []
    for number, at in enumerate(moments):
        lines = tuple(
            DraftLine(
                f"S{chance.randrange(9)}", chance.randrange(4), None, chance.randrange(40_000)
            )
            for _ in range(chance.randrange(1, 4))
        )
        drafts.append(
            Draft(
                external_id=f"o{number}",
                lines=lines,
                placed_at=at,
                paid_at=at,
                paid_minor=sum(line.total_minor for line in lines),
                identity=("external", f"m{chance.randrange(5)}") if chance.random() < 0.9 else None,
                store=chance.choice([None, "A", "B"]),
            )
        )
    return drafts


def scope_of(template: str, now: datetime = NOW) -> Scope:
    merchant = make_merchant(zone="Asia/Shanghai", currency="CNY")
    start(merchant.id, template, now)
    return Scope(merchant.id, SHANGHAI, "CNY", "test", now)


def asked(scope: Scope, draft: Draft) -> Asked:
    return Asked(
        merchant_id=scope.merchant_id,
        actor="test",
        operation="orders.place",
        key=draft.external_id,
        fingerprint=fingerprint_of(draft.external_id),
        now=scope.now,
    )


BOOKS = {
    "purses": "SELECT i.masked, a.asset, a.balance, a.held, a.pending, a.debt, a.version "
    "FROM ledger_account a JOIN members_identity i ON i.merchant_id = a.merchant_id "
    "AND i.member_id = a.member_id WHERE a.merchant_id = :merchant_id ORDER BY 1, 2",
    "postings": "SELECT i.masked, p.account, p.version, p.at, p.amount, p.balance_after, p.kind "
    "FROM ledger_posting p JOIN members_identity i ON i.merchant_id = p.merchant_id "
    "AND i.member_id = p.member_id WHERE p.merchant_id = :merchant_id ORDER BY 1, 2, 3",
    "lots": "SELECT i.masked, l.asset, l.number, l.original, l.remaining, l.expired, "
    "l.earned_at, l.expires_at FROM ledger_lot l JOIN members_identity i "
    "ON i.merchant_id = l.merchant_id AND i.member_id = l.member_id "
    "WHERE l.merchant_id = :merchant_id ORDER BY 1, 2, 3",
    "standings": "SELECT i.masked, s.tier, s.since, s.keep_until, s.grace_until, s.warned, "
    "s.evaluated_on, s.review_on FROM tiers_standing s JOIN members_identity i "
    "ON i.merchant_id = s.merchant_id AND i.member_id = s.member_id "
    "WHERE s.merchant_id = :merchant_id ORDER BY 1",
    "activity": "SELECT i.masked, v.day, v.orders, v.spend_minor, v.growth_value, v.points "
    "FROM earning_activity v JOIN members_identity i ON i.merchant_id = v.merchant_id "
    "AND i.member_id = v.member_id WHERE v.merchant_id = :merchant_id ORDER BY 1, 2",
    "orders": "SELECT external_id, net_minor, points, growth_value, status, frozen, fingerprint, "
    "store, channel FROM orders_order WHERE merchant_id = :merchant_id ORDER BY 1",
    "lines": "SELECT o.external_id, l.line, l.sku, l.quantity, l.net_minor "
    "FROM orders_orderline l JOIN orders_order o ON o.merchant_id = l.merchant_id "
    "AND o.id = l.order_id WHERE o.merchant_id = :merchant_id ORDER BY 1, 2",
}


def books(merchant_id: int) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: fetch_all(Sql(text), {"merchant_id": merchant_id}) for name, text in BOOKS.items()
    }


def in_pieces(drafts: list[Draft], size: int) -> list[Piece]:
    pieces = []
    for number, first in enumerate(range(0, len(drafts), size)):
        piece = Piece(number)
        for draft in drafts[first : first + size]:
            piece.add(draft)
        pieces.append(piece)
    return pieces


def nothing_more(piece: Piece) -> Callable[[Writes, PieceResult], None]:
    return lambda writes, result: None


def settled(scope: Scope, pieces: list[Piece], how: str) -> list[PieceResult]:
    settler = BulkSettler(scope, BulkOptions(run_id=new_id()))
    if how == "here":
        return [settler.settle(piece) for piece in pieces]
    with Pen() as pen:
        return [result for _, result in settler.settle_ahead(pieces, pen, also=nothing_more)]


@pytest.mark.parametrize("how", ["here", "by a pen"])
@pytest.mark.parametrize("template", ["plain", "grocery", "shop"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_file_and_the_till_leave_the_same_books(template: str, seed: int, how: str) -> None:
    drafts = a_year(seed, 60)
    till, bulk = scope_of(template), scope_of(template)
    for draft in drafts:
        then = Scope(till.merchant_id, SHANGHAI, "CNY", "test", draft.placed_at)
        run_due(till.merchant_id, draft.placed_at)
        place(then, asked(then, draft), draft)
    results = settled(bulk, in_pieces(drafts, 25), how)
    assert sum(result.orders for result in results) == 60
    for scope in (till, bulk):
        run_due(scope.merchant_id, NOW)
        assert verify(scope.merchant_id) == []

    by_till, by_file = books(till.merchant_id), books(bulk.merchant_id)
    for name in BOOKS:
        assert by_file[name] == by_till[name], name


@pytest.mark.parametrize("how", ["here", "by a pen"])
def test_orders_that_come_late_earn_at_the_tier_that_the_ones_before_them_brought(how: str) -> None:
    till, bulk = scope_of("grocery"), scope_of("grocery")
    newest = late(0, days_ago=1, cost=100)
    older = [late(number, days_ago=60 - number, cost=60_000) for number in range(1, 13)]
    for scope in (till, bulk):
        place(scope, asked(scope, newest), newest)
    for draft in older:
        place(till, asked(till, draft), draft)
    settled(bulk, in_pieces(older, 4), how)

    by_till, by_file = books(till.merchant_id), books(bulk.merchant_id)
    earned = {row[0]: row[2] for row in by_till["orders"]}
    assert earned["late12"] > earned["late1"], "the tier has risen on the way"
    for name in ("orders", "purses", "standings"):
        assert by_file[name] == by_till[name], name


def late(number: int, *, days_ago: int, cost: int) -> Draft:
    at = NOW - timedelta(days=days_ago)
    lines = (DraftLine("S1", 1, None, cost),)
    return Draft(f"late{number}", lines, at, at, cost, identity=("external", "m1"))


def test_a_piece_that_another_writer_beat_is_decided_anew() -> None:
    scope = scope_of("grocery")
    drafts = a_year(6, 80)
    pieces = in_pieces(drafts, 20)
    settler = BulkSettler(scope, BulkOptions(run_id=new_id()))
    between = [late(number, days_ago=1, cost=100 + number) for number in range(3)]
    told = []
    with Pen() as pen:
        for piece, result in settler.settle_ahead(pieces, pen, also=nothing_more):
            told.append((piece.number, result.orders))
            if between:  # the next piece stands decided on what is now no longer so
                place(scope, asked(scope, between[-1]), between.pop())

    assert told == [(0, 20), (1, 20), (2, 20), (3, 20)]
    found = books(scope.merchant_id)
    assert {row[0] for row in found["orders"]} == {d.external_id for d in drafts} | {
        "late0",
        "late1",
        "late2",
    }
    assert verify(scope.merchant_id) == []


def test_what_fell_due_since_the_last_orders_is_posted_by_the_pen() -> None:
    by_pen, here = scope_of("grocery"), scope_of("grocery")
    drafts = a_year(3, 120)
    settled(by_pen, in_pieces(drafts, 30), "by a pen")
    settled(here, in_pieces(drafts, 30), "here")
    assert expire_and_activate(merchant_id=by_pen.merchant_id, now=NOW) == 0
    assert expire_and_activate(merchant_id=here.merchant_id, now=NOW) > 1

    assert verify(by_pen.merchant_id) == []
    by_pen_books, here_books = books(by_pen.merchant_id), books(here.merchant_id)
    for name in BOOKS:
        assert by_pen_books[name] == here_books[name], name
    assert told(by_pen.merchant_id) == told(here.merchant_id) != []


def told(merchant_id: int) -> list[str]:
    """The events of points that expired: what and when, whoever it was."""
    text = "SELECT events FROM infra_outboxrow WHERE merchant_id = :merchant_id"
    rows = [as_json(events) for (events,) in fetch_all(Sql(text), {"merchant_id": merchant_id})]
    return sorted(
        f"{event['happened_at']} {event['amount']} {event['balance_after']}"
        for events in rows
        for event in events
        if event["topic"] == "points.expired"
    )


def test_what_falls_due_is_left_to_the_jobs_where_another_writer_is_faster() -> None:
    scope = scope_of("grocery")
    pieces = in_pieces(a_year(3, 120), 30)
    settler = BulkSettler(scope, BulkOptions(run_id=new_id()))
    with Pen() as pen:
        for piece, _ in settler.settle_ahead(pieces, pen, also=nothing_more):
            if piece.number == 3:  # what is due then stands decided, and is no longer so
                draft = late(1, days_ago=0, cost=100)
                place(scope, asked(scope, draft), draft)
    assert expire_and_activate(merchant_id=scope.merchant_id, now=NOW) > 1
    assert verify(scope.merchant_id) == []


@pytest.mark.parametrize("how", ["here", "by a pen"])
def test_texts_come_in_as_they_are(how: str) -> None:
    odd = [
        "a\tb",
        "c\\d",
        'e"f',
        "g,h",
        '","',
        "{}",
        "\\N",
        "NULL",
        " i ",
        "商品",
        "\u2028",
        "j\nk",
    ]
    till, bulk = scope_of("plain"), scope_of("plain")
    drafts = [
        Draft(
            external_id=f"{number}|{sku}",
            lines=(DraftLine(sku, 1, 100, 100), DraftLine(sku, 2, None, 7)),
            placed_at=NOW - timedelta(days=1),
            paid_at=NOW - timedelta(days=1),
            paid_minor=107,
            identity=("external", f"m{number}|{sku}"),
            store=sku,
            channel=odd[-1 - number],
        )
        for number, sku in enumerate(odd)
    ] * 20
    drafts = [
        replace(draft, external_id=f"{draft.external_id}|{number}")
        for number, draft in enumerate(drafts)
    ]
    for draft in drafts:
        place(till, asked(till, draft), draft)
    settled(bulk, in_pieces(drafts, len(drafts)), how)

    by_till, by_file = books(till.merchant_id), books(bulk.merchant_id)
    for name in ("orders", "lines", "purses"):
        assert by_file[name] == by_till[name], name


def test_the_same_piece_twice_changes_nothing_and_other_content_is_refused() -> None:
    scope = scope_of("grocery")
    piece = Piece()
    for draft in a_year(3, 30):
        piece.add(draft)
    first = BulkSettler(scope, BulkOptions(run_id=new_id())).settle(piece)
    before = books(scope.merchant_id)

    again = BulkSettler(scope, BulkOptions(run_id=new_id())).settle(piece)
    piece.total_minor[0] += 1
    changed = BulkSettler(scope, BulkOptions(run_id=new_id())).settle(piece)

    assert (first.orders, again.orders, again.repeated) == (30, 0, 30)
    assert [refused.code for refused in changed.refused] == ["external_id_reused"]
    assert books(scope.merchant_id) == before


def test_undoing_a_run_takes_back_all_it_brought_and_the_file_may_come_again() -> None:
    scope = scope_of("grocery")
    run_id = new_id()
    piece = Piece()
    for draft in a_year(4, 80):
        piece.add(draft)
    BulkSettler(scope, BulkOptions(run_id=run_id)).settle(piece)
    run_due(scope.merchant_id, NOW)

    assert undo_orders(scope, run_id) == 80
    assert undo_orders(scope, run_id) == 0

    assert verify(scope.merchant_id) == []
    after = books(scope.merchant_id)
    assert {row[2:6] for row in after["purses"]} == {(0, 0, 0, 0)}
    assert {row[4] for row in after["orders"]} == {"undone"}
    assert {row[1] for row in after["standings"]} == {"basic"}
    again = BulkSettler(scope, BulkOptions(run_id=new_id())).settle(piece)
    assert again.orders == 80
    assert verify(scope.merchant_id) == []


def test_an_order_from_the_future_is_refused_alone() -> None:
    scope = scope_of("plain")
    piece = Piece()
    early, late = a_year(5, 2)
    piece.add(early)
    piece.add(
        Draft(
            late.external_id,
            late.lines,
            NOW + timedelta(days=1),
            None,
            0,
            identity=("external", "m1"),
        )
    )

    result = BulkSettler(scope, BulkOptions(run_id=None)).settle(piece)

    assert result.orders == 1
    assert [(refused.code, refused.row) for refused in result.refused] == [("in_the_future", 3)]


def test_history_may_come_after_its_members_joined() -> None:
    scope = scope_of("plain")
    (history,) = a_year(6, 1)
    merchant = merchant_of_id(scope.merchant_id)
    wanted = Enrolment(identities=(IdentityDraft("external", "m1"),), joined_at=NOW)
    enrol(merchant=merchant, wanted=wanted, now=NOW)
    piece = Piece()
    piece.add(replace(history, identity=("external", "m1")))

    result = BulkSettler(scope, BulkOptions(run_id=new_id())).settle(piece)

    assert (result.orders, result.members) == (1, 0)
    assert verify(scope.merchant_id) == []
