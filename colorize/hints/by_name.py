"""Hints for photos from the command line: one file for one photo, a folder of files for many.

    python -m colorize album/ --output colour/ --hints hints/

In a folder each photo finds its own by its name: album/1950/anna.tif takes hints/1950/anna.json.
"""

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path

from colorize.folder import Job
from colorize.hints.file import read_hints
from colorize.hints.hint import HintError

NAMED = 3  # files that a sentence names


def with_hints(jobs: Sequence[Job], source: Path) -> tuple[list[Job], list[Path]]:
    """The jobs with their hints or with what is wrong with them, and files that no photo takes."""
    if source.is_dir():
        return by_name(jobs, source)
    if len(jobs) > 1:
        raise HintError(
            f"--hints {source} is one file, and these are {len(jobs):,} photos: its places would "
            "be other things in each. Give a folder with a file for each, named as the photo: "
            "sub/anna.json for sub/anna.jpg."
        )
    hints = read_hints(source)
    return [replace(job, hints=hints) for job in jobs], []


def by_name(jobs: Sequence[Job], folder: Path) -> tuple[list[Job], list[Path]]:
    there = {path.relative_to(folder) for path in folder.rglob("*.json") if path.is_file()}
    sound = [job for job in jobs if not job.error]
    takers: dict[Path, list[Job]] = defaultdict(list)
    for job in sound:
        takers[_name(job)].append(job)
    for name in sorted(there & takers.keys()):
        if len(takers[name]) > 1:
            one, other, *_ = (job.place for job in takers[name])
            raise HintError(
                f"{folder / name} would be for {one} and for {other}: its places are other things "
                "in each. Rename one of the photos."
            )
    if sound and not there & takers.keys():
        raise HintError(
            f"--hints {folder} holds nothing for these photos: {sound[0].place} would take "
            f"{folder / _name(sound[0])}."
        )
    done = [_reading(job, folder, there) for job in jobs]
    return done, sorted(folder / name for name in there - takers.keys())


def left_over(files: Sequence[Path]) -> str:
    """A sentence about files that no photo takes."""
    names = ", ".join(str(path) for path in files[:NAMED])
    more = f" and {len(files) - NAMED:,} more" if len(files) > NAMED else ""
    return f"No photo here takes the hints {names}{more}: they go by the photos' names."


def _name(job: Job) -> Path:
    return Path(job.place.with_suffix(".json"))


def _reading(job: Job, folder: Path, there: Container[Path]) -> Job:
    """A file that is wrong is its own photo's error alone."""
    if job.error or _name(job) not in there:
        return job
    try:
        return replace(job, hints=read_hints(folder / _name(job)))
    except HintError as error:
        return replace(job, error=str(error))
