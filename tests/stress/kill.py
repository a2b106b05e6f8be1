"""Kill -9 of the app at random moments of a load: is any vote lost, does everybody go on?

    python -m tests.stress kill --rounds 50

The crowd stays while the app is killed and started again: participants ask again or reload their
page, visitors bring another photo. After each kill the votes that were acknowledged until then are
looked for in the database and in the mirror.
"""

import argparse
import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from survey.bench.durability import Survived, check
from survey.bench.sample_study import sample_study
from tests.stress.crowd import Crowd, apart
from tests.stress.outcome import Outcome
from tests.stress.report import report
from tests.stress.resources import Reading, read
from tests.stress.serving import Server

LONGEST_S = 4.0  # from the first vote after a start to the kill
PATIENCE_S = 600.0  # with that vote, on a busy machine
WRONG = ("lost", "unmirrored", "twice", "broken")  # all must be zero


@dataclass
class Killed:
    """What came of the crowd, what survived, and what was left in memory and on the disk."""

    outcome: Outcome
    checks: list[Survived]  # after each kill, and at the end; each over all votes until then
    readings: list[Reading]  # after each start

    def figures(self) -> dict[str, object]:
        outcome, last = self.outcome, self.checks[-1]
        names = ("enrolled", "finished", "reloaded", "unheard", "gone")
        return {
            "kills": len(self.readings),
            "acknowledged": last.acknowledged,
            "kept": last.kept,
            **{name: max(getattr(check, name) for check in self.checks) for name in WRONG},
            **{name: getattr(outcome, name) for name in names},
            **{f"refused_{reason}": number for reason, number in outcome.refused.items()},
            "photos": len(outcome.coloured),
            "files_peak": max(reading.files for reading in self.readings),
            "temporary_mb_peak": max(reading.temporary_mb for reading in self.readings),
        }

    def faults(self) -> list[str]:
        """What should not be, in sentences."""
        return self.outcome.errors + [str(check) for check in self.checks if not check.well]


def kill(
    rounds: int, participants: int, visitors: int, *, within: Path, seed: int = 0, **options
) -> Killed:
    """Kill so often. `options` are the crowd's."""
    sample_study(within / "study", exposure_ms=None)
    with Server(within, within / "study") as server:
        crowd = Crowd(server.url, participants, visitors, seed=seed, **options)
        return apart(_rounds(server, crowd, rounds, random.Random(seed)))


async def _rounds(server: Server, crowd: Crowd, rounds: int, rng: random.Random) -> Killed:
    done = Killed(crowd.outcome, [], [])
    gathering = asyncio.create_task(crowd.gather(float("inf")))
    for _ in tqdm(range(rounds), desc="kills", leave=False, disable=None):
        await _next_vote(crowd.outcome)
        await asyncio.sleep(rng.uniform(0, LONGEST_S))
        server.kill()
        done.checks.append(_survived(server, crowd.outcome))
        await asyncio.to_thread(server.start)
        done.readings.append(read(server))
    await _next_vote(crowd.outcome)
    crowd.leave()
    await gathering
    done.checks.append(_survived(server, crowd.outcome))
    return done


async def _next_vote(outcome: Outcome) -> None:
    """Wait until somebody's vote is acknowledged."""
    before, until = len(outcome.acknowledged), time.monotonic() + PATIENCE_S
    while len(outcome.acknowledged) == before:
        if time.monotonic() > until:
            raise RuntimeError(
                f"Nobody votes any more, {outcome.enrolled} people: {outcome.errors}"
            )
        await asyncio.sleep(0.02)


def _survived(server: Server, outcome: Outcome) -> Survived:
    check(server.data, outcome.acknowledged, found := Survived())
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--participants", type=int, default=100)
    parser.add_argument("--visitors", type=int, default=2)
    parser.add_argument("--within", type=Path, help="a folder on the disk to be used")
    parser.add_argument("--json", action="store_true")


def main(args: argparse.Namespace) -> int:
    """0 if nothing was found."""
    with TemporaryDirectory(dir=args.within) as place:
        done = kill(args.rounds, args.participants, args.visitors, within=Path(place))
    return report(done.figures(), done.faults(), args.json)
