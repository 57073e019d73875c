"""Break the ledger on purpose and see that the tests notice: `python -m tests.sabotage.run`.

Each sabotage is one change of one file in a temporary copy of src/, tested by itself. First the
copy is tested unchanged, since tests that always fail would notice everything. A name (or a part
of one) as argument runs only those that match. Exit code 1 when one is not noticed, or when its
snippet no longer is in the source.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

from tests.sabotage.pricing import PRICING_SABOTAGES, PRICING_SUITES
from tests.sabotage.sabotages import ENGINE, SABOTAGES, SUITES, Sabotage, Suite

ROOT = Path(__file__).resolve().parents[2]
WORKERS = min(2, os.cpu_count() or 1)
SECONDS_EACH = 150
PASSED, FAILED = 0, 1  # what pytest exits with

UNCHANGED = "nothing changed"
CONTROLS = [
    Sabotage(UNCHANGED, ENGINE, "class Purse:", "class Purse:", suite)
    for suite in (*SUITES, *PRICING_SUITES)
]


class Verdict(NamedTuple):
    good: bool
    told: str


def run_tests(copy: Path, suite: Suite) -> tuple[int, str]:
    """pytest's exit code on the copy, and the first line of what failed."""
    environment = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    environment |= {
        "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "REGULARS_HOME": str(copy / "home"),
        "REGULARS_MODEL_STEPS": str(suite.steps),
        "REGULARS_MODEL_RANDOM": "0",
    }
    command = [sys.executable, "-m", "pytest", "-x", "-p", "tests.sabotage.unshrunk"]
    command += ["-o", f"pythonpath={copy / 'src'} {ROOT / 'tests'}", suite.tests]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_EACH,
        check=False,
    )
    reasons = [line[1:].strip() for line in done.stdout.splitlines() if line.startswith("E  ")]
    return done.returncode, reasons[0] if reasons else done.stdout.strip()[-200:]


def judge(sabotage: Sabotage, copy: Path) -> Verdict:
    """Patch the copy, test it, put it right again."""
    path = copy / "src" / sabotage.file
    whole = path.read_text()
    found = whole.count(sabotage.old)
    if found == 0:
        return Verdict(False, f"the snippet is no longer in {sabotage.file}: mend sabotages.py")
    path.write_text(whole.replace(sabotage.old, sabotage.new))
    try:
        code, reason = run_tests(copy, sabotage.suite)
    except subprocess.TimeoutExpired:
        return Verdict(False, f"no verdict within {SECONDS_EACH} s")
    finally:
        path.write_text(whole)
    if sabotage.name == UNCHANGED:
        return Verdict(code == PASSED, "passes" if code == PASSED else reason)
    if code == FAILED:
        return Verdict(True, f"caught: {reason[:90]}")
    if code == PASSED:
        return Verdict(False, "NOT CAUGHT")
    return Verdict(False, f"broke the tests instead of failing them (exit {code}): {reason}")


def judge_all(chosen: list[Sabotage], folder: Path) -> list[Verdict]:
    """Side by side, each worker on a copy of its own; told as they come, in the order chosen."""
    copies: Queue[Path] = Queue()
    for number in range(WORKERS):
        copy = folder / str(number)
        shutil.copytree(
            ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "static")
        )
        (copy / "home").mkdir()
        copies.put(copy)

    def one(sabotage: Sabotage) -> tuple[Verdict, float]:
        copy, start = copies.get(), time.monotonic()
        try:
            return judge(sabotage, copy), time.monotonic() - start
        finally:
            copies.put(copy)

    verdicts = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for sabotage, (verdict, seconds) in zip(chosen, pool.map(one, chosen), strict=True):
            mark = "ok  " if verdict.good else "FAIL"
            sys.stdout.write(f"{mark} {sabotage.name} ({seconds:.0f} s): {verdict.told}\n")
            sys.stdout.flush()
            verdicts.append(verdict)
    return verdicts


def main(arguments: list[str]) -> int:
    chosen = [*CONTROLS, *SABOTAGES, *PRICING_SABOTAGES]
    if arguments:
        chosen = [s for s in chosen if any(word in s.name for word in arguments)]
    with tempfile.TemporaryDirectory(prefix="sabotage-") as folder:
        verdicts = judge_all(chosen, Path(folder))
    passed = sum(verdict.good for verdict in verdicts)
    sys.stdout.write(f"{passed} passed, {len(verdicts) - passed} failed\n")
    return 0 if passed == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
