"""Files to take home: photos at their full size, one by one or together in a ZIP.

python -c "from colorize.deliver import file_name; print(file_name('old.tif', 'PNG'))"
"""

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from colorize.photo import PhotoError, encode_photo
from colorize.studio import Studio

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

    def write(path: str) -> Path:
        photo = studio.colour(path, name, temperature, saturation).photo
        kept = "JPEG" if photo.format in ("JPEG", "MPO") else "PNG"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / file_name(path, format or kept)
        target.write_bytes(encode_photo(photo, format or kept))
        return target

    return write


def bundle(paths: Iterable[str], colour: Callable[[str], Path], archive: Path) -> list[str]:
    """Colour photos one after another into a ZIP; returns a sentence for each that failed."""
    problems: list[str] = []
    taken: set[str] = set()
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as bundled:  # photos are compressed
        for path in paths:
            try:
                done = colour(path)
            except PhotoError as error:
                problems.append(str(error))
                continue
            bundled.write(done, free_name(done.name, taken))
            done.unlink()
    return problems


def file_name(path: str, format: str) -> str:
    """castle.tif -> castle-colorized.png"""
    return f"{Path(path).stem or 'photo'}-colorized.{SUFFIXES[format]}"


def free_name(name: str, taken: set[str]) -> str:
    """The name, or name-2, name-3 … if it is taken already; it is taken from now on."""
    stem, dot, suffix = name.rpartition(".")
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{stem}-{number}{dot}{suffix}"
    taken.add(free)
    return free
