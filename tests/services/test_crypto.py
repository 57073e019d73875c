"""Sealed fields and blind indexes."""

from __future__ import annotations

import base64
import hashlib

import pytest
from django.test import override_settings

from regulars.infra import crypto

PLACE = {"merchant_id": 7, "table": "members_member", "field": "name", "row_id": "a1"}


def test_a_sealed_value_opens_in_its_place() -> None:
    sealed = crypto.seal(**PLACE, text="王小明")
    assert crypto.unseal(**PLACE, sealed=sealed) == "王小明"
    assert "王小明" not in sealed


def test_two_seals_of_one_value_differ() -> None:
    assert crypto.seal(**PLACE, text="Ana") != crypto.seal(**PLACE, text="Ana")


def test_the_empty_text_stays_empty() -> None:
    assert crypto.seal(**PLACE, text="") == ""
    assert crypto.unseal(**PLACE, sealed="") == ""


@pytest.mark.parametrize(
    "elsewhere",
    [{"merchant_id": 8}, {"table": "other"}, {"field": "birthday"}, {"row_id": "a2"}],
)
def test_a_sealed_value_moved_elsewhere_does_not_open(elsewhere: dict[str, object]) -> None:
    sealed = crypto.seal(**PLACE, text="Ana")
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(**{**PLACE, **elsewhere}, sealed=sealed)  # type: ignore[arg-type]


def test_no_changed_byte_goes_unseen() -> None:
    sealed = crypto.seal(**PLACE, text="Ana")
    for at in range(len(sealed)):
        changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
        if _bytes_of(changed) == _bytes_of(sealed):
            continue  # the last character carries bits that are not used
        with pytest.raises(crypto.Unreadable):
            crypto.unseal(**PLACE, sealed=changed)


@pytest.mark.parametrize("garbage", ["1.", "1.AAAA", "2.abc", "plain text", "1.%%%", "1.ü"])
def test_garbage_is_unreadable_and_nothing_worse(garbage: str) -> None:
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(**PLACE, sealed=garbage)


def test_a_blind_index_meets_itself_and_nobody_else() -> None:
    one = crypto.blind_index(merchant_id=7, type="phone", value="+8613800138000")
    assert one == crypto.blind_index(merchant_id=7, type="phone", value="+8613800138000")
    others = {
        crypto.blind_index(merchant_id=8, type="phone", value="+8613800138000"),
        crypto.blind_index(merchant_id=7, type="card", value="+8613800138000"),
        crypto.blind_index(merchant_id=7, type="phone", value="+8613800138001"),
        hashlib.sha256(b"+8613800138000").hexdigest(),
        hashlib.sha256(b"phone\0+8613800138000").hexdigest(),
    }
    assert one not in others
    assert len(one) == 64


def test_the_two_secrets_serve_one_purpose_each() -> None:
    sealed = crypto.seal(**PLACE, text="Ana")
    index = crypto.blind_index(merchant_id=7, type="external", value="42")
    _forget_keys()
    try:
        with override_settings(INDEX_KEY="22" * 32):
            assert crypto.unseal(**PLACE, sealed=sealed) == "Ana"
            assert crypto.blind_index(merchant_id=7, type="external", value="42") != index
        _forget_keys()
        with override_settings(FIELD_KEY="33" * 32):
            assert crypto.blind_index(merchant_id=7, type="external", value="42") == index
            with pytest.raises(crypto.Unreadable):
                crypto.unseal(**PLACE, sealed=sealed)
    finally:
        _forget_keys()


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_missing_secret_says_so(secret: str) -> None:
    _forget_keys()
    with override_settings(FIELD_KEY=secret), pytest.raises(crypto.KeyMissing, match="init"):
        crypto.seal(**PLACE, text="Ana")
    _forget_keys()


@pytest.mark.parametrize(
    ("type", "value", "masked"),
    [
        ("phone", "+8613800138000", "+86*******8000"),
        ("email", "ana.lopez@example.com", "a***@example.com"),
        ("external", "00017", "****17"),
        ("external", "customer-123456", "****3456"),
        ("external", "7", "****"),
        ("card", "6006001234", "****1234"),
    ],
)
def test_a_mask_recognises_without_reaching(type: str, value: str, masked: str) -> None:
    assert crypto.mask(type=type, value=value) == masked


def _bytes_of(sealed: str) -> bytes:
    try:
        return sealed[:2].encode() + base64.b64decode(sealed[2:], altchars=b"-_")
    except ValueError:
        return b""


def _forget_keys() -> None:
    crypto._cipher.cache_clear()
    crypto._index_key.cache_clear()
