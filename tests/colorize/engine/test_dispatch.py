"""Every photo gets one row, whatever the engine loses or does twice."""

from collections.abc import Iterator
from pathlib import Path

from colorize.engine.dispatch import Staff, twice, work
from colorize.engine.worker import Row, Wish
from colorize.folder import Job

JOBS = [Job(Path(f"{n}.png"), Path("out") / f"{n}.png") for n in range(10)]


def names(rows: Iterator[Row]) -> dict[str, bool]:
    found = [(row["input"], "error" in row) for row in rows]
    assert len(found) == len(dict(found))  # each once
    return dict(found)


def test_what_a_worker_had_in_hand_is_done_one_by_one():
    sizes = []

    def moody(jobs: list[Job], batch: int) -> Iterator[Row]:
        sizes.append((len(jobs), batch))
        yield from ({"input": str(job.input)} for job in jobs if batch == 1 or job is JOBS[3])

    assert names(twice(JOBS, moody, 4)) == {str(job.input): False for job in JOBS}
    assert sizes == [(10, 4), (9, 1)]


def test_a_deadly_photo_takes_no_other_with_it():
    def deadly(jobs: list[Job], batch: int) -> Iterator[Row]:
        for start in range(0, len(jobs), batch):
            some = jobs[start : start + batch]
            if JOBS[5] not in some:
                yield from ({"input": str(job.input)} for job in some)

    rows = list(twice(JOBS, deadly, 4))
    assert names(iter(rows)) == {str(job.input): job is JOBS[5] for job in JOBS}
    (lost,) = (row for row in rows if "error" in row)
    assert lost["error"].startswith('"5.png" failed: its worker ended, and a second one too.')


def test_what_a_cluster_does_twice_is_told_once():
    def stammering(jobs: list[Job], batch: int) -> Iterator[Row]:
        yield from ({"input": str(job.input)} for job in jobs + jobs[:3])

    assert len(names(twice(JOBS, stammering, 4))) == 10


def test_what_could_not_be_listed_needs_no_worker(make_model):
    lost = Job(Path("folder"), Path("out"), error='"folder" cannot be read.')
    wish = Wish(make_model(), device="cpu")
    assert list(work([lost], wish, Staff())) == [{"input": "folder", "error": lost.error}]
