"""What a running server holds: memory, handles, threads, temporary files, its database.

    reading = read(server)
    growth(readings, "memory_mb")

Linux only: the process is read from /proc.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import linear_regression

from tests.stress.serving import Server

MB = 1e6


@dataclass(frozen=True)
class Reading:
    minutes: float
    memory_mb: float  # resident now
    peak_mb: float  # the most that was ever resident
    handles: int  # files and sockets
    threads: int
    files: int  # temporary ones
    folders: int
    temporary_mb: float
    database_mb: float  # with its log and the copies beside it


def read(server: Server, started: float = 0.0) -> Reading:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{server.pid}/status").read_text().splitlines()
    )
    sizes = dict(_sizes(server.temporary))
    files = [size for size in sizes.values() if size is not None]
    kept = [size for _, size in _sizes(server.data) if size is not None]
    return Reading(
        minutes=(time.monotonic() - started) / 60,
        memory_mb=_kilobytes(status["VmRSS"]) / MB,
        peak_mb=_kilobytes(status["VmHWM"]) / MB,
        handles=len(list(Path(f"/proc/{server.pid}/fd").iterdir())),
        threads=int(status["Threads"]),
        files=len(files),
        folders=len(sizes) - len(files),
        temporary_mb=sum(files) / MB,
        database_mb=sum(kept) / MB,
    )


@asynccontextmanager
async def watched(
    server: Server, every: float, tell: Callable[[Reading], None] = lambda reading: None
) -> Iterator[list[Reading]]:
    """Readings every so many seconds while this lasts, and one at the end."""
    started = time.monotonic()
    readings: list[Reading] = []

    async def look() -> None:
        readings.append(await asyncio.to_thread(read, server, started))
        tell(readings[-1])

    async def watch() -> None:
        while True:
            await look()
            await asyncio.sleep(every)

    watching = asyncio.create_task(watch())
    try:
        yield readings
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await look()


def growth(readings: list[Reading], name: str) -> float:
    """What the straight line through the last half of them gains from its start to its end."""
    half = readings[len(readings) // 2 :]
    if len(half) < 2:
        return 0.0
    times = [reading.minutes for reading in half]
    line = linear_regression(times, [getattr(reading, name) for reading in half])
    return line.slope * (times[-1] - times[0])


def row(values: Reading | None = None) -> str:
    """A reading as a line of a table; without one, the line above."""
    names = [field.name for field in fields(Reading)]
    if values is None:
        return "  ".join(f"{name:>12}" for name in names)
    return "  ".join(f"{getattr(values, name):>12,.{_digits(name)}f}" for name in names)


def _digits(name: str) -> int:
    return 1 if name in ("minutes", "database_mb") else 0


def _kilobytes(value: str) -> int:
    """'  123 kB' in bytes."""
    return 1024 * int(value.split()[0])


def _sizes(folder: Path) -> Iterator[tuple[Path, int | None]]:
    """Everything within; a folder has no size, and what vanishes meanwhile is left out."""
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            yield path, None if path.is_dir() else path.stat().st_size
