"""Participants answer while visitors colour photos: latencies, memory, temporary files.

    python -m tests.stress load --minutes 10 --participants 100 --visitors 10
    python -m tests.stress load --minutes 1 --rest 0 --look 0    # nobody thinks
    python -m tests.stress load --json > load.json

The crowd lives in one thread of this process and takes its part of the cores; how much is told.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from colorize.web.temporary_files import MOST
from survey.bench.durability import Survived, check
from survey.bench.sample_study import sample_study
from survey.bench.speed import SHARES, at
from tests.stress.crowd import Crowd, apart
from tests.stress.outcome import Outcome
from tests.stress.participant import Pace
from tests.stress.report import report
from tests.stress.resources import MB, Reading, growth, watched
from tests.stress.serving import Server

TARGET_MS = 500.0  # p95 of a vote
MOST_MB = 1.2 * MOST / MB  # some come between two looks of the app at them
MAY_GROW = {"memory_mb": 0.05, "handles": 0.1, "threads": 0.1}  # shares, over the last half
POOLED = {"handles": 10, "threads": 10}  # that come and go with the work in hand
COUNTS = ("enrolled", "finished", "unheard", "gone")  # of an Outcome
PEAKS = ("handles", "threads", "files", "folders", "temporary_mb")


@dataclass
class Load:
    """A crowd, what came of it, what the server held meanwhile, and what was in the database."""

    outcome: Outcome
    readings: list[Reading]
    votes: Survived
    seconds: float
    crowd_cpu: float  # cores that the crowd itself took

    def figures(self) -> dict[str, object]:
        outcome, last = self.outcome, self.readings[-1]
        return {
            "seconds": self.seconds,
            "votes": len(outcome.acknowledged),
            **{name: 1000 * at(outcome.latencies, share) for name, share in SHARES.items()},
            "slowest_ms": 1000 * max(outcome.latencies, default=0.0),
            "photos": len(outcome.coloured),
            "photo_p50_s": at(outcome.coloured, 0.5),
            "photo_p95_s": at(outcome.coloured, 0.95),
            **{name: getattr(outcome, name) for name in COUNTS},
            **{f"votes_{name}": n for name, n in asdict(self.votes).items()},
            "memory_peak_mb": last.peak_mb,
            "memory_end_mb": last.memory_mb,
            "memory_growth_mb": growth(self.readings, "memory_mb"),
            **{f"{name}_peak": max(getattr(r, name) for r in self.readings) for name in PEAKS},
            "database_mb": last.database_mb,
            "crowd_cpu": self.crowd_cpu,
        }

    def wrong(self) -> Iterator[str]:
        """What went wrong, in sentences."""
        outcome = self.outcome
        yield from outcome.errors
        if outcome.unheard or outcome.refused or outcome.gone:
            calls, photos = outcome.unheard, outcome.gone
            yield f"{calls} calls and {photos} photos had no answer, {outcome.refused}."
        if not self.votes.well or self.votes.kept != self.votes.acknowledged:
            yield f"Votes told and votes kept are not the same: {self.votes}."

    def growing(self) -> Iterator[str]:
        """What would not end well, in sentences."""
        for name, share in MAY_GROW.items():
            gained, end = growth(self.readings, name), getattr(self.readings[-1], name)
            if gained > max(share * end, POOLED.get(name, 0)):
                yield f"{name} grew by {gained:.0f} to {end:.0f} in the last half."
        most = max(reading.temporary_mb for reading in self.readings)
        if most > MOST_MB:
            yield f"{most:.0f} MB of temporary files; at most {MOST_MB:.0f} may be."

    def late(self) -> Iterator[str]:
        """A target that was missed, in a sentence."""
        p95 = self.figures()["p95_ms"]
        if p95 > TARGET_MS:
            yield f"p95 of a vote is {p95:.0f} ms; the target is {TARGET_MS:.0f}."


def load(
    participants: int,
    visitors: int,
    seconds: float,
    *,
    within: Path,
    tell: Callable[[Reading], None] = lambda reading: None,
    every: float = 5.0,
    **options,
) -> Load:
    """Let such a crowd in for so long, looking every so often. `options` are the crowd's."""
    sample_study(within / "study", exposure_ms=None)  # the pace is the crowd's
    with Server(within, within / "study") as server:
        crowd = Crowd(server.url, participants, visitors, **options)
        started, busy = time.monotonic(), time.process_time()
        readings = apart(_watch(crowd, server, seconds, every, tell))
        took, busy = time.monotonic() - started, time.process_time() - busy
        check(server.data, crowd.outcome.acknowledged, found := Survived())
    return Load(crowd.outcome, readings, found, took, busy / took)


async def _watch(
    crowd: Crowd, server: Server, seconds: float, every: float, tell: Callable[[Reading], None]
) -> list[Reading]:
    async with watched(server, every, tell) as readings:
        await crowd.gather(seconds)
    return readings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_crowd(parser, minutes=10.0, participants=100, visitors=10)
    parser.add_argument("--rest", type=float, default=0.5, help="seconds before a trial")
    parser.add_argument("--look", type=float, default=1.7, help="seconds to an answer, on average")


def add_crowd(parser: argparse.ArgumentParser, **usual: float) -> None:
    """How long, how many, and where."""
    for name, value in usual.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    parser.add_argument("--within", type=Path, help="a folder on the disk to be used")
    parser.add_argument("--json", action="store_true")


def load_as(args: argparse.Namespace, **options) -> Load:
    """The load that the command line asks for."""
    with TemporaryDirectory(dir=args.within) as place:
        crowd = args.participants, args.visitors, 60 * args.minutes
        return load(*crowd, within=Path(place), **options)


def main(args: argparse.Namespace) -> int:
    """0 if nothing was found."""
    done = load_as(args, pace=Pace(args.rest, args.look))
    return report(done.figures(), [*done.wrong(), *done.growing(), *done.late()], args.json)
