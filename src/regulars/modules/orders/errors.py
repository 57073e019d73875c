"""What orders refuse."""

from __future__ import annotations

from regulars.kernel.errors import Refusal


class ExternalIdReused(Refusal):
    """An order or refund of this id came before with other content."""

    code = "external_id_reused"
    status = 409
    title = "This id was used for something else"


class OverRefund(Refusal):
    """More units were sent back than are left."""

    code = "over_refund"
    status = 409
    title = "More than is left"


class NotRefundable(Refusal):
    """The order was never paid, or was cancelled."""

    code = "order_not_refundable"
    status = 409
    title = "There is nothing to give back"


class AlreadyPaid(Refusal):
    """The order was paid at another instant."""

    code = "order_already_paid"
    status = 409
    title = "Already paid"


class OrderCancelled(Refusal):
    """The order was cancelled."""

    code = "order_cancelled"
    status = 409
    title = "The order was cancelled"
