"""Uploads and results on the disk: none older than a day, all together of a bounded size.

    tidy("/tmp/colorize")

The folder itself is looked at, so what a killed process has left there goes as well. An upload lies
in it, and in no folder of its own, until it is whole: half of one that does not grow goes soon, or
a full disk would stay full.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

DAY_S = 24 * 3600.0
HALF_S = 120.0  # after which an upload that does not grow is given up
MOST = 4 << 30  # bytes
REST_S = 60.0  # an empty folder is left alone so long: something may be on its way into it
Found = tuple[Path, os.stat_result]


def tidy(
    folder: str | Path, age: float = DAY_S, most: int = MOST, now: float | None = None
) -> None:
    """Delete what is older than `age` seconds, then the oldest until the rest fits into `most`
    bytes, then folders that have been empty for a while."""
    now = time.time() if now is None else now
    files, folders = _within(Path(folder))
    total = sum(stat.st_size for _, stat in files)
    for path, stat in sorted(files, key=lambda file: file[1].st_ctime):  # a copy keeps its mtime
        half = path.parent == Path(folder)
        if total <= most and stat.st_ctime > now - (HALF_S if half else age):
            continue
        with suppress(OSError):  # gone meanwhile, or another user's
            path.unlink()
        total -= stat.st_size
    for path, stat in folders:
        if stat.st_ctime < now - REST_S:
            with suppress(OSError):  # not empty
                path.rmdir()


def _within(folder: Path) -> tuple[list[Found], list[Found]]:
    """Files, and folders from the innermost outwards, each with what is known of it."""
    files: list[Found] = []
    folders: list[Found] = []
    for place, names, leaves in os.walk(folder, topdown=False):
        for found, children in ((folders, names), (files, leaves)):
            for child in children:
                with suppress(OSError):
                    path = Path(place, child)
                    found.append((path, path.lstat()))
    return files, folders
