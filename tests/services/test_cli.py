"""The command line, run as people run it: a process, a home, exit codes."""

from __future__ import annotations

import ast
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from makers.homes import POSTGRES
from makers.merchants import console, make_merchant, make_staff, unique
from regulars.cli import main, words
from regulars.cli.operating import words as operating_words
from regulars.cli.progress import bar
from regulars.infra.models import WriteRecord
from regulars.modules.merchants.models import Merchant
from regulars.modules.merchants.queries import principal_of_key

SRC = str(Path(__file__).parents[2] / "src")
#: In a home of its own on SQLite a command is the same whatever database the other tests have.
in_a_home = pytest.mark.skipif(bool(POSTGRES), reason="done in the run on SQLite")

#: Seconds that anything of a server may take on a machine that is busy with others.
PATIENCE = 120


def slowness() -> float:
    """How many times as long as alone a process takes on this machine just now."""
    began, worked = time.monotonic(), time.process_time()
    while time.process_time() - worked < 0.1:
        pass
    return max(1.0, (time.monotonic() - began) / 0.1)


class Home:
    """A home of its own, on SQLite, with no secrets from this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.first: dict[str, str] = {}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("REGULARS_", "DJANGO_"))}
        for gone in ("DATABASE_URL", "LANG", "LC_ALL", "LC_MESSAGES"):
            kept.pop(gone, None)
        self.env = {**kept, "REGULARS_HOME": str(folder), "PYTHONPATH": SRC}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "regulars.cli", *words]

    def run(self, *words: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*words),
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("home") / "regulars")
    told = made.run(
        *("init", "--merchant", "tea", "--currency", "CNY", "--timezone", "Asia/Shanghai"),
        *("--template", "plain", "--json"),
    )
    made.first = json.loads(told.stdout)
    return made


@in_a_home
def test_init_makes_a_merchant_and_shows_its_key_once(home: Home) -> None:
    assert home.first.keys() == {"merchant", "api_key"}
    assert home.first["merchant"] == "tea"
    key = home.first["api_key"]
    assert key.startswith("sk_live_")
    secrets = home.folder / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    held = b"".join(p.read_bytes() for p in home.folder.glob("regulars.sqlite3*"))
    assert b"sk_live_" in held, "its prefix is kept"
    assert key.encode() not in held


@in_a_home
def test_init_again_adds_a_merchant_and_keeps_the_secrets(home: Home) -> None:
    before = (home.folder / "secrets.json").read_text()
    told = home.run("init", "--merchant", "cafe", "--currency", "EUR", "--json").stdout
    assert json.loads(told)["merchant"] == "cafe"
    assert (home.folder / "secrets.json").read_text() == before
    line = sqlite3.connect(home.folder / "regulars.sqlite3")
    codes = line.execute("SELECT code, zone, locale FROM merchants_merchant ORDER BY id").fetchall()
    line.close()
    assert codes == [("tea", "Asia/Shanghai", "zh-hans"), ("cafe", "UTC", "en")]


def test_a_home_without_secrets_is_told_what_to_run(tmp_path: Path) -> None:
    empty = Home(tmp_path / "none")
    assert "regulars init" in empty.run("serve", code=1).stderr
    assert not empty.folder.exists(), "asking made nothing"


@in_a_home
def test_a_placeholder_for_a_secret_is_refused(home: Home) -> None:
    refused = home.run("staff", "list", code=1, REGULARS_FIELD_KEY="changeme" * 8)
    assert "placeholder" in refused.stderr


# ── verbs, in this process ────────────────────────────────────────────────────────────────────


class Told:
    """Runs commands in this process and reads what they printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def json(self, *words_given: str) -> Any:
        out, _ = self.run(*words_given, "--json")
        return json.loads(out)

    def run(self, *words_given: str, code: int = 0) -> tuple[str, str]:
        """What the command wrote to stdout and stderr."""
        self._capsys.readouterr()
        try:
            ended: Any = main(words_given)
        except SystemExit as left:
            ended = left.code
        out, err = self._capsys.readouterr()
        assert ended == code, (words_given, out, err)
        return out, err


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return Told(capsys)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"--merchant": "taken"}, "another code"),
        ({"--currency": "XYZ"}, "ISO 4217"),
        ({"--timezone": "Mars"}, "IANA"),
        ({"--template": "none"}, "template"),
        ({"--merchant": "A B"}, "code"),
        ({"--name": "x" * 201}, "200 characters"),
    ],
)
def test_a_refused_init_tells_the_fix_and_leaves_nothing(
    cli: Told, wrong: dict[str, str], says: str
) -> None:
    taken = make_merchant()
    wanted = {"--merchant": unique("new"), "--currency": "CNY", **wrong}
    if wanted["--merchant"] == "taken":
        wanted["--merchant"] = taken.code
    given = [word for pair in wanted.items() for word in pair]
    before = Merchant.objects.count()
    _, err = cli.run("init", *given, code=1)
    assert says in err
    _, as_json = cli.run("init", *given, "--json", code=1)
    assert json.loads(as_json)["error"]["code"]
    assert Merchant.objects.count() == before


