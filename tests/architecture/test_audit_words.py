"""The audit trail is read by people: every write has words in the console."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WRITES = frozenset({"Asked", "answer_once", "asked", "_once"})
OPERATION = re.compile(r"[a-z_]+(\.[a-z_]+)+")


def written() -> set[str]:
    """The operations that are named where something is written."""
    found = set()
    for path in (ROOT / "src" / "regulars").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in WRITES:
                    found |= _texts([*node.args, *(given.value for given in node.keywords)])
            elif isinstance(node, ast.AnnAssign) and "OPERATION" in ast.unparse(node.target):
                found |= _texts([node.value] if node.value else [])
    return found


def _texts(nodes: list[ast.expr]) -> set[str]:
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {text for text in constants if isinstance(text, str) and OPERATION.fullmatch(text)}


def test_every_write_has_words() -> None:
    operations = written()
    assert {"members.enrol", "orders.refund.parked", "staff.create"} <= operations
    path = ROOT / "web" / "console" / "src" / "locales" / "en" / "audit.json"
    words = json.loads(path.read_text(encoding="utf-8"))["did"]
    assert {one for one in operations if one.replace(".", "_") not in words} == set()
