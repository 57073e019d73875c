"""Adds what the oracle says to golden carts that expect nothing yet.

`python -m golden.writing` from tests/. Read what it wrote: it is a claim, and you sign it.
"""

from __future__ import annotations

import sys
from typing import Any

import yaml

from oracle.pricing_oracle import best
from oracle.returns_oracle import returns

from .reading import CARTS, GoldenCart, as_told, read_cart
from .returning import returns_as_told


class Flow(dict[str, Any]):
    """A mapping written on one line."""


def expected(cart: GoldenCart) -> dict[str, Any]:
    cap = cart.max_discount_bps
    evaluation = best(cart.offers, cart.cart, cart.context, max_discount_bps=cap)
    told = as_told(evaluation)
    if cart.returns:
        steps = returns(
            cart.offers, cart.cart, cart.context, evaluation, cart.returns, max_discount_bps=cap
        )
        told["returns"] = returns_as_told(steps)
    return told


def in_flow(told: dict[str, Any]) -> dict[str, Any]:
    """Lines and totals on one line each, so that a person can read down."""
    written: dict[str, Any] = {}
    for name, value in told.items():
        if name == "returns":
            written[name] = [{**step, "lines": list(map(Flow, step["lines"]))} for step in value]
        elif name == "lines":
            written[name] = [Flow(line) for line in value]
        else:
            written[name] = value
    return written


def main() -> int:
    yaml.SafeDumper.add_representer(
        Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, True)
    )
    for path in sorted(CARTS.glob("*.yaml")):
        documents = path.read_text(encoding="utf-8").split("\n---\n")
        for place, text in enumerate(documents):
            written = yaml.safe_load(text)
            if written is None or "expect" in written:
                continue
            told = {"expect": in_flow(expected(read_cart(written)))}
            block = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=100)
            documents[place] = text.rstrip("\n") + "\n" + block.rstrip("\n")
            print(f"{path.name}: {written['name']}")  # noqa: T201
        path.write_text("\n---\n".join(documents).rstrip("\n") + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
