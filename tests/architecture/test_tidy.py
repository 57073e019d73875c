"""The house stays livable: sizes, names, clocks, owners. Each message says what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "regulars"
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 50
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base_utils"}
ROOMS = {
    "__init__", "apps", "types", "errors", "rules", "engine", "models", "queries", "services",
    "handlers", "jobs", "admin", "api", "migrations",
}  # fmt: skip
#: Where value is decided: integers alone.
EXACT = {
    "kernel/allocation.py",
    "kernel/commerce.py",
    "modules/budgets/sheet.py",
    "modules/catalog/reference_price.py",
    "modules/earning/rules.py",
    "modules/ledger/chain.py",
    "modules/ledger/clawback.py",
    "modules/ledger/engine.py",
    "modules/ledger/moving.py",
    "modules/ledger/recorder.py",
    "modules/ledger/restoring.py",
    "modules/orders/rules.py",
    "modules/programmes/rules.py",
    "modules/promotions/counting.py",
    "modules/pricing/bounding.py",
    "modules/pricing/earning.py",
    "modules/pricing/engine.py",
    "modules/pricing/extras.py",
    "modules/pricing/handing.py",
    "modules/pricing/kinds.py",
    "modules/pricing/playing.py",
    "modules/pricing/problem.py",
    "modules/pricing/requalifying.py",
    "modules/pricing/returns.py",
    "modules/pricing/search.py",
    "modules/pricing/sharing.py",
    "modules/pricing/sums.py",
    "modules/pricing/tenders.py",
    "modules/tiers/rules.py",
}
CLOCKS = re.compile(r"\b(datetime\.now|datetime\.utcnow|timezone\.now|date\.today|time\.time)\(")
#: Where the clock may be read: the one clock, ids and log lines that carry the time,
#: and the sweeping of old folders.
MAY_READ_CLOCKS = {
    "infra/clock.py",
    "infra/logs.py",
    "kernel/ids.py",
    "modules/analytics/folders.py",
}


def sources() -> Iterator[Path]:
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts and "static" not in path.parts:
            yield path


def where(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("path", list(sources()), ids=where)
def test_a_file_fits_a_thought_and_a_function_a_screen(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_FILE_LINES, "two ideas live here: split by idea"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body
            first = body[1] if _is_docstring(body[0]) and len(body) > 1 else body[0]
            lines = (node.end_lineno or 0) - first.lineno + 1
            assert lines <= MOST_FUNCTION_LINES, f"{node.name} is {lines} lines: name its beats"


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize("path", list(sources()), ids=where)
def test_names_say_what_lives_there(path: Path) -> None:
    assert path.stem not in BANNED_NAMES, "the design is missing a noun: name it"
    text = path.read_text(encoding="utf-8")
    if path.name not in ("apps.py",) and text.strip():
        assert ast.get_docstring(ast.parse(text)), "say in one line what the file is for"


@pytest.mark.parametrize("path", list(sources()), ids=where)
def test_time_comes_from_the_one_clock(path: Path) -> None:
    if where(path) in MAY_READ_CLOCKS:
        return
    found = CLOCKS.search(path.read_text(encoding="utf-8"))
    assert not found, f"{found and found.group()}…: take `now` as an argument"


def test_nothing_is_left_unfinished() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|raise NotImplementedError|coming soon|敬请期待)\b")
    for path in sources():
        found = words.search(path.read_text(encoding="utf-8"))
        assert not found, f"{where(path)}: {found and found.group()}: build it or leave it out"


def test_no_ledger_amount_is_a_float() -> None:
    for path in sources():
        if where(path) not in EXACT:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
            assert not is_float, f"{where(path)}:{getattr(node, 'lineno', 0)}: money has no floats"
            divides = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
            assert not (divides and not _is_path(node)), f"{where(path)}: divide with //"


def _is_path(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Constant | ast.JoinedStr) for n in ast.walk(node))


def test_every_table_has_an_owner() -> None:
    """A table without a merchant either belongs to the operator or is a leak waiting to happen."""
    import django

    django.setup()
    from django.apps import apps

    free = {"outboxrow", "merchant", "factsstamp", "signinlink"}
    for model in apps.get_models():
        if not model.__module__.startswith("regulars."):
            continue
        names = {field.attname for field in model._meta.concrete_fields}
        owned = "merchant_id" in names
        assert owned or model._meta.model_name in free, f"{model.__name__} has no merchant_id"


def test_raw_sql_on_owned_tables_names_its_merchant() -> None:
    """SQL text that reads a member-owned table says whose rows it means."""
    owned = "|".join(_floors().keys() - {"merchants"})
    table = re.compile(rf"\b(?:FROM|JOIN|UPDATE)\s+((?:{owned})_[a-z]+)")
    statement = re.compile(r"\b(SELECT|UPDATE|DELETE)\b")
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parts = {
            id(part) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values
        }
        for node in ast.walk(tree):
            text = None if id(node) in parts else _text_of(node)
            if text is None or not table.search(text) or not statement.search(text):
                continue
            # A condition that is spliced in is read where it is written.
            assert "merchant_id" in text or "WHERE {}" in text, (
                f"{where(path)}: {text[:60]!r} names no merchant"
            )


def test_raw_sql_reads_down() -> None:
    """Tables have borders as code has: SQL names those of its own module and of floors below."""
    floors = _floors()
    table = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO)\s+({'|'.join(floors)})_[a-z]+")
    for path in sources():
        owner = where(path).split("/")[1] if where(path).startswith("modules/") else None
        if owner not in floors:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in table.findall(_text_of(node) or ""):
                assert module == owner or floors[module] < floors[owner], (
                    f"{where(path)}: {module} stands above or beside {owner}; let it hand the "
                    "figure in, or hear its event"
                )


def _floors() -> dict[str, int]:
    """The modules as .importlinter stacks them, the lowest floor first."""
    import configparser

    borders = configparser.ConfigParser()
    borders.read(ROOT / ".importlinter")
    stacked = borders["importlinter:contract:modules"]["layers"].split("\n")
    found = [[name.strip("() ") for name in line.split("|")] for line in stacked if line.strip()]
    return {name: floor for floor, names in enumerate(reversed(found)) for name in names}


def _text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
        return "".join(parts)
    return None


def test_no_file_names_a_machine_or_a_registry() -> None:
    """The project speaks of itself alone."""
    hosts = [
        "pyp" + "i.org",
        "pythonhos" + "ted.org",
        "registry.npm" + "js.org",
        "deb.deb" + "ian.org",
    ]
    paths = re.compile(r"(^|[^.\w-])/(wor" + r"k|far" + r"m)/")
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for host in hosts:
            assert host not in text, f"{path}: names {host}"
        assert not paths.search(text), f"{path}: holds a path of a machine"


def _tracked() -> Iterator[Path]:
    import subprocess

    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and path.stat().st_size < 2_000_000:
            yield path


def test_no_two_test_files_share_a_name() -> None:
    """pytest imports them by that name alone, and leaves out the second."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, f"rename one of each: {twice}"
