"""A shop whose members stand differently against their own rhythm; plans carried out in it."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from makers.merchants import unique
from makers.offers import make_offer
from makers.orders import DAY, Shop, make_shop, uuid
from regulars.infra.jobs import load as load_jobs
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.connectors.services import import_file
from regulars.modules.members.queries import by_identity
from regulars.modules.members.services import record_consent
from regulars.modules.members.types import ConsentDraft
from regulars.modules.steering import giving, services
from regulars.modules.steering.models import Chosen

#: Everybody bought every tenth day, three times; so many days ago the last time.
AGO = {"on_rhythm": 2, "late": 14, "asleep": 60}
LINES = [{"sku": "tea", "quantity": 1, "unit_price": 10_000}]
OFF = 500


@dataclass
class Steered:
    """A shop with ``members`` by the state they stand in, and a coupon offer of 5.00 off."""

    shop: Shop
    folder: Path
    members: dict[str, list[UUID]]
    offer: str

    @property
    def everybody(self) -> list[UUID]:
        return [one for members in self.members.values() for one in members]

    def plan(self, *, expect: int = 202, **more: Any) -> dict[str, Any]:
        """A plan, worked out."""
        body = {
            "name": "Wake up", "arms": [{"offer": self.offer}], "budget_minor": 10_000_000,
            "margin_bps": 4_000, **more,
        }  # fmt: skip
        answer = self.shop.api.post("/steering/plans", body)
        assert answer.status_code == expect, answer.content
        told: dict[str, Any] = answer.json()
        if expect != 202:
            return told
        services.work(self.shop.merchant, uuid(told["id"]))
        return self.read(told["id"])

    def read(self, plan: str) -> dict[str, Any]:
        return dict(self.shop.api.get(f"/steering/plans/{plan}").json())

    def people(self, plan: str, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            query = "&".join(f"{k}={v}" for k, v in {**asked, "limit": 100}.items())
            told = self.shop.api.get(f"/steering/plans/{plan}/people?{query}{after}").json()
            found += told["data"]
            if not told["has_more"]:
                return found
            after = f"&starting_after={told['next_cursor']}"

    def carry_out(self, plan: str, *, expect: int = 200) -> dict[str, Any]:
        answer = self.shop.api.post(f"/steering/plans/{plan}/start", {})
        assert answer.status_code == expect, answer.content
        if expect == 200:
            giving.carry_out(self.shop.merchant, uuid(plan))
            return self.read(plan)
        return dict(answer.json())

    def wallet(self, member: UUID) -> list[dict[str, Any]]:
        shown = show("mem", member)
        return list(self.shop.api.get(f"/members/{shown}/coupons").json()["data"])

    def use(self, member: UUID) -> None:
        """The member buys tea with their coupon."""
        (coupon, *_) = self.wallet(member)
        who, at = show("mem", member), show_instant(self.shop.now)
        asked = {"lines": LINES, "member_id": who, "coupon_codes": [coupon["code"]]}
        quote = self.shop.api.post("/quotes", asked)
        assert quote.status_code == 201, quote.content
        body = {
            "external_id": unique("o"), "member_id": who, "placed_at": at, "paid_at": at,
            "lines": LINES, "quote_id": quote.json()["id"], "paid": quote.json()["due"],
        }  # fmt: skip
        assert self.shop.api.post("/orders", body).status_code == 201

    def tried(self, plan: str, *, wakes: float = 0.4) -> None:
        """What came of a trial: of the sleepers who got a coupon so many use it, nobody else
        changes; and the window goes by."""
        self.shop.move(DAY, due=False)
        rows = Chosen.objects.of(self.shop.merchant_id).filter(plan_id=uuid(plan), held_out=False)
        given = set(rows.values_list("member_id", flat=True))
        sleepers = [one for one in self.members["asleep"] if one in given]
        for member in sleepers[: round(wakes * len(sleepers))]:
            self.use(member)
        self.shop.move(29 * DAY, due=False)


def steered(folder: Path, *, each: int = 90) -> Steered:
    load_jobs()
    shop = make_shop()
    today, names, rows = shop.now.date(), {}, []
    for state, ago in AGO.items():
        names[state] = [f"{state}{number}" for number in range(each)]
        for name in names[state]:
            rows += [(name, today - timedelta(days=1 + ago + back), 10_000) for back in (20, 10, 0)]
    bring(shop, folder, rows)
    members = {state: [_member(shop, name) for name in own] for state, own in names.items()}
    for member in [one for own in members.values() for one in own]:
        says(shop, member, granted=True)
    offer = make_offer(
        shop, "spend_save", params={"steps": [{"spend": 5_000, "save": OFF}]}, requires_code=True
    )
    return Steered(shop, folder, members, str(offer["code"]))


def bring(shop: Shop, folder: Path, orders: Iterable[tuple[str, date, int]]) -> None:
    """Orders out of a file: member, day, minor."""
    path = folder / f"{unique('orders')}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "member", "placed_at", "sku", "quantity", "line_total"])
        for member, day, minor in orders:
            row = (unique("o"), member, f"{day} 10:00", "tea", 1, f"{minor / 100:.2f}")
            writer.writerow(row)
    assert import_file(shop.scope, kind="orders", source=path, file_name=path.name).status == "done"


def says(shop: Shop, member: UUID, *, granted: bool, purpose: str = "marketing") -> None:
    record_consent(
        merchant_id=shop.merchant_id,
        member_id=member,
        consent=ConsentDraft(purpose, granted, "v1", "test"),
        now=shop.now,
    )


def _member(shop: Shop, name: str) -> UUID:
    found = by_identity(shop.merchant, type="external", value=name)
    assert found is not None
    return found


def shown_in_a_home() -> dict[str, str]:
    """For a browser: in the home of this process a shop that tried an offer, and asked for a plan
    that spends on it, and for one of an offer that was never tried. Tells the code of its
    merchant, and the ids of the plans."""
    with tempfile.TemporaryDirectory() as folder:
        there = steered(Path(folder))
        greater = make_offer(
            there.shop, "spend_save", name="Twelve off",
            params={"steps": [{"spend": 5_000, "save": 1_200}]}, requires_code=True,
        )["code"]  # fmt: skip
        trial = there.plan(name="Trial in spring", aim="learn", held_out_bps=5_000)
        there.carry_out(trial["id"])
        there.tried(trial["id"])
        arms = [{"offer": there.offer}, {"offer": greater, "like": [there.offer]}]
        earns = there.plan(name="Wake the sleepers", arms=arms, budget_minor=12_000)
        never = there.plan(name="Never tried", arms=[{"offer": greater}])
        return {
            "merchant": there.shop.merchant.code,
            "trial": trial["id"],
            "earns": earns["id"],
            "never": never["id"],
        }
