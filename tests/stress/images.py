"""Damaged photos through the running app and through the command line: colours, or a sentence.

    python -m tests.stress images --count 10000 --seed 1
    python -m tests.stress images --count 500 --door shell

Each mutant (tests/helpers/mutants.py) has two outcomes that are allowed: a photo of the size that
the loader reads in it, or the loader's sentence. All else is told as a fault: another answer, a
traceback, a hang, a process that ends or takes too much memory, files left behind.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.helpers.mutants import Mutant, mutants
from tests.stress.raw_client import RawClient, photo
from tests.stress.resources import read
from tests.stress.serving import ROOT, Server

MOST_MB = 4_000  # of a process at any moment: two photos of 49 megapixels at once
PATIENCE_S = 600.0  # for a folder
BATCH = 500  # photos in a folder
VISITORS = 2


@dataclass
class Door:
    """What came of the mutants behind one door."""

    name: str
    tried: int = 0
    coloured: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0
    faults: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)  # sentences without their names

    def judge(self, mutant: Mutant, answer: object) -> None:
        """`answer` is a size, or a sentence."""
        expected = expectation(mutant)
        self.tried += 1
        if answer != expected:
            self.faults.append(f"{mutant}: {answer} instead of {expected}")
        elif isinstance(answer, str):
            self.refusals[answer.removeprefix(f'"{mutant.name}" ').partition(" ")[2]] += 1
        else:
            self.coloured += 1

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.tried} mutants in {self.seconds:.0f} s, {self.coloured} coloured, "
            f"{sum(self.refusals.values())} refused with one of {len(self.refusals)} sentences, "
            f"peak {self.peak_mb:.0f} MB, {len(self.faults)} faults"
        )


def expectation(mutant: Mutant) -> tuple[int, int] | str:
    """What the loader makes of it: (width, height) or its sentence."""
    from colorize.photo import PhotoError, open_photo

    try:
        read = open_photo(mutant.data, name=mutant.name)
    except PhotoError as refusal:
        return str(refusal)
    return read.width, read.height


def through_the_app(count: int, seed: int, place: Path, visitors: int = VISITORS) -> Door:
    """Uploaded, coloured and fetched, by some visitors at once."""
    door, started = Door("app"), time.monotonic()
    with Server(place) as server:
        clients = [RawClient(server.url, Connection="keep-alive") for _ in range(visitors)]

        def visit(first: int) -> list[tuple[Mutant, object]]:
            mine = islice(mutants(count, seed), first, None, visitors)
            return [(mutant, brought(clients[first], mutant)) for mutant in mine]

        with ThreadPoolExecutor(visitors) as pool:
            for answers in pool.map(visit, range(visitors)):
                for mutant, answer in answers:
                    door.judge(mutant, answer)
        if clients[0].http.get("/healthz").status_code != 200:
            door.faults.append("The app does not answer any more.")
        door.peak_mb = read(server).peak_mb
        said = server.said()
    if "Traceback" in said or "Error" in said:
        door.faults.append(f"The app printed:\n{said[-4000:]}")
    strays = [path for path in server.temporary.iterdir() if path.name != "gradio"]
    door.faults += [f"Left behind: {path}" for path in strays]
    return finished(door, started)


def brought(client: RawClient, mutant: Mutant) -> object:
    """The size of the photo that comes back, the sentence, or whatever else the app answers."""
    try:
        upload = client.upload(mutant.name, mutant.data)
        if upload.status_code != 200:
            return upload.text
        told = client.call(photo(path=upload.json()[0]), "", 0.4, 1.0, "")
        event, _, data = told.strip().rpartition("\ndata: ")
        if event.endswith("event: error"):
            return json.loads(data)["error"]
        with Image.open(io.BytesIO(client.http.get(json.loads(data)[0]["url"]).content)) as image:
            image.load()
            return image.size
    except Exception as error:  # told as a fault, whatever it is
        return repr(error)


def through_the_shell(count: int, seed: int, place: Path) -> Door:
    """In folders, by the command line."""
    door, started = Door("shell"), time.monotonic()
    waiting = mutants(count, seed)
    for number, batch in enumerate(iter(lambda: list(islice(waiting, BATCH)), [])):
        album, results = place / f"album-{number}", place / f"results-{number}"
        album.mkdir()
        for mutant in batch:
            (album / mutant.name).write_bytes(mutant.data)
        lines, code = shell(album, results, place, door)
        for mutant in batch:
            door.judge(mutant, printed(lines.pop(mutant.name, None)))
        failed = any("error" in line for line in lines.values()) or door.refusals
        if lines or code != bool(failed):
            door.faults.append(f"Exit code {code}, and lines for nothing: {list(lines)}")
        for path in results.rglob("*.part"):
            door.faults.append(f"Left behind: {path}")
    return finished(door, started)


def shell(album: Path, results: Path, place: Path, door: Door) -> tuple[dict[str, dict], int]:
    """Lines by the name of the photo, and the exit code."""
    temporary = place / "temporary"
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "colorize", album, "--output", results, "--json"]
    with (place / "lines").open("w+") as out, (place / "errors").open("w+") as err:
        child = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"TMPDIR": str(temporary)}, stdout=out, stderr=err
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        lines = [json.loads(line) for line in out]
        if "Traceback" in (said := err.read()):
            door.faults.append(f"The command printed:\n{said[-4000:]}")
    door.peak_mb = max(door.peak_mb, used.ru_maxrss / 1e3)
    door.faults += [f"Left behind: {path}" for path in temporary.iterdir()]
    return {Path(line["input"]).name: line for line in lines}, child.returncode


def printed(line: dict | None) -> object:
    """The size that the command says, if the file that it wrote has it too; or its sentence."""
    if line is None or "error" in line:
        return line and line["error"]
    with Image.open(line["output"]) as image:
        image.load()
        return image.size if image.size == (line["width"], line["height"]) else line


def finished(door: Door, started: float) -> Door:
    door.seconds = time.monotonic() - started
    if door.peak_mb > MOST_MB:
        door.faults.append(f"{door.peak_mb:.0f} MB at its peak; {MOST_MB} are allowed.")
    return door


DOORS: dict[str, Callable[[int, int, Path], Door]] = {
    "app": through_the_app,
    "shell": through_the_shell,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=10_000, help="mutants (default 10000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--door", choices=DOORS, help="only this one")


def main(args: argparse.Namespace) -> int:
    faults = 0
    for name in [args.door] if args.door else DOORS:
        with TemporaryDirectory() as place:
            door = DOORS[name](args.count, args.seed, Path(place))
        print("\n".join([str(door), *door.faults[:20]]), flush=True)
        faults += len(door.faults)
    return int(faults > 0)
