"""Tills that sell without a line: a device with a key of its own, and what it signs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from makers.merchants import unique
from makers.orders import NOON, Shop, order_body
from regulars.infra.writes import Asked, fingerprint_of
from regulars.kernel.canonical import canonical_json
from regulars.kernel.ids import new_id, parse
from regulars.kernel.instants import show_instant
from regulars.modules.tills import services
from regulars.modules.tills.rules import registration_text
from regulars.modules.tills.sending import send


def public_text(key: EllipticCurvePrivateKey) -> str:
    raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


def signature(key: EllipticCurvePrivateKey, text: bytes) -> str:
    r, s = decode_dss_signature(key.sign(text, ECDSA(SHA256())))
    return base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()


@dataclass
class Device:
    """What stands on the counter: it numbers and signs what it does."""

    till: str = ""
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    number: int = 0

    def registration(self, code: str) -> dict[str, str]:
        public_key = public_text(self.key)
        text = registration_text(code=code, public_key=public_key)
        return {"code": code, "public_key": public_key, "proof": signature(self.key, text)}

    def envelope(
        self,
        body: Mapping[str, Any],
        *,
        kind: str = "order",
        at: datetime = NOON,
        number: int | None = None,
        **other: Any,
    ) -> dict[str, Any]:
        """The next envelope, or one under a number that is told."""
        if number is None:
            self.number += 1
            number = self.number
        content = {
            "version": 1,
            "till": self.till,
            "number": number,
            "made_at": show_instant(at),
            "kind": kind,
            "body": body,
            **other,
        }
        return {**content, "signature": signature(self.key, canonical_json(content))}

    def sale(self, *net_minor: int, at: datetime = NOON, **given: Any) -> dict[str, Any]:
        """An envelope with a paid order."""
        number = given.pop("number", None)
        return self.envelope(order_body(*net_minor, at=at, **given), at=at, number=number)

    def giving_back(
        self, order: str, *lines: tuple[int, int], at: datetime = NOON, **given: Any
    ) -> dict[str, Any]:
        """An envelope with a refund of units per line of an order known by its own id."""
        body = {
            "external_id": unique("r"),
            "order_external_id": order,
            "lines": [{"line": line, "quantity": units} for line, units in lines],
            **given,
        }
        return self.envelope(body, kind="refund", at=at)


def make_device(shop: Shop, *, store: str = "S1") -> Device:
    """A device of a new till, registered."""
    device = Device()
    done, code = services.enrol(
        merchant_id=shop.merchant_id, name=unique("till"), store=store, by="test", now=shop.now
    )
    registered = shop.api.post("/tills/register", device.registration(code))
    assert registered.status_code == 200, registered.content
    device.till = registered.json()["id"]
    assert parse("till", device.till) == done.till.id
    return device


def sent(
    shop: Shop, device: Device, envelopes: Sequence[Any], *, key: str | None = None
) -> dict[str, Any]:
    """The answer to a batch."""
    answer = shop.api.post(
        f"/tills/{device.till}/envelopes", {"envelopes": list(envelopes)}, key=key
    )
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def verdicts(answer: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Number, status, whether repeated, and the code or what is waited for, of each."""
    return [
        (one["number"], one["status"], one["repeated"], one.get("code") or one.get("waits_for"))
        for one in answer["verdicts"]
    ]


def send_by_service(shop: Shop, device: Device, envelopes: Sequence[Any]) -> dict[str, Any]:
    """The same past HTTP, for many at once."""
    till_id = parse("till", device.till)
    assert till_id is not None
    wanted = Asked(
        merchant_id=shop.merchant_id,
        actor="test",
        operation="tills.send",
        key=new_id().hex,
        fingerprint=fingerprint_of(envelopes),
        now=shop.now,
    )
    return dict(json.loads(send(shop.scope, wanted, shop.merchant, till_id, envelopes).text))
