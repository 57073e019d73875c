"""The CDNOW buyers, whose models are published: transactions as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np

CALIBRATION_ENDS = date(1997, 9, 30)
HOLDOUT_ENDS = date(1998, 6, 30)


@dataclass(frozen=True, slots=True)
class Transactions:
    """``name`` of each buyer in order, and per transaction whose, on what day, worth what."""

    name: list[str]
    member: np.ndarray
    day: np.ndarray
    minor: np.ndarray


def transactions(which: Literal["sample", "master"]) -> Transactions:
    """Every transaction of the file; the sample's own customer numbers stand first."""
    spec = find_spec("lifetimes")  # only found: importing it would drag in what it needs
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "datasets" / f"CDNOW_{which}.txt").read_text()
    rows = [line.split() for line in text.splitlines()]
    rows = [row for row in rows if len(row) >= 4 and row[0].isdigit()]
    name, member = np.unique([row[0] for row in rows], return_inverse=True)
    return Transactions(
        name=name.tolist(),
        member=member.astype(np.int64),
        day=np.array([date.fromisoformat(row[-3]).toordinal() for row in rows]),
        minor=np.array([round(float(row[-1]) * 100) for row in rows]),
    )
