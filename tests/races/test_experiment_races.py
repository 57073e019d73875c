"""An offer told of at once by many, and started at once by many: one experiment, assigned once."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction

from makers.merchants import unique
from makers.offers import make_offer
from makers.orders import Shop, enrol, make_shop
from makers.threads import at_once, refusals
from regulars.events.promotions import OfferCreated
from regulars.infra.db import retrying
from regulars.kernel.chance import salt_of_offer
from regulars.modules.experiments import following
from regulars.modules.experiments.models import Assignment, Experiment
from regulars.modules.experiments.rules import arms_of


def _tell(shop: Shop, event: OfferCreated) -> None:
    def once() -> None:
        with transaction.atomic():
            following.follow(event)

    retrying(once)


@pytest.mark.parametrize("round_number", range(3))
def test_whoever_is_told_first_it_is_one_experiment(round_number: int) -> None:
    shop = make_shop()
    members = [enrol(shop) for _ in range(12)]
    given = {"who": {"members_only": True}, "held_out_bps": 5_000}
    code = make_offer(shop, code=unique("spring"), **given)["code"]
    event = OfferCreated(
        merchant_id=shop.merchant_id,
        happened_at=shop.now,
        offer=code,
        kind="percent_off",
        status="active",
    )
    assert refusals(at_once(*[partial(_tell, shop, event)] * 4)) == []
    (row,) = Experiment.objects.of(shop.merchant_id).filter(offer=code)
    merchant, now = shop.merchant, shop.now
    found = at_once(*[partial(following.open_due, merchant, now)] * 3)
    assert refusals(found) == []
    assert sum(one for one in found if isinstance(one, int)) == 1
    assigned = dict(
        Assignment.objects.of(shop.merchant_id)
        .filter(experiment_id=row.id)
        .values_list("member_id", "held_out")
    )
    assert len(assigned) == len(members)
    arms = arms_of(shop.merchant_id, salt_of_offer(code), assigned, held_out_bps=5_000)
    assert {one: "held_out" if out else "treated" for one, out in assigned.items()} == arms
