"""An hour at a modest pace: does memory, do handles, threads or temporary files grow?

    python -m tests.stress soak --minutes 60

A line every half minute, then the figures and a verdict. How long a vote takes is told, not judged:
a soak may share its machine with other work.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.stress.gauge import row
from tests.stress.load import load
from tests.stress.report import report

EVERY_S = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--participants", type=int, default=20)
    parser.add_argument("--visitors", type=int, default=2)
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between two photos")
    parser.add_argument("--within", type=Path, help="a folder on the disk to be used")
    parser.add_argument("--json", action="store_true")


def main(args: argparse.Namespace) -> int:
    """0 if nothing was found."""
    print(row(), flush=True)
    with TemporaryDirectory(dir=args.within) as place:
        done = load(
            args.participants,
            args.visitors,
            60 * args.minutes,
            within=Path(place),
            every=EVERY_S,
            tell=lambda reading: print(row(reading), flush=True),
            pause=args.pause,
        )
    return report(done.figures(), [*done.wrong(), *done.growing()], args.json)
