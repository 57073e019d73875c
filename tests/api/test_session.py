"""Signing in to the console: password, second factor, link, lockout, and how long it lasts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django_otp.plugins.otp_totp.models import TOTPDevice

from makers.merchants import (
    PASSWORD,
    ApiClient,
    Person,
    console,
    make_merchant,
    make_staff,
    unique,
)
from regulars.infra import clock
from regulars.infra.clock import real_now
from regulars.modules.merchants import services


@pytest.fixture(autouse=True)
def _no_attempts_of_others() -> Iterator[None]:
    AccessAttempt.objects.all().delete()
    yield
    AccessAttempt.objects.all().delete()


def try_in(person: Person | str, client: ApiClient | None = None, **body: Any) -> Any:
    name = person if isinstance(person, str) else person.username
    wanted = {"username": name, "password": PASSWORD, **body}
    return (client or ApiClient("/console/api")).post("/session", wanted)


# ── password and second factor ────────────────────────────────────────────────────────────────


def test_a_cashier_signs_in_with_a_password_and_sees_where_they_are() -> None:
    shop = make_merchant(currency="CNY", zone="Asia/Shanghai", locale="zh-hans", name="茶")
    ana = make_staff(shop, "cashier")
    session = try_in(ana).json()
    assert session["user"] == {"username": ana.username, "name": ""}
    assert session["role"] == "cashier"
    assert "orders.write" in session["permissions"]
    assert "staff.write" not in session["permissions"]
    merchant = session["merchant"]
    assert (merchant["code"], merchant["currency"], merchant["zone"]) == (
        shop.code,
        "CNY",
        "Asia/Shanghai",
    )
    assert merchant["clock_at"] is None
    assert session["merchants"] == [{"code": shop.code, "name": "茶", "role": "cashier"}]
    assert session["totp"] == {"required": False, "enrolled": False, "verified": False}


def test_an_owner_without_a_second_factor_may_do_nothing_but_set_it_up() -> None:
    ana = make_staff(make_merchant(), "owner")
    client = ApiClient("/console/api")
    session = try_in(ana, client).json()
    assert session["permissions"] == []
    assert session["totp"] == {"required": True, "enrolled": False, "verified": False}
    assert client.get("/settings").status_code == 403

    offer = client.post("/session/totp").json()
    assert offer["uri"].startswith("otpauth://totp/")
    assert offer["svg"].startswith("<svg")
    device = TOTPDevice.objects.get(user_id=ana.user_id)
    assert client.post("/session/totp/confirm", {"otp": "000000"}).status_code == 401
    TOTPDevice.objects.filter(id=device.id).update(throttling_failure_count=0)
    person = Person(ana.staff_id, ana.user_id, ana.username, "", device)
    confirmed = client.post("/session/totp/confirm", {"otp": person.otp()})
    assert confirmed.status_code == 200, confirmed.content
    assert confirmed.json()["totp"] == {"required": True, "enrolled": True, "verified": True}
    assert client.get("/settings").status_code == 200


def test_a_second_factor_that_is_set_up_is_asked_for_and_counts_once() -> None:
    ana = make_staff(make_merchant(), "owner", totp=True)
    asked = try_in(ana)
    assert (asked.status_code, asked.json()["code"]) == (401, "otp_required")
    wrong = try_in(ana, otp="000000")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_failed")
    TOTPDevice.objects.filter(user_id=ana.user_id).update(throttling_failure_count=0)
    otp = ana.otp()
    assert try_in(ana, otp=otp).status_code == 200
    assert try_in(ana, otp=otp).json()["code"] == "sign_in_failed", "a code is used once"


def test_who_knows_the_password_alone_cannot_set_up_another_device() -> None:
    shop = make_merchant()
    ana = make_staff(shop, "owner", totp=True)
    client = ApiClient("/console/api")
    client.django.force_login(ana.user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.django.session
    session["started_at"] = session["seen_at"] = real_now().isoformat()
    session.save()
    assert client.get("/session").json()["permissions"] == []
    assert client.get("/settings").status_code == 403
    assert client.post("/session/totp").status_code == 409
    assert client.post("/session/password", {"password": PASSWORD + "!"}).status_code == 403
    assert client.post("/session/totp/confirm", {"otp": ana.otp()}).status_code == 200
    assert client.get("/settings").status_code == 200


@pytest.mark.parametrize("enrolled", [True, False])
def test_an_operators_link_spares_the_set_up_only_where_settings_say_so(enrolled: bool) -> None:
    shop = make_merchant()
    for spared in (True, False):
        ana = make_staff(shop, "owner", totp=enrolled)
        browser = Client()
        with override_settings(TOTP_OPTIONAL=spared):
            browser.get(f"/sign-in/{ana.link_token}")
            settings = browser.get("/console/api/settings")
        assert settings.status_code == (200 if spared and not enrolled else 403)


# ── uniform answers and lockout ───────────────────────────────────────────────────────────────


def test_a_wrong_password_and_an_unknown_name_are_answered_alike() -> None:
    ana = make_staff(make_merchant(), "cashier")
    off = make_staff(make_merchant(), "cashier")
    User.objects.filter(id=off.user_id).update(is_active=False)
    answers = [
        try_in(ana, password="wrong"),
        try_in(unique("nobody")),
        try_in(off),
        try_in("x" * 150),
    ]
    assert {a.status_code for a in answers} == {401}
    assert len({a.content for a in answers}) == 1
    assert answers[0].json()["code"] == "sign_in_failed"


@pytest.mark.parametrize("known", [True, False])
def test_five_wrong_attempts_lock_an_account_that_may_not_even_exist(known: bool) -> None:
    name = make_staff(make_merchant(), "cashier").username if known else unique("ghost")
    answers = [
        ApiClient("/console/api").django.post(
            "/console/api/session",
            json.dumps({"username": name, "password": "wrong"}),
            content_type="application/json",
            REMOTE_ADDR=f"198.51.100.{number}",
        )
        for number in range(1, 7)
    ]
    assert [a.json()["code"] for a in answers] == ["sign_in_failed"] * 4 + ["locked"] * 2
    right = try_in(name)
    assert (right.status_code, right.json()["code"]) == (401, "locked")


def test_ten_wrong_attempts_lock_an_address() -> None:
    codes = [try_in(unique("guess")).json()["code"] for _ in range(11)]
    assert codes == ["sign_in_failed"] * 9 + ["locked"] * 2
    ana = make_staff(make_merchant(), "cashier")
    assert try_in(ana).json()["code"] == "locked"
    elsewhere = Client(REMOTE_ADDR="198.51.100.77").post(
        "/console/api/session",
        json.dumps({"username": ana.username, "password": PASSWORD}),
        content_type="application/json",
    )
    assert elsewhere.status_code == 200


def guess(told: str) -> str:
    """A wrong attempt on an account of its own, from behind what the header tells."""
    answer = Client().post(
        "/console/api/session",
        json.dumps({"username": unique("guess"), "password": "wrong"}),
        content_type="application/json",
        headers={"X-Forwarded-For": told},
    )
    return str(answer.json()["code"])


def test_a_header_changes_the_address_only_where_a_proxy_added_it() -> None:
    assert [guess(f"198.51.100.{n}") for n in range(11)][-1] == "locked", "no proxy is known"
    AccessAttempt.objects.all().delete()
    with override_settings(PROXIES=["127.0.0.0/8", "10.0.0.0/8"]):
        by_shop = [guess(f"198.51.100.{n}, 10.0.0.1") for n in range(11)]
        assert set(by_shop) == {"sign_in_failed"}, "each has an address of its own"
        forged = [guess(f"192.0.2.{n}, 203.0.113.7, 10.0.0.1") for n in range(11)]
        assert forged[-1] == "locked", "what stands before the proxy's word is hearsay"
        assert guess("nonsense, 203.0.113.8") == "sign_in_failed"
        assert guess("203.0.113.9, nonsense") == "sign_in_failed"


def test_a_lock_ends_and_a_success_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = make_staff(make_merchant(), "cashier")
    for _ in range(4):
        try_in(ana, password="wrong")
    assert try_in(ana).status_code == 200
    assert try_in(ana, password="wrong").json()["code"] == "sign_in_failed"
    for _ in range(5):
        try_in(ana, password="wrong")
    assert try_in(ana).json()["code"] == "locked"
    AccessAttempt.objects.update(attempt_time=real_now() - timedelta(minutes=14))
    assert try_in(ana).json()["code"] == "locked"
    AccessAttempt.objects.update(attempt_time=real_now() - timedelta(minutes=16))
    assert try_in(ana).status_code == 200


# ── the session ───────────────────────────────────────────────────────────────────────────────


class Clock:
    """The real clock, moved by hand, wherever sessions read it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta(0)
        from regulars.modules.merchants.services import signing_in

        begun = real_now
        monkeypatch.setattr(signing_in, "real_now", lambda: begun() + self.ahead)
        assert clock.real_now is begun


