"""Growth of an archive: photos a second by workers, memory by photos; `train prepare` by a core.

    python -m tests.stress archive --photos 400 --workers 1 2 --rounds 3
    python -m tests.stress archive --engine ray --photos 400
    python -m tests.stress archive --listed 1000 100000
    python -m tests.stress archive --prepare PHOTOS

Workers take turns, so that a busy machine is busy for all; a rate begins when every worker has
coloured a batch, since loading takes as long for ten photos as for a million.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from statistics import median

from PIL import Image

from colorize import zoo
from colorize.bench.photos import grainy, jpeg_of
from colorize.engine.dispatch import Staff, work
from colorize.engine.worker import Wish
from colorize.folder import plan, split
from train.data.intake import fetched
from train.data.prepare import prepare
from train.data.sources import items

BATCH = 16


def add_arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--photos", type=int, default=400, help="of 256 x 320 pixels")
    p.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    p.add_argument("--engine", choices=("local", "ray"), default="local")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--listed", type=int, nargs="+", help="only this: plan so many photos")
    p.add_argument("--prepare", metavar="DIR", help="only this: prepare these photos")


def main(args: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        for count in args.listed or []:
            list_alone(Path(scratch) / str(count), count)
        if args.prepare:
            compare_with_decoding(args.prepare, Path(scratch), args.photos, args.rounds)
        elif not args.listed:
            compare(Path(scratch), args.photos, args.workers, args.rounds, args.engine)
    return 0


def compare(scratch: Path, photos: int, workers: list[int], rounds: int, engine: str) -> None:
    folder = scratch / "photos"
    folder.mkdir()
    for number in range(photos):
        shape = (256, 320) if number % 2 else (320, 256)
        (folder / f"{number:05}.jpg").write_bytes(jpeg_of(grainy(shape, seed=number)))
    rates: dict[int, list[float]] = {count: [] for count in workers}
    for turn in range(rounds):
        for count in workers:
            rates[count].append(rate(folder, scratch / f"{turn}-{count}", count, engine))
            print(f"{count} workers: {rates[count][-1]:.1f} photos/s", flush=True)
    for count, found in rates.items():
        ratio = median(found) / median(rates[workers[0]])
        print(f"{count} workers: median {median(found):.1f} photos/s, {ratio:.2f} x the first")


def rate(folder: Path, output: Path, workers: int, engine: str) -> float:
    """Photos a second, once every worker has had its first batch."""
    wish, staff = Wish(zoo.load(zoo.DEFAULT)), Staff(engine, workers, BATCH)
    ends = []
    with closing(work(plan([folder], output), wish, staff)) as rows:
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


def compare_with_decoding(source: str, scratch: Path, photos: int, rounds: int) -> None:
    """`train prepare` in one process beside decoding alone, in turns; processor time."""
    some = list(islice(items(source), photos))
    times: dict[str, list[float]] = {"decoding": [], "prepare": []}
    for turn in range(rounds):
        started = time.process_time()
        for item in some:
            Image.open(io.BytesIO(fetched(item))).convert("RGB")
        times["decoding"].append(time.process_time() - started)
        started = time.process_time()
        prepare(source, scratch / str(turn), workers=1, limit=photos, progress=False)
        times["prepare"].append(time.process_time() - started)
    for name, seconds in times.items():
        rates = sorted(len(some) / value for value in seconds)
        print(f"{name}: {median(rates):.0f} images/s of a core ({rates[0]:.0f} to {rates[-1]:.0f})")
