"""What the command line can say about engines, and which numbers it takes.

python -m colorize --help
"""

import argparse
from collections.abc import Callable


def add_archive_options(p: argparse._ArgumentGroup) -> None:
    p.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="local: processes of this machine (default); ray: a cluster, after "
        "pip install 'ray[data]'",
    )
    p.add_argument(
        "--workers",
        type=whole(1, 10_000),
        metavar="N",
        help="each holds the model (default: one a GPU; ray: as many as the cluster has room for)",
    )
    p.add_argument(
        "--batch",
        type=whole(1, 10_000),
        default=16,
        metavar="N",
        help="photos given to a worker at a time: what its death costs a second try (default 16)",
    )
    p.add_argument(
        "--address", metavar="HOST:PORT", help="of a Ray cluster that runs, or auto to look for it"
    )
    p.add_argument(
        "--gpu-share",
        type=between(0, 8),
        default=0.0,
        metavar="G",
        help="of a GPU for each of Ray's workers (default 0: none)",
    )


def whole(low: int, high: int) -> Callable[[str], int]:
    """A type for argparse: a whole number from low to high."""

    def number(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"{text!r} is no whole number from {low:,} to {high:,}"
            )
        return int(text)

    return number


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
