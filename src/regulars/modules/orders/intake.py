"""Orders and refunds as they are sent: what every door takes, and what the services make of it."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from regulars.infra.http.fields import ExternalId, Instant, MemberId, QuoteId, Strict
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid
from regulars.modules.members.rules import normalised, phone_region
from regulars.modules.members.types import IdentityType

from .refunds import RefundAsked
from .types import Draft, DraftLine

MOST_LINES: Final = 1_000
MOST_MINOR: Final = 10**15
MOST_UNITS: Final = 2**31 - 1
Minor = Annotated[int, Field(ge=0, le=MOST_MINOR)]
Units = Annotated[int, Field(ge=1, le=MOST_UNITS)]


class IdentityIn(Strict):
    type: IdentityType
    value: ExternalId


class LineIn(Strict):
    """``total`` is what the line cost in all; without it quantity x unit_price."""

    sku: ExternalId
    quantity: Units
    unit_price: Minor
    total: Minor | None = None


class OrderIn(Strict):
    external_id: ExternalId
    member_id: MemberId | None = None
    identity: Annotated[
        IdentityIn | None, Field(description="Unknown: a shopper is enrolled with it")
    ] = None
    channel: ExternalId | None = None
    store: ExternalId | None = None
    placed_at: Instant
    paid_at: Annotated[
        Instant | None, Field(description="Without it nothing is earned until it is paid")
    ] = None
    lines: Annotated[
        list[LineIn],
        Field(
            max_length=MOST_LINES,
            default_factory=list,
            description="1 to 1,000; on a quote they may be left out",
        ),
    ]
    quote_id: Annotated[
        QuoteId | None, Field(description="Placed at exactly the price of this quote")
    ] = None
    paid: Annotated[
        Minor,
        Field(
            description="Recorded; the line totals are the net that earns. "
            "On a quote it is the quote's due"
        ),
    ]

    def draft(self, merchant: MerchantFacts) -> Draft:
        """What the services take. Raises Invalid: two ways to say who, sums out of bounds."""
        if self.member_id is not None and self.identity is not None:
            raise Invalid(
                "Say who it is in one way.",
                errors=[FieldError("/identity", "unexpected", "Leave it out beside member_id.")],
            )
        if not self.lines and self.quote_id is None:
            raise Invalid(
                "An order has lines.",
                errors=[FieldError("/lines", "too_short", "Send 1 to 1,000 lines.")],
            )
        lines = tuple(_line(line, number) for number, line in enumerate(self.lines))
        if sum(line.total_minor for line in lines) > MOST_MINOR:
            raise Invalid(
                "The lines cost more than an order can.",
                errors=[FieldError("/lines", "too_large", f"The most is {MOST_MINOR} in all.")],
            )
        return Draft(
            external_id=self.external_id,
            lines=lines,
            placed_at=self.placed_at,
            paid_at=self.paid_at,
            paid_minor=self.paid,
            member_id=self.member_id,
            identity=_identity(self.identity, merchant),
            channel=self.channel,
            store=self.store,
            quote_id=self.quote_id,
        )


class ReturnIn(Strict):
    line: Annotated[int, Field(ge=1, le=MOST_LINES)]
    quantity: Units


class ReturnsIn(Strict):
    lines: Annotated[list[ReturnIn], Field(min_length=1, max_length=MOST_LINES)]

    def returns(self) -> dict[int, int]:
        """Units per line. Raises Invalid where a line stands twice."""
        found: dict[int, int] = {}
        for number, one in enumerate(self.lines):
            if one.line in found:
                raise Invalid(
                    "Each line stands once.",
                    errors=[FieldError(f"/lines/{number}/line", "repeated", "Add its units up.")],
                )
            found[one.line] = one.quantity
        return found


class RefundIn(ReturnsIn):
    external_id: ExternalId
    refunded_at: Instant | None = None

    def asked(self) -> RefundAsked:
        """What the services take. Raises Invalid."""
        return RefundAsked(self.external_id, self.returns(), self.refunded_at)


class EarlyRefundIn(RefundIn):
    order_external_id: ExternalId


def _line(line: LineIn, number: int) -> DraftLine:
    total = line.total if line.total is not None else line.quantity * line.unit_price
    if total > MOST_MINOR:
        raise Invalid(
            "The lines cost more than an order can.",
            errors=[FieldError(f"/lines/{number}", "too_large", f"The most is {MOST_MINOR}.")],
        )
    return DraftLine(line.sku, line.quantity, line.unit_price, total)


def _identity(given: IdentityIn | None, merchant: MerchantFacts) -> tuple[str, str] | None:
    if given is None:
        return None
    region = phone_region(merchant.zone, merchant.locale)
    return given.type, normalised(type=given.type, value=given.value, region=region)
