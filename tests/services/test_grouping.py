"""Who comes while somebody is at work is served by the next, together with all who wait."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from regulars.infra.grouping import Group


class Desk:
    """Work that waits to be let go, and notes who came together."""

    def __init__(self, *, alone: int = 0, most: int = 8, patience: float = 60) -> None:
        self.companies: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.may_go = threading.Semaphore(0)
        self.group: Group[int, str] = Group(self._work, alone=alone, most=most, patience=patience)

    def _work(self, wanted: Sequence[int]) -> list[str | None]:
        self.companies.append(list(wanted))
        self.begun.release()
        assert self.may_go.acquire(timeout=30)
        if 13 in wanted:
            raise ValueError("unlucky")
        return [None if number < 0 else f"<{number}>" for number in wanted]

    def do(self, number: int) -> str:
        return self.group.do(number, lambda: f"alone {number}")

    def wait_for(self, waiting: int) -> None:
        for _ in range(6_000):
            if len(self.group._waiting) == waiting:
                return
            threading.Event().wait(0.005)
        pytest.fail("they did not come")


def test_who_is_alone_waits_for_nobody() -> None:
    desk = Desk()
    desk.may_go.release()
    assert desk.do(1) == "<1>"
    assert desk.companies == [[1]]


def test_who_waits_is_served_together_and_in_turn() -> None:
    desk = Desk(most=3)
    with ThreadPoolExecutor(8) as pool:
        given = [pool.submit(desk.do, 0)]
        assert desk.begun.acquire(timeout=30)
        for number in range(1, 6):
            given.append(pool.submit(desk.do, number))
            desk.wait_for(number)
        for _ in range(3):
            desk.may_go.release()
        assert [each.result(30) for each in given] == [f"<{number}>" for number in range(6)]
    assert desk.companies == [[0], [1, 2, 3], [4, 5]]
    desk.may_go.release()
    assert desk.do(7) == "<7>"


@pytest.mark.parametrize("odd", [-1, 13])
def test_who_cannot_be_served_is_told_so_and_work_goes_on(odd: int) -> None:
    desk = Desk()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(desk.do, 0)
        assert desk.begun.acquire(timeout=30)
        given = []
        for waiting, number in enumerate((1, odd, 2), 1):
            given.append(pool.submit(desk.do, number))
            desk.wait_for(waiting)
        for _ in range(3):
            desk.may_go.release()
        assert first.result(30) == "<0>"
        expected = [
            "<1>" if odd == -1 else "alone 1",
            f"alone {odd}",
            "<2>" if odd == -1 else "alone 2",
        ]
        assert [each.result(30) for each in given] == expected
    assert desk.do(3) == "<3>"


def test_who_waits_too_long_goes_alone_and_is_not_served_as_well() -> None:
    desk = Desk(patience=0.05)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(desk.do, 0)
        assert desk.begun.acquire(timeout=30)
        assert desk.do(1) == "alone 1"
        for _ in range(2):
            desk.may_go.release()
        assert first.result(30) == "<0>"
        assert desk.do(2) == "<2>"
    assert desk.companies == [[0], [2]]


def test_who_is_in_a_company_waits_for_it() -> None:
    desk = Desk(patience=1)
    with ThreadPoolExecutor(8) as pool:
        given = [pool.submit(desk.do, 0)]
        assert desk.begun.acquire(timeout=30)
        for number in (1, 2):
            given.append(pool.submit(desk.do, number))
            desk.wait_for(number)
        desk.may_go.release()
        assert desk.begun.acquire(timeout=30)
        threading.Event().wait(1.5)
        desk.may_go.release()
        assert [each.result(30) for each in given] == ["<0>", "<1>", "<2>"]
    assert desk.companies == [[0], [1, 2]]


def test_a_few_go_alone_side_by_side_and_who_comes_then_in_company() -> None:
    desk = Desk(alone=2)
    begun, may_go = threading.Semaphore(0), threading.Semaphore(0)

    def alone() -> str:
        begun.release()
        assert may_go.acquire(timeout=30)
        return "alone"

    with ThreadPoolExecutor(8) as pool:
        given = [pool.submit(desk.group.do, number, alone) for number in (1, 2)]
        for _ in given:
            assert begun.acquire(timeout=30)
        desk.may_go.release()
        assert desk.do(3) == "<3>"
        for _ in given:
            may_go.release()
        assert [each.result(30) for each in given] == ["alone", "alone"]
    assert desk.do(4) == "alone 4"
    assert desk.companies == [[3]]


def test_who_fails_alone_is_there_no_more() -> None:
    desk = Desk(alone=1)

    def fails() -> str:
        raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError):
            desk.group.do(1, fails)
    assert desk.companies == []
