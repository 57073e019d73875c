"""The hash chain of one account: each posting's hash covers the one before.

The hash is the SHA-256 of the RFC 8785 JSON of the exported entry without its hash, so anybody
with an export can verify it. The text is assembled by hand because it is made for every posting;
tests hold it equal to the general canonical form.
"""

from __future__ import annotations

import json
from hashlib import sha256

from .types import ACCOUNT_LETTERS, ASSET_NAMES


def posting_hash(
    member_hex: str,
    account: int,
    version: int,
    at_text: str,
    amount: int,
    balance_after: int,
    kind: str,
    cause_type: str,
    cause_id: str,
    reverses: str | None,
    previous: str,
) -> str:
    """Hex hash of one entry; ``previous`` is the hash of the version before (zeros for the first).

    Every text here is made by us (ids, kinds), so none needs escaping.
    """
    reverses_text = "null" if reverses is None else f'"{reverses}"'
    text = (
        f'{{"account":"acc_{member_hex}_{ACCOUNT_LETTERS[account]}","amount":{amount},'
        f'"asset":"{ASSET_NAMES[account]}","at":"{at_text}","balance_after":{balance_after},'
        f'"cause":{{"id":"{cause_id}","type":"{cause_type}"}},"kind":"{kind}",'
        f'"member_id":"mem_{member_hex}","prev_hash":"{previous}","reverses":{reverses_text},'
        f'"version":{version}}}'
    )
    return sha256(text.encode()).hexdigest()


def parts_text(parts: list[list[int]] | None) -> str | None:
    """From which lots how much came, as it is kept beside the entry; the hash leaves it out."""
    return json.dumps(parts, separators=(",", ":")) if parts else None


def exported_line(
    *,
    member_hex: str,
    account: int,
    version: int,
    at_text: str,
    amount: int,
    balance_after: int,
    kind: str,
    cause_type: str,
    cause_id: str,
    reverses: str | None,
    previous: str,
    hash: str,
) -> str:
    """The entry as a line of `GET /export/entries`: what is hashed, and the hash."""
    reverses_text = "null" if reverses is None else f'"{reverses}"'
    return (
        f'{{"account":"acc_{member_hex}_{ACCOUNT_LETTERS[account]}","version":{version},'
        f'"asset":"{ASSET_NAMES[account]}","member_id":"mem_{member_hex}","at":"{at_text}",'
        f'"amount":{amount},"balance_after":{balance_after},"kind":"{kind}",'
        f'"cause":{{"type":"{cause_type}","id":"{cause_id}"}},"reverses":{reverses_text},'
        f'"prev_hash":"{previous}","hash":"{hash}"}}\n'
    )
