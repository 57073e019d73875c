"""The chain, the seals and the export: what an outsider needs to check all of it alone."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from makers.ledger import (
    DAY,
    GROWTH_VALUE,
    NOON,
    claw_back,
    earn,
    fresh_merchant,
    make_member,
    order_cause,
    spend,
)
from regulars.infra import crypto
from regulars.infra.models import OutboxRow
from regulars.kernel.canonical import canonical_json
from regulars.kernel.merkle import tree_root
from regulars.modules.ledger import queries, seals, signing
from regulars.modules.ledger.errors import ChainBroken
from regulars.modules.ledger.models import Account, Posting, Seal, SealedHead
from regulars.modules.ledger.seals import HeadTree
from regulars.modules.ledger.types import GENESIS
from regulars.modules.ledger.verification import verify


@pytest.fixture
def busy():
    """Three members with every kind of account: points, growth value, and a debt of each."""
    merchant_id = fresh_merchant()
    for number in range(3):
        member_id = make_member(merchant_id)
        order = order_cause(number)
        earn(merchant_id, member_id, 30, cause=order)
        earn(merchant_id, member_id, 30, cause=order, asset=GROWTH_VALUE)
        spend(merchant_id, member_id, 20)
        claw_back(merchant_id, member_id, 30, order=order)
        claw_back(merchant_id, member_id, 40, order=order, asset=GROWTH_VALUE)
    return merchant_id


def seal(merchant_id, at=NOON):
    return seals.seal(merchant_id=merchant_id, now=at)


def exported(merchant_id):
    lines = [json.loads(line) for line in queries.export_entries(merchant_id)]
    return [e for e in lines if "account" in e], [s for s in lines if "seal" in s]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 100])
def test_the_growing_tree_is_the_tree_of_the_standard(size):
    tree, leaves = HeadTree(), []
    for number in range(size):
        head = sha256(b"%d" % number).hexdigest()
        tree.add(account=f"acc_{number}", version=number, head=head)
        leaf = {"account": f"acc_{number}", "version": number, "hash": head}
        leaves.append(canonical_json(leaf))

    assert tree.root() == tree_root(leaves).hex()


def test_an_outsider_can_recompute_every_hash_every_balance_and_the_root(busy):
    seal(busy)
    entries, sealed = exported(busy)

    heads: dict[str, dict[str, object]] = {}
    for entry in entries:
        before = heads.get(entry["account"], {"version": 0, "hash": GENESIS, "balance": 0})
        claimed = entry.pop("hash")
        assert sha256(canonical_json(entry)).hexdigest() == claimed
        assert entry["version"] == before["version"] + 1
        assert entry["prev_hash"] == before["hash"]
        assert entry["balance_after"] == before["balance"] + entry["amount"]
        heads[entry["account"]] = {
            "version": entry["version"], "hash": claimed, "balance": entry["balance_after"],
        }  # fmt: skip
    leaves = [
        canonical_json({"account": account, "version": head["version"], "hash": head["hash"]})
        for account, head in sorted(heads.items())
    ]
    assert len(heads) == 12
    assert sealed == [
        {
            "seal": 1,
            "at": "2026-03-10T12:00:00Z",
            "accounts": 12,
            "root": tree_root(leaves).hex(),
            "previous": GENESIS,
        }
    ]


def test_lines_have_the_fields_of_the_contract_and_are_ordered(busy):
    seal(busy)
    entries, _ = exported(busy)

    assert [tuple(entry) for entry in entries[:1]] == [
        ("account", "version", "asset", "member_id", "at", "amount", "balance_after", "kind",
         "cause", "reverses", "prev_hash", "hash")
    ]  # fmt: skip
    places = [(entry["account"], entry["version"]) for entry in entries]
    assert places == sorted(places)
    assert {entry["asset"] for entry in entries} == {"points", "growth_value"}
    for line in queries.export_entries(busy):
        assert line.endswith("}\n")
        assert line.count("\n") == 1


def test_the_export_ends_at_the_latest_seal(busy):
    seal(busy)
    before, _ = exported(busy)
    member_id = Account.objects.of(busy).first().member_id
    earn(busy, member_id, 5, cause=order_cause(9))
    newcomer = make_member(busy)
    earn(busy, newcomer, 5)

    assert exported(busy)[0] == before

    second = seal(busy, NOON + DAY)
    entries, sealed = exported(busy)
    assert len(entries) > len(before)
    assert f"mem_{newcomer.hex}" in {entry["member_id"] for entry in entries}
    assert [line["seal"] for line in sealed] == [1, 2]
    assert sealed[1]["previous"] == sealed[0]["root"]
    assert sealed[1]["root"] == second.root != sealed[0]["root"]
    assert verify(busy) == []


def test_without_a_seal_nothing_is_exported():
    merchant_id = fresh_merchant()
    earn(merchant_id, make_member(merchant_id), 5)

    assert list(queries.export_entries(merchant_id)) == []


def test_a_seal_of_nothing_is_the_root_of_no_leaves():
    merchant_id = fresh_merchant()

    found = seal(merchant_id)

    assert (found.accounts, found.root) == (0, sha256(b"").hexdigest())
    assert verify(merchant_id) == []


def test_a_promise_alone_has_no_head_to_seal():
    merchant_id = fresh_merchant()
    earn(merchant_id, make_member(merchant_id), 5, available_at=NOON + DAY)

    assert seal(merchant_id).accounts == 0


def test_where_nothing_moved_there_is_no_new_seal_unless_asked_for(busy):
    first = seal(busy)

    assert seals.seal_if_moved(merchant_id=busy, now=NOON + DAY) is None
    again = seal(busy, NOON + DAY)

    assert (again.number, again.root, again.previous) == (2, first.root, first.root)
    earn(busy, Account.objects.of(busy).first().member_id, 5, cause=order_cause(9))
    assert seals.seal_if_moved(merchant_id=busy, now=NOON + DAY).number == 3
    assert seals.seal_if_moved(merchant_id=fresh_merchant(), now=NOON) is None


def test_a_seal_is_announced_and_never_earlier_than_the_one_before(busy):
    seal(busy, NOON + DAY)
    second = seal(busy, NOON)

    assert second.at == NOON + DAY
    rows = OutboxRow.objects.filter(merchant_id=busy, aggregate="ledger").order_by("id")
    told = [json.loads(row.events)[0] for row in rows]
    assert [(event["topic"], event["seal"]) for event in told] == [
        ("ledger.sealed", 1),
        ("ledger.sealed", 2),
    ]


def test_only_heads_that_moved_are_written_again(busy):
    seal(busy)
    member_id = Account.objects.of(busy).first().member_id
    earn(busy, member_id, 5, cause=order_cause(9), asset=GROWTH_VALUE)
    heads = dict(SealedHead.objects.of(busy).values_list("head", "version"))

    seal(busy, NOON + DAY)

    moved = dict(SealedHead.objects.of(busy).values_list("head", "version")).keys() - heads.keys()
    assert len(moved) == 1


def test_nothing_is_sealed_over_postings_that_are_gone(busy):
    seal(busy)
    account = Account.objects.of(busy).filter(asset=1).first()
    Account.objects.of(busy).filter(member_id=account.member_id, asset=1).update(
        version=account.version - 1
    )

    with pytest.raises(ChainBroken):
        seal(busy, NOON + DAY)

    assert Seal.objects.of(busy).count() == 1


@pytest.mark.parametrize("table", ["ledger_posting", "ledger_seal", "ledger_sealsignature"])
@pytest.mark.parametrize("change", ["UPDATE {} SET merchant_id = merchant_id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_was_written(busy, table, change):
    seal(busy)
    rows = Posting.objects.of(busy).count(), Seal.objects.of(busy).count()
    statement = change.format(table) + f" WHERE merchant_id = {busy}"

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)

    assert (Posting.objects.of(busy).count(), Seal.objects.of(busy).count()) == rows


# ── who made it ───────────────────────────────────────────────────────────────────────────


def signer_of(sealed):
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(sealed.public_key))


def test_an_exported_seal_is_what_was_signed(busy):
    first, second = seal(busy), seal(busy, NOON + DAY)
    _, rows = exported(busy)
    for sealed, row in zip((first, second), rows, strict=True):
        signer_of(sealed).verify(bytes.fromhex(sealed.signature), canonical_json(row))
        with pytest.raises(InvalidSignature):
            signer_of(sealed).verify(
                bytes.fromhex(sealed.signature), canonical_json({**row, "accounts": 0})
            )
    assert first.public_key == second.public_key
    assert seals.seals(busy) == [first, second]


def test_every_merchant_has_a_key_of_its_own(busy):
    """The empty root is everybody's: only the key tells whose it is."""
    one, other = seal(fresh_merchant()), seal(fresh_merchant())
    assert one.root == other.root
    assert one.public_key != other.public_key
    with pytest.raises(InvalidSignature):
        signer_of(other).verify(
            bytes.fromhex(one.signature), canonical_json(signing.seal_line(one))
        )


def test_a_seal_made_with_another_key_is_good_and_yet_a_strangers(busy):
    """Whoever holds the database and not the key may seal what they like, but not as this house."""
    seal(busy)
    crypto._signer.cache_clear()
    with override_settings(SEAL_KEY="0d" * 32):
        forged = seal(busy, NOON + DAY)
    crypto._signer.cache_clear()

    assert verify(busy) == []
    (found,) = signing.strangers(busy, seals.seals(busy))
    assert (found.code, found.version) == ("seal_stranger", 2)
    assert forged.public_key in found.detail
    with override_settings(FORMER_SEAL_KEYS=[forged.public_key]):
        assert signing.strangers(busy, seals.seals(busy)) == []


def test_without_its_key_nothing_is_sealed(busy):
    crypto._signer.cache_clear()
    with override_settings(SEAL_KEY=""), pytest.raises(crypto.KeyMissing, match="init"):
        seal(busy)
    assert Seal.objects.of(busy).count() == 0
