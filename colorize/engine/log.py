"""The log of an archive: a CSV beside the results, one line a photo, written as photos are done.

    python -m colorize scans/ --output colour/ && column -s, -t colour/colorize-log.csv

Each run appends; two runs at once mix their lines, never parts of lines. A store cannot append:
there every run adds pieces of its own.
"""

import csv
import io
import os
import secrets
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from colorize.engine.address import AddressError, Place, Remote, write_bytes
from colorize.engine.worker import Row

NAME = "colorize-log"
SECONDS = ("read", "network", "colour", "write", "total")
COLUMNS = ("time", "input", "output", "width", "height", "model", *SECONDS, "error")
PIECE = 10_000  # lines in one object of a store


class Log:
    """Lines of rows; one that cannot be written is told once and stops nothing."""

    def __init__(self, output: Place) -> None:
        self.output = output
        self.lines: list[str] = []
        self.run, self.piece = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}", 0
        self.broken = False

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flush()

    def add(self, row: Row) -> None:
        self.lines.append(line(row))
        if not isinstance(self.output, Remote) or len(self.lines) >= PIECE:
            self._flush()

    def _flush(self) -> None:
        text, self.lines = "".join(self.lines), []
        if self.broken or not text:
            return
        try:
            if isinstance(self.output, Remote):
                self.piece += 1
                name = f"{NAME}-{self.run}-{self.piece:04}.csv"
                write_bytes(self.output / name, encoded(header() + text))
            else:
                append(self.output / f"{NAME}.csv", text)
        except (OSError, AddressError) as error:
            self.broken = True
            print(f"colorize: The log cannot be written ({error}).", file=sys.stderr)


def append(path: Path, text: str) -> None:
    """In one write to the end of a file that begins with the header, whoever else writes there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        begin(path)
    with path.open("ab", buffering=0) as file:
        file.write(encoded(text))


def begin(path: Path) -> None:
    """The file with its header alone, unless another run was faster."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    part.write_bytes(encoded(header()))
    try:
        with suppress(FileExistsError):
            os.link(part, path)  # unlike a renaming, never over another's lines
    finally:
        part.unlink()


def encoded(text: str) -> bytes:
    """UTF-8, but for names that are none: those keep their own bytes."""
    return text.encode(errors="surrogateescape")


def header() -> str:
    return ",".join(COLUMNS) + "\n"


def line(row: Row) -> str:
    seconds = row.get("seconds", {})
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    cells = {
        "time": now,
        **{key: value for key, value in row.items() if key != "seconds"},
        **seconds,
    }
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS, lineterminator="\n", extrasaction="ignore").writerow(cells)
    return text.getvalue()
