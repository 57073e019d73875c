"""The backup file: a tar in zstd of named members, with the manifest last.

``tar --zstd -tf FILE`` shows it. The manifest names every member with its size and SHA-256; since
it comes last, a file that was cut off has none. Knows nothing of Django.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from regulars.cli.frame import Refused

from .words import tell

MANIFEST: Final = "manifest.json"
SECRETS: Final = "secrets.json"
SQLITE: Final = "database/regulars.sqlite3"
POSTGRES: Final = "database/regulars.pgdump"
IMPORTS: Final = "imports"
FORMAT: Final = 1
_KNOWN: Final = re.compile(
    r"manifest\.json|secrets\.json|database/regulars\.(sqlite3|pgdump)|"
    r"imports/[0-9]+/[0-9a-f]{32}/(?!\.{1,2}$)[^/\x00]{1,255}"
)
_CHUNK: Final = 1 << 20
Move = Callable[[int, "int | None"], None]


class Writer:
    """Puts members into an archive and remembers what went in."""

    def __init__(self, tar: tarfile.TarFile, at: datetime, move: Move, total: int) -> None:
        self._tar, self._at, self._move, self._total = tar, at, move, total
        self._done = 0
        self.members: list[dict[str, Any]] = []

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it is now; raises OSError where it shrinks meanwhile."""
        with path.open("rb") as file:
            self._add(name, file, os.fstat(file.fileno()).st_size)

    def add_json(self, name: str, told: Any) -> None:
        data = json.dumps(told, indent=1, sort_keys=True).encode()
        self._add(name, io.BytesIO(data), len(data))

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = size, 0o600, int(self._at.timestamp())
        hashed = _Hashed(file, self._moved)
        self._tar.addfile(entry, hashed)  # type: ignore[arg-type]
        self.members.append({"name": name, "bytes": size, "sha256": hashed.hexdigest()})

    def _moved(self, count: int) -> None:
        self._done += count
        self._move(self._done, max(self._total, self._done))


class _Hashed:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: IO[bytes], moved: Callable[[int], None]) -> None:
        self._file, self._moved = file, moved
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        self._moved(len(data))
        return data

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def writing(path: Path, *, at: datetime, move: Move, total: int) -> Iterator[Writer]:
    """An archive that appears at ``path`` whole, when the block ends well, or not at all."""
    import pyarrow as pa

    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with (
            os.fdopen(descriptor, "wb") as raw,
            pa.CompressedOutputStream(pa.PythonFile(raw, "w"), "zstd") as packed,
            tarfile.open(fileobj=packed, mode="w|", bufsize=_CHUNK) as tar,
        ):
            yield Writer(tar, at, move, total)
        sync(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync(path.parent)


def unpack(path: Path, folder: Path, *, move: Move) -> dict[str, Any]:
    """Unpack an archive into an empty folder and check every byte; the manifest.

    Raises Refused where it is no backup, is cut off, or holds other bytes than its manifest says.
    """
    found: dict[str, tuple[int, str]] = {}
    try:
        for name, file, size in _members(path, move):
            found[name] = (size, _copy(file, folder / name))
    except (OSError, tarfile.TarError, EOFError, ValueError) as error:
        raise Refused(tell("{path} is no whole backup: {why}", path=path, why=error)) from error
    if MANIFEST not in found:
        raise Refused(tell("{path} is cut off: its manifest is missing.", path=path))
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    if manifest.get("format") != FORMAT:
        raise Refused(tell("{path} was made by a version that this one cannot read.", path=path))
    promised = {m["name"]: (m["bytes"], m["sha256"]) for m in manifest["members"]}
    del found[MANIFEST]
    for name in sorted(promised.keys() | found.keys()):
        if promised.get(name) != found.get(name):
            text = "{path} is damaged: {name} is not what the manifest says. Use another backup."
            raise Refused(tell(text, path=path, name=name))
    return manifest


def _members(path: Path, move: Move) -> Iterator[tuple[str, IO[bytes], int]]:
    import pyarrow as pa

    total = path.stat().st_size
    with path.open("rb") as raw:
        packed = pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")
        with tarfile.open(fileobj=packed, mode="r|", bufsize=_CHUNK) as tar:
            for entry in tar:
                file = tar.extractfile(entry) if entry.isreg() else None
                if file is None or not _KNOWN.fullmatch(entry.name):
                    raise ValueError(f"it holds {entry.name!r}")
                yield entry.name, file, entry.size
                move(raw.tell(), total)


def _copy(file: IO[bytes], target: Path) -> str:
    """Write a member to its place, hashed on the way and safe on disk."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        while data := file.read(_CHUNK):
            digest.update(data)
            out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Make sure that a file's bytes, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def room_for(folder: Path, size: int) -> None:
    """Raises Refused where a folder's disk has no room for ``size`` bytes and a tenth more."""
    free = shutil.disk_usage(folder).free
    if free < size + size // 10:
        text = "{folder} has {free} MB free; this needs {needed} MB."
        raise Refused(tell(text, folder=folder, free=free >> 20, needed=(size + size // 10) >> 20))
