"""Statements and totals."""

from __future__ import annotations

import json

import pytest

from makers.ledger import (
    DAY,
    GROWTH_VALUE,
    NOON,
    claw_back,
    earn,
    fresh_merchant,
    make_member,
    order_cause,
    spend,
)
from regulars.kernel.errors import Invalid
from regulars.modules.ledger import queries, seals, services
from regulars.modules.ledger.types import AssetTotals


@pytest.fixture
def shop():
    merchant_id = fresh_merchant()
    return merchant_id, make_member(merchant_id)


def listed(shop, **more):
    return queries.entries(merchant_id=shop[0], member_id=shop[1], **{"limit": 100, **more})


def test_a_member_without_anything_holds_nothing(shop):
    found = queries.balances(merchant_id=shop[0], member_id=shop[1], now=NOON)

    assert set(found) == {"points", "growth_value"}
    for asset in found.values():
        assert (asset.posted, asset.held, asset.pending, asset.available) == (0, 0, 0, 0)
        assert (asset.debt, asset.expiring) == (0, ())
    assert listed(shop) == []


def test_expiring_is_summed_by_instant_soonest_first_without_what_is_held(shop):
    earn(*shop, 10, expires_at=NOON + 2 * DAY)
    earn(*shop, 20, expires_at=NOON + DAY)
    earn(*shop, 30, expires_at=NOON + 2 * DAY)
    earn(*shop, 40)
    earn(*shop, 5, asset=GROWTH_VALUE, expires_at=NOON + DAY)
    services.hold(
        merchant_id=shop[0], member_id=shop[1], amount=15, expires_in_seconds=60, now=NOON
    )

    found = queries.balances(merchant_id=shop[0], member_id=shop[1], now=NOON)

    assert [(e.at, e.amount) for e in found["points"].expiring] == [
        (NOON + DAY, 5),
        (NOON + 2 * DAY, 40),
    ]
    assert [(e.at, e.amount) for e in found["growth_value"].expiring] == [(NOON + DAY, 5)]
    assert found["points"].posted == 100


def test_entries_come_newest_first_and_debts_have_an_account_of_their_own(shop):
    earn(*shop, 30)
    earn(*shop, 7, asset=GROWTH_VALUE, at=NOON + DAY)
    spend(*shop, 30, at=NOON + 2 * DAY)
    claw_back(*shop, 30, order=order_cause(), at=NOON + 3 * DAY)

    shown = [
        (e.asset, e.account.rpartition("_")[2], e.kind, e.amount, e.balance_after)
        for e in listed(shop)
    ]

    assert shown == [
        ("points", "pd", "debt", -30, -30),
        ("points", "p", "redeem", -30, 0),
        ("growth_value", "g", "earn", 7, 7),
        ("points", "p", "earn", 30, 30),
    ]
    assert [e.kind for e in listed(shop, asset="points")] == ["debt", "redeem", "earn"]
    assert [e.kind for e in listed(shop, asset="growth_value")] == ["earn"]


def test_an_entry_is_called_the_same_in_the_list_and_in_the_export(shop):
    earn(*shop, 30)
    earn(*shop, 7, asset=GROWTH_VALUE)
    spend(*shop, 30)
    claw_back(*shop, 30, order=order_cause())
    seals.seal(merchant_id=shop[0], now=NOON)

    exported = [json.loads(line) for line in queries.export_entries(shop[0])][:-1]

    told = ("account", "asset", "amount", "balance_after", "kind", "reverses")
    in_list = [tuple(getattr(entry, name) for name in told) for entry in listed(shop)]
    assert sorted(in_list) == sorted(tuple(line[name] for name in told) for line in exported)


def test_a_reversal_names_the_entry_it_reverses(shop):
    earn(*shop, 30)
    claw_back(*shop, 10, order=order_cause())

    reversal, earning = listed(shop)

    assert reversal.reverses == earning.id == f"ent_{shop[1].hex}_p1"
    assert earning.reverses is None
    assert (earning.cause.type, earning.cause.id) == order_cause()


def test_pages_join_without_gap_or_repeat_also_within_one_instant(shop):
    for number in range(13):
        earn(*shop, number + 1, at=NOON + (number // 5) * DAY, cause=order_cause(number))
        earn(*shop, number + 1, at=NOON + (number // 5) * DAY, asset=GROWTH_VALUE)
    whole = [entry.id for entry in listed(shop)]
    assert len(whole) == 26

    walked: list[str] = []
    for _ in range(len(whole)):
        page = listed(shop, limit=4, after=walked[-1] if walked else None)
        walked += [entry.id for entry in page]

    assert walked == whole


@pytest.mark.parametrize("cursor", ["", "ent_x", "ent_{other}_p1", "ent_{own}_p99", "ent_{own}_q1"])
def test_a_cursor_of_another_list_is_refused(shop, cursor):
    other = make_member(shop[0])
    earn(shop[0], other, 5)
    earn(*shop, 5)

    with pytest.raises(Invalid) as refused:
        listed(shop, after=cursor.format(other=other.hex, own=shop[1].hex))

    assert refused.value.errors[0].pointer == "?starting_after"


def test_totals_and_the_issuers_side_account_for_every_point(shop):
    earn(*shop, 100, expires_at=NOON + DAY)
    earn(*shop, 60, cause=order_cause(2))
    spend(*shop, 120)
    claw_back(*shop, 60, order=order_cause(2))
    services.adjust(merchant_id=shop[0], member_id=shop[1], amount=50, reason="gift", now=NOON)
    earn(*shop, 8, available_at=NOON + DAY, cause=order_cause(3))

    found = queries.totals(shop[0])["points"]

    # 160 earned, 120 spent; 60 to take back: 40 were there, 20 became debt, repaid by the gift.
    assert found == AssetTotals(
        issued=160, adjusted=50, clawed_back=60, spent=120, expired=0,
        outstanding=30, held=0, pending=8, debt=0,
    )  # fmt: skip
    assert found.outstanding - found.debt == (
        found.issued + found.adjusted - found.clawed_back - found.spent - found.expired
    )
    issuer = queries.system_balances(shop[0])["points"]
    assert sum(issuer.values()) + found.outstanding - found.debt == 0


def test_balances_are_one_statement_while_nothing_is_due(shop):
    """Counted where statements leave: Django's own log does not see what goes to the driver."""
    earn(*shop, 10, expires_at=NOON + DAY)
    calls = _counted(lambda now: queries.balances(merchant_id=shop[0], member_id=shop[1], now=now))

    assert calls(NOON) == 1
    assert calls(NOON + DAY) == 2


def _counted(act):
    from regulars.modules.ledger import gather

    def counted(now):
        seen = []
        patch = pytest.MonkeyPatch()
        for module in (queries, gather):
            for name in ("fetch_one", "fetch_all"):
                real = getattr(module, name)
                patch.setattr(module, name, lambda *a, real=real: (seen.append(a[0]), real(*a))[1])
        with patch.context():
            act(now)
        patch.undo()
        return len(seen)

    return counted
