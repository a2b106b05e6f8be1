"""Decompression bombs of every format, opened in a process that is watched: seconds, megabytes.

    python -m tests.stress bombs            # all, and honest photos of 49 megapixels beside them
    python -m tests.stress bombs jpeg       # those with this word in their name

Each is opened in one child process, whose memory is limited so that a failure harms nobody.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

MOST_MB = 1_200  # above what Python and the libraries take: an honest photo of 49 megapixels
MOST_SECONDS = 30.0  # of the processor
FENCE_BYTES = 6 << 30  # where the child would be stopped
PATIENCE_S = 600.0


@dataclass(frozen=True)
class Opened:
    """What became of one file."""

    name: str
    kilobytes: float
    outcome: str  # its size as a photo, or the sentence of the refusal
    seconds: float  # of the processor
    megabytes: float  # above what was there before

    @property
    def well(self) -> bool:
        return self.seconds <= MOST_SECONDS and self.megabytes <= MOST_MB


def open_all(names: Iterable[str]) -> Iterator[Opened]:
    """Open them one after another in a child process; what it does not survive is not told."""
    command = [sys.executable, "-m", "tests.stress.bombs", *names]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        yield from (Opened(**json.loads(line)) for line in child.stdout)
        child.wait(timeout=PATIENCE_S)


def open_here(name: str) -> Opened:
    """Open one in this process. Whatever is raised that is no `PhotoError` ends it."""
    from colorize.photo import PhotoError, open_photo
    from tests.helpers.crafted import BOMBS, FLAT

    data = (BOMBS | FLAT)[name]()
    before, started = peak_megabytes(), time.process_time()
    try:
        photo = open_photo(data, name="photo")
        outcome = f"{photo.width} x {photo.height}"
    except PhotoError as refusal:
        outcome = str(refusal)
    seconds = time.process_time() - started
    return Opened(name, len(data) / 1e3, outcome, seconds, peak_megabytes(False) - before)


def peak_megabytes(anew: bool = True) -> float:
    """The most memory that this process has held (Linux); `anew`: begin to count from now."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("word", nargs="?", default="", help="only those with this in their name")


def main(args: argparse.Namespace) -> int:
    from tests.helpers.crafted import BOMBS, FLAT

    names = [name for name in BOMBS | FLAT if args.word in name]
    told = []
    for opened in open_all(names):
        told.append(opened)
        mark = " " if opened.well else "!"
        print(
            f"{mark} {opened.name:36} {opened.kilobytes:9.1f} kB {opened.seconds:6.2f} s "
            f"{opened.megabytes:6.0f} MB  {opened.outcome[:90]}",
            flush=True,
        )
    print(f"{len(told)} of {len(names)} files told what became of them.")
    return int(len(told) < len(names) or not all(opened.well for opened in told))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (FENCE_BYTES, FENCE_BYTES))
    for wanted in sys.argv[1:]:
        print(json.dumps(asdict(open_here(wanted))), flush=True)
