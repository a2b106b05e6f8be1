"""Growth of an archive: photos a second by workers, memory by photos.

    python -m tests.stress archive --photos 400 --workers 1 2 --rounds 3
    python -m tests.stress archive --listed 1000 100000

Workers take turns, so that a busy machine is busy for all; a rate begins when every worker has
coloured a batch, since loading takes as long for ten photos as for a million.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median

from colorize import zoo
from colorize.bench.photos import grainy, jpeg_of
from colorize.engine.dispatch import Staff, work
from colorize.engine.worker import Wish
from colorize.folder import plan, split

BATCH = 16


def add_arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--photos", type=int, default=400, help="of 256 x 320 pixels")
    p.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--listed", type=int, nargs="+", help="only this: plan so many photos")


def main(args: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        for count in args.listed or []:
            list_alone(Path(scratch) / str(count), count)
        if not args.listed:
            compare(Path(scratch), args.photos, args.workers, args.rounds)
    return 0


def compare(scratch: Path, photos: int, workers: list[int], rounds: int) -> None:
    folder = scratch / "photos"
    folder.mkdir()
    for number in range(photos):
        shape = (256, 320) if number % 2 else (320, 256)
        (folder / f"{number:05}.jpg").write_bytes(jpeg_of(grainy(shape, seed=number)))
    rates: dict[int, list[float]] = {count: [] for count in workers}
    for turn in range(rounds):
        for count in workers:
            rates[count].append(rate(folder, scratch / f"{turn}-{count}", count))
    for count, found in rates.items():
        ratio = median(found) / median(rates[workers[0]])
        each = ", ".join(f"{value:.1f}" for value in found)
        print(f"{count} workers: {median(found):.1f} photos/s ({each}), {ratio:.2f} x the first")


def rate(folder: Path, output: Path, workers: int) -> float:
    """Photos a second, once every worker has had its first batch."""
    wish = Wish(zoo.load(zoo.DEFAULT))
    ends = []
    with closing(work(plan([folder], output), wish, Staff(workers=workers, batch=BATCH))) as rows:
        for row in rows:
            assert "error" not in row, row
            ends.append(time.perf_counter())
    begin = workers * BATCH
    return (len(ends) - 1 - begin) / (ends[-1] - ends[begin])


def list_alone(folder: Path, count: int) -> None:
    """Plan a folder of so many empty files in a process of its own."""
    for number in range(count):
        place = folder / f"{number // 1000:03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06}.jpg").touch()
    code = f"from tests.stress.archive import listing; listing({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], check=True)


def listing(folder: str) -> None:
    before, started = resident_mb(), time.process_time()
    _, waiting = split(plan([Path(folder)], Path(folder, "colour")), Path(folder, "colour"))
    seconds = time.process_time() - started
    print(f"{len(waiting)} photos: {resident_mb() - before:.1f} MB, {seconds:.2f} s of a core")


def resident_mb() -> float:
    """Megabytes that this process holds now."""
    status = Path("/proc/self/status").read_text().split()
    return int(status[status.index("VmRSS:") + 1]) / 1e3
