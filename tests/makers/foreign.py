"""For the authorization matrix: an object of every kind that an address can name, and a body that
each operation on such an object accepts. A new kind or operation is added here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from makers.merchants import client_for, make_staff, unique
from regulars.infra.clock import now_for, real_now
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import new_id, show
from regulars.modules.connectors.models import ImportRun
from regulars.modules.merchants import services
from regulars.modules.segments import services as segments
from regulars.modules.steering.models import Ladder, Plan
from regulars.modules.surveys.models import Response
from regulars.modules.tills import services as tills


def a_member(merchant: MerchantFacts) -> str:
    body = {"identities": [{"type": "external", "value": unique("m")}]}
    return _made(client_for(merchant).post("/members", body))


def a_key(merchant: MerchantFacts) -> str:
    made = services.create_key(merchant_id=merchant.id, name="x", by="test", now=now_for(merchant))
    return str(made.view.id)


def a_cashier(merchant: MerchantFacts) -> str:
    return str(make_staff(merchant, "cashier").staff_id)


def an_order(merchant: MerchantFacts) -> str:
    body = {
        "external_id": unique("o"),
        "identity": {"type": "external", "value": unique("m")},
        "placed_at": "2026-01-01T00:00:00Z",
        "lines": [{"sku": "tea", "quantity": 1, "unit_price": 1000}],
        "paid": 1000,
    }
    return _made(client_for(merchant).post("/orders", body))


def a_hold(merchant: MerchantFacts) -> str:
    member_id, shop = a_member(merchant), client_for(merchant)
    shop.post(f"/members/{member_id}/points/adjust", {"amount": 100, "reason": "test"})
    return _made(
        shop.post("/points/holds", {"member_id": member_id, "amount": 10, "expires_in": 3600})
    )


def a_merge(merchant: MerchantFacts) -> str:
    into, source = a_member(merchant), a_member(merchant)
    return _made(client_for(merchant).post(f"/members/{into}/merge", {"from": source}))


def a_run(merchant: MerchantFacts) -> str:
    run = ImportRun(
        merchant_id=merchant.id,
        id=new_id(),
        kind="orders",
        file_name="orders.csv",
        file_path="/nowhere/orders.csv",
        sha256=unique("0"),
        profile="canonical",
        status="ready",
        created_at=real_now(),
    )
    run.save(force_insert=True)
    return show("run", run.id)


def an_offer(merchant: MerchantFacts) -> str:
    code = unique("offer")
    body = {"code": code, "kind": "percent_off", "params": {"bps": 1000}}
    made = client_for(merchant).post("/offers", body)
    assert made.status_code == 201, made.content
    return code


def a_quote(merchant: MerchantFacts) -> str:
    body = {"lines": [{"sku": "tea", "quantity": 1, "unit_price": 1000}]}
    return _made(client_for(merchant).post("/quotes", body))


def a_batch(merchant: MerchantFacts) -> str:
    return _made(client_for(merchant).post("/coupons", {"offer": an_offer(merchant)}))


def a_segment(merchant: MerchantFacts) -> str:
    code = unique("s")
    draft = segments.Draft(code=code, name="x")
    with transaction.atomic():
        segments.create(merchant, draft, by="test", now=now_for(merchant))
    return code


def an_experiment(merchant: MerchantFacts) -> str:
    body = {"code": unique("x").lower().replace(":", "-"), "name": "Spring"}
    return _made(client_for(merchant).post("/experiments", body))


def a_plan(merchant: MerchantFacts) -> str:
    asked = {
        "aim": "earn", "arms": [an_offer(merchant)], "like": {}, "budget_minor": 1,
        "margin_bps": 1, "held_out_bps": 500, "consent": "sms", "rest_days": 0, "segment": None,
    }  # fmt: skip
    plan = Plan(
        merchant_id=merchant.id,
        id=new_id(),
        name="x",
        status="ready",
        asked=asked,
        created_at=real_now(),
        created_by="test",
    )
    plan.save(force_insert=True)
    return show("pln", plan.id)


def a_ladder(merchant: MerchantFacts) -> str:
    ladder = Ladder(
        merchant_id=merchant.id,
        id=new_id(),
        name="x",
        status="stopped",
        rungs=[[an_offer(merchant), 14]],
        held_out_bps=500,
        consent="sms",
        cost_cap_minor=1,
        try_members=50,
        created_at=real_now(),
        created_by="test",
    )
    ladder.save(force_insert=True)
    return show("ldr", ladder.id)


def a_survey(merchant: MerchantFacts) -> str:
    return _made(client_for(merchant).post("/surveys", {"name": "x", "kind": "reason"}))


def an_answer(merchant: MerchantFacts) -> str:
    row = Response(
        merchant_id=merchant.id,
        id=new_id(),
        member_id=new_id(),
        about="leaving",
        ref="2026-01-01T00:00:00Z",
        state="answered",
        at=real_now(),
        reason="price",
    )
    row.save(force_insert=True)
    return show("ans", row.id)


def a_till(merchant: MerchantFacts) -> str:
    done, _ = tills.enrol(
        merchant_id=merchant.id, name="x", store="S1", by="test", now=now_for(merchant)
    )
    return show("till", done.till.id)


#: By the name of the path parameter: makes one at a merchant, and shows its public id.
OBJECTS: dict[str, Callable[[MerchantFacts], str]] = {
    "member_id": a_member,
    "key_id": a_key,
    "staff_id": a_cashier,
    "order_id": an_order,
    "hold_id": a_hold,
    "merge_id": a_merge,
    "run_id": a_run,
    "code": an_offer,
    "quote_id": a_quote,
    "batch_id": a_batch,
    "segment_code": a_segment,
    "experiment_id": an_experiment,
    "plan_id": a_plan,
    "ladder_id": a_ladder,
    "survey_id": a_survey,
    "answer_id": an_answer,
    "till_id": a_till,
}
#: By the name of the path parameter: an id of the right form that was never given.
NEVER: dict[str, str] = {
    "member_id": show("mem", new_id()),
    "key_id": "999999999999",
    "staff_id": "999999999999",
    "order_id": show("ord", new_id()),
    "hold_id": show("hold", new_id()),
    "merge_id": show("mrg", new_id()),
    "run_id": show("run", new_id()),
    "code": "no-such-offer",
    "quote_id": show("quo", new_id()),
    "batch_id": show("bat", new_id()),
    "segment_code": "never-was",
    "experiment_id": show("exp", new_id()),
    "plan_id": show("pln", new_id()),
    "ladder_id": show("ldr", new_id()),
    "survey_id": show("svy", new_id()),
    "answer_id": show("ans", new_id()),
    "till_id": show("till", new_id()),
}
#: Path parameters that name no object of a merchant, with a value that is good everywhere: a
#: report's name, a sku that is the merchant's own word.
NO_OBJECT: dict[str, str] = {
    "name": "repurchase",
    "sku": "sku-1",
    "tag": "vip",
    "funder": "Acme",
}
#: By operation: a body that fits, for operations on a named object that read one.
BODIES: dict[str, Any] = {
    "change_member": {"name": "x"},
    "leave_membership": {"channel": "till"},
    "record_consent": {"purpose": "sms", "granted": True},
    "change_staff_role": {"role": "analyst"},
    "adjust_points": {"amount": 5, "reason": "test"},
    "capture_hold": {"amount": 1},
    "pay_order": {"paid_at": "2026-01-02T00:00:00Z"},
    "refund_order": {"external_id": "r-1", "lines": [{"line": 1, "quantity": 1}]},
    "preview_refund": {"lines": [{"line": 1, "quantity": 1}]},
    "set_tier_floor": {"tier": "gold", "until": "2999-12-31", "reason": "test"},
    "merge_members": {"from": show("mem", new_id())},
    "undo_import": {"confirm": "orders.csv"},
    "change_offer": {"status": "paused"},
    "change_segment": {"name": "Another"},
    "put_on_list": {"add": []},
    "tag_member": {"tag": "vip", "why": "test"},
    "send_envelopes": {"envelopes": [{}]},
    "revoke_till": {"unsent": "take"},
    "give_up_number": {"number": 1},
    "start_experiment": {},
    "decide_experiment": {},
    "change_survey": {"name": "x", "kind": "reason"},
    "open_survey": {"closes_at": "2999-01-01T00:00:00Z"},
    "answer_survey": {"reason": "price"},
}
#: By operation: a body that names a member in it, for operations that take one.
NAMING_A_MEMBER: dict[str, Callable[[str], Any]] = {
    "hold_points": lambda member_id: {"member_id": member_id, "amount": 1, "expires_in": 60},
    "place_order": lambda member_id: {
        "external_id": "cross-tenant",
        "member_id": member_id,
        "placed_at": "2026-01-01T00:00:00Z",
        "lines": [{"sku": "tea", "quantity": 1, "unit_price": 1000}],
        "paid": 1000,
    },
    "evaluate_cart": lambda member_id: {
        "member_id": member_id,
        "lines": [{"sku": "tea", "quantity": 1, "unit_price": 1000}],
    },
    "create_quote": lambda member_id: {
        "member_id": member_id,
        "lines": [{"sku": "tea", "quantity": 1, "unit_price": 1000}],
    },
}


def _made(answer: Any) -> str:
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])