def test_what_is_not_understood_is_2(cli: Told) -> None:
    for words_given in (["bogus"], ["init"], ["staff"], ["keys", "revoke"], []):
        cli.run(*words_given, code=2)


def test_a_command_names_the_merchant_where_there_are_several(
    cli: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = make_merchant(), make_merchant()
    _, err = cli.run("keys", "list", code=1)
    assert "--merchant" in err
    _, err = cli.run("keys", "list", "--merchant", "nobody", code=1)
    assert one.code in err
    monkeypatch.setenv("REGULARS_MERCHANT", one.code)
    assert cli.json("keys", "list") == []


@in_a_home
def test_a_reader_that_has_enough_is_no_fault(home: Home) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        home.command("keys", "list", "--merchant", "tea"),
        env=home.env,
        stdout=writes,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writes)
    assert (done.returncode, done.stderr) == (141, b"")


def test_staff_and_keys_are_made_listed_and_revoked(cli: Told) -> None:
    shop = make_merchant()
    at, ana = ("--merchant", shop.code), unique("ana")
    made = cli.json("staff", "create", *at, "--username", ana, "--role", "manager")
    assert "/sign-in/" in made["sign_in_link"]
    assert [p["username"] for p in cli.json("staff", "list", *at)] == [ana]
    assert "/sign-in/" in cli.json("staff", "link", *at, "--username", ana)["sign_in_link"]
    cli.run("staff", "link", *at, "--username", "bob", code=1)
    cli.run("staff", "create", *at, "--username", ana, code=1)

    key = cli.json("keys", "create", *at, "--name", "till", "--scope", "orders.read")
    assert principal_of_key(key["api_key"]).permissions == {"orders.read"}  # type: ignore[union-attr]
    (listed,) = cli.json("keys", "list", *at)
    assert (listed["id"], listed["scopes"]) == (key["id"], ["orders.read"])
    assert key["api_key"] not in str(listed)
    assert cli.json("keys", "revoke", *at, str(key["id"]))["revoked"] is True
    assert principal_of_key(key["api_key"]) is None
    cli.run("keys", "revoke", *at, "999999", code=1)
    written = WriteRecord.objects.of(shop.id).order_by("id")
    assert list(written.values_list("operation", "actor")) == [
        ("staff.create", "operator"),
        ("staff.link", "operator"),
        ("keys.create", "operator"),
        ("keys.revoke", "operator"),
    ]


def test_an_operator_signs_in_with_password_and_code_and_with_nothing_less(cli: Told) -> None:
    name = unique("op")
    made = cli.json("operator", "create", "--username", name)
    device = TOTPDevice.objects.get(user__username=name)
    totp = TOTP(device.bin_key)
    totp.time = time.time()
    form = {"username": name, "password": made["password"]}
    half, whole = Client(), Client()
    half.post("/operator/login/", form)
    assert half.get("/operator/")["Location"].startswith("/operator/login/")
    signed = {**form, "otp_token": f"{totp.token():06d}", "otp_device": device.persistent_id}
    whole.post("/operator/login/", signed)
    assert whole.get("/operator/merchants/merchant/").status_code == 200
    assert whole.get("/operator/merchants/merchant/add/").status_code == 403
    assert whole.get("/operator/auth/user/").status_code == 404, "people are not edited here"
    owner = make_staff(make_merchant(), "owner", totp=True)
    staff = console(owner)
    assert staff.django.get("/operator/").status_code == 302, "staff are no operators"
    cli.run("operator", "create", "--username", name, code=1)


@in_a_home
def test_jobs_run_once_do_what_is_due(home: Home) -> None:
    home.run("init", "--merchant", "books", "--currency", "EUR")
    relayed = [
        json.loads(home.run("jobs", "run", "--once", "--json").stdout)["jobs"]["infra.outbox.relay"]
        for _ in range(2)
    ]
    assert relayed[0] > 0
    assert relayed[1] == 0


def test_help_is_there_for_every_verb_without_loading_django(
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = (
        "import sys; from regulars.cli import main\n"
        "try: main(['serve', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'django' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONPATH": SRC}
    )
    for verb in ("init", "migrate", "serve", "staff create", "keys create", "jobs run"):
        with pytest.raises(SystemExit) as ended:
            main([*verb.split(), "--help"])
        assert ended.value.code == 0
        assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    "verb",
    ["serve", "jobs run", "doctor", "init", "staff create", "keys create", "import orders",
     "import refunds", "import undo", "backup", "restore", "export entries", "report",
     "insight due", "insight recommend", "insight churn", "insight clv"],
)  # fmt: skip
def test_every_verb_of_the_contract_answers_in_json_about_a_merchant(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*verb.split(), "--help"])
    told = capsys.readouterr().out
    assert "--json" in told
    assert "--merchant CODE" in told


