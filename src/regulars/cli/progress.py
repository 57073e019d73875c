"""A progress bar on stderr: how far, how fast, how long yet. Quiet lines where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

Move = Callable[[int, "int | None"], None]
"""Takes how much is done and how much there is, if that is known."""

_WIDTH: Final = 28
_REDRAW_SECONDS: Final = 0.1
_LINE_SECONDS: Final = 5.0


@contextmanager
def bar(title: str, *, stream: TextIO | None = None) -> Iterator[Move]:
    """A bar for the time of the block; call what it gives with (done, total)."""
    drawn = _Bar(title, stream or sys.stderr)
    try:
        yield drawn.move
    finally:
        drawn.close()


class _Bar:
    def __init__(self, title: str, stream: TextIO) -> None:
        self._title, self._stream = title, stream
        self._live = stream.isatty()
        self._began = time.monotonic()
        self._last = self._began if not self._live else 0.0
        self._told: tuple[int, int | None] | None = None

    def move(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        self._told = (done, total)
        finished = total is not None and done >= total
        pause = _REDRAW_SECONDS if self._live else _LINE_SECONDS
        if now - self._last < pause and not (finished and self._live):
            return
        self._last = now
        self._draw(now)

    def close(self) -> None:
        if self._told is None:
            return
        self._draw(time.monotonic())
        if self._live:
            print(file=self._stream, flush=True)

    def _draw(self, now: float) -> None:
        assert self._told is not None
        text = self._text(*self._told, now - self._began)
        if self._live:
            print(f"\r{text}\033[K", end="", file=self._stream, flush=True)
        else:
            print(text, file=self._stream, flush=True)

    def _text(self, done: int, total: int | None, seconds: float) -> str:
        rate = done / seconds if seconds > 0 else 0.0
        speed = f"{rate:,.0f}/s" if rate >= 1 else f"{_clock(seconds)}"
        if not total:
            return f"{self._title} {done:,} {speed}"
        share = min(done / total, 1.0)
        filled = round(share * _WIDTH)
        left = _clock((total - done) / rate) if rate and done < total else _clock(seconds)
        block = "█" * filled + "·" * (_WIDTH - filled)
        return f"{self._title} {block} {share:4.0%} {done:,}/{total:,} {speed} {left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
