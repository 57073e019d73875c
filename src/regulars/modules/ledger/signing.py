"""Signatures of seals: a root that somebody shows is told from a root that the house made.

What is signed is the RFC 8785 JSON of the seal's row as the export tells it, with a key that is the
merchant's alone, so a seal cannot be passed off as another's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.conf import settings

from regulars.infra import crypto
from regulars.kernel.canonical import canonical_json
from regulars.kernel.instants import show_instant

from .types import Finding, SealView


def seal_line(sealed: SealView) -> dict[str, Any]:
    """A seal as the export and the API show it."""
    return {
        "seal": sealed.number,
        "at": show_instant(sealed.at),
        "accounts": sealed.accounts,
        "root": sealed.root,
        "previous": sealed.previous,
    }


def signed(merchant_id: int, sealed: SealView) -> SealView:
    """The seal with the merchant's signature. Raises KeyMissing."""
    return replace(
        sealed,
        public_key=crypto.public_key(merchant_id),
        signature=crypto.sign(merchant_id, _text(sealed)),
    )


def faults(seals: Iterable[SealView]) -> list[Finding]:
    """Seals that nobody signed, or whose signature is of something else."""
    found = []
    for sealed in seals:
        if not sealed.signature:
            found.append(_finding("seal_unsigned", sealed, "nobody signed this seal"))
        elif not crypto.is_signed(sealed.public_key, sealed.signature, _text(sealed)):
            detail = f"{sealed.public_key} did not sign this seal"
            found.append(_finding("seal_signature", sealed, detail))
    return found


def strangers(merchant_id: int, seals: Iterable[SealView]) -> list[Finding]:
    """The first seal of each key that is neither this home's nor one it says it had before.

    Signatures are good whoever made them; only the home knows which keys are its own. Raises
    KeyMissing.
    """
    known = {"", crypto.public_key(merchant_id), *settings.FORMER_SEAL_KEYS}
    found = []
    for sealed in seals:
        if sealed.public_key not in known:
            known.add(sealed.public_key)
            detail = (
                f"signed by {sealed.public_key}, which is not this home's key; if it was, name it "
                "in REGULARS_FORMER_SEAL_KEYS"
            )
            found.append(_finding("seal_stranger", sealed, detail))
    return found


def _text(sealed: SealView) -> bytes:
    return canonical_json(seal_line(sealed))


def _finding(code: str, sealed: SealView, detail: str) -> Finding:
    return Finding(code, "", "", sealed.number, detail)
