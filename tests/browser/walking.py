"""Watching a page, and going from screen to screen no longer than a screen takes."""

from __future__ import annotations

from typing import Any

SIZES = {"wide": (1440, 900), "narrow": (375, 667)}
#: What slides away, or was drawn for another width, is laid out within two seconds.
TOO_WIDE = """async () => {
  const page = document.documentElement;
  const by = () => page.scrollWidth - page.clientWidth;
  for (let look = 0; by() > 0 && look < 40; look++) await new Promise(on => setTimeout(on, 50));
  return by();
}"""
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


class Watched:
    """A page whose every complaint is remembered."""

    def __init__(self, context: Any) -> None:
        self.page = context.new_page()
        self.faults: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("response", self._response)

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status} {response.url}")

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window, once it is laid out.

        What slides away or was drawn for another width takes a moment to settle: two seconds
        at most, on a busy machine too. What stays too wide is told.
        """
        return int(self.page.evaluate(TOO_WIDE))
