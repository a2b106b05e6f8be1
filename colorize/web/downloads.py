"""Files to take home: photos at their full size, one by one or together in a ZIP.

python -c "from colorize.web.downloads import file_name; print(file_name('old.tif', 'PNG'))"
"""

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from colorize.files import bare_name
from colorize.photo import PhotoError, save_photo
from colorize.web.error_messages import apology
from colorize.web.studio import Studio

SUFFIXES = {"JPEG": "jpg", "PNG": "png"}


def deliver(
    studio: Studio,
    model: str | None,
    temperature: float | None,
    saturation: float,
    format: str | None,
    folder: Path,
) -> Callable[[str], Path]:
    """What colours one photo after another at full size and writes them into `folder`."""
    name = model or studio.default
    studio.colorizer(name)  # one that cannot be loaded is told once, not for every photo

    def write(path: str) -> Path:
        photo = studio.colour(path, name, temperature, saturation).photo
        kept = "JPEG" if photo.format in ("JPEG", "MPO") else "PNG"
        return save_photo(photo, folder / file_name(path, format or kept))

    return write


def bundle(paths: Iterable[str], colour: Callable[[str], Path], archive: Path) -> list[str]:
    """Colour photos one after another into a ZIP; returns a sentence for each that failed."""
    problems: list[str] = []
    taken: set[str] = set()
    archive.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as bundled:  # photos are compressed
            for path in paths:
                try:
                    done = colour(path)
                except PhotoError as error:
                    problems.append(str(error))
                except Exception as error:  # of the model, say: the other photos are done
                    problems.append(f"{Path(path).name}: {apology(error)}")
                else:
                    _move(done, bundled, free_name(done.name, taken))
    except BaseException:
        archive.unlink(missing_ok=True)  # half a ZIP is none
        raise
    return problems


def _move(file: Path, bundled: zipfile.ZipFile, name: str) -> None:
    try:
        bundled.write(file, name)
    finally:
        file.unlink()


def file_name(path: str, format: str) -> str:
    """castle.tif -> castle-colorized.png"""
    return f"{Path(bare_name(path)).stem or 'photo'}-colorized.{SUFFIXES[format]}"


def free_name(name: str, taken: set[str]) -> str:
    """The name, or name-2, name-3 … if it is taken already; it is taken from now on."""
    stem, dot, suffix = name.rpartition(".")
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{stem}-{number}{dot}{suffix}"
    taken.add(free)
    return free
