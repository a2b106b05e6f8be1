"""The copy of every vote, and of every answer to a question page: one JSON line each, in a file
that only grows.

The lines go to data/mirror/, to a file of this process alone, once the vote is in the database and
before it is acknowledged. survey/push.py sends the files elsewhere, survey/recovery.py makes a
database of them again. A line holds the hash of the design, the vote's row and its participant's:

    {"study": "3f…", "participant": {"id": 7, …}, "vote": {"id": 96, "participant": 7, …}}
    {"study": "3f…", "participant": {"id": 7, …}, "response": {"id": 4, "participant": 7, …}}

Beside them lies a tombstone for everyone who was forgotten (survey/forget.py), the hash of a random
token: nobody finds a person by it, but an old copy of the person is known by it, and left out.
"""

import hashlib
import json
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from io import FileIO
from pathlib import Path
from typing import Any

Record = dict[str, Any]  # a line
FOLDER = "mirror"
TOMBSTONES = "forgotten-*.txt"
TAIL = 65_536  # bytes at the end of a file; no line is as long


class Mirror:
    """Appends votes to a file of its own, holding `lock` (a push holds it while it looks)."""

    def __init__(
        self, folder: str | Path, lock: AbstractContextManager[object] | None = None
    ) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = lock or threading.Lock()
        self._file: FileIO | None = None

    def last_id(self) -> int:
        """The newest vote that has its line in this folder, by the vote's number; 0: none."""
        return self._last("vote")

    def last_response(self) -> int:
        """Likewise the newest answer to a question page."""
        return self._last("response")

    def _last(self, row: str) -> int:
        return max((_last_id(path, row) for path in files(self._folder)), default=0)

    def write(self, records: Iterable[Record]) -> None:
        """Append a line for each, all or none; the operating system has them when this returns."""
        lines = "".join(
            json.dumps(record, ensure_ascii=False) + "\n" for record in records
        ).encode()
        with self._lock:
            if self._file is None:
                path = self._folder / f"votes-{uuid.uuid4().hex}.jsonl"
                self._file = path.open("xb", buffering=0)
            end = self._file.tell()
            try:
                while lines:  # a disk that fills up takes a part first, and then refuses
                    lines = lines[self._file.write(lines) :]
            except OSError:
                self._file.truncate(end)
                self._file.seek(end)
                raise

    def close(self) -> None:
        if self._file:
            self._file.close()


def files(folder: str | Path) -> list[Path]:
    return sorted(Path(folder).glob("**/*.jsonl"))


def _last_id(path: Path, row: str) -> int:
    """The number of the last vote whose line is whole; a lost power may spoil some."""
    size = path.stat().st_size
    for tail in (TAIL, size) if size > TAIL else (size,):  # mostly, one is near the end
        with path.open("rb") as file:
            file.seek(size - tail)
            whole = file.read(tail).split(b"\n")[:-1]
        for line in reversed(whole):
            try:
                return int(json.loads(line)[row]["id"])
            except (ValueError, KeyError, TypeError):
                continue
    return 0


def tombstone(token: str) -> str:
    return hashlib.sha256(f"forgotten {token}".encode()).hexdigest()


def tombstones(mirror: str | Path) -> Iterator[str]:
    for path in sorted(Path(mirror).glob(f"**/{TOMBSTONES}")):
        yield from path.read_text(encoding="ascii").split()


def write_tombstone(mirror: str | Path, gone: str) -> None:
    """A file of its own, which no other process writes."""
    Path(mirror).mkdir(parents=True, exist_ok=True)
    path = Path(mirror, f"forgotten-{uuid.uuid4().hex}.txt")
    path.write_text(gone + "\n", encoding="ascii")
