"""Settings of the test suite: throw-away keys, a database of its own, the test clock on."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("REGULARS_HOME", tempfile.mkdtemp(prefix="regulars-test-"))
if "PYTEST_XDIST_WORKER" in os.environ:  # a worker has what its starter has: a home of its own
    os.environ["REGULARS_HOME"] = os.path.join(
        os.environ["REGULARS_HOME"], os.environ["PYTEST_XDIST_WORKER"]
    )
    os.makedirs(os.environ["REGULARS_HOME"], exist_ok=True)
os.environ.setdefault("REGULARS_SECRET_KEY", "5e" * 32)
os.environ.setdefault("REGULARS_FIELD_KEY", "f1" * 32)
os.environ.setdefault("REGULARS_INDEX_KEY", "1d" * 32)
os.environ.setdefault("REGULARS_SEAL_KEY", "5e" * 32)

from .settings import *  # noqa: F403
from .settings import DATABASES

TEST_CLOCK = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# No power fails under a test, and what a commit waits for the disk is most of what it takes.
# Homes of their own (makers.homes, the served shops) keep the settings of the product.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
else:
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
# A file, not memory: races open connections of their own. Named by process, so that suites may
# run side by side.
DATABASES["default"].setdefault("TEST", {})["NAME"] = (
    os.path.join(os.environ["REGULARS_HOME"], "test.sqlite3")
    if DATABASES["default"]["ENGINE"].endswith("sqlite3")
    else f"regulars_test_{os.getpid()}"
)