@in_a_home
def test_a_verb_about_the_whole_home_refuses_a_merchant_that_is_not_in_it(
    home: Home, tmp_path: Path
) -> None:
    file = str(tmp_path / "saved")
    for words_given in (["serve", "--port", "0"], ["jobs", "run", "--once"], ["backup", file]):
        done = home.run(*words_given, "--merchant", "nobody", code=1)
        assert "'nobody'" in done.stderr
    home.run("jobs", "run", "--once", "--merchant", "tea")
    home.run("backup", file, "--merchant", "tea")
    for code, merchant in ((1, "nobody"), (0, "tea")):
        other = Home(tmp_path / merchant)
        other.folder.mkdir(mode=0o700)
        shutil.copy(home.folder / "secrets.json", other.folder)
        other.run("restore", file, "--merchant", merchant, code=code)
        assert (other.folder / "regulars.sqlite3").exists() is (code == 0)


def test_the_locale_chooses_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert words.say("error") == "error"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert words.say("error") == "错误"
    assert "tea" in words.say("merchant {code} is ready", code="tea")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert words.say("error") == "error"


def test_every_chinese_sentence_fills_in_what_the_english_one_does() -> None:
    import string

    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for english, chinese in words._ZH.items():
        assert fields(english) == fields(chinese), english


def test_every_sentence_has_a_chinese_one() -> None:
    """Whatever is said, and what `--help` says of verbs and groups."""
    said = []
    for path in Path(words.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            place = {"say": 0, "verb": 1, "group": 1}.get(name)
            text = call.args[place] if place is not None and place < len(call.args) else None
            if isinstance(text, ast.Constant):
                said.append(text.value)
    known = {*words._ZH, *operating_words._ZH}
    assert len(said) > 100
    assert sorted(set(said) - known) == []


def test_a_bar_tells_how_far_on_a_terminal_and_stays_quiet_elsewhere() -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    terminal, file = Terminal(), StringIO()
    with bar("importing", stream=terminal) as move:
        move(50, 200)
        move(200, 200)
    with bar("importing", stream=file) as move:
        for done in range(1, 201):
            move(done, 200)
    assert "25% 50/200" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n")
    assert file.getvalue().count("\n") == 1
    assert "100% 200/200" in file.getvalue()
    with bar("nothing", stream=file):
        pass


# ── serve ─────────────────────────────────────────────────────────────────────────────────────


class Served:
    """A running `regulars serve`."""

    def __init__(self, home: Home, *words: str, **env: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.log = (home.folder / f"serve-{self.port}.log").open("w+")
        self.process = subprocess.Popen(
            home.command("serve", "--port", str(self.port), *words),
            env={**home.env, **env},
            stderr=self.log,
            start_new_session=True,
        )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                if self.get("/healthz")[0] == 200:
                    return
            except OSError:
                pass
            assert self.process.poll() is None, self.told()
            time.sleep(0.1)
        raise AssertionError(self.told())

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            line.request("GET", path, headers=headers)
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def told(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def group(self) -> list[int]:
        """Every live process of the server's group."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if fields[0] != "Z" and int(fields[2]) == self.process.pid:
                    found.append(int(entry.name))
        return sorted(found)

    def gone(self) -> bool:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.process.poll()
            if not self.group():
                return True
            time.sleep(0.1)
        return False

    def end(self) -> None:
        if self.group():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


@pytest.fixture
def served(home: Home) -> Iterator[Served]:
    running = Served(home)
    yield running
    running.end()


@in_a_home
@pytest.mark.slow
def test_serve_answers_with_workers_and_jobs_and_stops_in_time(home: Home, served: Served) -> None:
    key = home.first["api_key"]
    assert len(served.group()) == 4, "the server, two workers, the jobs"
    assert served.get("/api/v1/members/mem_1", Authorization=f"Bearer {key}")[0] == 404
    assert b"regulars_requests_total" in served.get("/metrics")[1]
    taken = home.run("serve", "--port", str(served.port), code=1)
    assert "--port" in taken.stderr

    kept_open = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
    kept_open.request("GET", "/healthz")
    kept_open.getresponse().read()
    slow = slowness()
    began = time.monotonic()
    os.kill(served.process.pid, signal.SIGTERM)
    assert served.process.wait(timeout=PATIENCE) == 0, served.told()
    took = time.monotonic() - began
    assert took < 10 * max(slow, slowness()), f"{took:.1f} s"
    kept_open.close()
    assert served.group() == []
    assert key not in served.told()


@in_a_home
@pytest.mark.slow
def test_a_killed_worker_or_job_comes_back_and_a_killed_server_takes_all_along(
    served: Served,
) -> None:
    for _ in range(3):
        victim = served.group()[-1]
        os.kill(victim, signal.SIGKILL)
        time.sleep(0.5)
        assert served.get("/healthz")[0] == 200
    until = time.monotonic() + PATIENCE
    while len(served.group()) != 4 and time.monotonic() < until:
        time.sleep(0.2)
    assert len(served.group()) == 4, served.told()
    os.kill(served.process.pid, signal.SIGKILL)
    assert served.gone(), "nobody is left behind holding the port"
