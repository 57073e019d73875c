"""What orders tells those below who heard of an order: they cannot ask upwards."""

from __future__ import annotations

from regulars.modules.segments import sources

from .purchases import buyers_in, buyers_of, purchases

sources.tell("purchases", purchases)
sources.lead("orders", buyers_in)
sources.lead("sku", buyers_of)
