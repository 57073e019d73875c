"""Orders, tags, new rules and what follows them, at once: who is in is right at the end."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from makers.orders import Shop, buy, enrol, give_back, make_shop, uuid
from makers.segments import everybody, fits, keep_up, make_list, make_segment, members_in
from makers.threads import at_once, refusals
from regulars.infra import outbox
from regulars.infra.db import retrying
from regulars.kernel.periods import program_day
from regulars.modules.segments import refreshing, services, sweeping, tagging

BIG = {"fact": "spend", "op": ">=", "value": 2_000}
OFTEN = {"fact": "orders", "op": ">=", "value": 3}
VIP = {"fact": "tags", "op": "includes", "value": "vip"}


def _follow(shop: Shop) -> None:
    for _ in range(6):
        outbox.relay()
        refreshing.refresh(shop.merchant, shop.now)
        sweeping.build(shop.merchant, shop.now)


def _trade(shop: Shop, member: str) -> None:
    for number in range(4):
        order = buy(shop, member, 700 + 100 * number)
        if number == 1:
            give_back(shop, order, (1, 1))


@transaction.atomic
def _tag(shop: Shop, member: str) -> None:
    tagging.tag(shop.merchant, uuid(member), tag="vip", why="race", by="test", now=shop.now)


@transaction.atomic
def _change(shop: Shop, code: str, rule: object) -> None:
    services.change(shop.merchant, code, rule=rule, now=shop.now)  # type: ignore[arg-type]


@transaction.atomic
def _list(shop: Shop, code: str, member: str) -> None:
    services.put_on_list(
        shop.merchant, code, add=[uuid(member)], remove=[], by="test", now=shop.now
    )


@pytest.mark.parametrize("round_number", range(3))
def test_whoever_comes_first_membership_is_right_at_the_end(
    round_number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "PIECE", 2)
    shop = make_shop()
    people = [enrol(shop) for _ in range(6)]
    rules = {make_segment(shop, rule): rule for rule in (BIG, OFTEN, VIP)}
    keep_up(shop)
    listed = make_list(shop)
    first = next(iter(rules))
    acts = [
        *(partial(_trade, shop, member) for member in people[:4]),
        partial(_follow, shop),
        partial(_follow, shop),
        *(partial(retrying, partial(_tag, shop, member)) for member in people[2:5]),
        partial(retrying, partial(_change, shop, first, {"not": BIG})),
        partial(retrying, partial(_list, shop, listed, people[round_number])),
    ]

    found = at_once(*acts)

    assert refusals(found) == []
    rules[first] = {"not": BIG}
    keep_up(shop)
    facts = everybody(shop)
    today = program_day(shop.now, ZoneInfo(shop.merchant.zone))
    for code, rule in rules.items():
        wanted = {member for member, known in facts.items() if fits(rule, known, today)}
        assert members_in(shop, code) == wanted, rule
    assert members_in(shop, listed) == {uuid(people[round_number])}
