"""What tills refuse."""

from __future__ import annotations

from regulars.kernel.errors import Conflict, Invalid, Refusal


class CodeInvalid(Invalid):
    """The enrolment code was never given, was used, or is over."""

    code = "enrolment_code_invalid"
    title = "This enrolment code does not work"


class KeyInvalid(Invalid):
    """What was sent as a public key is none, or the proof was not made with it."""

    code = "till_key_invalid"
    title = "This key does not work"


class NotRegistered(Conflict):
    """The till has no key yet."""

    code = "till_not_registered"
    title = "Register the till's key first"


class NotTheNext(Conflict):
    """Another number than the one that is waited for was to be given up."""

    code = "till_not_the_next"
    title = "Only the number that is waited for can be given up"


class EnvelopeRefused(Refusal):
    """An envelope whose number is used up, but which orders were not even asked about."""

    status = 422


class TooLongOffline(EnvelopeRefused):
    code = "too_long_offline"
    title = "Older than a till may be offline"


class AfterSigning(EnvelopeRefused):
    code = "after_signing"
    title = "It names an instant after it was signed"


class QuoteNeedsALine(EnvelopeRefused):
    code = "quote_needs_a_line"
    title = "A quote is paid while there is a line"
