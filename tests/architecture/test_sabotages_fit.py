"""`make sabotage` is too long for every run; that its changes still can be made is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sabotage.pricing import PRICING_SABOTAGES
from tests.sabotage.sabotages import SABOTAGES, Sabotage

SRC = Path(__file__).resolve().parents[2] / "src"


@pytest.mark.parametrize("sabotage", [*SABOTAGES, *PRICING_SABOTAGES], ids=lambda one: one.name)
def test_what_a_sabotage_breaks_is_in_the_source(sabotage: Sabotage) -> None:
    assert sabotage.old in (SRC / sabotage.file).read_text(encoding="utf-8")
    assert sabotage.old != sabotage.new
