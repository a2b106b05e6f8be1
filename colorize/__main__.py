"""Colorize photos from the shell.

    python -m colorize old.jpg albums/ --output colored/
    python -m colorize scan.tif --output . --model classification --temperature 0.2 --json
    python -m colorize old.jpg --output . --hints old.json --reference the-same-room-today.jpg
    python -m colorize models
    python -m colorize export rebalanced --output rebalanced.onnx
    python -m colorize bench
    python -m colorize bench --hints --data PHOTOS

Exit codes: 0 done, 1 some photos failed but the others are done, 2 wrong usage.
"""

import argparse
import atexit
import gc
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from colorize.engine.address import place
from colorize.engine.options import add_archive_options, between
from colorize.settings import MOST_SATURATION, Settings

if TYPE_CHECKING:
    from colorize.engine.worker import Row
    from colorize.folder import Job

DEFAULT_MODEL = "rebalanced"  # zoo.DEFAULT; --help must not wait for torch
PATIENCE = 0.5  # seconds before a progress bar shows


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m colorize",
        description="Colorize photos: files, and whole folders with their subfolders.",
        epilog="Also: python -m colorize models [--json]; python -m colorize export NAME --output "
        "FILE.onnx; python -m colorize bench [--json]. (A folder of one of these names is "
        "./models, ./export or ./bench.) Exit codes: 0 done, 1 some photos failed but the others "
        "are done, 2 wrong usage.",
    )
    p.add_argument(
        "inputs",
        nargs="+",
        type=place,
        metavar="INPUT",
        help="photos and folders, of this machine or of a store (s3://, gs://, hf://, ...)",
    )
    p.add_argument(
        "--output",
        required=True,
        type=place,
        metavar="DIR",
        help="where the results go, under the photos' own names; subfolders are kept. Where that "
        "would write over a photo, the result is called NAME-colorized",
    )
    add_look_options(p)
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default auto)")
    p.add_argument("--overwrite", action="store_true", help="also photos that are done already")
    p.add_argument("--json", action="store_true", help="print one JSON object a line and photo")
    words = "archives", "with --workers or --engine ray, colorize-log.csv in DIR has a line a photo"
    add_archive_options(p.add_argument_group(*words))
    return p


def add_look_options(p: argparse.ArgumentParser) -> None:
    """The model, and what may be changed of its colours."""
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
    p.add_argument(
        "--hints",
        type=Path,
        metavar="FILE",
        help="colours for places of one photo, a JSON list as the app saves it; or a folder in "
        "which sub/NAME.json is for the photo sub/NAME.jpg",
    )
    p.add_argument(
        "--reference",
        type=place,
        metavar="PHOTO",
        help="a colour photo whose colours are carried over to what is like it, in every photo",
    )
    p.add_argument(
        "--strength",
        type=between(0, 1),
        default=1.0,
        metavar="S",
        help="of the reference: 0 to 1 (default 1)",
    )


def colorize(options: argparse.Namespace) -> int:
    """Plan, skip what is done, colorize the rest; returns the exit code."""
    from colorize.files import sweep
    from colorize.folder import check_output, plan, split

    reference = None if options.reference is None else str(options.reference)
    settings = Settings(
        options.model,
        options.temperature,
        options.saturation,
        reference=reference,
        strength=options.strength,
    )
    check_output(options.output)
    jobs = plan(options.inputs, options.output)
    if not jobs:
        names = ", ".join(str(path) for path in options.inputs)
        raise ValueError(f"There are no photos in {names} (links inside folders are not followed).")
    if options.hints:
        jobs = hinted(jobs, options.hints)
    before, waiting = ([], jobs) if options.overwrite else split(jobs, options.output)
    for folder in {job.output.parent for job in jobs if isinstance(job.output, Path)}:
        sweep(folder)
    if options.json:
        for job in before:
            print(json.dumps({"input": str(job.input), "output": str(job.output), "skipped": True}))
    failed = colorize_waiting(waiting, settings, options) if waiting else 0
    if not options.json:
        done = len(waiting) - failed
        print(f"{done} colorized, {len(before)} done before, {failed} failed.")
    return 1 if failed else 0


def hinted(jobs: list["Job"], source: Path) -> list["Job"]:
    """The jobs with their hints; files that are for none of them are told."""
    from colorize.hints.by_name import left_over, with_hints

    jobs, files = with_hints(jobs, source)
    if files:
        print(f"colorize: {left_over(files)}", file=sys.stderr)
    return jobs


def colorize_waiting(jobs: list["Job"], settings: Settings, options: argparse.Namespace) -> int:
    """Every job, by the engine that was asked for; returns how many failed."""
    from colorize import zoo
    from colorize.device import pick_device
    from colorize.engine.dispatch import Staff, work
    from colorize.engine.log import Log
    from colorize.engine.worker import Wish
    from colorize.folder import read_reference

    if options.engine == "local":
        pick_device(options.device)  # is it there? A cluster has its own
    reference = None if options.reference is None else read_reference(options.reference)
    wish = Wish(zoo.load(settings.model), settings, options.device, reference)
    staff = Staff(
        options.engine, options.workers, options.batch, options.address, options.gpu_share
    )
    failed, out = 0, sys.stdout  # which an engine may lend to what it starts
    with closing(work(jobs, wish, staff)) as rows, Log(options.output) as log:
        for row in rows if options.json else bar(rows, len(jobs)):
            failed += "error" in row
            report(row, out if options.json else None)
            if options.workers or options.engine == "ray":  # an archive
                log.add(row)
    return failed


def bar(rows: Iterator["Row"], total: int) -> Iterator["Row"]:
    """The rows, with a progress bar if stderr is a terminal: photos a second, and time left."""
    from tqdm import tqdm

    yield from tqdm(rows, total=total, unit="photo", disable=None, delay=PATIENCE)


def report(row: "Row", out: TextIO | None) -> None:
    """One photo's line: JSON on stdout if it is wanted, and on stderr its error if it has one."""
    from tqdm import tqdm

    if "error" in row:
        tqdm.write(f"colorize: {row['error']}", file=sys.stderr)
    if out:
        print(json.dumps(row), file=out, flush=True)


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

            measure = hints.main if "--hints" in words else speed.main
            return measure(words[1:])
        if words[:1] == ["export"]:
            from colorize import export

            return export.main(words[1:])
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
