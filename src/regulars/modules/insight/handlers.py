"""What insight tells segments, which stands below and cannot ask upwards."""

from __future__ import annotations

from functools import partial

from regulars.modules.segments import sources

from .telling import PARTS, origin, read

for _name, _part in PARTS.items():
    sources.tell(_part, partial(read, _name), origin=partial(origin, _name))
