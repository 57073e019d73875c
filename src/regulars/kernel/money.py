"""Money: integers in a currency's minor unit inside, decimal text at the edges."""

from __future__ import annotations

import re

MAX_AMOUNT = 10**15
"""The largest amount in minor units; sums of nine thousand of them still fit 64 bits."""

_USUAL_EXPONENT = 2
_EXPONENT_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_EXPONENT_3 = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENT_4 = "CLF UYW"
# The last line holds codes withdrawn since 2014, which order files of those years still use.
_EXPONENT_2 = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
    CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
    GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK
    LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
    NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
    SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST
    XAD XCD XCG YER ZAR ZMW ZWG
    ANG BGN CUC HRK LTL MRO SLL STD VEF ZWL
"""
_EXPONENTS = {
    code: exponent
    for codes, exponent in (
        (_EXPONENT_0, 0),
        (_EXPONENT_2, _USUAL_EXPONENT),
        (_EXPONENT_3, 3),
        (_EXPONENT_4, 4),
    )
    for code in codes.split()
}

_AMOUNT = re.compile(r"(-?)([0-9]{1,20})(?:\.([0-9]{1,20}))?")


def minor_exponent(currency: str) -> int:
    """How many decimals ISO 4217 gives ``currency``: 2 for CNY, 0 for JPY, 3 for KWD.

    Raises ValueError for what is no ISO 4217 code of a currency with a minor unit.
    """
    exponent = _EXPONENTS.get(currency)
    if exponent is None:
        raise ValueError(
            f"{currency[:10]!r} is not an ISO 4217 currency code: use three capitals such as CNY"
        )
    return exponent


def to_minor(text: str, currency: str) -> int:
    """The amount that ``text`` names in major units ("12.34"), in minor units, exactly.

    A leading minus is taken, for the caller to judge. Decimals that the currency does not have
    are taken when they are zero. Nothing is ever rounded. Raises ValueError that tells the fix.
    """
    exponent = minor_exponent(currency)
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text[:40]!r} is not an amount: write digits with a point before the decimals, "
            "without spaces, thousands separators or currency signs, such as 1234.50"
        )
    sign, whole, decimals = match.groups(default="")
    if decimals[exponent:].strip("0"):
        raise ValueError(
            f"{text!r} is finer than {currency}, which has {exponent} decimals: round it first"
        )
    minor = int(whole + decimals[:exponent].ljust(exponent, "0"))
    if minor > MAX_AMOUNT:
        raise ValueError(
            f"{text!r} is too large: amounts go up to {to_major_text(MAX_AMOUNT, currency)}"
        )
    return -minor if sign else minor


def to_major_text(minor: int, currency: str) -> str:
    """``minor`` units of ``currency`` in major units, with all its decimals: 1234 is "12.34"."""
    exponent = minor_exponent(currency)
    digits = str(abs(minor)).zfill(exponent + 1)
    sign = "-" if minor < 0 else ""
    if exponent == 0:
        return sign + digits
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"
