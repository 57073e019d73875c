"""Joining, being recognised, and consent."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from makers.merchants import make_merchant
from regulars.cli import main
from regulars.infra.db import Sql, fetch_one, retrying
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.models import OutboxRow
from regulars.infra.recording import Writes
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_id, show
from regulars.modules.members import enrolment, exporting, gather, queries, services
from regulars.modules.members.errors import IdentityConflict
from regulars.modules.members.models import Identity, Member
from regulars.modules.members.rules import member_number, normalised, phone_region
from regulars.modules.members.tokens import bearer_of, card_token
from regulars.modules.members.types import ConsentDraft, Enrolment, IdentityDraft

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def shanghai() -> MerchantFacts:
    return make_merchant(currency="CNY", zone="Asia/Shanghai", locale="zh-hans")


def enrol(shop: MerchantFacts, *identities: tuple[str, str], **given: object) -> services.Enrolled:
    wanted = Enrolment(identities=tuple(IdentityDraft(*i) for i in identities), **given)  # type: ignore[arg-type]
    return retrying(lambda: services.enrol(merchant=shop, wanted=wanted, now=NOW))


def test_a_person_is_found_however_the_shop_writes_the_number() -> None:
    shop = shanghai()
    first = enrol(shop, ("phone", "13800138000"))
    for written in ("+86 138 0013 8000", "+8613800138000", "138-0013-8000", "008613800138000"):
        again = enrol(shop, ("phone", written))
        assert (again.member_id, again.created, again.events) == (first.member_id, False, ())
    assert enrol(shop, ("email", "Ana@Example.COM")).member_id == (
        enrol(shop, ("email", " ana@example.com ")).member_id
    )


def test_a_number_without_a_country_is_read_in_the_merchants() -> None:
    assert phone_region("Asia/Shanghai", "en") == "CN"
    assert phone_region("Europe/Berlin", "en") == "DE"
    assert phone_region("UTC", "zh-hans") == "CN"
    assert phone_region("UTC", "zh-hant") == "TW"
    assert phone_region("UTC", "en") == "US"
    assert normalised(type="phone", value="030 901820", region="DE") == "+4930901820"


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("phone", "12"),
        ("phone", "call me"),
        ("phone", "+999999999999999"),
        ("email", "ana"),
        ("email", "@example.com"),
        ("email", "a@b@c"),
        ("email", "a b@example.com"),
        ("email", "a" * 250 + "@example.com"),
    ],
)
def test_what_cannot_be_an_identity_names_the_field(type: str, value: str) -> None:
    shop = shanghai()
    with pytest.raises(Invalid) as refused:
        enrol(shop, ("external", "1"), (type, value))
    assert refused.value.errors[0].pointer == "/identities/1/value"
    assert not Member.objects.of(shop.id).exists()


def test_other_identities_are_taken_as_written() -> None:
    shop = shanghai()
    one, other = enrol(shop, ("external", "a1")), enrol(shop, ("external", "A1"))
    assert one.member_id != other.member_id


def test_a_found_member_gains_what_nobody_held() -> None:
    shop = shanghai()
    first = enrol(shop, ("phone", "13800138000"))
    again = enrol(shop, ("phone", "13800138000"), ("external", "u-77"))
    assert again.member_id == first.member_id
    assert [event.topic for event in again.events] == ["member.identified"]
    assert queries.by_identity(shop, type="external", value="u-77") == first.member_id
    known = queries.member(shop.id, first.member_id).identities
    masked = {(i.type, i.masked) for i in known}
    assert masked == {("phone", "+86*******8000"), ("external", "****77")}


def test_two_identities_of_two_members_conflict_and_change_nothing() -> None:
    shop = shanghai()
    enrol(shop, ("phone", "13800138000"))
    enrol(shop, ("external", "7"))
    before = Identity.objects.of(shop.id).count()
    with pytest.raises(IdentityConflict):
        enrol(shop, ("phone", "13800138000"), ("external", "7"), ("card", "99"))
    assert Identity.objects.of(shop.id).count() == before


def test_a_merged_member_is_found_as_who_carries_on() -> None:
    shop = shanghai()
    old, new = enrol(shop, ("external", "old")), enrol(shop, ("external", "new"))
    Member.objects.of(shop.id).filter(id=old.member_id).update(
        merged_into=new.member_id, status="merged"
    )
    assert enrol(shop, ("external", "old")).member_id == new.member_id
    assert enrol(shop, ("external", "old"), ("external", "new")).member_id == new.member_id
    assert queries.carrier_of(shop.id, old.member_id) == new.member_id
    assert queries.member(shop.id, old.member_id).merged_into == new.member_id


def test_a_shopper_who_joins_becomes_a_member_and_is_told() -> None:
    shop = shanghai()
    shopper = new_id()
    writes = Writes()
    enrolment.add_member(
        writes, merchant_id=shop.id, member_id=shopper, status="shopper", joined_at=NOW, now=NOW
    )
    enrolment.add_identity(
        writes, merchant_id=shop.id, member_id=shopper, type="external", value="s1", now=NOW
    )
    from django.db import transaction

    with transaction.atomic():
        writes.record()
    joined = enrol(shop, ("external", "s1"), name="Ana", birthday=date(1990, 5, 1))
    assert (joined.member_id, joined.created) == (shopper, False)
    assert [event.topic for event in joined.events] == ["member.enrolled"]
    assert queries.member(shop.id, shopper).status == "active"
    assert queries.names(shop.id, [shopper]) == {shopper: "Ana"}
    assert queries.birthday(shop.id, shopper) == date(1990, 5, 1)
    assert enrol(shop, ("external", "s1"), name="Eve").events == ()
    assert queries.names(shop.id, [shopper]) == {shopper: "Ana"}


def test_nothing_that_names_or_reaches_a_person_is_stored_readable() -> None:
    shop = shanghai()
    enrol(
        shop,
        ("phone", "+8613912345678"),
        ("email", "canary@example.com"),
        ("wechat_unionid", "oCanaryUnionId77"),
        name="金丝雀",
        birthday=date(1991, 12, 24),
    )
    canaries = ("13912345678", "canary@", "oCanaryUnionId77", "金丝雀", "1991-12-24")
    for table in ("members_member", "members_identity", "infra_outboxrow"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} WHERE merchant_id = %s", [shop.id])
            dump = repr(cursor.fetchall())
        assert not [canary for canary in canaries if canary in dump], table


def test_two_merchants_know_nothing_of_each_other() -> None:
    shop, other = shanghai(), shanghai()
    here = enrol(shop, ("phone", "13800138000"))
    there = enrol(other, ("phone", "13800138000"))
    assert here.member_id != there.member_id
    both = [here.member_id, there.member_id]
    keys = set(Identity.plain.filter(member_id__in=both).values_list("key"))
    assert len(keys) == 2, "the same number has another index at another merchant"
    with pytest.raises(NotFound):
        queries.member(other.id, here.member_id)
    assert queries.names(other.id, [here.member_id]) == {}
    assert queries.search(other, show("mem", here.member_id)) == []


def test_sixteen_at_once_with_one_number_are_one_member() -> None:
    shop = shanghai()
    found: list[UUID] = []
    gate = threading.Barrier(8)

    def join() -> None:
        gate.wait()
        for _ in range(2):
            found.append(enrol(shop, ("phone", "13800138000")).member_id)
        connection.close()

    threads = [threading.Thread(target=join) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1
    assert Member.objects.of(shop.id).count() == 1
    assert OutboxRow.objects.filter(merchant_id=shop.id, aggregate=found[0].hex).count() == 1


def test_nobody_joins_in_the_future() -> None:
    shop = shanghai()
    with pytest.raises(Invalid) as refused:
        enrol(shop, ("external", "1"), joined_at=NOW + timedelta(hours=1))
    assert refused.value.errors[0].pointer == "/joined_at"
    early = datetime(2015, 1, 1, tzinfo=UTC)
    member = enrol(shop, ("external", "1"), joined_at=early)
    assert queries.member(shop.id, member.member_id).joined_at == early
    ahead = enrol(shop, ("external", "2"), joined_at=NOW + timedelta(minutes=2))
    assert queries.member(shop.id, ahead.member_id).joined_at == NOW


def test_the_same_identity_twice_in_one_request_is_a_mistake() -> None:
    with pytest.raises(Invalid):
        enrol(shanghai(), ("external", "1"), ("external", "1"))


def test_one_number_written_twice_in_one_request_is_one_identity() -> None:
    shop = shanghai()
    enrol(shop, ("phone", "13800138000"), ("phone", "+8613800138000"))
    assert Identity.objects.of(shop.id).count() == 1


def test_a_till_searches_by_tail_number_and_id() -> None:
    shop = shanghai()
    ana = enrol(shop, ("phone", "13800138000")).member_id
    eve = enrol(shop, ("phone", "13900138000"), ("card", "55558000")).member_id
    assert set(queries.search(shop, "8000")) == {ana, eve}
    assert queries.search(shop, "138 0013 8000") == [ana]
    assert queries.search(shop, show("mem", eve)) == [eve]
    assert queries.search(shop, "55558000") == [eve]
    assert queries.search(shop, "nobody") == []
    assert queries.search(shop, "") == []


def test_a_gather_finds_a_member_by_identity_in_its_own_statement() -> None:
    shop = shanghai()
    ana = enrol(shop, ("phone", "13800138000")).member_id
    params = gather.identity_params(shop, type="phone", value="+86 138 0013 8000")
    row = fetch_one(Sql(f"SELECT {gather.MEMBER_BY_IDENTITY}"), {"merchant_id": shop.id, **params})
    assert row is not None
    assert UUID(str(row[0])) == ana


def test_the_latest_word_on_a_purpose_counts() -> None:
    shop = shanghai()
    ana = enrol(shop, ("external", "1"), consents=(ConsentDraft("sms", True, "v1", "till"),))
    assert [event.topic for event in ana.events] == ["member.enrolled", "consent.granted"]
    event = services.record_consent(
        merchant_id=shop.id,
        member_id=ana.member_id,
        consent=ConsentDraft("sms", False, "v1", "card"),
        now=NOW,
    )
    assert event.topic == "consent.withdrawn"
    (latest,) = queries.consents(shop.id, [ana.member_id])
    assert (latest.granted, latest.channel) == (False, "card")
    with pytest.raises(NotFound):
        services.record_consent(
            merchant_id=shop.id, member_id=new_id(), consent=ConsentDraft("sms", True), now=NOW
        )


def test_a_card_token_speaks_for_one_member_until_it_ends() -> None:
    member_id, later = new_id(), datetime.now(UTC) + timedelta(hours=1)
    token = card_token(merchant_id=5, member_id=member_id, expires_at=later)
    assert bearer_of(token) == (5, member_id)
    late = card_token(merchant_id=5, member_id=member_id, expires_at=datetime.now(UTC))
    assert bearer_of(late) is None
    told, mac = token.split("~")
    other = new_id().hex
    forged = told.replace(member_id.hex, other)
    for wrong in ("", "~", told, f"{forged}~{mac}", token + "x", "x" + token, "a.b.c~d"):
        assert bearer_of(wrong) is None


def test_member_numbers_are_readable_and_differ() -> None:
    numbers = {member_number(new_id()) for _ in range(2000)}
    assert len(numbers) == 2000
    assert all(len(n) == 14 and not set(n) & set("ILO") for n in numbers)


def test_external_ids_open_for_files_that_go_out() -> None:
    shop = shanghai()
    ana = enrol(shop, ("external", "cust-1"), ("phone", "13800138000")).member_id
    assert queries.external_ids(shop.id, [ana]) == {ana: "cust-1"}


def test_a_merchant_takes_its_customers_along(capsys: pytest.CaptureFixture[str]) -> None:
    """Opened, every record once and in order, over the edge of a piece; nobody else's."""
    shop, other = shanghai(), shanghai()
    enrol(other, ("phone", "13900139000"))
    ana = enrol(
        shop, ("phone", "13800138000"), ("email", "ana@example.com"), name="Ana",
        birthday=date(1992, 2, 29), consents=(ConsentDraft("sms", True, "v1", "till", "spring"),),
    ).member_id  # fmt: skip
    services.record_consent(
        merchant_id=shop.id, member_id=ana, consent=ConsentDraft("sms", False, "v1"), now=NOW
    )
    bo = enrol(shop, ("external", "B1")).member_id
    assert main(["export", "members", "--merchant", shop.code]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["id"], second["id"]) == (show("mem", ana), show("mem", bo))
    assert (first["name"], first["birthday"]) == ("Ana", "1992-02-29")
    assert [(one["type"], one["value"]) for one in first["identities"]] == [
        ("email", "ana@example.com"), ("phone", "+8613800138000"),
    ]  # fmt: skip
    assert [(one["granted"], one["channel"], one["campaign"]) for one in first["consents"]] == [
        (True, "till", "spring"), (False, "", ""),
    ]  # fmt: skip
    assert (second["name"], second["consents"]) == (None, [])


def test_an_export_goes_on_over_the_edge_of_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shanghai()
    people = [enrol(shop, ("external", f"m{n}")).member_id for n in range(5)]
    monkeypatch.setattr(exporting, "_PIECE", 2)
    told = list(exporting.exported(shop.id))
    assert [one["id"] for one in told] == [show("mem", id_) for id_ in people]
    assert [one["identities"][0]["value"] for one in told] == [f"m{n}" for n in range(5)]
