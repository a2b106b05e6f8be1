"""Pictures that other systems coloured: a folder of them, matched to the photos by name, checked.

    python -m survey build photos/ --models regression --add deoldify=coloured/ --output study

    from survey.other_systems import find
    find("deoldify", Path("coloured"), photos, root=Path("photos")).square(photos[0], 256)

photos/a/beach.jpg belongs to coloured/a/beach.png: same folder and name, any suffix. Only colours
are taken from a picture; the lightness is the photo's own (survey/stimuli.py), so it must show the
whole photo, at its size.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from colorize.files import bare_name
from colorize.folder import PHOTOS
from colorize.lab import pixels_to_lab
from colorize.photo import Photo, PhotoError, open_photo
from survey import stimuli
from survey.study import DesignError

NAMED = 5  # files that a sentence names; the others are counted
LONGEST_NAME = 60  # characters of a system's
THUMB = 64  # pixels on a side of what is compared
GREY = 3.0  # chroma that a JPEG may give to grey; a picture without more of it has no colours
LIKE = 0.5  # correlation of lightness below which a picture shows something else
FLAT = 3.0  # a photo whose lightness varies less, in levels, is like anything
REMEDY = {  # what can be wrong with a folder, and what to do
    "no picture for": "Give one for each photo, under the photo's name, or take these photos out",
    "no photo for": "Name each after its photo, or take them out",
    "more than one picture for": "Leave one of them",
    "cannot read": "Write them anew, as JPEG or PNG",
    "another size than the photo:": "Give them at the photo's size, nothing cut off",
    "no colours in": "Give the coloured pictures",
    "something else than the photo in": "Check the names, and that nothing is turned or cut",
}


@dataclass(frozen=True)
class OtherSystem:
    """One system's pictures, checked."""

    name: str
    pictures: dict[Path, Path]  # by photo

    def square(self, photo: Path, size: int) -> np.ndarray:
        """(size, size, 3) uint8: the part of its picture that is shown of this photo."""
        return stimuli.square(open_photo(self.pictures[photo]), size, grey_too=True)


def named(text: str) -> tuple[str, Path]:
    """NAME=FOLDER, as it is given to --add."""
    name, equals, folder = text.partition("=")
    name = name.strip()
    if not (name and equals and folder) or not name.isprintable() or len(name) > LONGEST_NAME:
        raise ValueError(
            f"{text!r} is not NAME=FOLDER: a name of up to {LONGEST_NAME} letters, =, and the "
            "folder of that system's pictures."
        )
    return name, Path(folder)


def find(name: str, folder: Path, photos: Sequence[Path], root: Path) -> OtherSystem:
    """The pictures of these photos, which lie under `root`; refused if any is wrong."""
    if not folder.is_dir():
        raise DesignError(f"{folder} is no folder; give the one with the pictures of {name}.")
    pictures = _by_key(_listed(folder), folder)
    wanted = _by_key(photos, root)
    faults: dict[str, list[str]] = defaultdict(list)
    faults["no picture for"] = [_say(p[0]) for key, p in wanted.items() if key not in pictures]
    faults["no photo for"] = [_say(p[0]) for key, p in pictures.items() if key not in wanted]
    faults["more than one picture for"] = [
        _say(wanted[key][0]) for key, p in pictures.items() if key in wanted and len(p) > 1
    ]
    pairs = [(photo, pictures[k][0]) for k, p in wanted.items() if k in pictures for photo in p]
    bar = tqdm(pairs, desc=name, unit="picture", leave=False, disable=None)
    for photo, picture in bar:
        if fault := _fault(photo, picture):
            faults[fault].append(_say(picture))
    _refuse(name, folder, faults)
    return OtherSystem(name, dict(pairs))


def _listed(folder: Path) -> list[Path]:
    """The pictures in a folder and the folders in it; hidden files are none."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in PHOTOS)
    return sorted(path for path in found if not path.name.startswith("."))


def _by_key(paths: Iterable[Path], root: Path) -> dict[str, list[Path]]:
    """Paths by folder and name without suffix; some systems write accents apart from letters."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        key = path.relative_to(root).with_suffix("").as_posix()
        found[unicodedata.normalize("NFC", key)].append(path)
    return dict(found)


def _fault(photo: Path, picture: Path) -> str | None:
    """What is wrong with a picture; None: nothing, or the photo itself cannot be read."""
    try:
        coloured = open_photo(picture)
    except PhotoError:
        return "cannot read"
    try:
        original = open_photo(photo)
    except PhotoError:  # the study will leave it out
        return None
    if (coloured.width, coloured.height) != (original.width, original.height):
        return "another size than the photo:"
    small = _thumb(coloured)
    if np.hypot(*pixels_to_lab(small, torch.float64)[1:].numpy()).max() < GREY:
        return "no colours in"
    if not _alike(_thumb(original), small):
        return "something else than the photo in"
    return None


def _thumb(photo: Photo) -> np.ndarray:
    """(THUMB, THUMB, 3) uint8"""
    image = Image.fromarray(photo.pixels)
    return np.asarray(image.resize((THUMB, THUMB), Image.Resampling.BOX, reducing_gap=2.0))


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Do two thumbnails show the same, whatever their colours?"""
    first, second = (pixels_to_lab(part, torch.float64)[0].numpy().ravel() for part in (one, other))
    if first.std() < FLAT:
        return True
    return second.std() > 0 and bool(np.corrcoef(first, second)[0, 1] >= LIKE)


def _say(path: Path) -> str:
    return bare_name(path.name.encode(errors="replace").decode())


def _refuse(name: str, folder: Path, faults: dict[str, list[str]]) -> None:
    """All that is wrong, a sentence for each kind."""
    said = [
        f"{fault} {_enumerated(files)}. {REMEDY[fault]}."
        for fault, files in faults.items()
        if files
    ]
    if said:
        raise DesignError("\n".join(f"{name} ({folder}) has {sentence}" for sentence in said))


def _enumerated(files: list[str]) -> str:
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return f"{', '.join(sorted(files)[:NAMED])}{more}"
