"""Money in and out of text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.money import MAX_AMOUNT, minor_exponent, to_major_text, to_minor

CURRENCIES = st.sampled_from(["CNY", "USD", "JPY", "KWD", "CLF"])


@pytest.mark.parametrize(
    ("currency", "exponent"),
    [("CNY", 2), ("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("CLF", 4)],
)
def test_exponents_are_those_of_iso_4217(currency: str, exponent: int) -> None:
    assert minor_exponent(currency) == exponent


@pytest.mark.parametrize("currency", ["", "cny", "RMB", "XXX", "XAU", "CNY ", "BTC"])
def test_what_is_no_currency_code_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        minor_exponent(currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.34", "CNY", 1234),
        ("12.3", "CNY", 1230),
        ("12", "CNY", 1200),
        ("0.00", "USD", 0),
        ("-0.00", "USD", 0),
        ("-5.5", "USD", -550),
        ("007.10", "USD", 710),
        ("12.340000", "USD", 1234),
        ("980", "JPY", 980),
        ("980.00", "JPY", 980),
        ("1.234", "KWD", 1234),
        ("0.0001", "CLF", 1),
        ("10000000000000.00", "USD", MAX_AMOUNT),
    ],
)
def test_text_becomes_minor_units_exactly(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    ["", " ", "1,234.50", "1 234", "¥5", "5元", "1e3", "NaN", "Infinity", "+5", ".5", "5.", "--5",
     "1.2.3", "12.34 ", "12.34\n", "1_000", "１２", "٣", "0x10", "1" * 5000],
)  # fmt: skip
def test_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        to_minor(text, "CNY")


@pytest.mark.parametrize(("text", "currency"), [("1.234", "CNY"), ("1.5", "JPY"), ("0.001", "USD")])
def test_nothing_is_rounded(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match="round it first"):
        to_minor(text, currency)


@pytest.mark.parametrize("text", ["10000000000000.01", "-10000000000000.01", "9" * 20])
def test_an_amount_past_the_bound_is_refused_with_the_bound(text: str) -> None:
    with pytest.raises(ValueError, match=r"up to 10000000000000\.00"):
        to_minor(text, "USD")


@given(minor=st.integers(-MAX_AMOUNT, MAX_AMOUNT), currency=CURRENCIES)
def test_an_amount_comes_back_from_its_text(minor: int, currency: str) -> None:
    assert to_minor(to_major_text(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1234, "CNY", "12.34"), (5, "CNY", "0.05"), (-5, "CNY", "-0.05"), (0, "USD", "0.00"),
     (980, "JPY", "980"), (-980, "JPY", "-980"), (1, "KWD", "0.001")],
)  # fmt: skip
def test_text_has_all_the_decimals(minor: int, currency: str, text: str) -> None:
    assert to_major_text(minor, currency) == text
