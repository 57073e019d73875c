"""What one unit of work takes of what is scarce, and gives back.

A sheet collects claims, commitments and releases, and adds them to the unit as one row per counter
(one statement may touch a row once). The limit stands in the write itself: a counter that would
pass it is not written, the unit is lost and gathered anew, and then the sheet refuses. So never
one unit is given too many, however many buyers come at once, on either dialect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.recording import Table, Update, Upsert, Writes
from regulars.kernel.ids import new_id

from .errors import BudgetTaken, ClaimEnded
from .types import COMMITTED, OPEN, RELEASED, Claim, Seen, State

COUNTER: Final = Upsert(
    "budgets_counter",
    key={"merchant_id": "bigint", "key": "text"},
    adds={"taken": "bigint"},
    at_most={"taken": "most"},
)
#: Giving back has no limit; and a row that gives back is there already.
COUNTER_BACK: Final = Update(
    "budgets_counter",
    key={"merchant_id": "bigint", "key": "text"},
    adds={"taken": "bigint"},
)
CLAIM: Final = Table(
    "budgets_claim", "merchant_id", "id", "owner", "key", "amount", "state", "expires_at"
)
CLAIM_MOVES: Final = Update(
    "budgets_claim",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={"owner": "text", "state": "text", "expires_at": "timestamptz"},
    seen={"state": "text"},
)
CLAIM_SHRINKS: Final = Update(
    "budgets_claim",
    key={"merchant_id": "bigint", "id": "uuid"},
    adds={"amount": "bigint"},
    seen={"state": "text", "amount": "bigint"},
)


class Sheet:
    """One unit's dealings with counters; ``seen`` is what its gather saw of the keys it claims."""

    def __init__(self, merchant_id: int, seen: Seen, now: datetime) -> None:
        self._merchant_id = merchant_id
        self._seen = seen
        self._now = now
        self._adds: dict[str, int] = {}
        self._mosts: dict[str, int] = {}
        self._made: list[Claim] = []
        self._moved: dict[UUID, tuple[Claim, State, str]] = {}
        self._shrunk: list[tuple[Claim, int]] = []

    def claim(
        self,
        *,
        owner: str,
        key: str,
        amount: int,
        most: int | None,
        expires_at: datetime | None,
        beside: Sequence[str] = (),
    ) -> Claim:
        """Take ``amount`` of a key, of which ``most`` may be taken in all (None: count only).

        Open until ``expires_at``, committed at once where that is None. Keys ``beside`` count
        together with it: the same promise to other records of one person. They are read, not
        guarded: nobody claims on a record that goes on as another. Raises BudgetTaken.
        """
        counted = [each for each in dict.fromkeys(beside) if each != key]
        self._free(key, *counted)
        others = sum(self._used(each) for each in counted)
        if most is not None and self._used(key) + amount + others > most:
            raise BudgetTaken
        self._adds[key] = self._adds.get(key, 0) + amount
        if most is not None:
            self._mosts[key] = min(most - others, self._mosts.get(key, most - others))
        state: State = COMMITTED if expires_at is None else OPEN
        made = Claim(new_id(), owner, key, amount, state, expires_at)
        self._made.append(made)
        return made

    def commit(self, claims: Iterable[Claim], *, owner: str) -> None:
        """Make open claims final, in the name of ``owner``. Raises ClaimEnded for one that ran
        out or is not open."""
        for claim in claims:
            if claim.state != OPEN or claim.has_run_out(self._now):
                raise ClaimEnded
            self._moved[claim.id] = (claim, COMMITTED, owner)

    def release(self, claims: Iterable[Claim]) -> None:
        """Give back what claims took, open or committed; a released one stays as it is."""
        for claim in claims:
            if claim.state == RELEASED or claim.id in self._moved:
                continue
            self._adds[claim.key] = self._adds.get(claim.key, 0) - claim.amount
            self._moved[claim.id] = (claim, RELEASED, claim.owner)

    def shrink(self, claim: Claim, amount: int) -> None:
        """Give back all of a claim but ``amount``; one that is released or no larger stays."""
        if claim.state == RELEASED or amount >= claim.amount:
            return
        self._adds[claim.key] = self._adds.get(claim.key, 0) - (claim.amount - amount)
        self._shrunk.append((claim, amount - claim.amount))

    def add_to(self, writes: Writes) -> None:
        """Add everything to a unit. A guard that fails loses it: gather again."""
        for claim, state, owner in self._moved.values():
            writes.add(
                CLAIM_MOVES,
                (self._merchant_id, claim.id, owner, state, None, claim.state),
            )
        for claim, added in self._shrunk:
            writes.add(
                CLAIM_SHRINKS, (self._merchant_id, claim.id, added, claim.state, claim.amount)
            )
        # Counters in order of their keys, so that two units never wait for each other crosswise.
        for key in sorted(self._adds):
            added = self._adds[key]
            if added > 0:
                writes.add(COUNTER, (self._merchant_id, key, added, self._mosts.get(key)))
            elif added < 0:
                writes.add(COUNTER_BACK, (self._merchant_id, key, added))
        for made in self._made:
            writes.add(
                CLAIM,
                (
                    self._merchant_id,
                    made.id,
                    made.owner,
                    made.key,
                    made.amount,
                    made.state,
                    made.expires_at,
                ),
            )

    def _used(self, key: str) -> int:
        """What is taken of one key once this sheet is written; what ran out is freed before."""
        return self._seen.taken.get(key, 0) + self._adds.get(key, 0)

    def _free(self, *keys: str) -> None:
        """Whoever relies on claims having run out frees them, so that none is committed late."""
        self.release(claim for claim in self._seen.run_out if claim.key in keys)
