"""What recommendations are asked."""

from __future__ import annotations

from typing import Final, Literal

from regulars.modules.insight.types import Level
from regulars.modules.members import types as members

Mode = Literal["next_basket", "explore"]
MODES: Final[tuple[Mode, ...]] = ("next_basket", "explore")
#: The purpose of a consent that a member gives or takes back.
PERSONALISATION: Final = members.PERSONALISATION
#: How long the lists are that are kept, and of what; any others are made when asked for.
KEPT_LENGTH: Final = 20
KEPT_LEVELS: Final[tuple[Level, ...]] = ("type", "sku")
#: The longest list that may be asked for.
MOST_LENGTH: Final = 100
