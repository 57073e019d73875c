"""A backup is whole, private and of one instant; what it holds comes back, or is refused."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.db import connection

from makers.homes import POSTGRES, Home, drop, new_home, small_shop
from makers.merchants import make_merchant
from regulars.cli.frame import Refused
from regulars.cli.operating import archive, backup, inventory

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(POSTGRES) and shutil.which("pg_dump") is None, reason="pg_dump is not installed"
    ),
]
BOOKS = (
    "SELECT merchant_id, member_id, asset, balance, held, pending, debt, version, head "
    "FROM ledger_account ORDER BY 1, 2, 3",
    "SELECT member_id, tier, since, keep_until, revision FROM tiers_standing ORDER BY 1",
    "SELECT external_id, status, points, growth_value, refunded_minor FROM orders_order ORDER BY 1",
    "SELECT number, accounts, root, previous FROM ledger_seal ORDER BY 1",
    "SELECT type, key, member_id, value_sealed FROM members_identity ORDER BY 1, 2",
)


@pytest.fixture(scope="module")
def shop() -> Home:
    return small_shop()


@pytest.fixture(scope="module")
def saved(shop: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "tea.tar.zst"
    shop.run("backup", str(path))
    return path


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Home]:
    """A home with nothing in it at all."""
    home = new_home(tmp_path / "empty")
    yield home
    drop(home)


@pytest.fixture
def keyed(empty: Home, shop: Home) -> Home:
    """An empty home that was given the shop's keys."""
    empty.folder.mkdir(mode=0o700)
    shutil.copy(shop.folder / "secrets.json", empty.folder)
    return empty


def books_of(home: Home) -> list[list[tuple[Any, ...]]]:
    return [home.rows(statement) for statement in BOOKS]


def packed(path: Path) -> dict[str, bytes]:
    """The members of an archive, read without the product's code."""
    raw = pa.input_stream(str(path), compression="zstd").read()
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


# ── there and back ───────────────────────────────────────────────────────────────────────


def test_everything_comes_back_and_the_doctor_finds_nothing(
    shop: Home, saved: Path, keyed: Home
) -> None:
    told = keyed.told("restore", str(saved))
    assert told["restored"]
    assert told["before"] == told["after"]
    assert told["before"]["orders_order"] > 150
    assert told["merchants"][0]["balances"]["points"]["outstanding"] > 0
    assert books_of(keyed) == books_of(shop)
    assert keyed.told("doctor")["findings"] == []
    files = {p.relative_to(keyed.folder) for p in keyed.folder.glob("imports/*/*/*")}
    assert files == {p.relative_to(shop.folder) for p in shop.folder.glob("imports/*/*/*")} != set()
    assert not list(keyed.folder.glob(".restore-*"))


def test_the_restored_ledger_is_append_only_again(saved: Path, keyed: Home) -> None:
    keyed.run("restore", str(saved))
    with keyed._connected() as line, pytest.raises(Exception, match="append-only"):
        line.execute("DELETE FROM ledger_posting")


def test_with_its_keys_a_backup_needs_nothing_else(shop: Home, empty: Home, tmp_path: Path) -> None:
    path = tmp_path / "all.tar.zst"
    said = shop.run("backup", str(path), "--with-secrets").stderr
    assert "holds the keys" in said
    assert empty.told("restore", str(path))["restored"]
    secrets = empty.folder / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert json.loads(secrets.read_text()) == json.loads((shop.folder / "secrets.json").read_text())


# ── the file ─────────────────────────────────────────────────────────────────────────────


def test_the_file_is_private_tells_what_it_holds_and_has_no_key_inside(
    shop: Home, saved: Path
) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    found = packed(saved)
    manifest = json.loads(found.pop("manifest.json"))
    assert found.keys() == {member["name"] for member in manifest["members"]}
    assert manifest["dialect"] == ("postgresql" if POSTGRES else "sqlite")
    ((orders,),) = shop.rows("SELECT count(*) FROM orders_order")
    assert manifest["tables"]["orders_order"] == orders
    assert manifest["merchants"][0]["seal"]["seal"] == 2
    assert "secrets.json" not in found
    everything = b"".join(found.values()) + json.dumps(manifest).encode()
    for key in json.loads((shop.folder / "secrets.json").read_text()).values():
        assert key.encode() not in everything


