"""Articles of which there is only so much, or that are not for everybody yet: told in a price, and
refused in a quote. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regulars.kernel.errors import FieldError
from regulars.kernel.instants import show_instant
from regulars.modules.promotions.stocking import opens_for
from regulars.modules.promotions.types import Supply

from .errors import NotOnSaleYet, OutOfStock
from .types import CartLine, Context, Evaluation, Rejected


def with_supply(
    evaluation: Evaluation,
    goods: Sequence[CartLine],
    context: Context,
    supplies: Mapping[str, Supply],
) -> Evaluation:
    """The same price, and what of the cart cannot be had now by this buyer."""
    wanted: dict[str, int] = {}
    for line in goods:
        if line.sku in supplies:
            wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    told = []
    for sku, units in sorted(wanted.items()):
        opens_at = opens_for(supplies[sku], context.buyer.tier)
        left = context.stock.get(sku)
        if opens_at is not None and context.at < opens_at:
            told.append(Rejected("not_on_sale_yet", sku=sku, opens_at=opens_at))
        elif left is not None and units > left:
            told.append(Rejected("out_of_stock", sku=sku, left=left))
    if not told:
        return evaluation
    return replace(evaluation, rejected=(*evaluation.rejected, *told))


def refuse_what_is_gone(evaluation: Evaluation, goods: Sequence[CartLine]) -> None:
    """A quote holds what it promises, or it is none. Raises NotOnSaleYet, OutOfStock."""
    places = {line.sku: place for place, line in reversed(list(enumerate(goods)))}
    for one in evaluation.rejected:
        if one.sku is None:
            continue
        where = f"/lines/{places[one.sku]}"
        if one.code == "not_on_sale_yet":
            assert one.opens_at is not None
            detail = f"{one.sku} is for this buyer from {show_instant(one.opens_at)} on."
            raise NotOnSaleYet(detail, errors=[FieldError(where, one.code, detail)])
        if one.code == "out_of_stock":
            detail = f"{one.left} of {one.sku} are left."
            raise OutOfStock(detail, errors=[FieldError(f"{where}/quantity", one.code, detail)])
