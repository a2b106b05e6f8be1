"""Colorize photos from the shell.

    python -m colorize old.jpg albums/ --output colored/
    python -m colorize scan.tif --output . --model classification --temperature 0.2 --json
    python -m colorize models
    python -m colorize bench
    python -m colorize bench --hints --data PHOTOS

Exit codes: 0 done, 1 some photos failed but the others are done, 2 wrong usage.
"""

import argparse
import atexit
import gc
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from colorize.settings import MOST_SATURATION, Settings

if TYPE_CHECKING:
    from colorize.folder import Job

DEFAULT_MODEL = "rebalanced"  # zoo.DEFAULT; --help must not wait for torch
PATIENCE = 0.5  # seconds before a progress bar shows


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m colorize",
        description="Colorize photos: files, and whole folders with their subfolders.",
        epilog="Also: python -m colorize models [--json], python -m colorize bench [--json]. "
        "(A folder of one of these names is ./models or ./bench.) Exit codes: 0 done, 1 some "
        "photos failed but the others are done, 2 wrong usage.",
    )
    p.add_argument("inputs", nargs="+", type=Path, metavar="INPUT", help="photos and folders")
    p.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="DIR",
        help="where the results go, under the photos' own names; subfolders are kept. Where that "
        "would write over a photo, the result is called NAME-colorized",
    )
    p.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        help=f"a name from `models`, or a .safetensors file (default {DEFAULT_MODEL})",
    )
    p.add_argument(
        "--temperature",
        type=between(0, 1),
        metavar="T",
        help="0 decides for one colour, 1 takes the mean of all (default: the model's own)",
    )
    p.add_argument(
        "--saturation",
        type=between(0, MOST_SATURATION),
        default=1.0,
        metavar="S",
        help=f"times the model's chroma: 0 to {MOST_SATURATION:g} (default 1)",
    )
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default auto)")
    p.add_argument("--overwrite", action="store_true", help="also photos that are done already")
    p.add_argument("--json", action="store_true", help="print one JSON object a line and photo")
    return p


def between(low: float, high: float) -> Callable[[str], float]:
    """A type for argparse: a number from low to high."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
        return value

    return number


def colorize(options: argparse.Namespace) -> int:
    """Plan, skip what is done, colorize the rest; returns the exit code."""
    from colorize.colorizer import Colorizer
    from colorize.folder import colorize_all, plan

    settings = Settings(options.model, options.temperature, options.saturation)
    if options.output.exists() and not options.output.is_dir():
        raise ValueError(f"--output {options.output} is a file; give the name of a folder.")
    jobs = plan(options.inputs, options.output)
    if not jobs:
        names = ", ".join(str(path) for path in options.inputs)
        raise ValueError(f"There are no photos in {names} (links inside folders are not followed).")
    before: list[Job] = []
    waiting: list[Job] = []
    for job in jobs:
        skip = job.output.exists() and not job.error and not options.overwrite
        (before if skip else waiting).append(job)
    if options.json:
        for job in before:
            print(json.dumps({"input": str(job.input), "output": str(job.output), "skipped": True}))
    failed = 0
    if waiting:
        colorizer = Colorizer.load(options.model, options.device)
        finished = colorize_all(waiting, colorizer, settings)
        for job in finished if options.json else bar(finished, len(waiting)):
            failed += bool(job.error)
            report(job, colorizer.name, options.json)
    if not options.json:
        done = len(waiting) - failed
        print(f"{done} colorized, {len(before)} done before, {failed} failed.")
    return 1 if failed else 0


def bar(jobs: Iterator["Job"], total: int) -> Iterator["Job"]:
    """The jobs, with a progress bar if stderr is a terminal."""
    from tqdm import tqdm

    yield from tqdm(jobs, total=total, unit="photo", disable=None, delay=PATIENCE)


def report(job: "Job", model: str, as_json: bool) -> None:
    """One photo's line: JSON on stdout, and on stderr its error if it has one."""
    from tqdm import tqdm

    if job.error:
        tqdm.write(f"colorize: {job.error}", file=sys.stderr)
    if as_json:
        print(json.dumps(described(job, model)), flush=True)


def described(job: "Job", model: str) -> dict[str, object]:
    if job.error or job.colored is None:
        return {"input": str(job.input), "error": job.error}
    seconds = {**job.seconds, "total": sum(job.seconds.values())}
    return {
        "input": str(job.input),
        "output": str(job.output),
        "width": job.colored.photo.width,
        "height": job.colored.photo.height,
        "model": model,
        "seconds": {name: round(value, 4) for name, value in seconds.items()},
    }


def models(words: list[str]) -> int:
    """The models that can be named, as a table or as JSON; 1 if one of them is damaged."""
    p = argparse.ArgumentParser(
        prog="python -m colorize models", description="The models that can be named."
    )
    p.add_argument("files", nargs="*", metavar="FILE", help="also .safetensors files of your own")
    p.add_argument("--json", action="store_true", help="print one JSON array")
    options = p.parse_args(words)

    from colorize import zoo
    from colorize.config import ModelError

    entries, failed = [], 0
    for name in [*zoo.shipped(), *zoo.PEERS, *options.files]:
        try:
            entries.append(zoo.describe(name))
        except ModelError as error:
            print(f"colorize: {error}", file=sys.stderr)
            failed = 1
    if options.json:
        print(json.dumps([asdict(entry) for entry in entries], indent=2))
        return failed
    print(f"{'name':16} {'source':8} {'parameters':>12} {'GFLOP':>7} {'MB':>6}  in one sentence")
    for e in entries:
        size = f"{e.megabytes:.1f}" if e.megabytes else "-"
        print(f"{e.name:16} {e.source:8} {e.parameters:12,} {e.gflop:7.1f} {size:>6}  {e.sentence}")
    return failed


def main(words: list[str] | None = None) -> int:
    words = sys.argv[1:] if words is None else words
    try:
        if words[:1] == ["models"]:
            return models(words[1:])
        if words[:1] == ["bench"]:
            from colorize.bench import hints, speed

            return (hints if "--hints" in words else speed).main(words[1:])
        return colorize(parser().parse_args(words))
    except (ValueError, OSError) as error:  # ours are all ValueErrors; a disk speaks for itself
        print(f"colorize: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("colorize: stopped; what is done is kept, and skipped next time.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    atexit.register(gc.freeze)  # or all of torch is searched for garbage at the end: 0.4 s
    sys.exit(main())
