"""Why a relevant offer is not in the chosen combination, judged with it added in its turn."""

from __future__ import annotations

from collections.abc import Sequence

from .kinds import Play
from .playing import Company, Step, Table, shipping_discount
from .types import Rejected, RejectionCode


def reasons(
    plays: Sequence[Play], steps: Sequence[Step], end: Table, shipping: int
) -> list[Rejected]:
    """One reason for each of ``plays`` that no step applies, in order of application.

    ``end`` is the table after the last step, ``shipping`` what it cost before any discount.
    """
    chosen = Company([step.play for step in steps])
    found: list[Rejected] = []
    turn, count = 0, len(steps)
    for play in plays:
        while turn < count and steps[turn].play.rank < play.rank:
            if steps[turn].play.is_shipping:
                shipping -= steps[turn].amount
            turn += 1
        if turn < count and steps[turn].play is play:
            continue
        if chosen.shares_a_group(play):
            own = any(step.play.entry.group & play.entry.group for step in steps)
            pot: RejectionCode = "gift_out_of_stock" if play.is_gift else "budget_spent"
            found.append(play.entry.rejected("group_taken" if own else pot))
        elif chosen.is_exclusive(play):
            found.append(play.entry.rejected("exclusive_taken"))
        else:
            at = end
            if turn < count:
                at = Table(steps[turn].before, steps[turn].room, shipping)
            found.append(in_turn(play, at))
    return found


def in_turn(play: Play, table: Table) -> Rejected:
    """Whether the threshold is out of reach, or there is nothing to take off; else not the best."""
    if play.spend is not None:
        missing = play.spend - play.sum_in_scope(table.left)
        if missing > 0:
            return Rejected("below_threshold", play.code, missing_minor=missing)
    if play.on_goods and (table.room <= 0 or play.size(table.left) <= 0):
        return play.entry.rejected("no_effect")
    if play.is_shipping and not shipping_discount(play, sum(table.left), table.shipping):
        return play.entry.rejected("no_effect")
    return play.entry.rejected("not_best")
