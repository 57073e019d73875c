"""The doctor is quiet over a healthy home, and finds what was done to a sick one."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from makers.homes import POSTGRES, Home, drop, small_shop
from makers.merchants import make_merchant
from regulars.cli.operating import examining, words
from regulars.infra.clock import real_now
from regulars.infra.models import OutboxRow
from regulars.kernel.ids import new_id


@pytest.fixture(scope="module")
def shop() -> Home:
    return small_shop()


@pytest.fixture
def patient(shop: Home, tmp_path: Path) -> Iterator[Home]:
    home = shop.copy(tmp_path / "patient")
    yield home
    drop(home)


def found_in(home: Home, code: int = 1) -> set[tuple[str, str]]:
    told = home.told("doctor", code=code)
    assert told["ok"] == (code == 0)
    assert all(finding["detail"] for finding in told["findings"])
    return {(finding["check"], finding["code"]) for finding in told["findings"]}


@pytest.mark.slow
def test_a_healthy_home_has_no_findings(shop: Home) -> None:
    told = shop.told("doctor")
    assert told["findings"] == []
    (merchant,) = told["merchants"]
    assert (merchant["code"], merchant["seal"]["seal"]) == ("tea", 2)
    said = shop.run("doctor")
    assert said.stdout.splitlines()[-1] == "all is well"
    assert "verifying the ledger of tea" in said.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "done",
    [
        pytest.param({
            "DELETE FROM ledger_posting WHERE account = 1 AND version = (SELECT max(p.version) "
            "FROM ledger_posting p WHERE p.member_id = ledger_posting.member_id "
            "AND p.account = 1)": ("ledger", "account_version"),
        }, id="the last posting deleted"),
        pytest.param({
            "UPDATE ledger_account SET balance = balance + 100 WHERE asset = 1":
                ("ledger", "account_balance"),
        }, id="a balance changed"),
        pytest.param({
            "UPDATE ledger_posting SET cause_id = replace(cause_id, 'a', 'b') WHERE version = 1":
                ("ledger", "posting_changed"),
            "UPDATE ledger_posting SET amount = amount + 1 WHERE version = 2 AND account = 1":
                ("ledger", "balance_broken"),
            "UPDATE ledger_lot SET remaining = remaining - 1 WHERE remaining > held":
                ("ledger", "lot_remaining"),
            "UPDATE ledger_sealedhead SET head = '0' WHERE account = 2": ("ledger", "sealed_head"),
            "DELETE FROM ledger_seal WHERE number = 1": ("ledger", "seal_gap"),
        }, id="postings, lots and seals changed"),
        pytest.param({
            "UPDATE tiers_standing SET tier = 'diamond' WHERE tier <> 'diamond'":
                ("tiers", "standing_unlike_replay"),
        }, id="tiers given away"),
        pytest.param({
            "UPDATE tiers_standing SET keep_until = '2099-01-01' WHERE keep_until IS NOT NULL":
                ("tiers", "standing_unlike_replay"),
            "UPDATE orders_order SET points = points + 5 WHERE external_id = 'file-7'":
                ("orders", "order_unlike_ledger"),
            "UPDATE orders_order SET net_minor = net_minor + 1 WHERE external_id = 'file-8'":
                ("orders", "activity_unlike_orders"),
            "DELETE FROM orders_order WHERE external_id = 'file-9'":
                ("orders", "credit_without_order"),
        }, id="what no chain covers"),
        pytest.param({
            "UPDATE earning_activity SET orders = orders + 1": ("orders", "activity_unlike_orders"),
        }, id="activity counted that was not"),
        pytest.param({
            "UPDATE segments_memberfacts SET facts = replace(facts, '\"orders\":', '\"x\":')":
                ("segments", "facts_unlike_books"),
        }, id="what is known of members changed"),
        pytest.param({
            "DELETE FROM django_migrations WHERE app = 'ledger' AND name LIKE '0002%'":
                ("database", "not_migrated"),
            "UPDATE django_migrations SET name = '9999_x' WHERE app = 'orders'":
                ("database", "newer_than_program"),
        }, id="another version"),
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_found(patient: Home, done: dict[str, tuple[str, str]]) -> None:
    patient.tamper(*done)
    assert set(done.values()) <= found_in(patient)


@pytest.mark.slow
@pytest.mark.skipif(bool(POSTGRES), reason="a file of SQLite's is changed here")
def test_a_byte_flipped_in_the_file_is_found(patient: Home) -> None:
    ((head,),) = patient.rows("SELECT hash FROM ledger_posting ORDER BY hash LIMIT 1")
    path = patient.folder / "regulars.sqlite3"
    before = path.read_bytes()
    changed = before.replace(
        head.encode(), head[:-1].encode() + (b"0" if head[-1] != "0" else b"1")
    )
    assert changed != before
    path.write_bytes(changed)
    assert ("ledger", "posting_changed") in found_in(patient)


@pytest.mark.slow
@pytest.mark.skipif(bool(POSTGRES), reason="a file of SQLite's is changed here")
def test_a_damaged_database_is_told_and_not_a_crash(patient: Home) -> None:
    path = patient.folder / "regulars.sqlite3"
    data = bytearray(path.read_bytes())
    for page in range(4, len(data) // 4096, 3):
        data[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(data)
    assert found_in(patient) & {("database", "damaged"), ("database", "unreadable")}


# ── settings ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_keys_that_are_weak_or_open_to_others_are_faults(patient: Home) -> None:
    (patient.folder / "secrets.json").chmod(0o644)
    assert found_in(patient) == {("settings", "secrets_readable")}
    (patient.folder / "secrets.json").chmod(0o600)
    told = patient.told("doctor", code=1, REGULARS_SECRET_KEY="changeme-" + "x" * 40)
    assert [finding["code"] for finding in told["findings"]] == ["secret_placeholder"]
    told = patient.told("doctor", code=1, REGULARS_SECRET_KEY="short")
    assert [finding["code"] for finding in told["findings"]] == ["secret_weak"]


@pytest.mark.slow
def test_other_keys_than_the_data_was_sealed_with_are_a_fault(shop: Home) -> None:
    told = shop.told("doctor", code=1, REGULARS_FIELD_KEY="0d" * 32)
    assert {(f["check"], f["code"]) for f in told["findings"]} == {
        ("members", "identity_unreadable")
    }
    told = shop.told("doctor", code=1, REGULARS_INDEX_KEY="0d" * 32)
    assert {(f["check"], f["code"]) for f in told["findings"]} == {
        ("members", "identity_misplaced")
    }
    told = shop.told("doctor", code=1, REGULARS_SEAL_KEY="0d" * 32)
    assert {(f["check"], f["code"]) for f in told["findings"]} == {("ledger", "seal_stranger")}
    former = re.findall(r"signed by ([0-9a-f]{64})", told["findings"][0]["detail"])
    named = {"REGULARS_SEAL_KEY": "0d" * 32, "REGULARS_FORMER_SEAL_KEYS": ",".join(former)}
    assert shop.told("doctor", **named)["findings"] == []


@pytest.mark.slow
def test_switches_for_trying_out_are_warnings_and_faults_for_monitors(patient: Home) -> None:
    loose = {"REGULARS_TEST_CLOCK": "1", "REGULARS_TOTP_OPTIONAL": "1",
             "REGULARS_ORIGIN": "http://shop.example"}  # fmt: skip
    told = patient.told("doctor", **loose)
    assert {finding["code"] for finding in told["findings"]} == {
        "test_clock_on", "second_factor_optional", "origin_not_https",
    }  # fmt: skip
    assert (told["ok"], told["warnings"]) == (True, 3)
    patient.run("doctor", "--strict", code=1, **loose)


def test_debug_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DEBUG", True)
    assert ("fault", "debug_on") in {(f.severity, f.code) for f in examining.switches()}


def test_a_database_that_may_forget_is_a_fault() -> None:
    unsafe, safe, of_tests = (
        ("SET synchronous_commit = off", "SET synchronous_commit = on", "RESET synchronous_commit")
        if POSTGRES
        else (
            "PRAGMA synchronous = NORMAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA synchronous = OFF",
        )
    )
    with connection.cursor() as cursor:
        try:
            cursor.execute(safe)
            assert [f for f in examining.database() if f.severity == "fault"] == []
            cursor.execute(unsafe)
            assert [f.code for f in examining.database()] == ["not_durable"]
        finally:
            cursor.execute(of_tests)


# ── background work ──────────────────────────────────────────────────────────────────────


def test_events_that_nobody_tells_are_told() -> None:
    merchant = make_merchant()
    OutboxRow.objects.filter(relayed_at=None).update(relayed_at=real_now())
    assert examining.jobs() == []
    long_ago = real_now() - timedelta(minutes=6)
    row = OutboxRow.objects.create(
        id=new_id(int(long_ago.timestamp() * 1000)),
        merchant_id=merchant.id,
        aggregate="merchant",
        at=real_now(),
        events="[]",
        attempts=2,
    )
    try:
        found = examining.jobs()
        assert [f.code for f in found] == ["events_wait", "events_fail"]
        assert {f.severity for f in found} == {"warning"}
    finally:
        row.delete()


# ── words ────────────────────────────────────────────────────────────────────────────────


def test_everything_said_is_said_in_chinese_too_with_the_same_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = {
        text
        for path in Path(words.__file__).parent.glob("*.py")
        for text in texts_of(ast.parse(path.read_text()))
    }
    monkeypatch.setitem(os.environ, "LC_ALL", "zh_CN.UTF-8")
    assert len(said) > 50
    for text in said:
        other = words.tell(text)
        assert other != text, text
        assert set(re.findall(r"{\w+}", other)) == set(re.findall(r"{\w+}", text)), text


def texts_of(tree: ast.AST) -> Iterator[str]:
    """What is given to ``tell`` in a file: at once, or as ``text`` the line before."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="tell" | "_bar"), args=[ast.Constant(value=text), *_]):
                yield text
            case ast.Assign(targets=[ast.Name(id="text")], value=ast.Constant(value=text)):
                yield text
