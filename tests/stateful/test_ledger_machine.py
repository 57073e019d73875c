"""The ledger against a naive oracle: no sequence of acts may make them differ (T-01).

The same sequences every time, so that a verdict can be trusted; REGULARS_MODEL_STEPS asks for
another number of steps in all, REGULARS_MODEL_RANDOM=1 for sequences nobody has seen.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from regulars.infra.db import is_postgres
from stateful.machine import LedgerMachine
from stateful.recorded_machine import RecordedMachine

STEPS = int(os.environ.get("REGULARS_MODEL_STEPS", "0"))
RANDOM = os.environ.get("REGULARS_MODEL_RANDOM") == "1"


def run(machine: type[LedgerMachine], *, sequences: int, length: int) -> Counter[str]:
    """Run so many sequences of at most ``length`` steps; how often each rule fired."""
    machine.fired, machine.lengths = Counter(), Counter()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=max(1, STEPS // length) if STEPS else sequences,
            stateful_step_count=length,
            derandomize=not RANDOM,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return machine.fired


def all_fired(fired: Counter[str], *, rules: int, at_least_bps: int) -> None:
    """Each of ``rules`` had its share of the steps; few steps asked for prove nothing."""
    if STEPS:
        return
    steps = sum(fired.values())
    rare = {name: count for name, count in fired.items() if count * 10_000 < steps * at_least_bps}
    assert not rare, f"hardly ever among {steps} steps: {rare}"
    assert len(fired) == rules


@pytest.mark.slow
@pytest.mark.skipif(is_postgres(), reason="it has no rows: done in the run on SQLite")
def test_no_sequence_of_acts_parts_the_engine_from_the_oracle() -> None:
    fired = run(LedgerMachine, sequences=200, length=120)
    all_fired(fired, rules=15, at_least_bps=50)
    assert STEPS or sum(fired.values()) >= 10_000
    assert STEPS or max(LedgerMachine.lengths) >= 100


@pytest.mark.slow
def test_no_sequence_of_acts_parts_the_rows_from_the_oracle() -> None:
    RecordedMachine.races = Counter()
    fired = run(RecordedMachine, sequences=60, length=60)
    all_fired(fired, rules=20, at_least_bps=30)
    assert STEPS or min(RecordedMachine.races["lost"], RecordedMachine.races["won"]) >= 10


@pytest.mark.slow
def test_a_long_life_survives_every_crash_and_race() -> None:
    run(RecordedMachine, sequences=6, length=150)
    assert STEPS or max(RecordedMachine.lengths) >= 100
