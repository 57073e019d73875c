"""Merchants, their keys and their people."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from makers.merchants import make_key, make_merchant, make_staff, unique
from regulars.infra import clock
from regulars.infra.clock import now_for, real_now
from regulars.kernel.errors import Invalid, NotFound
from regulars.modules.merchants import queries, services
from regulars.modules.merchants.errors import (
    ClockBackwards,
    LastOwner,
    MerchantExists,
    MerchantSuspended,
    UsernameTaken,
)
from regulars.modules.merchants.models import ApiKey, SignInLink
from regulars.modules.merchants.types import KEY_PERMISSIONS, PERMISSIONS, ROLES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_merchant_is_found_by_its_code() -> None:
    shop = make_merchant(currency="CNY", zone="Asia/Shanghai", name="回头客")
    assert queries.merchant(shop.code) == shop == queries.merchant_of_id(shop.id)
    assert (shop.currency, shop.zone, shop.name) == ("CNY", "Asia/Shanghai", "回头客")
    with pytest.raises(NotFound):
        queries.merchant("nobody")


def test_a_code_is_taken_once() -> None:
    shop = make_merchant()
    with pytest.raises(MerchantExists):
        make_merchant(code=shop.code)


@pytest.mark.parametrize(
    ("fault", "pointer"),
    [
        ({"code": "Big Shop"}, "/merchant"),
        ({"code": "-x"}, "/merchant"),
        ({"code": "x" * 41}, "/merchant"),
        ({"currency": "EURO"}, "/currency"),
        ({"currency": "eur"}, "/currency"),
        ({"zone": "Berlin"}, "/timezone"),
        ({"zone": "../../etc/passwd"}, "/timezone"),
        ({"zone": ""}, "/timezone"),
        ({"locale": "tlh"}, "/locale"),
    ],
)
def test_a_malformed_merchant_names_the_field(fault: dict[str, str], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        make_merchant(**fault)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_a_key_speaks_for_its_merchant_and_is_kept_as_a_digest() -> None:
    shop = make_merchant()
    text = make_key(shop)
    principal = queries.principal_of_key(text)
    assert principal is not None
    assert principal.merchant == shop
    assert principal.permissions == KEY_PERMISSIONS
    row = ApiKey.objects.get(merchant_id=shop.id)
    assert text.startswith(row.prefix)
    assert len(text) == len("sk_live_") + 43
    assert text not in (row.digest, row.name, row.prefix)
    assert len(row.prefix) < len(text) - 24, "enough stays secret"


@pytest.mark.parametrize("given", ["", "sk_live_", "sk_live_" + "x" * 43, "x" * 51, "\0" * 51])
def test_what_is_no_key_speaks_for_nobody(given: str) -> None:
    assert queries.principal_of_key(given) is None


def test_a_scoped_key_may_do_no_more() -> None:
    shop = make_merchant()
    principal = queries.principal_of_key(make_key(shop, scopes=("orders.read",)))
    assert principal is not None
    assert principal.permissions == {"orders.read"}
    for never in ("keys.write", "staff.write", "nonsense"):
        with pytest.raises(Invalid):
            make_key(shop, scopes=(never,))


def test_a_revoked_key_ends_at_once_and_only_for_its_owner() -> None:
    shop, other = make_merchant(), make_merchant()
    text = make_key(shop)
    key_id = ApiKey.objects.get(merchant_id=shop.id).id
    with pytest.raises(NotFound):
        services.revoke_key(merchant_id=other.id, key_id=key_id, now=NOW)
    assert queries.principal_of_key(text) is not None
    first = services.revoke_key(merchant_id=shop.id, key_id=key_id, now=NOW)
    assert queries.principal_of_key(text) is None
    later = services.revoke_key(merchant_id=shop.id, key_id=key_id, now=NOW + timedelta(days=1))
    assert first.revoked_at == later.revoked_at == NOW


def test_a_suspended_merchant_is_refused_and_forgets_nothing() -> None:
    shop = make_merchant()
    text, owner = make_key(shop), make_staff(shop)
    services.suspend(merchant_id=shop.id, suspended=True)
    with pytest.raises(MerchantSuspended):
        queries.principal_of_key(text)
    assert queries.seats(owner.user_id) == []
    services.suspend(merchant_id=shop.id, suspended=False)
    assert queries.principal_of_key(text) is not None
    assert [seat.merchant.code for seat in queries.seats(owner.user_id)] == [shop.code]


def test_roles_are_made_of_known_permissions_and_shrink_downwards() -> None:
    assert all(granted <= PERMISSIONS for granted in ROLES.values())
    assert ROLES["owner"] > ROLES["manager"] > ROLES["analyst"]
    assert "staff.write" not in ROLES["manager"]
    assert not any(p.endswith(".write") for p in ROLES["analyst"])
    assert "points.adjust" not in ROLES["cashier"]


def test_a_merchant_cannot_name_somebody_who_exists() -> None:
    shop, other = make_merchant(), make_merchant()
    ana = make_staff(shop)
    with pytest.raises(UsernameTaken):
        services.create_staff(merchant_id=other.id, username=ana.username, role="owner", now=NOW)
    by_operator = services.create_staff(
        merchant_id=other.id, username=ana.username, role="analyst", now=NOW, by_operator=True
    )
    assert by_operator.view.user_id == ana.user_id
    assert [seat.role for seat in queries.seats(ana.user_id)] == ["owner", "analyst"]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"role": "god"}, "/role"),
        ({"username": "a b\n"}, "/username"),
        ({"name": "x" * 151}, "/name"),
    ],
)
def test_malformed_staff_names_the_field(given: dict[str, str], pointer: str) -> None:
    shop = make_merchant()
    wanted = {"username": unique("ana"), "role": "owner", **given}
    with pytest.raises(Invalid) as refused:
        services.create_staff(merchant_id=shop.id, now=NOW, **wanted)  # type: ignore[arg-type]
    assert refused.value.errors[0].pointer == pointer
    assert queries.staff(shop.id) == []


def test_the_last_owner_stays() -> None:
    shop = make_merchant()
    first = make_staff(shop)
    with pytest.raises(LastOwner):
        services.remove_staff(merchant_id=shop.id, staff_id=first.staff_id, now=NOW)
    with pytest.raises(LastOwner):
        services.change_role(merchant_id=shop.id, staff_id=first.staff_id, role="cashier", now=NOW)
    make_staff(shop)
    services.remove_staff(merchant_id=shop.id, staff_id=first.staff_id, now=NOW)
    assert len(queries.staff(shop.id)) == 1


def test_two_owners_who_leave_at_once_leave_one() -> None:
    shop = make_merchant()
    people = [make_staff(shop), make_staff(shop)]
    gate = threading.Barrier(2)
    refused: list[LastOwner] = []

    def leave(staff_id: int) -> None:
        gate.wait()
        try:
            services.remove_staff(merchant_id=shop.id, staff_id=staff_id, now=NOW)
        except LastOwner as error:
            refused.append(error)
        connection.close()

    threads = [threading.Thread(target=leave, args=(p.staff_id,)) for p in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len(queries.staff(shop.id)) == 1


def test_another_merchants_people_are_out_of_reach() -> None:
    shop, other = make_merchant(), make_merchant()
    theirs = make_staff(other, "cashier")
    for touch in (services.remove_staff, services.change_role):
        extra = {"role": "owner"} if touch is services.change_role else {}
        with pytest.raises(NotFound):
            touch(merchant_id=shop.id, staff_id=theirs.staff_id, now=NOW, **extra)  # type: ignore[operator]


def test_a_link_signs_in_once_within_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = make_staff(make_merchant())
    user = services.redeem_sign_in_link(ana.link_token)
    assert user is not None
    assert user.id == ana.user_id
    assert services.redeem_sign_in_link(ana.link_token) is None

    late = services.make_sign_in_link(user_id=ana.user_id)
    assert not SignInLink.objects.filter(digest=late).exists(), "only a digest is kept"
    now = real_now()
    monkeypatch.setattr(clock, "real_now", lambda: now + timedelta(hours=25))
    monkeypatch.setattr(services.people, "real_now", clock.real_now)
    assert services.redeem_sign_in_link(late) is None


def test_a_link_of_somebody_switched_off_signs_nobody_in() -> None:
    ana = make_staff(make_merchant())
    User.objects.filter(id=ana.user_id).update(is_active=False)
    assert services.redeem_sign_in_link(ana.link_token) is None


def test_a_link_clicked_many_times_at_once_lets_one_in() -> None:
    ana = make_staff(make_merchant())
    got: list[object] = []
    gate = threading.Barrier(6)

    def click() -> None:
        gate.wait()
        got.append(services.redeem_sign_in_link(ana.link_token))
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(user is not None for user in got) == 1


def test_the_clock_is_real_until_it_is_set_and_then_only_moves_forward() -> None:
    shop = make_merchant()
    assert abs(now_for(shop) - real_now()) < timedelta(seconds=5)
    with pytest.raises(ClockBackwards):
        services.move_clock(merchant_id=shop.id, to=real_now() - timedelta(days=1))
    future = real_now() + timedelta(days=400)
    assert now_for(services.move_clock(merchant_id=shop.id, to=future)) == future
    assert now_for(services.move_clock(merchant_id=shop.id, to=future)) == future
    with pytest.raises(ClockBackwards) as refused:
        services.move_clock(merchant_id=shop.id, to=future - timedelta(microseconds=1))
    assert (refused.value.status, refused.value.code) == (422, "clock_backwards")
    assert now_for(queries.merchant(shop.code)) == future


def test_a_clock_frozen_in_the_past_moves_from_there() -> None:
    shop = make_merchant(clock_at=NOW)
    services.move_clock(merchant_id=shop.id, to=NOW + timedelta(days=1))
    with pytest.raises(ClockBackwards):
        services.move_clock(merchant_id=shop.id, to=NOW)
