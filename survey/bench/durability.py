"""Kill -9 under load, again and again: is any acknowledged vote lost, or any there twice?

Try it: python -m survey bench --kill 200

Each round, a process opens the same study, lets people vote without pause, and writes a line to
its parent for every vote that was acknowledged; the parent kills it at a random moment and then
looks into the database and the mirror.
"""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from survey.bench.load import load
from survey.bench.sample_study import sample_study
from survey.mirror import FOLDER, Mirror, files
from survey.protocol import StudyProtocol
from survey.store import DATA, DATABASE, Store, connect

PEOPLE = 20
LONGEST_S = 0.6  # from the first acknowledged vote to the kill
ROOT = Path(__file__).parents[2]


@dataclass
class Survived:
    """Sums over all rounds. All but the first three must be zero."""

    rounds: int = 0
    acknowledged: int = 0
    kept: int = 0  # votes in the database at the end; some were never acknowledged
    lost: int = 0  # acknowledged, but not in the database, or with another answer
    unmirrored: int = 0  # acknowledged, but without a line in the mirror
    twice: int = 0  # more than one vote for a participant's position
    broken: int = 0  # rounds after which integrity_check complained

    @property
    def well(self) -> bool:
        return not (self.lost or self.unmirrored or self.twice or self.broken)


def kill_rounds(rounds: int, seed: int = 0, within: Path | None = None) -> Survived:
    """Kill so often; what survived."""
    rng = random.Random(seed)
    found = Survived()
    with TemporaryDirectory(dir=within) as folder:
        sample_study(folder, photos=60, exposure_ms=None)
        for _ in tqdm(range(rounds), desc="kills", leave=False, disable=None):
            check(Path(folder, DATA), _killed_run(folder, rng.uniform(0, LONGEST_S)), found)
    return found


def main(rounds: int, within: Path | None, as_json: bool) -> int:
    """`python -m survey bench --kill N`: 0 if nothing was lost."""
    found = kill_rounds(rounds, within=within)
    print(json.dumps(asdict(found)) if as_json else found)
    return int(not found.well)


def _killed_run(folder: str, seconds: float) -> list[tuple[str, int, str]]:
    """Start the load, kill it, and return what it had acknowledged."""
    command = [sys.executable, "-m", "survey.bench.durability", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None  # it is a pipe
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        rest = process.stdout.read()
    # A pipe takes such short lines whole, so only the very last can be cut.
    whole = (first + rest).decode().split("\n")[:-1]
    return [(token, int(position), answer) for token, position, answer in map(str.split, whole)]


def check(data: Path, acknowledged: list[tuple[str, int, str]], found: Survived) -> None:
    """Compare the votes that were acknowledged with those in this folder."""
    with closing(connect(data / DATABASE)) as db:
        votes = _votes(db)
        (verdict,) = db.execute("PRAGMA integrity_check").fetchone()
    lines = _lines(data / FOLDER)
    keys = [vote[:2] for vote in votes]
    found.rounds += 1
    found.acknowledged += len(acknowledged)
    found.kept = len(votes)
    found.lost += len(set(acknowledged) - set(votes))
    found.unmirrored += len(set(acknowledged) - lines)
    found.twice += len(keys) - len(set(keys))
    found.broken += verdict != "ok"


def _votes(db: sqlite3.Connection) -> list[tuple[str, int, str]]:
    query = "SELECT token, position, answer FROM votes JOIN participants p ON p.id = participant"
    return [tuple(row) for row in db.execute(query)]


def _lines(folder: Path) -> set[tuple[str, int, str]]:
    whole = (line for path in files(folder) for line in path.read_text().split("\n")[:-1])
    records = map(json.loads, whole)
    return {
        (r["participant"]["token"], r["vote"]["position"], r["vote"]["answer"]) for r in records
    }


def _vote_until_killed(folder: str) -> None:
    store = Store(folder, mirror=Mirror(Path(folder, DATA, FOLDER)))
    query = "SELECT token FROM participants WHERE finished_at IS NULL LIMIT ?"
    rows = store.transact(lambda ledger: ledger.db.execute(query, (PEOPLE // 2,)).fetchall())

    def tell(token: str, position: int, answer: str) -> None:
        os.write(sys.stdout.fileno(), f"{token} {position} {answer}\n".encode())

    load(StudyProtocol(store), PEOPLE, 3600, tuple(row["token"] for row in rows), tell)


if __name__ == "__main__":
    _vote_until_killed(sys.argv[1])
