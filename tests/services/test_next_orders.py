"""Coupons for next orders in a shop: sized by each member's rhythm and by proof, and told why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from makers.coupons import make_coupons
from makers.merchants import unique
from makers.offers import make_offer
from makers.orders import DAY, Shop, buy, changed, enrol, give_back, make_shop, uuid
from makers.steering import LINES, Steered, bring, says, steered
from regulars.infra.jobs import load as load_jobs
from regulars.infra.outbox import relay_all
from regulars.kernel.ids import show
from regulars.modules.coupons.issuing import issue_due
from regulars.modules.coupons.models import Batch, Coupon, Promised
from regulars.modules.members.queries import by_identity
from regulars.modules.steering import jobs, next_orders
from regulars.modules.steering.models import NextCoupon

OWN = {"steps": [{"spend": 5_000, "save": 400}]}
MORE = {"steps": [{"spend": 5_000, "save": 500}]}


def sized(shop: Shop, *, stronger: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """A batch of 4.00 off for 14 to 60 days, three days after an order."""
    own = make_offer(shop, "spend_save", params=OWN, requires_code=True)["code"]
    told = {"most_days": 60, "stronger": stronger or [], "margin_bps": 4_000, **more}
    issue = {"on": "order_paid", "after": 3, "sized": told}
    return make_coupons(shop, offer=own, valid_days=14, issue=issue)


def rhythm(shop: Shop, folder: Path, *gaps: int) -> str:
    """A member who bought with these gaps, the last time today, with the order over the API."""
    name, ago = unique("m"), sum(gaps)
    rows = []
    for gap in gaps:
        rows.append((name, shop.now.date() - timedelta(days=ago), 10_000))
        ago -= gap
    if rows:
        bring(shop, folder, rows)
        found = by_identity(shop.merchant, type="external", value=name)
        assert found is not None
        member = show("mem", found)
    else:
        member = enrol(shop)
    buy(shop, member, 10_000)
    return member


def pass_days(shop: Shop, days: int = 4) -> int:
    """So many days later: how many coupons were decided on. Those of plain batches are given."""
    relay_all()
    shop.move(days * DAY, due=False)
    issue_due(shop.merchant, shop.now)
    return next_orders.give_due(shop.merchant)


def log(shop: Shop, batch: dict[str, Any], **query: Any) -> dict[str, Any]:
    asked = "&".join(f"{k}={v}" for k, v in {"batch": batch["id"], **query}.items())
    answer = shop.api.get(f"/steering/next-coupons?{asked}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def of(shop: Shop, batch: dict[str, Any], member: str) -> dict[str, Any]:
    (told,) = [one for one in log(shop, batch)["data"] if one["member_id"] == member]
    return dict(told)


def wallet(shop: Shop, member: str) -> list[dict[str, Any]]:
    return list(shop.api.get(f"/members/{member}/coupons").json()["data"])


@pytest.fixture
def shop() -> Shop:
    load_jobs()
    return make_shop(changed("plain", earning__points={"pending_days": 7}))


def test_how_long_it_is_good_hangs_on_the_own_rhythm_within_the_band(
    shop: Shop, tmp_path: Path
) -> None:
    batch = sized(shop)
    ann = rhythm(shop, tmp_path, 30, 30, 30)
    bo = rhythm(shop, tmp_path, 90, 120)
    new = rhythm(shop, tmp_path)
    dee = rhythm(shop, tmp_path, 7, 7, 7)
    assert pass_days(shop, 3) == 0, "the day on which it falls due is not over"
    assert wallet(shop, ann) == []
    assert pass_days(shop, 1) == 4
    good = {
        member: (of(shop, batch, member)["until"], of(shop, batch, member)["reach_days"])
        for member in (ann, bo, new, dee)
    }
    today = shop.now.replace(hour=0, minute=0, second=0, microsecond=0)
    # Three days after the last purchase: 30 - 3, the most, and twice the least; each through its
    # last day.
    for member, days, reach in ((ann, 27, 30), (bo, 60, 117), (new, 14, 0), (dee, 14, 7)):
        ends = (today + timedelta(days=days + 1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert good[member] == (ends, reach)
        (coupon,) = wallet(shop, member)
        assert (coupon["until"], coupon["offer"], coupon["state"]) == (
            ends, batch["offer"], "available",
        )  # fmt: skip
    assert next_orders.give_due(shop.merchant) == 0
    assert log(shop, batch)["counts"] == [{"why": "usual", "given": 4, "not_given": 0}]


def test_who_would_come_anyway_gets_none_where_nothing_is_promised(
    shop: Shop, tmp_path: Path
) -> None:
    batch, promised = sized(shop, spare=True), sized(shop)
    ann, dee = rhythm(shop, tmp_path, 30, 30, 30), rhythm(shop, tmp_path, 7, 7, 7)
    says_no = rhythm(shop, tmp_path, 7, 7, 7)
    says(shop, uuid(says_no), granted=False, purpose="personalisation")
    assert pass_days(shop) == 6
    assert (of(shop, batch, dee)["why"], of(shop, batch, dee)["offer"]) == ("due_soon", None)
    assert [one["offer"] for one in wallet(shop, dee)] == [promised["offer"]]
    assert {one["offer"] for one in wallet(shop, ann)} == {batch["offer"], promised["offer"]}
    told = of(shop, batch, says_no)
    assert (told["why"], told["offer"]) == ("not_personal", batch["offer"])
    assert told["reach_days"] is None, "nothing of them was looked at"
    counts = {one["why"]: (one["given"], one["not_given"]) for one in log(shop, batch)["counts"]}
    assert counts == {"due_soon": (0, 1), "not_personal": (1, 0), "usual": (1, 0)}
    page = log(shop, batch, limit=2)
    rest = log(shop, batch, limit=2, starting_after=page["next_cursor"])
    assert (len(page["data"]), len(rest["data"]), rest["has_more"]) == (2, 1, False)


def test_the_standing_holdout_gets_what_is_promised_and_no_more(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spared, promised = sized(shop, spare=True), sized(shop)
    bo = rhythm(shop, tmp_path, 90, 120)
    monkeypatch.setattr(next_orders.leaving_out, "standing_bps", lambda _merchant: 10_000)
    assert pass_days(shop) == 2
    assert of(shop, spared, bo)["offer"] is None
    (coupon,) = wallet(shop, bo)
    assert coupon["offer"] == promised["offer"]
    assert of(shop, promised, bo)["why"] == "held_out_of_all"
    today = shop.now.replace(hour=0, minute=0, second=0, microsecond=0)
    assert coupon["until"] == (today + 15 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_it_is_as_strong_as_is_proven_in_the_members_state(tmp_path: Path) -> None:
    there = steered(tmp_path)
    shop = there.shop
    trial = there.plan(aim="learn", held_out_bps=5_000)
    there.carry_out(trial["id"])
    there.tried(trial["id"])
    batch = sized(shop, stronger=[there.offer])
    # Proven among those asleep, and never tried among those who came back.
    sleeper = there.members["asleep"][0]
    for member in (there.members["asleep"][0], there.members["late"][0]):
        buy(shop, show("mem", member), 10_000)
    told = asleep_on_the_day(there, batch, sleeper)
    assert (told["why"], told["offer"], told["state"]) == ("stronger", there.offer, "asleep")
    assert told["gain_minor"] > 0
    usual = of(shop, batch, show("mem", there.members["late"][0]))
    assert (usual["why"], usual["offer"]) == ("usual", batch["offer"])
    strong = [c for c in there.wallet(sleeper) if c["until"] == told["until"]]
    assert [c["offer"] for c in strong] == [there.offer]
    assert save(shop, sleeper, strong[0]["code"]) == 500

    (made,) = Batch.objects.of(shop.merchant_id).filter(of_batch=uuid(batch["id"]))
    answer = shop.api.post(f"/coupons/batches/{batch['id']}/withdraw", {})
    assert answer.status_code == 200, answer.content
    assert save(shop, sleeper, strong[0]["code"]) == 0, "taken back with the batch it belongs to"
    assert [one["type"] for one in answer.json()["effects"]] == ["coupons.withdrawn"] * 2
    made.refresh_from_db()
    assert made.withdrawn_at is not None


def asleep_on_the_day(there: Steered, batch: dict[str, Any], member: UUID) -> dict[str, Any]:
    """Decided when the member sleeps again: long after an order whose coupon waited."""
    relay_all()
    late = there.members["late"][0]
    Promised.objects.of(there.shop.merchant_id).filter(member_id=member).update(
        due_at=there.shop.now + 139 * DAY
    )
    assert pass_days(there.shop) == 1
    assert of(there.shop, batch, show("mem", late))["state"] == "on_rhythm"
    assert pass_days(there.shop, 140) == 1
    return of(there.shop, batch, show("mem", member))


def save(shop: Shop, member: UUID, code: str) -> int:
    asked = {"lines": LINES, "member_id": show("mem", member), "coupon_codes": [code]}
    return int(shop.api.post("/evaluations", asked).json()["discount"])


def test_an_order_that_went_back_brings_none_and_a_withdrawn_batch_leaves_nothing_open(
    shop: Shop,
) -> None:
    batch, other = sized(shop), sized(shop)
    member = enrol(shop)
    order = buy(shop, member, 5_000)
    relay_all()
    assert give_back(shop, order, (1, 1)).status_code == 201
    buy(shop, member, 5_000)
    relay_all()
    shop.api.post(f"/coupons/batches/{other['id']}/withdraw", {})
    assert pass_days(shop) == 2
    assert [one["why"] for one in log(shop, batch)["data"]] == ["usual"]
    assert log(shop, other)["data"] == []
    assert not Promised.objects.of(shop.merchant_id).filter(settled=False).exists()


def test_cut_off_it_goes_on_and_no_order_brings_two(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = sized(shop)
    member = enrol(shop)
    for _ in range(5):
        buy(shop, member, 5_000)
    monkeypatch.setattr(next_orders, "_PIECE", 2)
    real, calls = next_orders.sizing.settle, 0

    def failing(**given: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise RuntimeError("pulled the plug")
        return real(**given)

    monkeypatch.setattr(next_orders.sizing, "settle", failing)
    with pytest.raises(RuntimeError):
        pass_days(shop)
    assert Coupon.objects.of(shop.merchant_id).count() == 2, "the whole first piece"
    assert NextCoupon.objects.of(shop.merchant_id).count() == 2
    jobs.give_next_orders()
    assert len(log(shop, batch)["data"]) == 5
    assert len(wallet(shop, member)) == 5


def test_what_was_settled_meanwhile_is_given_no_second_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = sized(shop)
    member = enrol(shop)
    buy(shop, member, 5_000)
    real = next_orders.sizing.due_of
    # What another process sees that looked before this one was done.
    seen: list[Any] = []

    def stale(*asked: Any, **more: Any) -> Any:
        found = real(*asked, **more)
        seen.extend(found)
        return found or seen[:1]

    monkeypatch.setattr(next_orders.sizing, "due_of", stale)
    assert pass_days(shop) == 1
    monkeypatch.setattr(next_orders.sizing, "batches_due", lambda *_: [_batch(shop)])
    assert next_orders.give_due(shop.merchant) == 1
    assert len(wallet(shop, member)) == len(log(shop, batch)["data"]) == 1


def _batch(shop: Shop) -> Any:
    (row,) = Batch.objects.of(shop.merchant_id).filter(sized__isnull=False)
    return next_orders.sizing.SizedBatch(
        id=row.id, offers=(row.offer,), valid_days=14,
        sized=next_orders.sizing.Sized(most_days=60),
    )  # fmt: skip


def test_an_offer_that_was_made_weaker_since_is_passed_over(shop: Shop) -> None:
    more = make_offer(shop, "spend_save", params=MORE, requires_code=True)["code"]
    sized(shop, stronger=[more])
    buy(shop, enrol(shop), 5_000)
    relay_all()
    shop.move(4 * DAY, due=False)
    later = shop.now

    def open_offers() -> int:
        (batch,) = next_orders.sizing.batches_due(shop.merchant_id, later)
        return len(batch.offers)

    assert open_offers() == 2
    weaker = {"params": {"steps": [{"spend": 6_000, "save": 500}]}}
    assert shop.api.patch(f"/offers/{more}", weaker).status_code == 200
    assert open_offers() == 1


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"margin_bps": None, "stronger": ["x"]}, "/issue/sized/margin_bps", "required"),
        ({"margin_bps": None, "spare": True}, "/issue/sized/margin_bps", "required"),
        ({"most_days": 13}, "/issue/sized/most_days", "too_small"),
        ({"stronger": ["nobody-knows"]}, "/issue/sized/stronger/0", "outside_the_band"),
        ({"stronger": ["OWN"]}, "/issue/sized/stronger", "repeated"),
        ({"stronger": ["WEAKER"]}, "/issue/sized/stronger/0", "outside_the_band"),
        ({"stronger": ["MORE", "WEAKER"]}, "/issue/sized/stronger/1", "outside_the_band"),
        ({"stronger": ["OTHERS"]}, "/issue/sized/stronger/0", "outside_the_band"),
        ({"stronger": ["OPEN"]}, "/issue/sized/stronger/0", "outside_the_band"),
    ],
)
def test_what_leaves_the_band_is_refused(
    shop: Shop, more: dict[str, Any], pointer: str, code: str
) -> None:
    kinds = {
        "OWN": {"params": OWN},
        "WEAKER": {"params": {"steps": [{"spend": 5_000, "save": 300}]}},
        "MORE": {"params": MORE},
        "OTHERS": {"params": MORE, "who": {"channels": ["till"]}},
        "OPEN": {"params": MORE, "requires_code": False},
    }
    codes = {
        name: make_offer(shop, "spend_save", **{"requires_code": True, **one})["code"]
        for name, one in kinds.items()
    }
    told = {"most_days": 60, "margin_bps": 4_000, **more}
    told["stronger"] = [codes.get(one, one) for one in told.get("stronger", [])]
    body = {
        "offer": codes["OWN"], "valid_days": 14,
        "issue": {"on": "order_paid", "sized": told},
    }  # fmt: skip
    answer = shop.api.post("/coupons", body)
    assert answer.status_code == 422, answer.content
    (found,) = answer.json()["errors"]
    assert (found["pointer"], found["code"]) == (pointer, code)
    assert not Batch.objects.of(shop.merchant_id).exists()


def test_validity_for_everybody_must_be_said(shop: Shop) -> None:
    own = make_offer(shop, "spend_save", params=OWN, requires_code=True)["code"]
    body = {"offer": own, "issue": {"on": "order_paid", "sized": {"most_days": 60}}}
    (found,) = shop.api.post("/coupons", body).json()["errors"]
    assert (found["pointer"], found["code"]) == ("/valid_days", "required")
