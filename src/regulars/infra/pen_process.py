"""Steps of one unit of work, as a driver takes them; and the process that takes them elsewhere.

A step holds plain values alone (texts, integers, flags, None), column by column, so it travels
cheaply. Run as a script, this file is the process behind ``pen.Pen``: it reads units from standard
input, records each in a transaction and answers how that went. It imports nothing of Regulars and
nothing of Django: it starts fast, and knows rows, not what they mean.
"""

from __future__ import annotations

import marshal
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

#: Answers to a unit: recorded; beaten by another writer; failed (the text says how).
RECORDED: Final = "recorded"
BEATEN: Final = "beaten"
FAILED: Final = "failed"
_SIZE_BYTES: Final = 8
_BLOCK_ROWS: Final = 64
#: What any SQLite takes in one statement.
_MOST_PARAMETERS: Final = 999
_LOG_PAGES: Final = 16_384
_ESCAPED: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class Lost(Exception):
    """A guarded write found something else than was seen."""


class Step(NamedTuple):
    """One thing to do: ``values`` are columns for ``many``, ``sorted``, ``blocks``, ``arrays`` and
    ``copy``, and parameters for ``one``. Fewer rows found than ``expected`` (-1: any) lose the
    unit."""

    how: str
    table: str
    text: str
    values: Any
    expected: int = -1


def perform(driver: Any, steps: Iterable[Step]) -> None:
    """Do ``steps`` inside the caller's transaction. Raises Lost, and what the driver raises."""
    for step in steps:
        found = _HOW[step.how](driver, step)
        if step.expected not in (-1, found):
            raise Lost(step.table)


def _many(driver: Any, step: Step) -> int:
    return int(driver.executemany(step.text, zip(*step.values, strict=True)).rowcount)


def _sorted(driver: Any, step: Step) -> int:
    # Person by person (the second column), so that a large piece walks the index once.
    whose = step.values[1]
    order = sorted(range(len(whose)), key=whose.__getitem__)
    if order == list(range(len(whose))):
        return _blocks(driver, step)
    columns = [list(map(column.__getitem__, order)) for column in step.values]
    return _blocks(driver, step._replace(values=columns))


def _blocks(driver: Any, step: Step) -> int:
    """As ``many`` for a plain INSERT of very many rows: stepping through a statement costs as much
    as a short row, so a statement takes a block of them."""
    width, count = len(step.values), len(step.values[0])
    flat: list[Any] = [None] * (count * width)
    for place, column in enumerate(step.values):
        flat[place::width] = column
    rows = max(1, min(_BLOCK_ROWS, _MOST_PARAMETERS // width))
    block = rows * width
    whole = len(flat) - len(flat) % block
    marks = "," + step.text[step.text.rindex("(") :]
    text = step.text + marks * (rows - 1)
    blocks = (flat[at : at + block] for at in range(0, whole, block))
    found = driver.executemany(text, blocks).rowcount if whole else 0
    rest = (flat[at : at + width] for at in range(whole, len(flat), width))
    return int(found + driver.executemany(step.text, rest).rowcount)


def _one(driver: Any, step: Step) -> int:
    import psycopg

    try:
        with psycopg.RawCursor(driver) as cursor:
            return int(cursor.execute(step.text, step.values).rowcount)
    except psycopg.errors.DivisionByZero as error:
        raise Lost from error


def _arrays(driver: Any, step: Step) -> int:
    import psycopg

    params = {f"a{place}": array_text(column) for place, column in enumerate(step.values)}
    with psycopg.Cursor(driver) as cursor:
        return int(cursor.execute(step.text, params).rowcount)


def _copy(driver: Any, step: Step) -> int:
    import psycopg

    rows = map("\t".join, zip(*map(_copied, step.values), strict=True))
    with psycopg.Cursor(driver) as cursor:
        with cursor.copy(step.text) as copy:
            copy.write("\n".join(rows).encode())
        return int(cursor.rowcount)


_HOW: Final[dict[str, Callable[[Any, Step], int]]] = {
    "many": _many,
    "sorted": _sorted,
    "blocks": _blocks,
    "one": _one,
    "arrays": _arrays,
    "copy": _copy,
}


def _copied(column: Sequence[Any]) -> list[str]:
    """A column as PostgreSQL's COPY reads it."""
    texts = [r"\N" if value is None else str(value) for value in column]
    whole = "".join([value for value in column if type(value) is str])
    if any(mark in whole for mark in "\\\t\n\r"):
        texts = [
            value.translate(_ESCAPED) if type(value) is str else text
            for value, text in zip(column, texts, strict=True)
        ]
    return texts


def array_text(column: Iterable[Any]) -> str:
    """A column as the text of a PostgreSQL array."""
    return "{" + ",".join(map(_element, column)) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if type(value) is not str:
        return str(value)
    return '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'


# ── the process ───────────────────────────────────────────────────────────────────────────


def letter(what: Any) -> tuple[bytes, bytes]:
    """One message: its size, then what ``marshal`` makes of it."""
    body = marshal.dumps(what)
    return len(body).to_bytes(_SIZE_BYTES, "big"), body


def send(stream: Any, message: tuple[bytes, bytes]) -> None:
    for part in message:
        stream.write(part)
    stream.flush()


def receive(stream: Any) -> Any:
    """The next message; None where the other side has ended."""
    head = stream.read(_SIZE_BYTES)
    if len(head) < _SIZE_BYTES:
        return None
    size = int.from_bytes(head, "big")
    body = stream.read(size)
    return marshal.loads(body) if len(body) == size else None  # noqa: S302 - from our own parent


def main() -> None:
    """Record units until standard input ends."""
    # Ctrl-C goes to the whole group: what has begun is finished, and the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    hello = receive(source)
    if hello is None:
        return
    vendor, place, opening = hello
    record = _lite(place, opening) if vendor == "sqlite" else _postgres(place)
    while (unit := receive(source)) is not None:
        send(target, letter(record([Step(*step) for step in unit])))


def _lite(path: str, opening: str) -> Callable[[list[Step]], tuple[str, str]]:
    driver = sqlite3.connect(path, timeout=30, isolation_level=None)
    driver.executescript(opening)
    # The same pages of an index change in every piece: they go home once for several pieces. What
    # is confirmed stands in the log, flushed at every commit as before.
    driver.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")

    def record(steps: list[Step]) -> tuple[str, str]:
        try:
            driver.execute("BEGIN IMMEDIATE")
            perform(driver, steps)
            driver.execute("COMMIT")
        except (Lost, sqlite3.Error) as error:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            beaten = isinstance(error, Lost | sqlite3.IntegrityError) or "locked" in str(error)
            return (BEATEN if beaten else FAILED), f"{type(error).__name__}: {error}"
        return RECORDED, ""

    return record


def _postgres(place: str) -> Callable[[list[Step]], tuple[str, str]]:
    import psycopg

    driver = psycopg.connect(place)

    def record(steps: list[Step]) -> tuple[str, str]:
        try:
            with driver.transaction():
                perform(driver, steps)
        except (Lost, psycopg.Error) as error:
            beaten = isinstance(
                error, Lost | psycopg.IntegrityError | psycopg.errors.DeadlockDetected
            )
            return (BEATEN if beaten else FAILED), f"{type(error).__name__}: {error}"
        return RECORDED, ""

    return record


if __name__ == "__main__":
    main()
