"""The test vector of docs/how-to/offline-tills.md: what an outside till checks itself against."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from regulars.infra.device_keys import is_device_key, is_signed_by_device
from regulars.modules.tills.rules import digest_of, registration_text, signed_text

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "offline-tills.md"
PUBLIC_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXNiASmnkH4rwUTBjuSH9Adma9ddOzrstBABHnPZ2NUMfUZNaALRWDAEY"
    "gFBtoquHJSaPTV++fNIk//1bZFEdRQ=="
)
SIGNATURE = (
    "aGNBKjiweUAa/EzHTjQKaesrCOxe0rO1FLZX9ZY4U7437w1qEa6zQAzZ6xroF/vIZiuH1xAo6Ky1R5bVhVPuRw=="
)
PROOF = "g1HyyrDaD9+LAP+IiZVrD7DCBsTcVqmqWq0AJlrSdpATZ1tQ6Dgl9JthhoLbvcQWhROQoC2mqsjSwtawt/wxTg=="
DIGEST = "ab7c55073c371a8fd3d8f29b0a614cc00c2d87f8472abc74355884fe09b2d906"
BODY: dict[str, Any] = {
    "external_id": "T1-000007",
    "identity": {"type": "phone", "value": "+8613800000000"},
    "channel": "store",
    "store": "S1",
    "placed_at": "2026-03-10T09:10:00Z",
    "paid_at": "2026-03-10T09:10:00Z",
    "lines": [{"sku": "tea", "quantity": 2, "unit_price": 2500}],
    "paid": 5000,
}


def vector() -> bytes:
    return signed_text(
        till_id=UUID("0192d3a0-0000-7000-8000-000000000001"),
        number=7,
        made_at="2026-03-10T09:10:04Z",
        kind="order",
        body=BODY,
    )


def test_the_vector_is_what_we_sign_and_check() -> None:
    assert is_device_key(PUBLIC_KEY)
    assert digest_of(vector()) == DIGEST
    assert is_signed_by_device(PUBLIC_KEY, SIGNATURE, vector())
    text = registration_text(code="ABCD-2345-WXYZ", public_key=PUBLIC_KEY)
    assert is_signed_by_device(PUBLIC_KEY, PROOF, text)


def test_the_how_to_prints_the_vector() -> None:
    text = re.sub(r"\s", "", HOW_TO.read_text(encoding="utf-8"))
    for piece in (PUBLIC_KEY, SIGNATURE, PROOF, DIGEST, vector().decode()):
        assert re.sub(r"\s", "", piece) in text


@pytest.mark.parametrize(
    "signature",
    [PROOF, "", "A", "AAAA", SIGNATURE[:-4], SIGNATURE + "AAAA", "!" + SIGNATURE[1:], "é" * 88],
)
def test_another_signature_is_nobodys(signature: str) -> None:
    assert not is_signed_by_device(PUBLIC_KEY, signature, vector())


@pytest.mark.parametrize("key", ["", "A", "AAAA", PUBLIC_KEY[:-8], PUBLIC_KEY + "AAAA", "é"])
def test_what_is_no_key_signs_nothing(key: str) -> None:
    assert not is_device_key(key)
    assert not is_signed_by_device(key, SIGNATURE, vector())


def test_a_key_of_another_curve_is_none() -> None:
    import base64

    from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    raw = (
        generate_private_key(SECP384R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    assert not is_device_key(base64.b64encode(raw).decode())
