"""What quotes and price tags refuse."""

from __future__ import annotations

from regulars.kernel.errors import Refusal


class QuoteExpired(Refusal):
    """What it held was set free at its end."""

    code = "quote_expired"
    status = 409
    title = "The quote has run out"


class QuoteUsed(Refusal):
    """An order was placed on it already."""

    code = "quote_used"
    status = 409
    title = "The quote was used for another order"


class QuoteReleased(Refusal):
    """Somebody gave up what it held."""

    code = "quote_released"
    status = 409
    title = "The quote was given up"


class QuoteOfAnother(Refusal):
    """It was made for another member, or for a stranger."""

    code = "quote_of_another_member"
    status = 409
    title = "The quote was made for somebody else"


class PriceChanged(Refusal):
    """The order is not what was quoted: other lines, another place, or another amount."""

    code = "price_changed"
    status = 409
    title = "This is not what was quoted"


class OutOfStock(Refusal):
    """Less is left of an article than the cart asks for."""

    code = "out_of_stock"
    status = 409
    title = "There is not so much of this left"


class NotOnSaleYet(Refusal):
    """An article is not for this buyer yet."""

    code = "not_on_sale_yet"
    status = 409
    title = "This is not on sale for this buyer yet"


class NoPrice(Refusal):
    """Neither the page nor the catalogue says what it costs."""

    code = "no_price"
    status = 422
    title = "Give a unit_price, or the product a list_price"


class UnlawfulStrike(Refusal):
    """A price was to be struck through that may not be."""

    code = "unlawful_strike"
    status = 422
    title = "This price may not be struck through"
