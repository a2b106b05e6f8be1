"""Whole folders: which photos there are, where each result goes, and all of them one by one.

    python -m colorize photos/ scan.tif --output colored/
    python -m colorize s3://archive/scans --output s3://archive/colored

A result keeps its photo's place under the folder that was named, and its name; JPEG stays JPEG and
all else becomes PNG. Beside its own photo (`--output` is where the photos lie), or where it would
write over another one, the result is called NAME-colorized. Names that differ in case alone are
numbered: some file systems take them for one. Symbolic links inside a folder are not followed.
"""

import os
import time
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePath

from colorize.colorizer import Colorizer, prefetch
from colorize.engine.address import (
    Place,
    Remote,
    check_writable,
    is_folder,
    listed,
    read_bytes,
    write_bytes,
)
from colorize.files import MARK, same_file
from colorize.hints.hint import Hint
from colorize.hints.reference import open_reference
from colorize.look import Colored
from colorize.photo import SAVED_AS, Photo, PhotoError, encode_photo, open_photo, save_photo
from colorize.settings import DEFAULTS, Settings

PHOTOS = {  # what is taken from a folder; a file that is named is always tried
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".tif", ".tiff", ".webp", ".avif", ".heic",
    ".heif", ".gif", ".bmp", ".ppm", ".pgm", ".pnm",
}  # fmt: skip
JPEGS = {".jpe", ".jfif", ".mpo"}


@dataclass(frozen=True)
class Job:
    """One photo to colorize, and how far it is."""

    input: Place
    output: Place
    photo: Photo | None = None
    colored: Colored | None = None
    error: str | None = None
    place: PurePath = PurePath()  # under the folder that was named
    hints: Sequence[Hint] = ()  # its own
    seconds: dict[str, float] = field(default_factory=dict)


def plan(inputs: Iterable[Place], output: Place) -> list[Job]:
    """What to do for files and folders: photos in the order of their names, each once."""
    failures: list[Job] = []
    places: dict[str, tuple[Place, PurePath]] = {}  # real path -> (photo, place under the output)
    for named in inputs:
        for path, place in _photos(named, output, failures):
            places.setdefault(_real(path), (path, place))
    same = cache(_same)  # of folders, which are few
    results: set[str] = set()
    taken: set[str] = set()  # the same, as the least particular file system has them
    jobs = {}
    for photo, (path, place) in places.items():
        result = _renamed(output / place)
        if same(result.parent, path.parent) or _real(result) in places:  # never beside or over one
            result = result.with_stem(result.stem + MARK)
        result, real = _free(result, taken)
        results.add(real)
        taken.add(_folded(real))
        jobs[photo] = Job(path, result, place=place)
    # A photo that is another one's result comes from an earlier run.
    return failures + [job for photo, job in jobs.items() if photo not in results]


def split(jobs: Iterable[Job], output: Place) -> tuple[list[Job], list[Job]]:
    """(those whose result is there, the others); a store is asked once, for all of them."""
    there = set(listed(output)) if isinstance(output, Remote) else set()
    done: list[Job] = []
    waiting: list[Job] = []
    for job in jobs:
        found = job.output.exists() if isinstance(job.output, Path) else job.output in there
        (done if found and not job.error else waiting).append(job)
    return done, waiting


def check_output(output: Place) -> None:
    """Refuses a place that takes no results, before hours of work are lost."""
    if isinstance(output, Remote):
        check_writable(output)
        return
    if output.exists() and not output.is_dir():
        raise ValueError(f"--output {output} is a file; give the name of a folder.")
    above = next(path for path in (output, *output.absolute().parents) if path.exists())
    if not os.access(above, os.W_OK):
        raise ValueError(
            f"--output {output} may not be written to, by you or by anybody. Choose another folder."
        )


