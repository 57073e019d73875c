"""What merchants refuses."""

from __future__ import annotations

from regulars.kernel.errors import Conflict, Invalid, Refusal


class MerchantExists(Conflict):
    code = "merchant_exists"
    title = "A merchant of this code exists"


class MerchantSuspended(Refusal):
    """The merchant's access is closed; its data is kept."""

    code = "merchant_suspended"
    status = 403
    title = "This merchant is suspended"


class UsernameTaken(Conflict):
    code = "username_taken"
    title = "This username is taken"


class LastOwner(Conflict):
    """A merchant must keep somebody who can give roles."""

    code = "last_owner"
    title = "A merchant keeps at least one owner"


class ClockBackwards(Invalid):
    """Programme time never runs backwards."""

    code = "clock_backwards"
    title = "The clock only moves forward"


class SignInFailed(Refusal):
    """One answer for every wrong name, password and code."""

    code = "sign_in_failed"
    status = 401
    title = "Username, password or code is wrong"


class OtpRequired(Refusal):
    """Name and password are right; the code of the second factor is missing."""

    code = "otp_required"
    status = 401
    title = "Enter the code of your authenticator app"


class SignInLocked(Refusal):
    """Too many wrong attempts; the same whether the account exists or not."""

    code = "locked"
    status = 401
    title = "Too many attempts; try again in 15 minutes"


class WeakPassword(Invalid):
    code = "weak_password"
    title = "Choose a stronger password"


class NoMerchant(Refusal):
    """Signed in, but with no role at any open merchant."""

    code = "no_merchant"
    status = 403
    title = "You have no role at a merchant"
