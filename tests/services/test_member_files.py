"""Member files in: who is new, who was known and by what, conflicts told, undone, gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from makers.merchants import make_merchant
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import load
from regulars.infra.outbox import relay_all
from regulars.kernel.ids import show
from regulars.modules.connectors import queries, services
from regulars.modules.connectors.errors import RunBusy
from regulars.modules.connectors.types import RunView
from regulars.modules.ledger.services import adjust
from regulars.modules.members import queries as members
from regulars.modules.members.lookup import count_members, people
from regulars.modules.members.services import enrol, record_consent
from regulars.modules.members.types import ConsentDraft, Enrolment, IdentityDraft
from regulars.modules.members.verification import verify
from regulars.modules.orders.settlement import Scope
from regulars.modules.programmes.services import start
from regulars.modules.segments.gather import known_of
from regulars.modules.segments.refreshing import refresh

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEAD = "phone,email,external,name,joined_at,channel,consents,consent_version,consent_at\n"
ANN = "13800138000,ann@example.com,a1,Ann,2025-03-01,tmall,marketing,v2,2025-03-01 10:00\n"
BO = "13800138001,,,Bo,,,,,\n"


@pytest.fixture
def shop() -> MerchantFacts:
    merchant = make_merchant(zone="Asia/Shanghai", currency="CNY", locale="zh-hans")
    start(merchant.id, "plain", NOW)
    return merchant


@pytest.fixture
def scope(shop: MerchantFacts) -> Scope:
    return Scope(shop.id, ZoneInfo("Asia/Shanghai"), "CNY", "test", NOW)


def written(folder: Path, rows: str, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


def brought_in(scope: Scope, path: Path) -> RunView:
    return services.import_file(scope, kind="members", source=path, file_name=path.name)


def outcomes(scope: Scope, run: RunView) -> dict[str, int]:
    return dict(queries.brought(scope.merchant_id, run.id).outcomes)


def joins(shop: MerchantFacts, identities: Sequence[tuple[str, str]], **facts: object) -> object:
    drafts = tuple(IdentityDraft(kind, value) for kind, value in identities)
    wanted = Enrolment(identities=drafts, **facts)  # type: ignore[arg-type]
    return enrol(merchant=shop, wanted=wanted, now=NOW).member_id


def holder(shop: MerchantFacts, kind: str, value: str) -> object:
    return members.by_identity(shop, type=kind, value=value)


def test_a_dry_run_tells_who_is_new_and_who_is_known_and_changes_nothing(
    shop: MerchantFacts, scope: Scope, tmp_path: Path
) -> None:
    joins(shop, [("email", "ann@example.com")])
    one = joins(shop, [("phone", "13800138001")])
    two = joins(shop, [("external", "b2")])
    path = written(tmp_path, ANN + BO + "13800138001,,b2,Both,,,,,\n,,,,,,,,\nx,,,,,,,,\n")

    run = services.prepare_run(scope, kind="members", source=path, file_name=path.name)

    assert (run.status, run.report["people"], run.rejected) == ("ready", 3, 1)
    told = run.report["foretold"]
    assert told["outcomes"] == {"completed": 2, "conflict": 1}
    assert told["recognised_by"] == {"email": 1, "phone": 2, "external": 1}
    (conflict,) = told["conflicts"]
    assert conflict["row"] == 4
    assert set(conflict["members"]) == {show("mem", one), show("mem", two)}  # type: ignore[arg-type]
    assert count_members(shop.id) == 3
    assert holder(shop, "phone", "13800138000") is None


def test_people_come_with_source_and_consent_and_again_nothing_changes(
    shop: MerchantFacts, scope: Scope, tmp_path: Path
) -> None:
    path = written(tmp_path, ANN + BO)

    first, again = brought_in(scope, path), brought_in(scope, path)

    assert (first.status, first.orders, first.lines) == ("done", 2, 2)
    assert (again.orders, again.repeated) == (0, 2)
    assert outcomes(scope, again) == {"repeated": 2}
    ann = members.by_identity(shop, type="phone", value="138 0013 8000")
    bo = members.by_identity(shop, type="phone", value="13800138001")
    assert ann
    assert bo
    view = members.member(shop.id, ann)
    assert (view.status, view.channel, view.joined_at) == (
        "active",
        "tmall",
        datetime(2025, 2, 28, 16, tzinfo=UTC),
    )
    assert members.names(shop.id, [ann, bo]) == {ann: "Ann", bo: "Bo"}
    assert members.member(shop.id, bo).status == "shopper"
    (consent,) = members.consents(shop.id, [ann])
    assert (consent.purpose, consent.granted, consent.text_version, consent.channel) == (
        "marketing",
        True,
        "v2",
        "tmall",
    )
    assert consent.at == datetime(2025, 3, 1, 2, tzinfo=UTC)
    assert verify(shop.id) == []


def test_who_is_known_keeps_what_is_known_and_gains_what_lacks(
    shop: MerchantFacts, scope: Scope, tmp_path: Path
) -> None:
    ann = joins(shop, [("email", "ann@example.com")], name="Anna", channel="shop")

    run = brought_in(scope, written(tmp_path, ANN))

    assert outcomes(scope, run) == {"completed": 1}
    assert holder(shop, "phone", "13800138000") == ann
    assert members.names(shop.id, [ann]) == {ann: "Anna"}  # type: ignore[list-item]
    assert members.member(shop.id, ann).channel == "shop"  # type: ignore[arg-type]


def test_a_no_that_came_later_stays_a_no(shop: MerchantFacts, scope: Scope, tmp_path: Path) -> None:
    ann = joins(shop, [("email", "ann@example.com")])
    record_consent(
        merchant_id=shop.id,
        member_id=ann,  # type: ignore[arg-type]
        consent=ConsentDraft("marketing", granted=False),
        now=NOW,
    )
    brought_in(scope, written(tmp_path, ANN))
    (consent,) = members.consents(shop.id, [ann])  # type: ignore[list-item]
    assert not consent.granted


def test_rows_of_one_person_meet_within_the_file(
    shop: MerchantFacts, scope: Scope, tmp_path: Path
) -> None:
    rows = (
        "13800138000,,,,,,,,\n"
        "13800138000,ann@example.com,,Ann,,,,,\n"
        ",ann@example.com,a1,,2025-01-01,,,,\n"
    )
    run = brought_in(scope, written(tmp_path, rows))
    assert outcomes(scope, run) == {"created": 1, "completed": 1, "promoted": 1}
    ann = members.by_identity(shop, type="external", value="a1")
    assert ann is not None
    assert count_members(shop.id) == 1
    assert members.member(shop.id, ann).status == "active"
    assert members.names(shop.id, [ann]) == {ann: "Ann"}


def test_identities_of_two_members_are_told_with_a_proposal_and_never_merged(
    shop: MerchantFacts, scope: Scope, tmp_path: Path
) -> None:
    late = joins(shop, [("phone", "13800138000")])
    early = joins(shop, [("external", "a1")], joined_at=datetime(2025, 1, 1, tzinfo=UTC))
    run = brought_in(scope, written(tmp_path, ANN))

    (row,) = queries.brought_rows(shop.id, run.id, outcome="conflict", limit=10, after=0)
    assert (row.row, row.recognised_by) == (2, ("phone", "external"))
    assert (row.into, row.merge) == (early, (late,))
    assert holder(shop, "email", "ann@example.com") is None
    assert (holder(shop, "phone", "13800138000"), holder(shop, "external", "a1")) == (late, early)


def test_an_undone_run_takes_back_what_it_gave_and_leaves_who_has_a_life_of_their_own(
    shop: MerchantFacts, scope: Scope, tmp_path: Path
) -> None:
    known = joins(shop, [("email", "eve@example.com")])
    rows = ANN + BO + "13800138002,eve@example.com,,Eve,,,sms,,2025-01-01\n"
    run = brought_in(scope, written(tmp_path, rows))
    bo = members.by_identity(shop, type="phone", value="13800138001")
    assert bo is not None
    adjust(merchant_id=shop.id, member_id=bo, amount=5, reason="x", now=NOW)

    undone = services.undo_run(scope, run.id)

    assert undone.status == "undone"
    assert undone.report["taken_back"] == {"removed": 1, "kept": 2}
    assert holder(shop, "phone", "13800138000") is None
    assert holder(shop, "phone", "13800138001") == bo
    assert holder(shop, "phone", "13800138002") is None
    assert holder(shop, "email", "eve@example.com") == known
    assert members.names(shop.id, [known]) == {}  # type: ignore[list-item]
    (consent,) = members.consents(shop.id, [known])  # type: ignore[list-item]
    assert (consent.granted, consent.channel) == (False, "import_undone")
    assert count_members(shop.id) == 2
    assert brought_in(scope, written(tmp_path, ANN)).orders == 1
    with pytest.raises(RunBusy):
        services.undo_run(scope, run.id)


def test_a_run_that_was_killed_goes_on_and_nobody_comes_twice(
    scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, size = services.open_members, [10]
    monkeypatch.setattr(
        services, "open_members", lambda *a, **k: real(*a, **k, piece_members=size[0])
    )

    def killed_after_two(progress: services.Progress) -> None:
        if progress.pieces_done == 2:
            raise KeyboardInterrupt

    path = written(tmp_path, "".join(f",,m{n},,,,,,\n" for n in range(50)))
    run = services.prepare_run(scope, kind="members", source=path, file_name=path.name)
    with pytest.raises(KeyboardInterrupt):
        services.run_import(scope, run.id, watch=killed_after_two)
    assert count_members(scope.merchant_id) == 20
    size[0] = 25

    done = services.run_import(scope, run.id)

    assert (done.status, done.pieces_done, done.orders) == ("done", 2, 50)
    assert count_members(scope.merchant_id) == 50
    assert outcomes(scope, done) == {"created": 50}


def test_segments_forget_whom_an_undone_run_removed(
    shop: MerchantFacts, scope: Scope, tmp_path: Path
) -> None:
    load()
    run = brought_in(scope, written(tmp_path, ANN))
    ann = members.by_identity(shop, type="external", value="a1")
    assert ann is not None
    relay_all()
    refresh(shop, NOW)
    assert ann in known_of(shop.id, [ann])
    services.undo_run(scope, run.id)
    relay_all()
    refresh(shop, NOW)
    assert known_of(shop.id, [ann]) == {}
    assert people(shop.id, [ann]) == {}
