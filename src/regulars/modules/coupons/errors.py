"""What coupons refuses."""

from __future__ import annotations

from regulars.kernel.errors import Conflict


class CodeExists(Conflict):
    """A public code is taken already, however it is written."""

    code = "code_exists"
    title = "There is a coupon with this code already"


class BatchWithdrawn(Conflict):
    """The coupons of this batch were taken back."""

    code = "batch_withdrawn"
    title = "These coupons were withdrawn"
