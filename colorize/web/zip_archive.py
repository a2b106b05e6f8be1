"""Several photos at their full size, together in a ZIP.

python -c "from colorize.web.zip_archive import free_name; print(free_name('a.png', {'a.png'}))"
"""

import zipfile
from collections.abc import Iterable
from pathlib import Path

from colorize.photo import PhotoError
from colorize.settings import Settings
from colorize.web.handlers import error_message
from colorize.web.studio import Studio


def save_zip(
    studio: Studio, paths: Iterable[str], settings: Settings, format: str | None, archive: Path
) -> list[str]:
    """Colour photos one after another into a ZIP; returns a sentence for each that failed."""
    studio.colorizer(settings.model)  # one that cannot be loaded is told once, not for every photo
    problems: list[str] = []
    taken: set[str] = set()
    archive.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as bundled:  # photos are compressed
            for path in paths:
                try:
                    done = studio.save(path, settings, format, archive.parent)
                except PhotoError as error:
                    problems.append(str(error))
                except Exception as error:  # of the model, say: the other photos are done
                    problems.append(f"{Path(path).name}: {error_message(error)}")
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


def free_name(name: str, taken: set[str]) -> str:
    """The name, or name-2, name-3 … if it is taken already; it is taken from now on."""
    stem, dot, suffix = name.rpartition(".")
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{stem}-{number}{dot}{suffix}"
    taken.add(free)
    return free
