"""Codes of coupons, which of several is used, and the guard against guessing. No database."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.budgets.types import NOTHING_SEEN, Claim, Seen
from regulars.modules.coupons import codes
from regulars.modules.coupons.codes import ALPHABET
from regulars.modules.coupons.gather import MOST_CODES, read_codes
from regulars.modules.coupons.guessing import Guard, Limits
from regulars.modules.coupons.rules import (
    end_of_validity,
    member_use_keys,
    resolve,
    use_key,
    wallet_state,
)
from regulars.modules.coupons.types import Coupon, ReadCodes

SHOP = 7
BATCH = UUID("018f2b6c-0000-7000-8000-000000000001")
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)

numbers = st.integers(1, 10**9)


# ── codes ──


@given(numbers)
def test_a_code_is_found_however_it_is_typed(number: int) -> None:
    code = codes.generated(SHOP, BATCH, number)
    ((_, key),) = codes.generated_keys(SHOP, BATCH, [number])
    plain = code.replace("-", "")
    assert len(plain) == 20
    assert set(plain) <= set(ALPHABET)
    for typed in (
        code,
        plain,
        code.lower(),
        code.replace("-", " "),
        f"  {code} ",
        code.replace("0", "O").replace("1", "I"),
        code.replace("0", "o").replace("1", "l"),
    ):
        assert codes.key_of(SHOP, typed) == key
        assert codes.canonical(typed) == code


@given(number=numbers, place=st.integers(0, 19), letter=st.sampled_from(ALPHABET))
def test_one_wrong_character_is_seen_without_a_read(number: int, place: int, letter: str) -> None:
    plain = codes.generated(SHOP, BATCH, number).replace("-", "")
    if plain[place] == letter:
        return
    assert codes.key_of(SHOP, plain[:place] + letter + plain[place + 1 :]) is None


@given(number=numbers, place=st.integers(0, 18))
def test_two_characters_swapped_are_seen(number: int, place: int) -> None:
    plain = codes.generated(SHOP, BATCH, number).replace("-", "")
    if plain[place] == plain[place + 1]:
        return
    swapped = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
    assert codes.key_of(SHOP, swapped) is None


def test_of_a_hundred_thousand_guesses_none_gets_to_the_database() -> None:
    guess = random.Random(18)
    tries = ("".join(guess.choices(ALPHABET, k=20)) for _ in range(100_000))
    assert sum(codes.key_of(SHOP, text) is not None for text in tries) == 0


def test_codes_are_spread_evenly_and_never_twice() -> None:
    made = [codes.generated(SHOP, BATCH, n).replace("-", "") for n in range(1, 20_001)]
    assert len(set(made)) == 20_000
    counts = Counter("".join(made))
    mean = 20_000 * 20 / 32
    assert all(abs(counts[letter] - mean) < 6 * mean**0.5 for letter in ALPHABET)


def test_each_merchant_and_batch_has_codes_of_its_own() -> None:
    code = codes.generated(SHOP, BATCH, 1)
    assert codes.generated(SHOP + 1, BATCH, 1) != code
    assert codes.generated(SHOP, uuid4(), 1) != code
    assert codes.key_of(SHOP + 1, code) is None, "another merchant's check"


@pytest.mark.parametrize("typed", ["Save30", "SAVE30", " save30 ", "ＳＡＶＥ３０"])
def test_public_codes_are_one_in_every_case_and_width(typed: str) -> None:
    assert codes.key_of(SHOP, typed) == codes.public_key(SHOP, "Save30")


@pytest.mark.parametrize("typed", ["SAVE3O", "SAVE 30", "SAVE-30", "SAVE30."])
def test_public_codes_are_otherwise_as_written(typed: str) -> None:
    assert codes.key_of(SHOP, typed) != codes.public_key(SHOP, "SAVE30")


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("A" * 20, True),
        ("AAAAA-AAAAA-AAAAA-AAAAA", True),
        ("aaaaa aaaaa aaaaa aaaaa", True),
        ("A" * 19, False),
        ("A" * 21, False),
        ("AAAA-AAAAAA-AAAAA-AAAAA", False),
        ("AAAAA-AAAAAAAAAAAAAAA", False),
        ("满减" * 10, False),
        ("ſ" * 20, False),
    ],
)
def test_what_has_the_form_of_a_generated_code(text: str, is_it: bool) -> None:
    assert codes.has_generated_form(text) is is_it


@given(st.text(max_size=60))
def test_any_text_can_be_given(text: str) -> None:
    key = codes.key_of(SHOP, text)
    assert key is None or len(key) == 32


def test_codes_are_read_once_and_not_without_end() -> None:
    good = codes.generated(SHOP, BATCH, 1)
    read = read_codes(SHOP, [good, good.lower(), "A" * 20, "x", "x"])
    assert list(read.by_key.values()) == [good, "x"]
    assert read.failed == ("A" * 20,)
    many = read_codes(SHOP, [f"c{n}" for n in range(MOST_CODES + 3)])
    assert (len(many.by_key), len(many.failed)) == (MOST_CODES, 3)


# ── which one is used ──


def coupon(code: str, **given: Any) -> Coupon:
    known: dict[str, Any] = {
        "key": f"key-of-{code}",
        "code": code,
        "offer": "A",
        "member_id": None,
        "begins_at": None,
        "ends_at": None,
        "max_uses": None,
        "max_uses_per_member": None,
    }
    return Coupon(**{**known, **given})


def resolved(
    *coupons: Coupon,
    people: tuple[UUID, ...] = (),
    seen: Seen = NOTHING_SEEN,
    now: datetime = NOON,
    offers: tuple[str, ...] = ("A", "B"),
) -> tuple[dict[str, str], tuple[str, ...]]:
    read = ReadCodes({c.key: c.code.lower() for c in coupons}, ("typo",))
    found = resolve(read, coupons, seen=seen, people=people, now=now, offers=offers)
    assert found.invalid[0] == "typo"
    return {offer: c.code for offer, c in found.by_offer.items()}, found.invalid[1:]


def test_the_one_that_ends_first_is_used_then_the_smallest_code() -> None:
    may, june = NOON + timedelta(days=80), NOON + timedelta(days=110)
    given = (coupon("0"), coupon("B", ends_at=may), coupon("A", ends_at=may),
             coupon("1", ends_at=june))  # fmt: skip
    for order in (given, given[::-1]):
        assert resolved(*order) == ({"A": "A"}, ())


def test_each_offer_has_a_coupon_of_its_own() -> None:
    assert resolved(coupon("x"), coupon("y", offer="B")) == ({"A": "x", "B": "y"}, ())


def test_a_coupon_of_an_offer_that_is_gone_is_told_as_any_other() -> None:
    assert resolved(coupon("X", offer="gone")) == ({}, ("x",))


@pytest.mark.parametrize(
    ("begins", "ends", "good"),
    [
        (0, 1, True),
        (1, 2, False),
        (-2, 0, False),
        (None, None, True),
    ],
)
def test_times_are_half_open(begins: int | None, ends: int | None, good: bool) -> None:
    tick = timedelta(microseconds=1)
    one = coupon(
        "X",
        begins_at=None if begins is None else NOON + begins * tick,
        ends_at=None if ends is None else NOON + ends * tick,
    )
    assert resolved(one) == (({"A": "X"}, ()) if good else ({}, ("x",)))


def test_a_coupon_of_ones_own_is_nobody_elses() -> None:
    me, old_me, other = uuid4(), uuid4(), uuid4()
    mine = coupon("X", member_id=old_me)
    assert resolved(mine, people=(me, old_me)) == ({"A": "X"}, ())
    assert resolved(mine, people=(other,)) == ({}, ("x",))
    assert resolved(mine) == ({}, ("x",)), "nor a stranger's"


def test_uses_run_out_in_all_and_per_member_and_come_back() -> None:
    me, other = uuid4(), uuid4()
    one = coupon("X", max_uses=2, max_uses_per_member=1)
    by_me = member_use_keys(one.key, [me])[0]
    used_by_me = Seen({use_key(one.key): 1, by_me: 1})
    assert resolved(one, people=(me,), seen=used_by_me) == ({}, ("x",))
    assert resolved(one, people=(other,), seen=used_by_me) == ({"A": "X"}, ())
    assert resolved(one, people=(other, me), seen=used_by_me) == ({}, ("x",)), "one person"
    used_up = Seen({use_key(one.key): 2})
    assert resolved(one, people=(other,), seen=used_up) == ({}, ("x",))
    ran_out = Claim(uuid4(), "quote", use_key(one.key), 1, "open", NOON)
    assert resolved(one, people=(other,), seen=Seen({use_key(one.key): 2}, (ran_out,))) == (
        {"A": "X"},
        (),
    )


def test_how_a_coupon_of_ones_own_stands() -> None:
    me = (uuid4(),)
    tick = timedelta(microseconds=1)

    def state(seen: Seen = NOTHING_SEEN, **given: Any) -> str:
        one = coupon("X", max_uses=1, **given)
        return wallet_state(one, seen=seen, people=me, now=NOON)

    used = Seen({use_key("key-of-X"): 1})
    assert state() == "available"
    assert state(begins_at=NOON + tick) == "upcoming"
    assert state(ends_at=NOON) == "expired"
    assert state(used, ends_at=NOON) == "used"


def test_validity_in_days_ends_with_a_day_of_the_merchants_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    end = end_of_validity(NOON.date().replace(day=1), 30, berlin)
    assert end == datetime(2026, 4, 1, tzinfo=berlin), "30 days over the change to summer time"


# ── guessing ──


def judge(guard: Guard, at: datetime = NOON, **who: Any) -> str:
    known: dict[str, Any] = {"merchant_id": 1, "api_key": "k", "member": None, "address": None}
    return guard.verdict(**{**known, **who}, at=at)


def err(guard: Guard, count: int = 1, at: datetime = NOON, **who: Any) -> None:
    known: dict[str, Any] = {"merchant_id": 1, "api_key": "k", "member": None, "address": None}
    guard.wrong(count, **{**known, **who}, at=at)


@pytest.mark.parametrize("who", [{"member": "m"}, {"address": "192.0.2.1"}])
def test_ten_wrong_codes_lock_whoever_sent_them_and_nobody_else(who: dict[str, str]) -> None:
    guard = Guard()
    err(guard, 9, **who)
    assert judge(guard, **who) == "open"
    err(guard, **who)
    assert judge(guard, **who) == "locked"
    assert judge(guard, member="other") == judge(guard, address="192.0.2.2") == "open"
    assert judge(guard, merchant_id=2, **who) == "open"
    just_before = NOON + timedelta(minutes=15) - timedelta(microseconds=1)
    assert judge(guard, at=just_before, **who) == "locked"
    assert judge(guard, at=NOON + timedelta(minutes=15), **who) == "open"


def test_wrong_codes_are_forgotten_after_a_while() -> None:
    guard = Guard()
    for minute in range(0, 200, 2):
        err(guard, at=NOON + timedelta(minutes=minute), member="m")
        assert judge(guard, at=NOON + timedelta(minutes=minute), member="m") == "open"


def test_nobody_stands_behind_the_address_of_a_till() -> None:
    guard = Guard()
    err(guard, 500)
    assert judge(guard) == "open"


def test_a_wide_attack_asks_for_a_name_instead_of_locking_everybody_out() -> None:
    guard = Guard(Limits(actor=10, api_key=100, merchant=150))
    for number in range(100):
        err(guard, address=f"198.51.100.{number}")
    assert judge(guard) == "members_only"
    assert judge(guard, member="known") == "open"
    assert judge(guard, api_key="other") == "open"
    err(guard, 50, api_key="other")
    assert judge(guard, api_key="third") == "members_only", "the whole merchant"
    assert judge(guard, api_key="third", member="known") == "open"
    assert judge(guard, merchant_id=2) == "open"
    assert judge(guard, at=NOON + timedelta(minutes=10)) == "open"


def test_what_was_right_is_not_counted() -> None:
    guard = Guard()
    err(guard, 0, member="m")
    assert not guard._records
