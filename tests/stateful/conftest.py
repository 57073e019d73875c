"""Lets a failed check in the machines' own modules show both sides, as in a test file."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "stateful.invariants", "stateful.machine", "stateful.recorded_machine", "stateful.rows",
    "stateful.twin",
)  # fmt: skip
