"""Field encryption and signatures: nobody reads a person, or speaks for the house, without a key.

Three secrets, one key per merchant from each (HKDF-SHA-256), so a leaked merchant key opens one
merchant and the index key opens nothing:

- ``REGULARS_FIELD_KEY`` seals values with AES-256-GCM. A sealed value is bound to its merchant,
  table, field and row; moved elsewhere it does not open.
- ``REGULARS_INDEX_KEY`` makes keyed blind indexes: equal values of one merchant meet, and nobody
  without the key can test a guess (a plain digest of all phone numbers is an afternoon's work).
- ``REGULARS_SEAL_KEY`` signs (Ed25519): who has the public key can tell what this house said.
"""

from __future__ import annotations

import base64
import hmac
import os
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE_BYTES: Final = 12
_MIN_SECRET: Final = 32
_VERSION: Final = "1."
_SHOWN_TAIL: Final = 4
_MERCHANTS_CACHED: Final = 4096


class Unreadable(Exception):
    """A sealed value does not open: other key, other place, or changed bytes."""


class KeyMissing(RuntimeError):
    """A secret is absent or too short; `regulars init` makes the ones nobody gave."""


def seal(*, merchant_id: int, table: str, field: str, row_id: str, text: str) -> str:
    """``text`` encrypted for exactly this place; the empty text stays empty."""
    if not text:
        return ""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(merchant_id).encrypt(
        nonce, text.encode(), _place(merchant_id, table, field, row_id)
    )
    return _VERSION + base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(*, merchant_id: int, table: str, field: str, row_id: str, sealed: str) -> str:
    """What ``seal`` was given for the same place. Raises Unreadable for anything else."""
    if not sealed:
        return ""
    if not sealed.startswith(_VERSION):
        raise Unreadable
    try:
        raw = base64.b64decode(sealed.removeprefix(_VERSION), altchars=b"-_", validate=True)
        opened = _cipher(merchant_id).decrypt(
            raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _place(merchant_id, table, field, row_id)
        )
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error
    return opened.decode()


def blind_index(*, merchant_id: int, type: str, value: str) -> str:
    """64 hexadecimal digits that only this merchant's key can compute for a normalised value."""
    return hmac.digest(_index_key(merchant_id), f"{type}\0{value}".encode(), "sha256").hex()


def mask(*, type: str, value: str) -> str:
    """What may be shown of an identity: enough to recognise it, too little to reach it.

    A phone keeps its country code and last four digits, an email its first letter and domain,
    anything else at most its last four characters and never more than half.
    """
    if type == "email":
        name, _, domain = value.rpartition("@")
        return f"{name[:1]}***@{domain}"
    if type == "phone":
        hidden = max(len(value) - _SHOWN_TAIL - 3, 4)
        return f"{value[:3]}{'*' * hidden}{value[-_SHOWN_TAIL:]}"
    shown = min(_SHOWN_TAIL, len(value) // 2)
    return f"****{value[len(value) - shown :]}"


def sign(merchant_id: int, text: bytes) -> str:
    """The merchant's signature of ``text``, 128 hexadecimal digits. Raises KeyMissing."""
    return _signer(merchant_id).sign(text).hex()


def public_key(merchant_id: int) -> str:
    """What the merchant's signatures are checked with, 64 hexadecimal digits."""
    return _signer(merchant_id).public_key().public_bytes_raw().hex()


def is_signed(public_key: str, signature: str, text: bytes) -> bool:
    """Whether ``signature`` is that key's signature of ``text``; malformed ones are nobody's."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _place(merchant_id: int, table: str, field: str, row_id: str) -> bytes:
    return f"{merchant_id}|{table}|{field}|{row_id}".encode()


@lru_cache(maxsize=_MERCHANTS_CACHED)
def _cipher(merchant_id: int) -> AESGCM:
    return AESGCM(_derived(settings.FIELD_KEY, "REGULARS_FIELD_KEY", merchant_id))


@lru_cache(maxsize=_MERCHANTS_CACHED)
def _index_key(merchant_id: int) -> bytes:
    return _derived(settings.INDEX_KEY, "REGULARS_INDEX_KEY", merchant_id)


@lru_cache(maxsize=_MERCHANTS_CACHED)
def _signer(merchant_id: int) -> Ed25519PrivateKey:
    seed = _derived(settings.SEAL_KEY, "REGULARS_SEAL_KEY", merchant_id)
    return Ed25519PrivateKey.from_private_bytes(seed)


def _derived(secret: str, name: str, merchant_id: int) -> bytes:
    if len(secret) < _MIN_SECRET:
        raise KeyMissing(f"{name} is missing or shorter than {_MIN_SECRET}: run `regulars init`")
    purpose = f"{name}|v1|{merchant_id}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
