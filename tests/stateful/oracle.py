"""A naive ledger of one member's holding of one asset, written from the documents alone.

It shares no code with the engine: dicts, lists and sums, no caches, no versions, no hashes. Where
the engine keeps a figure, the oracle adds it up anew each time it is asked.

What it holds to be true
- At one instant, what falls due comes in this order: holds that ran out end (in the order they
  were made), then pending credits become real (in the order they were promised), then lots
  expire. A lot is usable while now < expires_at.
- Any credit (an earning, an upward adjustment, the units a hold sets free) repays debt first;
  only what is left of it opens a lot, or stays in the lot it came from. What a hold sets free of
  a lot that expired meanwhile expires, once debt has been repaid out of it.
- Spending goes by (expires_at, none last; earned_at; lot number) over what no hold pins.
- A reversal of an amount d of an order first cancels what of that order's credit is still
  pending; then takes what remains (not held) in the order's own lots; then what already expired
  of them counts as gone: nothing more is taken for it, and each expired unit counts once; then
  what holds have pinned of them, as far as other free lots can be pinned instead: hold by hold in
  the order they were made, the pins moving to the lots a new hold would choose, and standing in
  spend order again; then other free lots, soonest to expire first; what is still lacking becomes
  debt.
- A capture spends the first units its hold pinned, also of lots that expired meanwhile; the rest
  is set free.
- Of what paid for something, what was taken last goes back first: into the lot it came from, with
  the expiry that lot has; where that lot's time is over, into a new lot that was earned when the
  old one was and lives until an end that is told. Debt is then repaid out of what is free.
- Entry times never go backwards, whatever time an entry is given.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

Row = dict[str, Any]
MAIN, DEBT = "main", "debt"


class Refused(Exception):
    """The ledger says no, and nothing has changed."""


class Oracle:
    def __init__(self) -> None:
        self.lots: list[Row] = []
        self.promises: list[Row] = []
        self.holds: list[Row] = []
        self.book: list[Row] = []

    # ── figures, added up anew each time ──────────────────────────────────────────────────

    def balance(self) -> int:
        return sum(int(row["amount"]) for row in self.book if row["account"] == MAIN)

    def debt(self) -> int:
        return -sum(int(row["amount"]) for row in self.book if row["account"] == DEBT)

    def held(self) -> int:
        return sum(hold["amount"] for hold in self.open_holds())

    def pending(self) -> int:
        return sum(promise["amount"] for promise in self.promises)

    def available(self) -> int:
        return self.balance() - self.held()

    def open_holds(self) -> list[Row]:
        return [hold for hold in self.holds if hold["status"] == "open"]

    def pinned(self, lot: Row) -> int:
        return sum(
            units
            for hold in self.open_holds()
            for number, units in hold["pins"]
            if number == lot["number"]
        )

    def free(self, lot: Row) -> int:
        units: int = lot["remaining"] - self.pinned(lot)
        return units

    def last_entry_at(self) -> datetime | None:
        if not self.book:
            return None
        at: datetime = self.book[-1]["at"]
        return at

    def next_due_at(self) -> datetime | None:
        """The earliest instant at which something would happen by itself."""
        instants = [hold["expires_at"] for hold in self.open_holds()]
        instants += [promise["available_at"] for promise in self.promises]
        instants += [
            lot["expires_at"]
            for lot in self.lots
            if lot["expires_at"] is not None and self.free(lot) > 0
        ]
        return min(instants, default=None)

    # ── the book ──────────────────────────────────────────────────────────────────────────

    def _enter(self, account: str, kind: str, amount: int, at: datetime) -> None:
        last = self.last_entry_at()
        if last is not None and at < last:
            at = last
        self.book.append({"account": account, "kind": kind, "amount": amount, "at": at})

    # ── credits ───────────────────────────────────────────────────────────────────────────

    def credit(
        self,
        *,
        amount: int,
        kind: str,
        order: str,
        at: datetime,
        earned_at: datetime,
        expires_at: datetime | None,
    ) -> None:
        owed = self.debt()
        repaid = amount if amount < owed else owed
        if repaid:
            self._enter(DEBT, "debt_repaid", repaid, at)
        if amount == repaid:
            return
        self._enter(MAIN, kind, amount - repaid, at)
        self.lots.append(
            {
                "number": len(self.lots) + 1,
                "order": order,
                "original": amount - repaid,
                "remaining": amount - repaid,
                "expired": 0,
                "reversed": 0,
                "forgone": 0,
                "spent": 0,
                "earned_at": earned_at,
                "expires_at": expires_at,
            }
        )

    def promise(
        self,
        *,
        amount: int,
        kind: str,
        order: str,
        earned_at: datetime,
        available_at: datetime,
        expires_at: datetime | None,
    ) -> None:
        self.promises.append(
            {
                "amount": amount,
                "kind": kind,
                "order": order,
                "earned_at": earned_at,
                "available_at": available_at,
                "expires_at": expires_at,
            }
        )

    # ── debits ────────────────────────────────────────────────────────────────────────────

    def spend(self, *, amount: int, kind: str, at: datetime) -> None:
        if amount > self.available():
            raise Refused
        for lot, units in self._soonest_first(amount):
            lot["remaining"] -= units
            lot["spent"] += units
        self._enter(MAIN, kind, -amount, at)

    def _soonest_first(self, amount: int) -> list[tuple[Row, int]]:
        """Unit by unit in spend order, said as (lot, units)."""
        dated = [lot for lot in self.lots if lot["expires_at"] is not None]
        undated = [lot for lot in self.lots if lot["expires_at"] is None]
        dated.sort(key=lambda lot: (lot["expires_at"], lot["earned_at"], lot["number"]))
        undated.sort(key=lambda lot: (lot["earned_at"], lot["number"]))
        found = []
        for lot in dated + undated:
            units = min(self.free(lot), amount)
            if units > 0:
                found.append((lot, units))
                amount -= units
        return found

    def clawback(self, *, order: str, amount: int, at: datetime) -> tuple[int, int]:
        """Reverse ``amount`` of what ``order`` earned; returns (taken, debt)."""
        cancelled = self._cancel_promises(order, amount)
        lacking = amount - cancelled
        own = [lot for lot in self.lots if lot["order"] == order]
        posted = 0
        for lot in own:
            units = min(self.free(lot), lacking)
            lot["remaining"] -= units
            lot["reversed"] += units
            posted += units
            lacking -= units
        for lot in own:
            units = min(lot["expired"] - lot["forgone"], lacking)
            lot["forgone"] += units
            lacking -= units
        moved = self._move_pins({lot["number"] for lot in own}, lacking)
        posted += moved
        lacking -= moved
        for lot, units in self._soonest_first(lacking):
            lot["remaining"] -= units
            lot["spent"] += units
            posted += units
            lacking -= units
        if posted:
            self._enter(MAIN, "clawback", -posted, at)
        if lacking:
            self._enter(DEBT, "debt", -lacking, at)
        return cancelled + posted, lacking

    def _move_pins(self, numbers: set[int], amount: int) -> int:
        """Take what is pinned of these lots, which have nothing free, and pin others instead."""
        moved = 0
        for hold in self.open_holds():
            for number, pinned in list(hold["pins"]):
                if number not in numbers:
                    continue
                found = self._soonest_first(min(pinned, amount - moved))
                units = sum(units for _, units in found)
                if not units:
                    continue
                lot = self.lots[number - 1]
                lot["remaining"] -= units
                lot["reversed"] += units
                moved += units
                taken_over = [(other["number"], units) for other, units in found]
                hold["pins"] = self._in_spend_order([*hold["pins"], *taken_over, (number, -units)])
        return moved

    def _in_spend_order(self, pins: list[tuple[int, int]]) -> list[tuple[int, int]]:
        def place(number: int) -> tuple[bool, str, datetime, int]:
            lot = self.lots[number - 1]
            return (lot["expires_at"] is None, str(lot["expires_at"]), lot["earned_at"], number)

        numbers = sorted({number for number, _ in pins}, key=place)
        summed = [(n, sum(units for number, units in pins if number == n)) for n in numbers]
        return [(number, units) for number, units in summed if units]

    def _cancel_promises(self, order: str, amount: int) -> int:
        cancelled = 0
        for promise in self.promises:
            if promise["order"] == order:
                units = min(promise["amount"], amount - cancelled)
                promise["amount"] -= units
                cancelled += units
        self.promises = [promise for promise in self.promises if promise["amount"] > 0]
        return cancelled

    # ── holds ─────────────────────────────────────────────────────────────────────────────

    def hold(self, *, name: str, amount: int, at: datetime, expires_at: datetime) -> None:
        if amount > self.available():
            raise Refused
        pins = [(lot["number"], units) for lot, units in self._soonest_first(amount)]
        self.holds.append(
            {
                "name": name,
                "amount": amount,
                "captured": 0,
                "voided": 0,
                "status": "open",
                "made_at": at,
                "expires_at": expires_at,
                "pins": pins,
            }
        )

    def capture(self, *, name: str, amount: int, at: datetime) -> None:
        hold = self._open_hold(name, at)
        hold["status"] = "captured"
        hold["captured"] = amount
        hold["voided"] = hold["amount"] - amount
        wanted = amount
        hold["taken"] = []
        for number, units in hold["pins"]:
            used = min(units, wanted)
            hold["taken"] += [number] * used
            lot = self.lots[number - 1]
            lot["remaining"] -= used
            lot["spent"] += used
            wanted -= used
        self._enter(MAIN, "redeem", -amount, at)
        self._after_setting_free(at)

    def release(self, *, name: str, at: datetime) -> None:
        self._end(self._open_hold(name, at), "released", at)

    def _open_hold(self, name: str, at: datetime) -> Row:
        (hold,) = [hold for hold in self.holds if hold["name"] == name]
        if hold["status"] != "open" or at >= hold["expires_at"]:
            raise Refused
        return hold

    def _end(self, hold: Row, status: str, at: datetime) -> None:
        hold["status"] = status
        hold["voided"] = hold["amount"]
        self._after_setting_free(at)

    def _after_setting_free(self, at: datetime) -> None:
        self._repay(at)
        self._expire_lots(at)

    def _repay(self, at: datetime) -> None:
        repaid = min(self.debt(), self.available())
        if repaid:
            self.spend(amount=repaid, kind="repay", at=at)
            self._enter(DEBT, "debt_repaid", repaid, at)

    def give_back(
        self, *, name: str, amount: int, cause: str, at: datetime, least_until: datetime
    ) -> None:
        """Undo the last ``amount`` units of what the hold of this name had paid."""
        (hold,) = [hold for hold in self.holds if hold["name"] == name]
        anew: dict[int, Row] = {}
        for _ in range(amount):
            lot = self.lots[hold["taken"].pop() - 1]
            if lot["expires_at"] is None or at < lot["expires_at"]:
                lot["remaining"] += 1
                lot["spent"] -= 1
            elif lot["number"] in anew:
                anew[lot["number"]]["original"] += 1
                anew[lot["number"]]["remaining"] += 1
            else:
                new = lot | {
                    "number": len(self.lots) + 1, "order": cause, "original": 1, "remaining": 1,
                    "expired": 0, "reversed": 0, "forgone": 0, "spent": 0,
                    "expires_at": least_until,
                }  # fmt: skip
                anew[lot["number"]] = new
                self.lots.append(new)
        self._enter(MAIN, "redeem_return", amount, at)
        self._repay(at)

    # ── what time brings ──────────────────────────────────────────────────────────────────

    def fall_due(self, now: datetime) -> None:
        while True:
            at = self.next_due_at()
            if at is None or at > now:
                return
            for hold in self.open_holds():
                if hold["expires_at"] <= at:
                    self._end(hold, "expired", at)
            real = [promise for promise in self.promises if promise["available_at"] <= at]
            self.promises = [promise for promise in self.promises if promise not in real]
            for promise in real:
                self.credit(
                    amount=promise["amount"],
                    kind=promise["kind"],
                    order=promise["order"],
                    at=promise["available_at"],
                    earned_at=promise["earned_at"],
                    expires_at=promise["expires_at"],
                )
            self._expire_lots(at)

    def _expire_lots(self, at: datetime) -> None:
        for lot in self.lots:
            if lot["expires_at"] is not None and lot["expires_at"] <= at:
                units = self.free(lot)
                if units > 0:
                    lot["remaining"] -= units
                    lot["expired"] += units
                    self._enter(MAIN, "expire", -units, at)
