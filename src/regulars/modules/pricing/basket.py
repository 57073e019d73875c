"""A cart as it is reckoned with: equal lines merged, in the order that every rule means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .types import Cart, CartLine


@dataclass(slots=True)
class Basket:
    """The merged lines of a cart, by (sku by code point, unit price), one list for each fact.

    ``parts`` holds for each merged line the places of its original lines, in the order written;
    ``one_to_one`` says that no two were merged.
    """

    skus: list[str]
    prices: list[int]
    quantities: list[int]
    gross: list[int]
    facts: list[CartLine]
    parts: list[list[int]]
    shipping: int
    every_line: tuple[int, ...]
    total: int
    one_to_one: bool


def merged(cart: Cart) -> Basket:
    """Put the lines of equal sku and unit price together."""
    return merged_lines(cart.lines, cart.shipping_minor)


def merged_lines(lines: Sequence[CartLine], shipping: int) -> Basket:
    together: dict[tuple[str, int], list[int]] = {}
    for place, line in enumerate(lines):
        key = (line.sku, line.unit_price_minor)
        if key in together:
            together[key].append(place)
        else:
            together[key] = [place]
    keys = sorted(together)
    parts = [together[key] for key in keys]
    one_to_one = len(keys) == len(lines)
    if one_to_one:
        quantities = [lines[places[0]].quantity for places in parts]
    else:
        quantities = [sum([lines[place].quantity for place in places]) for places in parts]
    prices = [price for _, price in keys]
    gross = [quantity * price for quantity, price in zip(quantities, prices, strict=True)]
    return Basket(
        skus=[sku for sku, _ in keys],
        prices=prices,
        quantities=quantities,
        gross=gross,
        facts=[lines[places[0]] for places in parts],
        parts=parts,
        shipping=shipping,
        every_line=tuple(range(len(keys))),
        total=sum(gross),
        one_to_one=one_to_one,
    )
