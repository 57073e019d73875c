"""Signatures of devices: ECDSA over P-256 with SHA-256, as browsers and POS systems make them.

A public key is written as SubjectPublicKeyInfo (DER) in base64, a signature as r and s of 32 bytes
each in base64: what WebCrypto exports and makes.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

_HALF: Final = 32
_ALGORITHM: Final = ECDSA(SHA256())


def is_device_key(public_key: str) -> bool:
    """Whether this text is a public key of a device."""
    return _key(public_key) is not None


def is_signed_by_device(public_key: str, signature: str, text: bytes) -> bool:
    """Whether ``signature`` is that key's signature of ``text``; malformed ones are nobody's."""
    key = _key(public_key)
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    if key is None or len(raw) != 2 * _HALF:
        return False
    r, s = int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big")
    try:
        key.verify(encode_dss_signature(r, s), text, _ALGORITHM)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=1_024)
def _key(public_key: str) -> EllipticCurvePublicKey | None:
    try:
        found = load_der_public_key(base64.b64decode(public_key, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(found, EllipticCurvePublicKey) or not isinstance(found.curve, SECP256R1):
        return None
    return found
