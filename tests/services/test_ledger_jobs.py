"""What the ledger does by itself, for every merchant by its own clock."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from makers.ledger import DAY, earn
from makers.merchants import make_merchant
from regulars.infra import jobs as infra_jobs
from regulars.infra.clock import real_now
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import new_id
from regulars.modules.ledger import jobs, seals
from regulars.modules.ledger.models import Account

NOW = real_now()


def balance(merchant: MerchantFacts, member_id: UUID) -> int:
    return Account.objects.of(merchant.id).get(member_id=member_id).balance


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch):
    """Let the jobs see these merchants alone, though the run's database holds many."""

    def these(*merchants: MerchantFacts) -> None:
        monkeypatch.setattr(jobs, "merchants", lambda: list(merchants))

    return these


def test_the_jobs_are_declared():
    names = infra_jobs.load()
    assert {"modules.ledger.jobs.post_what_fell_due", "modules.ledger.jobs.seal_the_day"} <= set(
        names
    )


def test_everything_due_is_posted_for_every_merchant(only):
    shops = [make_merchant(), make_merchant()]
    members = [new_id(), new_id()]
    for shop, member_id in zip(shops, members, strict=True):
        earn(shop.id, member_id, 5, at=NOW - 2 * DAY, expires_at=NOW - DAY)
        earn(shop.id, member_id, 7, at=NOW - 2 * DAY, expires_at=NOW + DAY)
    only(*shops)

    assert jobs.post_what_fell_due() == 2
    assert jobs.post_what_fell_due() == 0

    assert [balance(*pair) for pair in zip(shops, members, strict=True)] == [7, 7]


def test_one_merchants_trouble_does_not_keep_the_next_waiting(only, monkeypatch):
    broken, fine = make_merchant(), make_merchant()
    member_id = new_id()
    earn(fine.id, member_id, 5, at=NOW - 2 * DAY, expires_at=NOW - DAY)
    only(broken, fine)
    real = jobs.expire_and_activate

    def fails_for_one(*, merchant_id: int, **more: object) -> int:
        if merchant_id == broken.id:
            raise RuntimeError
        return real(merchant_id=merchant_id, **more)

    monkeypatch.setattr(jobs, "expire_and_activate", fails_for_one)

    assert jobs.post_what_fell_due() == 1
    assert balance(fine, member_id) == 0


def test_a_day_is_sealed_once_in_the_merchants_zone(only, monkeypatch):
    shop = make_merchant(zone="Asia/Shanghai")
    only(shop)
    late = NOW.replace(hour=15, minute=59, second=0, microsecond=0)  # 23:59 in Shanghai
    clock = [late]
    monkeypatch.setattr(jobs, "now_for", lambda _: clock[0])
    assert jobs.seal_the_day() == 0, "nothing ever moved"
    earn(shop.id, new_id(), 5, at=late)

    assert jobs.seal_the_day() == 1
    earn(shop.id, new_id(), 5, at=late)
    assert jobs.seal_the_day() == 0, "this day has its seal"
    clock[0] = late + timedelta(minutes=1)
    assert jobs.seal_the_day() == 1
    clock[0] = late + DAY
    assert jobs.seal_the_day() == 0, "nothing moved since"

    assert [sealed.at for sealed in seals.seals(shop.id)] == [late, late + timedelta(minutes=1)]
