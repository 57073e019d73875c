"""What tells whether an order sent again under the same id is the same order."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final
from uuid import UUID

from pydantic_core import to_json

from regulars.kernel.instants import show_instant

from .pieces import Piece

_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ESCAPED: Final = re.compile(r'["\\\x00-\x1f]')


def content_fingerprint(
    *,
    who: object,
    placed_at: datetime,
    paid_at: datetime | None,
    channel: str | None,
    store: str | None,
    lines: Sequence[object],
    paid_minor: int | None = None,
    quote_id: UUID | None = None,
) -> str:
    """``paid_minor`` only where it is not what the lines cost: files do not tell it."""
    content = [
        who,
        show_instant(placed_at),
        show_instant(paid_at) if paid_at else None,
        channel,
        store,
        list(lines),
    ]
    if paid_minor is not None or quote_id is not None:
        content.append(paid_minor)
    if quote_id is not None:
        content.append(quote_id.hex)
    # Lists, texts and integers alone: plain JSON is canonical already, and ten times as fast.
    return sha256(to_json(content)).hexdigest()[:32]


def piece_fingerprints(piece: Piece, *, identity_type: str) -> list[str]:
    """``content_fingerprint`` of every order of a piece, its text put together from columns."""
    skus = piece.sku if _are_plain(piece.sku) else [_as_json(sku)[1:-1] for sku in piece.sku]
    lines = [
        f'["{sku}",{quantity},{"null" if price is None else price},{total}]'
        for sku, quantity, price, total in zip(
            skus, piece.quantity, piece.unit_price_minor, piece.total_minor, strict=True
        )
    ]
    kind = _as_json(identity_type)
    found = []
    for index, at in enumerate(map(show_instant, piece.placed_at)):
        member = piece.member[index]
        who = "" if member is None else f"{kind},{_as_json(member)}"
        channel, store = _as_json(piece.channel[index]), _as_json(piece.store[index])
        own = ",".join(lines[piece.line_start[index] : piece.line_start[index + 1]])
        text = f'[[{who}],"{at}","{at}",{channel},{store},[{own}]]'
        found.append(sha256(text.encode()).hexdigest()[:32])
    return found


def _are_plain(texts: Sequence[str]) -> bool:
    """Whether the JSON of each is the text between quotes; most files' are, and one look at all of
    them is cheap."""
    return _ESCAPED.search("".join(texts)) is None


@lru_cache(maxsize=65_536)
def _as_json(text: str | None) -> str:
    return _PLAIN.encode(text)
