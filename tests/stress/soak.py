"""An hour at a modest pace: does memory, do handles, threads or temporary files grow?

    python -m tests.stress soak --minutes 60

A line every half minute, then the figures and a verdict. How long a vote takes is told, not judged:
a soak may share its machine with other work.
"""

import argparse

from tests.stress.load import add_crowd, load_as
from tests.stress.report import report
from tests.stress.resources import row

EVERY_S = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_crowd(parser, minutes=60.0, participants=20, visitors=2)
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between two photos")


def main(args: argparse.Namespace) -> int:
    """0 if nothing was found."""
    print(row(), flush=True)
    done = load_as(
        args,
        every=EVERY_S,
        tell=lambda reading: print(row(reading), flush=True),
        pause=args.pause,
    )
    return report(done.figures(), [*done.wrong(), *done.growing()], args.json)
