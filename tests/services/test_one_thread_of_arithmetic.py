"""What is foretold leaves the other cores to the tills: NumPy's arithmetic starts no threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = """
import os
import django
django.setup()
import numpy
square = numpy.ones((600, 600))
square @ square
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux lists threads so")
def test_arithmetic_is_done_by_the_thread_that_asks(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}

    def threads(**said: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", COUNT],
            env={**kept, "DJANGO_SETTINGS_MODULE": "regulars.config.settings",
                 "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
                 "REGULARS_HOME": str(tmp_path / "home"), **said},
            capture_output=True,
            text=True,
            check=True,
        )  # fmt: skip
        return int(done.stdout)

    assert threads() == 1
    # Whoever runs it may say otherwise; more than there are cores it does not take.
    assert threads(OPENBLAS_NUM_THREADS="2") == min(2, os.cpu_count() or 1)
