"""What backup, restore and doctor say in Chinese."""

from __future__ import annotations

from typing import Final

from regulars.cli.words import chinese

_ZH: Final[dict[str, str]] = {}


def tell(text: str, **told: object) -> str:
    """``text``, in the reader's language, with what it tells filled in."""
    words = _ZH.get(text, text) if chinese() else text
    return words.format(**told) if told else words
