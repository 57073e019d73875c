"""What catalog announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanged(Event):
    """What is known of a sku was set or changed; ``created`` where nothing was known before."""

    topic: ClassVar[str] = "product.changed"
    version: ClassVar[int] = 1

    sku: str
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeRegionChanged(Event):
    """From now on prices are struck through by another region's rule: cn, eu or none."""

    topic: ClassVar[str] = "catalog.strike_region_changed"
    version: ClassVar[int] = 1

    region: str