def colorize_all(
    jobs: Iterable[Job], colorizer: Colorizer, settings: Settings = DEFAULTS
) -> Iterator[Job]:
    """Every job done or with its error, in order; reads ahead and writes behind in threads."""

    def paint(job: Job) -> Job:
        assert job.photo
        own = replace(settings, hints=job.hints or settings.hints)
        colored = colorizer.look(job.photo).render(own)
        seconds = {**colored.seconds, **job.seconds}
        return replace(job, photo=None, colored=colored, seconds=seconds)

    opened = prefetch(_guarded(_open), jobs)
    yield from prefetch(_guarded(_save), map(_guarded(paint), opened))


def read_reference(named: Place) -> bytes:
    """A reference photo's file, if it is one in colour: told before hours of work."""
    if isinstance(named, Remote):
        content = read_bytes(named)
    else:
        try:
            content = named.read_bytes()
        except OSError as error:
            raise PhotoError(
                f"The reference photo {named} cannot be read: {error.strerror or error}."
            ) from error
    open_reference(content, named.name)
    return content


def _open(job: Job) -> Job:
    started = time.perf_counter()
    if isinstance(job.input, Remote):
        photo = open_photo(read_bytes(job.input), name=job.input.name)
    else:
        photo = open_photo(job.input)
    return replace(job, photo=photo, seconds={"read": time.perf_counter() - started})


def _save(job: Job) -> Job:
    assert job.colored
    started = time.perf_counter()
    if isinstance(job.output, Remote):
        format = SAVED_AS[job.output.suffix.lower()]
        write_bytes(job.output, encode_photo(job.colored.photo, format))
    else:
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


def _photos(named: Place, output: Place, failures: list[Job]) -> Iterator[tuple[Place, PurePath]]:
    """(photo, its place under the output folder) of a file or of all that lies in a folder."""
    if isinstance(named, Remote):
        yield from _remote_photos(named, output)
        return
    if not named.is_dir():
        yield named, Path(named.name)
        return

    def note(error: OSError) -> None:
        path = Path(error.filename)
        failures.append(Job(path, output, error=f'"{path.name}" cannot be read: {error.strerror}.'))

    for folder, folders, files in os.walk(named, onerror=note):  # enters no links to folders
        here = Path(folder)
        folders[:] = sorted(f for f in folders if f[0] != "." and not _same(here / f, output))
        for path in sorted(here / name for name in files if name[0] != "."):
            if path.suffix.lower() in PHOTOS and not path.is_symlink():
                yield path, path.relative_to(named)


def _remote_photos(named: Remote, output: Place) -> Iterator[tuple[Place, PurePath]]:
    if not is_folder(named):
        yield named, PurePath(named.name)
        return
    for address in listed(named):
        place = address.relative_to(named)
        hidden = any(part[0] == "." for part in place.parts)
        inside = isinstance(output, Remote) and output != named and address.is_relative_to(output)
        if address.suffix.lower() in PHOTOS and not hidden and not inside:
            yield address, PurePath(place)


def _same(one: Place, other: Place) -> bool:
    if isinstance(one, Remote) or isinstance(other, Remote):
        return one == other
    return same_file(one, other)


def _real(path: Place) -> str:
    return str(path) if isinstance(path, Remote) else os.path.realpath(path)


def _folded(path: str) -> str:
    """One text for all names that some file system takes for the same."""
    return unicodedata.normalize("NFC", path).casefold()


def _renamed(path: Place) -> Place:
    """Where a photo's result goes: `path`, but for its suffix."""
    suffix = path.suffix.lower()
    if suffix in SAVED_AS:
        return path
    return path.with_suffix(".jpg" if suffix in JPEGS else ".png")


def _free(path: Place, taken: Container[str]) -> tuple[Place, str]:
    """The path, numbered where it is another photo's result; and its real path."""
    numbered, number = path, 1
    while _folded(real := _real(numbered)) in taken:
        number += 1
        numbered = path.with_stem(f"{path.stem}-{number}")
    return numbered, real
