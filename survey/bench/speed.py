"""How fast votes are acknowledged, and how long a report of a million takes.

Try it: python -m survey bench
        python -m survey bench --json > bench.json
        python -m survey bench --kill 200      # kills itself under load, and counts what is lost

Every vote is committed with synchronous = FULL and copied to the mirror before it counts as
acknowledged; participants answer at once, without an exposure to wait for, and every reply brings
the next image from the disk. Levels of load take turns; figures are medians over the rounds.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from survey.bench.load import load
from survey.bench.sample_study import sample_study
from survey.mirror import FOLDER, Mirror
from survey.protocol import StudyProtocol
from survey.store import DATA, Store, connect

LEVELS = (1, 50, 200)  # participants at once
Figures = dict[str, Any]
SHARES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
FIGURES = ("votes_per_s", *SHARES, "errors")


def bench(
    rounds: int = 5, seconds: float = 4.0, votes: int = 1_000_000, within: Path | None = None
) -> Figures:
    """All figures. `within` is a folder on the disk to be measured."""
    with TemporaryDirectory(dir=within) as folder:
        participants = measure_votes(Path(folder, "load"), rounds, seconds)
        report_s = measure_report(Path(folder, "report"), rounds, votes) if votes else None
    return {"participants": participants, "report_million_s": report_s, "report_votes": votes}


def measure_votes(folder: Path, rounds: int, seconds: float) -> dict[str, dict[str, float]]:
    """Per level of load: acknowledged votes per second, and how long a vote waits."""
    measured: dict[int, list[dict[str, float]]] = {level: [] for level in LEVELS}
    with open_sample(folder) as survey:
        turns = [level for _ in range(rounds) for level in LEVELS]
        for level in tqdm(turns, desc="votes", leave=False, disable=None):
            done = load(survey, level, seconds)
            measured[level].append(
                {"votes_per_s": len(done.latencies) / done.seconds, "errors": len(done.errors)}
                | {name: 1000 * at(done.latencies, share) for name, share in SHARES.items()}
            )
    return {
        str(level): {name: median(row[name] for row in rows) for name in FIGURES}
        | {"errors": sum(row["errors"] for row in rows)}
        for level, rows in measured.items()
    }


@contextmanager
def open_sample(folder: Path) -> Iterator[StudyProtocol]:
    """A study as large as a real one, durable and mirrored."""
    sample_study(folder, exposure_ms=None)
    store = Store(folder, mirror=Mirror(folder / DATA / FOLDER))
    try:
        yield StudyProtocol(store)
    finally:
        store.close()


def measure_report(folder: Path, rounds: int, votes: int) -> float:
    """Seconds from so many votes in the database to the finished page."""
    from survey.report.html import report

    sample_study(folder)
    fill(folder, votes)
    return median(
        _seconds(lambda: report(folder))
        for _ in tqdm(range(rounds), desc="reports", leave=False, disable=None)
    )


def fill(folder: Path, votes: int) -> None:
    """Put votes on a sample study's photos past the protocol, a finished participant at a time."""
    store = Store(folder, durable=False)
    study, path = store.study, store.path
    store.close()
    db = connect(path, durable=False)
    people = -(-votes // study.trials)
    db.execute("BEGIN")
    db.execute(
        """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
           INSERT INTO participants (id, token, seed, list, plan, panel_id, colour_vision,
               begun_at, seen_at, answered, finished_at)
           SELECT i, printf('%032x', i), i, i % ?, 't0', NULL, 'normal', 1.8e9 + 15 * i,
               1.8e9 + 15 * i + 200, ?, 1.8e9 + 15 * i + 200 FROM n""",
        (people, study.slots, study.trials),
    )
    # Photo, slot and condition come from the cells, so each list shows what it should; some
    # conditions are believed more often than others, and no answer depends on anything else.
    db.execute(
        """WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :trials - 1)
           INSERT INTO votes (id, participant, position, kind, photo, slot, condition, truth,
               answer, requested_ms, exposure_ms, response_ms, dropped_frames, blurs, hidden,
               screen_width, screen_height, pixel_ratio, refresh_hz, showings, opened_at, shown_at,
               received_at, flags)
           SELECT NULL, p.id, n.i, 'trial', c.photo, c.slot, c.condition,
               iif(c.condition = 'real', 'real', 'synthesized'),
               iif(abs(random() % 100) < 20 + 9 * c.slot, 'real', 'synthesized'),
               1000, 1000 + random() % 5, 400 + abs(random() % 900), 0, 0, 0, 1440, 900, 2.0, 60.0,
               1, p.begun_at + 4 * n.i, p.begun_at + 4 * n.i + 1, p.begun_at + 4 * n.i + 3, ''
           FROM participants p JOIN n
           JOIN cells c ON c.list = p.list AND c.photo = 1 + (p.id * 7 + n.i) % :photos
           LIMIT :votes""",
        {"trials": study.trials, "photos": _photos(db), "votes": votes},
    )
    db.execute("COMMIT")
    db.close()


def as_text(figures: Figures) -> str:
    """The figures as lines to read."""
    lines = [f"{'participants':>12}  " + "  ".join(f"{name:>11}" for name in FIGURES)]
    for level, row in figures["participants"].items():
        lines.append(f"{level:>12}  " + "  ".join(f"{row[name]:>11.1f}" for name in FIGURES))
    if figures["report_million_s"] is not None:
        lines.append(
            f"report of {figures['report_votes']:,} votes: {figures['report_million_s']:.1f} s"
        )
    return "\n".join(lines)


def main(rounds: int, seconds: float, votes: int, within: Path | None, as_json: bool) -> int:
    """`python -m survey bench`: 0 if nothing went wrong."""
    figures = bench(rounds, seconds, votes, within)
    print(json.dumps(figures) if as_json else as_text(figures))
    return int(any(row["errors"] for row in figures["participants"].values()))


def _photos(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COUNT(*) FROM photos WHERE role = 'trial'").fetchone()[0])


def at(values: list[float], share: float) -> float:
    """The value below which this share of the sorted ones lies."""
    return sorted(values)[int(share * (len(values) - 1))] if values else float("nan")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
