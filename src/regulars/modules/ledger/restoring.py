"""Pure: what was held is spent, and goes back when what it paid for is returned.

docs/algorithms/refunds.md tells it with worked figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from .engine import Purse
from .journal import Journal
from .types import Cause, Hold, Lot, Spent, entry_id


def restore(
    purse: Purse,
    journal: Journal,
    parts: Sequence[Spent],
    *,
    known: Callable[[int], Lot | None],
    reverses: str,
    cause: Cause,
    at: datetime,
    least_until: datetime | None,
) -> None:
    """Give ``parts`` back to the lots they came from, with the expiry they had.

    ``known`` finds a lot of this purse by number, a spent one too; a lot that is not here (it
    stayed with another id of the person) is opened anew with its dates. What would be gone
    already lives until ``least_until``. A debt is repaid first.
    """
    back: list[list[int]] = []
    for part in parts:
        lives = part.expires_at is None or part.expires_at > at
        lot = known(part.number) if lives else None
        if lot is None:
            until = part.expires_at if lives else least_until
            _reopen(purse, journal, part, until, reverses=reverses, cause=cause, at=at)
            continue
        lot.remaining += part.amount
        purse.lots[lot.number] = lot
        journal.touch_lot(purse, lot)
        back.append([lot.number, part.amount])
    if back:
        total = sum(amount for _, amount in back)
        purse._post(journal, total, "redeem_return", cause, at, reverses=reverses, parts=back)
    purse.repay_from_free(journal, cause, at)
    purse.refresh_due()


def _reopen(
    purse: Purse,
    journal: Journal,
    part: Spent,
    until: datetime | None,
    *,
    reverses: str,
    cause: Cause,
    at: datetime,
) -> None:
    amount = part.amount
    number = purse._post(journal, amount, "redeem_return", cause, at, reverses=reverses)
    lot = Lot(number, amount, amount, 0, 0, 0, 0, part.earned_at, until, cause.type, cause.id)
    purse.lots[number] = lot
    journal.new_lots.append((purse, lot))


def spend_held(
    purse: Purse, journal: Journal, hold: Hold, *, cause: Cause, at: datetime
) -> tuple[str, list[Spent]]:
    """Spend all of an open hold on ``cause``; the id of the entry, and what came out of where."""
    known = {number: purse.lots[number] for number, _ in hold.parts}
    version, used = purse.capture(journal, hold, hold.amount, at=at, cause=cause)
    spent = [
        Spent(number, amount, lot.earned_at, lot.expires_at)
        for number, amount in used
        for lot in (known[number],)
    ]
    return entry_id(purse.member_hex, purse.asset, version), spent


def last_spent_first(spent: Sequence[Spent], *, before: int, after: int) -> list[Spent]:
    """Which parts go back when the total given back rises from ``before`` to ``after``.

    What was spent last comes back first: it is what would have lived longest. Any steps from 0
    to the whole give every lot exactly what was taken.
    """
    found: list[Spent] = []
    place = 0
    for part in reversed(spent):
        low, high = max(before, place), min(after, place + part.amount)
        if high > low:
            found.append(part._replace(amount=high - low))
        place += part.amount
    return found
