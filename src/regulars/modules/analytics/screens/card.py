"""The member's own page: the card, the one next step, the benefits."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import segno

from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.instants import show_instant
from regulars.modules.coupons.queries import wallet
from regulars.modules.merchants.queries import source_note
from regulars.modules.programmes.statements import in_locale, named
from regulars.modules.promotions.services import settings_of

from .member import Known, known_of

_INK: Final = "#1F2933"
_QUIET_MODULES: Final = 4
_SHOWN: Final = ("name", "number", "status", "joined_at", "identities")


def card(merchant: MerchantFacts, member_id: UUID, *, locale: str) -> dict[str, Any]:
    """Everything on the member's card, in one answer. Raises NotFound."""
    known = known_of(merchant, member_id, locale=locale)
    basics = known.basics
    return {
        "merchant": {
            "name": merchant.name,
            "currency": merchant.currency,
            "zone": merchant.zone,
            "locale": merchant.locale,
            "now": show_instant(now_for(merchant)),
            "source_note": source_note(merchant.id) or None,
        },
        "member": {
            key: basics[key] for key in ("name", "number", "status", "joined_at", "identities")
        },
        "tier": known.tier,
        "balances": known.balances,
        "worth": _worth(merchant.id, known),
        "coupons": _usable(merchant, member_id),
        "next_step": known.next_step,
        "notices": known.notices,
        "qr_svg": qr_svg(basics["number"]),
        "benefits": _benefits(known, locale),
    }


def qr_svg(number: str) -> str:
    """A member's number as a QR code, as tills scan it: one path of SVG, without blanks."""
    code = segno.make(number.replace(" ", ""), error="m", micro=False)
    drawn: str = code.svg_inline(dark=_INK, light="#fff", border=_QUIET_MODULES, omitsize=True)
    return drawn


def _worth(merchant_id: int, known: Known) -> dict[str, int] | None:
    """What points pay at the till, and the available ones; None where they pay nothing there."""
    if settings_of(merchant_id).points_max_bps == 0:
        return None
    rate = known.programme.redeeming.points
    steps = max(0, known.balances["points"]["available"]) // rate.units
    return {"units": rate.units, "minor": rate.minor, "available_minor": steps * rate.minor}


def _usable(merchant: MerchantFacts, member_id: UUID) -> int:
    """How many coupons the member may use now."""
    found = wallet(merchant.id, member_id, now_for(merchant))
    return sum(1 for coupon in found if coupon.state == "available")


def _benefits(known: Known, locale: str) -> list[dict[str, Any]]:
    """What every tier brings; a tier has what those below it have, too."""
    ladder, statement = known.programme.ladder, known.stand.statement
    rank = ladder.rank(statement.tier.code)
    return [
        {
            "tier": tier.code,
            "tier_name": named(tier, locale)["name"],
            "code": benefit.code,
            "name": in_locale(benefit.name, locale),
            "text": in_locale(benefit.text, locale),
            "mine": place <= rank,
            "gap": max(0, tier.threshold - statement.counter) if place > rank else None,
        }
        for place, tier in enumerate(ladder.tiers)
        for benefit in tier.benefits
    ]