def test_a_session_ends_after_three_idle_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Clock(monkeypatch)
    client = console(make_staff(make_merchant(), "cashier"))
    moved.ahead = timedelta(hours=2, minutes=59)
    assert client.get("/session").status_code == 200
    moved.ahead += timedelta(hours=2, minutes=58)
    assert client.get("/session").status_code == 200
    moved.ahead += timedelta(hours=3)
    assert client.get("/session").status_code == 401
    moved.ahead = timedelta(0)
    assert client.get("/session").status_code == 401, "gone for good"


def test_a_session_ends_after_twelve_hours_however_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Clock(monkeypatch)
    client = console(make_staff(make_merchant(), "cashier"))
    for hour in range(1, 12):
        moved.ahead = timedelta(hours=hour)
        assert client.get("/session").status_code == 200
    moved.ahead = timedelta(hours=12)
    assert client.get("/session").status_code == 401


def test_signing_in_changes_the_session_and_signing_out_ends_it() -> None:
    shop = make_merchant()
    client = console(make_staff(shop, "cashier"))
    first = client.django.cookies["regulars"].value
    try_in(make_staff(shop, "cashier"), client)
    second = client.django.cookies["regulars"].value
    assert len(first) >= 32
    assert first != second
    stolen = ApiClient("/console/api")
    stolen.django.cookies["regulars"] = first
    assert stolen.get("/session").status_code == 401
    assert client.delete("/session").status_code == 204
    stolen.django.cookies["regulars"] = second
    assert stolen.get("/session").status_code == 401


