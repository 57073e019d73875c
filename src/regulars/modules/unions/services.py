"""What may be done with two records of one person."""

from __future__ import annotations

from .merging import Done, merge
from .undoing import undo

__all__ = ["Done", "merge", "undo"]
