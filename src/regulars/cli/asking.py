"""Writes from the command line leave their line in the audit like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from regulars.infra.http.principal import MerchantFacts
    from regulars.infra.writes import Asked

OPERATOR: Final = "operator"


def asked(merchant: MerchantFacts, operation: str) -> Asked:
    """A write by whoever holds this machine; each call is a new one."""
    from regulars.infra.clock import now_for
    from regulars.infra.writes import Asked, fingerprint_of
    from regulars.kernel.ids import new_id

    return Asked(
        merchant_id=merchant.id,
        actor=OPERATOR,
        operation=operation,
        key=new_id().hex,
        fingerprint=fingerprint_of(None),
        now=now_for(merchant),
    )