def test_a_new_password_ends_the_other_sessions() -> None:
    ana = make_staff(make_merchant(), "cashier")
    here, there = console(ana), console(ana)
    weak = here.post("/session/password", {"current": PASSWORD, "password": "password1234"})
    assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
    wrong = here.post("/session/password", {"current": "x", "password": "another fine staple"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_failed")
    right = here.post("/session/password", {"current": PASSWORD, "password": "another fine staple"})
    assert right.status_code == 200
    assert here.get("/session").status_code == 200
    assert there.get("/session").status_code == 401


def test_a_changed_role_holds_from_the_next_request_on() -> None:
    shop = make_merchant()
    owner = make_staff(shop, "owner")
    ana = make_staff(shop, "manager", totp=True)
    client = console(ana)
    assert client.get("/audit").status_code == 200
    services.change_role(merchant_id=shop.id, staff_id=ana.staff_id, role="cashier", now=real_now())
    assert client.get("/audit").status_code == 403
    assert client.get("/settings").status_code == 200
    services.remove_staff(merchant_id=shop.id, staff_id=ana.staff_id, now=real_now())
    assert client.get("/settings").json()["code"] == "no_merchant"
    assert owner.staff_id


def test_one_works_at_one_merchant_at_a_time() -> None:
    first, second, foreign = make_merchant(), make_merchant(), make_merchant()
    ana = make_staff(first, "cashier")
    services.create_staff(
        merchant_id=second.id,
        username=ana.username,
        role="analyst",
        now=real_now(),
        by_operator=True,
    )
    client = console(ana)
    codes = {m["code"] for m in client.get("/session").json()["merchants"]}
    assert codes == {first.code, second.code}
    chosen = client.post("/session/merchant", {"code": second.code}).json()
    assert (chosen["merchant"]["code"], chosen["role"]) == (second.code, "analyst")
    assert client.get("/settings").json()["code"] == second.code
    assert client.post("/session/merchant", {"code": foreign.code}).status_code == 404
    services.suspend(merchant_id=second.id, suspended=True)
    assert client.get("/settings").json()["code"] == first.code
    services.suspend(merchant_id=second.id, suspended=False)


# ── the link ──────────────────────────────────────────────────────────────────────────────────


def test_a_link_signs_in_once_and_leads_to_the_console() -> None:
    ana = make_staff(make_merchant(), "cashier")
    browser = Client()
    assert browser.head(f"/sign-in/{ana.link_token}").status_code == 405, "looking is not using"
    answer = browser.get(f"/sign-in/{ana.link_token}/")
    assert (answer.status_code, answer["Location"]) == (302, "/console/")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert browser.get("/console/api/session").status_code == 200
    other = Client()
    assert "used" in other.get(f"/sign-in/{ana.link_token}")["Location"]
    assert other.get("/console/api/session").status_code == 401


def test_a_link_does_not_inherit_the_second_factor_of_the_session_before() -> None:
    ana = make_staff(make_merchant(), "owner", totp=True)
    client = console(ana)
    assert client.get("/settings").status_code == 200
    client.django.get(f"/sign-in/{ana.link_token}")
    assert client.get("/session").json()["totp"]["verified"] is False
    assert client.get("/settings").status_code == 403


def test_who_came_by_a_link_chooses_a_password_without_an_old_one() -> None:
    ana = make_staff(make_merchant(), "cashier")
    client = ApiClient("/console/api")
    client.django.get(f"/sign-in/{ana.link_token}")
    fresh = "a brand new staple"
    assert client.post("/session/password", {"password": fresh}).status_code == 200
    assert try_in(ana, password=fresh).status_code == 200


# ── cross-site ────────────────────────────────────────────────────────────────────────────────


def test_a_write_without_the_csrf_token_has_no_effect() -> None:
    ana = make_staff(make_merchant(), "owner", totp=True)
    browser = Client(enforce_csrf_checks=True)
    signed_out = browser.get("/console/api/session")
    assert signed_out.status_code == 401
    token = browser.cookies["csrftoken"].value

    def send(path: str, body: Any, **headers: str) -> int:
        return browser.post(
            path,
            json.dumps(body),
            content_type="application/json",
            headers={"Idempotency-Key": unique("k"), **headers},
        ).status_code

    body = {"username": ana.username, "password": PASSWORD, "otp": ana.otp()}
    assert send("/console/api/session", body) == 403
    assert send("/console/api/session", body, **{"X-CSRFToken": token}) == 200
    token = browser.cookies["csrftoken"].value
    new = {"name": "till"}
    assert send("/console/api/keys", new) == 403
    assert send("/console/api/keys", new, **{"X-CSRFToken": "x" * 32}) == 403
    evil = {"X-CSRFToken": token, "Origin": "https://evil.example"}
    assert send("/console/api/keys", new, **evil) == 403
    assert send("/console/api/keys", new, **{"X-CSRFToken": token}) == 201
