"""Going from screen to screen without waiting longer than a screen takes."""

from __future__ import annotations

from typing import Any

#: To another screen as a link inside the console goes there: without loading the page anew.
GO = """(path) => {
  history.pushState({}, '', path);
  dispatchEvent(new PopStateEvent('popstate'));
}"""
#: Looks of 20 ms in a row without a request: after a step inside the page, and after a page was
#: loaded, whose scripts have to start before they ask for anything.
AFTER_A_STEP, AFTER_A_LOAD = 4, 12


class Quiet:
    """Waits until nothing is asked of the server any more, without half a second's patience."""

    def __init__(self, page: Any) -> None:
        self.page, self.open = page, 0
        page.on("request", lambda _: self._count(1))
        page.on("requestfinished", lambda _: self._count(-1))
        page.on("requestfailed", lambda _: self._count(-1))

    def _count(self, by: int) -> None:
        self.open += by

    def wait(self, looks: int = AFTER_A_STEP) -> None:
        still = 0
        for _ in range(1_000):
            self.page.wait_for_timeout(20)
            still = still + 1 if self.open <= 0 else 0
            if still >= looks:
                return
        raise AssertionError(f"{self.page.url} asks for something without end")

    def go(self, path: str) -> None:
        """To a screen of the console that is open, and until it has all it asks for."""
        self.page.evaluate(GO, path)
        self.wait()

    def load(self, address: str) -> None:
        """To an address as somebody who types it, and until it has all it asks for."""
        self.page.goto(address)
        self.wait(AFTER_A_LOAD)
