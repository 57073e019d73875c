"""Ids: order, uniqueness, and the text that shows them."""

from __future__ import annotations

import os
import threading
import time
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel import ids

YEAR_2018_MS = 1_514_851_200_000


def milliseconds(uuid: UUID) -> int:
    return uuid.int >> 80


@pytest.mark.parametrize("uuid", [ids.new_id(), ids.new_id(YEAR_2018_MS), *ids.new_ids(50)])
def test_an_id_is_a_version_7_uuid(uuid: UUID) -> None:
    assert (uuid.version, uuid.variant) == (7, RFC_4122)
    assert UUID(str(uuid)) == uuid
    assert hash(UUID(str(uuid))) == hash(uuid)
    assert uuid.is_safe is UUID(int=0).is_safe


def test_ids_rise_one_by_one_and_in_batches() -> None:
    made = [ids.new_id() for _ in range(500)]
    made += ids.new_ids(5_000)
    made += [ids.new_id() for _ in range(500)]
    assert made == sorted(set(made))


def test_an_id_carries_the_time_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    uuid = ids.new_id()
    assert before <= milliseconds(uuid) <= time.time_ns() // 1_000_000


def test_ids_rise_while_the_host_clock_runs_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    made = [ids.new_id()]
    for seconds_back in (1, 3600, 86_400):
        monkeypatch.setattr(time, "time_ns", lambda back=seconds_back: now - back * 10**9)
        made += [ids.new_id(), *ids.new_ids(3)]
    assert made == sorted(set(made))


def test_a_given_time_is_carried_exactly_and_a_frozen_clock_still_rises() -> None:
    made = ids.new_ids(1000, YEAR_2018_MS) + [ids.new_id(YEAR_2018_MS) for _ in range(1000)]
    assert made == sorted(set(made))
    assert {milliseconds(uuid) for uuid in made} == {YEAR_2018_MS}
    assert milliseconds(ids.new_id(YEAR_2018_MS + 1)) == YEAR_2018_MS + 1


def test_a_clock_set_ahead_does_not_drag_the_ids_of_others() -> None:
    ahead = time.time_ns() // 1_000_000 + 400 * 86_400_000
    assert milliseconds(ids.new_id(ahead)) == ahead
    assert milliseconds(ids.new_id()) < ahead


def test_a_full_tail_carries_into_the_time() -> None:
    series = ids._Series()
    series._last = (YEAR_2018_MS << 74) | ((1 << 74) - 1)
    (uuid,) = series.take(1, YEAR_2018_MS, never_back=True)
    assert milliseconds(uuid) == YEAR_2018_MS + 1


def test_every_free_bit_counts_in_the_order_of_ids() -> None:
    uuids = [ids._uuid(number) for number in (0, *(1 << bit for bit in range(122)))]
    assert uuids == sorted(set(uuids))
    assert {(uuid.version, uuid.variant) for uuid in uuids} == {(7, RFC_4122)}


@pytest.mark.parametrize("now_ms", [-1, 1 << 48])
def test_a_time_that_an_id_cannot_hold_is_refused(now_ms: int) -> None:
    with pytest.raises(ValueError):
        ids.new_id(now_ms)


def test_threads_never_share_an_id() -> None:
    made: list[list[UUID]] = [[] for _ in range(8)]

    def work(mine: list[UUID]) -> None:
        for _ in range(300):
            mine.append(ids.new_id())
            mine.extend(ids.new_ids(3))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in made)
    assert len({uuid for mine in made for uuid in mine}) == 8 * 300 * 4


def test_a_forked_child_starts_a_series_of_its_own() -> None:
    before = ids.new_id(YEAR_2018_MS)
    inbox, outbox = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - runs in the child
        try:
            uuids = [ids.new_id(YEAR_2018_MS) for _ in range(20)]
            os.write(outbox, b"".join(uuid.bytes for uuid in uuids))
        finally:
            os._exit(0)
    os.close(outbox)
    with os.fdopen(inbox, "rb") as answers:
        raw = answers.read()
    os.waitpid(child, 0)
    theirs = [UUID(bytes=raw[at : at + 16]) for at in range(0, len(raw), 16)]
    ours = [ids.new_id(YEAR_2018_MS) for _ in range(20)]
    assert len(theirs) == 20
    assert not set(theirs) & {before, *ours}
    # Counting on from the parent's tail would put the child within 20 steps of 2^32 of it.
    assert abs(theirs[0].int - before.int) > 2**40


def test_children_of_one_parent_draw_chance_of_their_own() -> None:
    """What was drawn ahead must not be drawn upon by two: at one instant it would give one id."""
    series = ids._Series()
    series.next(YEAR_2018_MS)
    ahead = list(series._chance)
    series.forget()
    uuid = series.next(YEAR_2018_MS)
    of_ahead = ids._Series()
    of_ahead._chance = ahead
    assert uuid != of_ahead.next(YEAR_2018_MS)


def test_a_child_forked_while_the_lock_was_held_can_make_ids() -> None:
    with ids._by_the_clock._lock:
        child = os.fork()
        if child == 0:  # pragma: no cover - runs in the child
            ids.new_id()
            os._exit(0)
    for _ in range(500):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.01)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("the child waits for a lock that nobody holds")
    assert status == 0


@given(uuid=st.uuids(), prefix=st.sampled_from(["mem", "ord", "quo", "hold"]))
def test_an_id_comes_back_from_its_text(uuid: UUID, prefix: str) -> None:
    text = ids.show(prefix, uuid)
    assert text == f"{prefix}_{uuid.hex}"
    assert ids.parse(prefix, text) == uuid
    assert ids.parse("other", text) is None


GOOD = "mem_" + "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "text",
    ["", "mem_", "mem", GOOD[:-1], GOOD + "0", GOOD + "\n", " " + GOOD, GOOD.upper(),
     GOOD.replace("abc", "ABC"), GOOD[4:], "ord" + GOOD[3:], "mem-" + GOOD[4:],
     "mem_+" + GOOD[5:], "mem_ " + GOOD[5:], "mem_0_" + GOOD[6:], "mem_0x" + GOOD[6:],
     GOOD.replace("0", "٠"), "mem_" + "g" * 32, "mem_01234567-89ab-cdef-0123-456789abcdef",
     "mem_" + "0" * 10_000, "mem_\ud800" + GOOD[5:], "mem_\0" + GOOD[5:]],
)  # fmt: skip
def test_malformed_text_is_no_id(text: str) -> None:
    assert ids.parse("mem", GOOD) is not None
    assert ids.parse("mem", text) is None


@given(text=st.text())
def test_parse_never_raises(text: str) -> None:
    assert ids.parse("mem", text) is None
    assert ids.parse("mem", "mem_" + text) is None or len(text) == 32
