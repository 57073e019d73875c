"""The house stays livable: sizes, names, clocks, owners. Each message says what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
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
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|raise NotImplementedError|coming soon|敬请期待)\b")
Faults = Iterator[str]
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


# ── each file by itself ──────────────────────────────────────────────────────────────────────


def fits_a_thought_and_a_function_a_screen(path: Path, text: str, tree: ast.Module) -> Faults:
    if text.count("\n") > MOST_FILE_LINES:
        yield "two ideas live here: split by idea"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body
            first = body[1] if _is_docstring(body[0]) and len(body) > 1 else body[0]
            lines = (node.end_lineno or 0) - first.lineno + 1
            if lines > MOST_FUNCTION_LINES:
                yield f"{node.name} is {lines} lines: name its beats"


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def says_what_lives_there(path: Path, text: str, tree: ast.Module) -> Faults:
    if path.stem in BANNED_NAMES:
        yield "the design is missing a noun: name it"
    if path.name not in ("apps.py",) and text.strip() and not ast.get_docstring(tree):
        yield "say in one line what the file is for"


def takes_time_from_the_one_clock(path: Path, text: str, tree: ast.Module) -> Faults:
    found = None if where(path) in MAY_READ_CLOCKS else CLOCKS.search(text)
    if found:
        yield f"{found.group()}…: take `now` as an argument"


def leaves_nothing_unfinished(path: Path, text: str, tree: ast.Module) -> Faults:
    found = UNFINISHED.search(text)
    if found:
        yield f"{found.group()}: build it or leave it out"


def has_no_amount_that_is_a_float(path: Path, text: str, tree: ast.Module) -> Faults:
    if where(path) not in EXACT:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"line {node.lineno}: money has no floats"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_path(node):
            yield f"line {node.lineno}: divide with //"


def _is_path(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Constant | ast.JoinedStr) for n in ast.walk(node))


def names_the_merchant_in_raw_sql(path: Path, text: str, tree: ast.Module) -> Faults:
    """SQL text that reads a member-owned table says whose rows it means."""
    owned = "|".join(_floors().keys() - {"merchants"})
    table = re.compile(rf"\b(?:FROM|JOIN|UPDATE)\s+((?:{owned})_[a-z]+)")
    statement = re.compile(r"\b(SELECT|UPDATE|DELETE)\b")
    parts = {id(part) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values}
    for node in ast.walk(tree):
        said = None if id(node) in parts else _text_of(node)
        if said is None or not table.search(said) or not statement.search(said):
            continue
        # A condition that is spliced in is read where it is written.
        if "merchant_id" not in said and "WHERE {}" not in said:
            yield f"{said[:60]!r} names no merchant"


def reads_down_in_raw_sql(path: Path, text: str, tree: ast.Module) -> Faults:
    """Tables have borders as code has: SQL names those of its own module and of floors below."""
    floors = _floors()
    table = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO)\s+({'|'.join(floors)})_[a-z]+")
    owner = where(path).split("/")[1] if where(path).startswith("modules/") else None
    if owner not in floors:
        return
    for node in ast.walk(tree):
        for module in table.findall(_text_of(node) or ""):
            if module != owner and floors[module] >= floors[owner]:
                yield (
                    f"{module} stands above or beside {owner}; let it hand the figure in, or "
                    "hear its event"
                )


RULES = (
    fits_a_thought_and_a_function_a_screen,
    says_what_lives_there,
    takes_time_from_the_one_clock,
    leaves_nothing_unfinished,
    has_no_amount_that_is_a_float,
    names_the_merchant_in_raw_sql,
    reads_down_in_raw_sql,
)


@cache
def faults() -> dict[str, list[str]]:
    """What is wrong, by the rule it breaks: every file is read and parsed once."""
    found: dict[str, list[str]] = {rule.__name__: [] for rule in RULES}
    read = 0
    for path in sources():
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        for rule in RULES:
            found[rule.__name__] += [f"{where(path)}: {told}" for told in rule(path, text, tree)]
        read += 1
    assert read > 500, "the sources are not where they were"
    return found


@pytest.mark.parametrize("rule", [rule.__name__ for rule in RULES])
def test_every_file(rule: str) -> None:
    assert faults()[rule] == []


# ── all of it together ───────────────────────────────────────────────────────────────────────


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


@cache
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