def test_it_is_said_loudly_that_names_need_the_keys(shop: Home, tmp_path: Path) -> None:
    said = shop.run("backup", str(tmp_path / "one.tar.zst")).stderr
    assert "WARNING: the keys are NOT in this file" in said
    assert str(shop.folder / "secrets.json") in said


def test_no_file_is_written_over_and_a_refusal_leaves_nothing(shop: Home, tmp_path: Path) -> None:
    path = tmp_path / "once.tar.zst"
    path.write_bytes(b"mine")
    assert "exists" in shop.run("backup", str(path), code=1).stderr
    assert path.read_bytes() == b"mine"
    assert "no folder" in shop.run("backup", str(tmp_path / "no" / "x"), code=1).stderr
    assert [p.name for p in tmp_path.iterdir()] == ["once.tar.zst"]


def test_figures_and_copy_are_of_one_instant_while_others_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merchant who comes after the counting, and others during the copying, are not in it."""
    make_merchant()
    figures = inventory.merchant_figures
    late: list[str] = []

    def somebody_comes() -> None:
        thread = threading.Thread(
            target=lambda: (late.append(make_merchant().code), connection.close())
        )
        thread.start()
        thread.join()

    def figures_then_somebody() -> list[dict[str, Any]]:
        found = figures()
        somebody_comes()
        return found

    monkeypatch.setattr(inventory, "merchant_figures", figures_then_somebody)
    monkeypatch.setattr(backup, "_PAGES_AT_ONCE", 50)
    if not POSTGRES:
        copy = backup._copy_sqlite
        monkeypatch.setattr(
            backup,
            "_copy_sqlite",
            lambda target, move: copy(
                target, lambda done, total: somebody_comes() if len(late) < 3 else None
            ),
        )
    path = tmp_path / "busy.tar.zst"
    manifest = backup.take(path)
    assert len(late) >= (1 if POSTGRES else 3)
    assert not {one["code"] for one in manifest["merchants"]} & set(late)
    assert merchants_inside(path, tmp_path) == manifest["tables"]["merchants_merchant"]


def merchants_inside(path: Path, folder: Path) -> int:
    found = packed(path)
    if POSTGRES:
        dump = folder / "dump"
        dump.write_bytes(found[archive.POSTGRES])
        told = subprocess.run(
            ["pg_restore", "--data-only", "--table=merchants_merchant", "--file=-", str(dump)],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        rows = told.split("FROM stdin;\n")[1].splitlines()
        return rows.index("\\.")
    database = folder / "copy.sqlite3"
    database.write_bytes(found[archive.SQLITE])
    line = sqlite3.connect(database)
    ((count,),) = line.execute("SELECT count(*) FROM merchants_merchant").fetchall()
    line.close()
    return int(count)


# ── what is refused ──────────────────────────────────────────────────────────────────────


def test_without_the_keys_nothing_is_restored_unless_they_are_lost(
    saved: Path, empty: Home
) -> None:
    assert "keys are not in this backup" in empty.run("restore", str(saved), code=1).stderr
    other = dict.fromkeys(("REGULARS_FIELD_KEY", "REGULARS_INDEX_KEY"), "0d" * 32)
    said = empty.run("restore", str(saved), code=1, **other).stderr
    assert "not those of the backup" in said
    assert list(empty.folder.iterdir()) == []
    empty.run("restore", str(saved), "--accept-other-keys")
    assert empty.rows("SELECT count(*) FROM orders_order")[0][0] > 150


def test_a_home_that_is_not_empty_is_kept_or_set_aside(
    shop: Home, saved: Path, tmp_path: Path
) -> None:
    used = shop.copy(tmp_path / "used")
    try:
        used.tamper("UPDATE merchants_merchant SET name = 'older'")
        before = books_of(used)
        assert "empty" in used.run("restore", str(saved), code=1).stderr
        assert books_of(used) == before
        assert used.rows("SELECT name FROM merchants_merchant") == [("older",)]
        told = used.told("restore", str(saved), "--replace")
        assert used.rows("SELECT name FROM merchants_merchant") == [("tea",)]
        assert told["restored"]
        kept = list(used.folder.glob("replaced-*"))
        assert (kept[0] / "imports").is_dir()
        if POSTGRES:
            ((schema,),) = used.rows(
                "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replaced%'"
            )
            assert used.rows(f'SELECT name FROM "{schema}".merchants_merchant') == [("older",)]
        else:
            line = sqlite3.connect(kept[0] / "regulars.sqlite3")
            assert line.execute("SELECT name FROM merchants_merchant").fetchall() == [("older",)]
            line.close()
    finally:
        drop(used)


def test_a_database_in_use_is_not_taken_away(shop: Home, tmp_path: Path) -> None:
    path = tmp_path / "all.tar.zst"
    shop.run("backup", str(path), "--with-secrets")
    used = shop.copy(tmp_path / "busy")
    before = sorted(p.name for p in used.folder.iterdir())
    try:
        with used._connected() as line:
            line.execute("SELECT count(*) FROM merchants_merchant").fetchall()
            said = used.run("restore", str(path), "--replace", code=1).stderr
            assert "stop `regulars serve` first" in said
            count = "SELECT count(*) FROM orders_order"
            assert line.execute(count).fetchall() == shop.rows(count)
        assert not {"imports", "secrets.json", *before} - {p.name for p in used.folder.iterdir()}
        assert not list(used.folder.glob("*replaced*"))
    finally:
        drop(used)


def test_a_changed_cut_or_foreign_file_is_refused_and_touches_nothing(
    saved: Path, keyed: Home, tmp_path: Path
) -> None:
    whole = saved.read_bytes()
    middle = len(whole) // 2
    flipped = bytearray(whole)
    flipped[middle] ^= 0x10
    for number, data in enumerate((bytes(flipped), whole[:middle], b"a,b\n1,2\n", b"")):
        path = tmp_path / f"bad-{number}"
        path.write_bytes(data)
        said = keyed.run("restore", str(path), code=1).stderr
        assert "error: " in said
        assert "Traceback" not in said
    assert [p.name for p in keyed.folder.iterdir()] == ["secrets.json"]
    assert keyed.told("restore", str(saved))["restored"]


def forged(path: Path, members: dict[str, bytes]) -> Path:
    """An archive of these members, as somebody else might write it."""
    with pa.output_stream(str(path), compression="zstd") as out, io.BytesIO() as raw:
        with tarfile.open(fileobj=raw, mode="w") as tar:
            for name, data in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        out.write(raw.getvalue())
    return path


@pytest.mark.parametrize(
    "name",
    ["../outside", "/etc/outside", "imports/1/../../outside", f"imports/1/{'a' * 32}/..", "x.py"],
)
def test_a_member_that_is_none_of_ours_is_not_unpacked(tmp_path: Path, name: str) -> None:
    path = forged(tmp_path / "f", {name: b"x", "manifest.json": b"{}"})
    (tmp_path / "in").mkdir()
    with pytest.raises(Refused, match="no whole backup"):
        archive.unpack(path, tmp_path / "in", move=lambda done, total: None)
    assert not (tmp_path / "outside").exists()
    assert list((tmp_path / "in").iterdir()) == []


def test_a_file_whose_bytes_and_manifest_disagree_is_refused(saved: Path, tmp_path: Path) -> None:
    found = packed(saved)
    csv = next(name for name in found if name.endswith("orders.csv"))
    quiet = {"move": lambda done, total: None}
    for number, change in enumerate(
        ({csv: found[csv] + b"\n"}, {f"imports/2/{'b' * 32}/more.csv": b"x"})
    ):
        members = {**found, **change}
        members["manifest.json"] = members.pop("manifest.json")
        path = forged(tmp_path / f"forged-{number}", members)
        (tmp_path / f"in-{number}").mkdir()
        with pytest.raises(Refused, match="is damaged"):
            archive.unpack(path, tmp_path / f"in-{number}", **quiet)
    less = {name: data for name, data in found.items() if name != csv}
    (tmp_path / "in").mkdir()
    with pytest.raises(Refused, match="is damaged"):
        archive.unpack(forged(tmp_path / "less", less), tmp_path / "in", **quiet)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dialect": "oracle"}, "set or unset DATABASE_URL"),
        ({"migrations": ["ledger.9999_from_the_future"]}, "newer version"),
        ({"format": 99}, "cannot read"),
    ],
)
def test_a_backup_of_another_kind_is_refused(
    saved: Path, keyed: Home, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    members = packed(saved)
    manifest = {**json.loads(members.pop("manifest.json")), **change}
    members["manifest.json"] = json.dumps(manifest).encode()
    path = forged(tmp_path / "other", members)
    assert said in keyed.run("restore", str(path), code=1).stderr
    assert [p.name for p in keyed.folder.iterdir()] == ["secrets.json"]
