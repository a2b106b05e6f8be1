"""Whole folders: which photos there are, where each result goes, and all of them one by one.

    python -m colorize photos/ scan.tif --output colored/

A result keeps its photo's place under the folder that was named, and its name; JPEG stays JPEG and
all else becomes PNG. Beside its own photo (`--output` is where the photos lie), or where it would
write over another one, the result is called NAME-colorized. Symbolic links inside a folder are not
followed.
"""

import os
import time
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from colorize.colorizer import Colored, Colorizer, prefetch
from colorize.files import MARK, same_file
from colorize.photo import SAVED_AS, Photo, PhotoError, open_photo, save_photo
from colorize.settings import DEFAULTS, Settings

PHOTOS = {  # what is taken from a folder; a file that is named is always tried
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".tif", ".tiff", ".webp", ".avif", ".heic",
    ".heif", ".gif", ".bmp", ".ppm", ".pgm", ".pnm",
}  # fmt: skip
JPEGS = {".jpe", ".jfif", ".mpo"}


@dataclass(frozen=True)
class Job:
    """One photo to colorize, and how far it is."""

    input: Path
    output: Path
    photo: Photo | None = None
    colored: Colored | None = None
    error: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def plan(inputs: Iterable[Path], output: Path) -> list[Job]:
    """What to do for files and folders: photos in the order of their names, each once."""
    failures: list[Job] = []
    places: dict[str, tuple[Path, Path]] = {}  # real path -> (photo, place under the output)
    for named in inputs:
        for path, place in _photos(named, output, failures):
            places.setdefault(os.path.realpath(path), (path, place))
    results: set[str] = set()
    jobs = []
    for path, place in places.values():
        result = _free(_result(path, output / place, places.keys()), results)
        results.add(os.path.realpath(result))
        jobs.append(Job(path, result))
    # A photo that is another one's result comes from an earlier run.
    return failures + [job for job in jobs if os.path.realpath(job.input) not in results]


def colorize_all(
    jobs: Iterable[Job], colorizer: Colorizer, settings: Settings = DEFAULTS
) -> Iterator[Job]:
    """Every job done or with its error, in order; reads ahead and writes behind in threads."""

    def paint(job: Job) -> Job:
        assert job.photo
        colored = colorizer.look(job.photo).render(settings)
        seconds = {**colored.seconds, **job.seconds}
        return replace(job, photo=None, colored=colored, seconds=seconds)

    opened = prefetch(_guarded(_open), jobs)
    yield from prefetch(_guarded(_save), map(_guarded(paint), opened))


def _open(job: Job) -> Job:
    started = time.perf_counter()
    photo = open_photo(job.input)
    return replace(job, photo=photo, seconds={"read": time.perf_counter() - started})


def _save(job: Job) -> Job:
    assert job.colored
    started = time.perf_counter()
    save_photo(job.colored.photo, job.output)
    return replace(job, seconds={**job.seconds, "write": time.perf_counter() - started})


def _guarded(work: Callable[[Job], Job]) -> Callable[[Job], Job]:
    """`work`, after which a job that failed carries its error on instead of stopping the rest."""

    def guarded(job: Job) -> Job:
        if job.error:
            return job
        try:
            return work(job)
        except PhotoError as error:
            return replace(job, error=str(error), photo=None)
        except Exception as error:  # memory, a disk, a bug: thousands of photos must not wait
            said = error if isinstance(error, ValueError) else repr(error)
            return replace(job, error=f'"{job.input.name}" failed: {said}', photo=None)

    return guarded


def _photos(named: Path, output: Path, failures: list[Job]) -> Iterator[tuple[Path, Path]]:
    """(photo, its place under the output folder) of a file or of all that lies in a folder."""
    if not named.is_dir():
        yield named, Path(named.name)
        return

    def note(error: OSError) -> None:
        path = Path(error.filename)
        failures.append(Job(path, output, error=f'"{path.name}" cannot be read: {error.strerror}.'))

    for folder, folders, files in os.walk(named, onerror=note):  # enters no links to folders
        here = Path(folder)
        folders[:] = sorted(f for f in folders if f[0] != "." and not same_file(here / f, output))
        for path in sorted(here / name for name in files if name[0] != "."):
            if path.suffix.lower() in PHOTOS and not path.is_symlink():
                yield path, path.relative_to(named)


def _result(photo: Path, path: Path, photos: Container[str]) -> Path:
    """Where a photo's result goes: `path`, but for its suffix, and never beside or over a photo."""
    suffix = path.suffix.lower()
    if suffix not in SAVED_AS:
        path = path.with_suffix(".jpg" if suffix in JPEGS else ".png")
    if same_file(path.parent, photo.parent) or os.path.realpath(path) in photos:
        return path.with_stem(path.stem + MARK)
    return path


def _free(path: Path, results: Container[str]) -> Path:
    """The path, numbered where it is another photo's result."""
    numbered, number = path, 1
    while os.path.realpath(numbered) in results:
        number += 1
        numbered = path.with_stem(f"{path.stem}-{number}")
    return numbered
