"""From a folder of photos and models to a frozen study.

Try it: python -m survey build photos/ --models regression,rebalanced --output studies/poster

    build(paths, "studies/poster", Study(title="Poster", models=("mine",)), colorize)

`colorize(pixels, model)` gives a photo's (S, S, 3) pixels in a model's colours; `load_models` makes
one of named models. study.json is written last: a folder without it is no study, and is built
again.
"""

import hashlib
import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from colorize.files import NO_SPACE
from colorize.photo import Photo, PhotoError, open_photo
from survey import manifest
from survey.other_systems import OtherSystem
from survey.stimuli import SIZE, Unfit, absurd, alike, check, chroma, fingerprint, images, square
from survey.study import FILE, DesignError, Study

CHOICE = 4  # a catch trial's photo is the most colourful of so many
Colorize = Callable[[np.ndarray, str], np.ndarray]


@dataclass
class Built:
    """A finished study, and the photos that are not in it, with the reasons."""

    study: Study
    photos: int = 0
    left_out: list[dict[str, str]] = field(default_factory=list)
    unreadable: int = 0  # of those left out

    def leave_out(self, name: str, reason: object) -> None:
        self.left_out.append({"name": name, "reason": str(reason)})


def build(
    photos: Iterable[Path],
    folder: str | Path,
    study: Study,
    colorize: Colorize,
    *,
    size: int = SIZE,
    most: int | None = None,
    added: Iterable[OtherSystem] = (),
) -> Built:
    """Make a study of all photos, or of so many scored ones. Chance gives each photo its role.

    The models that were `added` have pictures already; the others are asked of `colorize`.
    """
    others = {system.name: system for system in added}
    try:
        return _build(photos, Path(folder), study, Colours(colorize, others, size), most)
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        raise DesignError(
            f"No space is left on the disk of {folder}. Make room and run the same command again: "
            "it begins anew, since half a study is none."
        ) from error


def _build(
    photos: Iterable[Path],
    folder: Path,
    study: Study,
    colours: "Colours",
    most: int | None,
) -> Built:
    rng, built = random.Random(f"{study.seed}/photos"), Built(study)
    paths = sorted(photos)
    roles = _roles(study, len(paths), most)
    _make_room(folder)
    rng.shuffle(paths)
    rows: list[manifest.Row] = []
    bar = tqdm(paths, desc="photos", unit="photo", leave=False, disable=None)
    usable = _usable(bar, colours.size, built)
    if study.real_catches:
        usable = _with_easy_catches(usable, study)
    for role, (path, pixels) in zip(roles, usable, strict=False):
        coloured = {v: colours.of(v, path, pixels) for v in study.versions(role)}
        files = {name: _write(folder, png, rng) for name, png in images(pixels, coloured).items()}
        rows.append({"id": len(rows) + 1, "role": role, "name": printable(path), "images": files})
    _drop_remainder(folder, rows, built)
    check(sorted((folder / manifest.STIMULI).iterdir()))
    built.photos = len(rows)
    built.study = manifest.freeze(folder, study, rows, built.left_out)
    return built


@dataclass(frozen=True)
class Colours:
    """Every version of a photo, whoever coloured it."""

    colorize: Colorize
    others: Mapping[str, OtherSystem]
    size: int

    def of(self, version: str, path: Path, pixels: np.ndarray) -> np.ndarray:
        """(size, size, 3) uint8, of which only the colours count."""
        if version == "real":
            return pixels
        if version in self.others:
            return self.others[version].square(path, self.size)
        return absurd(pixels) if version == "catch" else self.colorize(pixels, version)


def load_models(names: Iterable[str], device: str = "auto") -> Colorize:
    """Colours by these models: shipped, public, or files, as `survey build --models` names them."""
    from colorize import Colorizer

    loaded = {model_name(name): Colorizer.load(name, device) for name in names}
    return lambda pixels, model: loaded[model](Photo(pixels)).pixels


def model_name(name: str) -> str:
    """What a study calls a model: a file goes by its name without folders and suffix."""
    return Path(name).stem if name.endswith(".safetensors") else name


def _roles(study: Study, photos: int, most: int | None) -> list[str]:
    """What the first, second, … usable photo is for."""
    needed = manifest.needed(study)
    most = photos if most is None else most // study.slots * study.slots
    if min(photos, most + study.practice + study.catches) < sum(needed.values()):
        raise DesignError(
            f"{photos} photos were given and the study needs {sum(needed.values())}: "
            f"{needed['trial']} scored, {needed['practice']} for practice and {needed['catch']} "
            "for catch trials. Give more photos, or lower --trials, --practice or --catch."
        )
    first = ["practice"] * needed["practice"] + ["catch"] * needed["catch"]
    return first + ["trial"] * most


def _make_room(folder: Path) -> None:
    """A new folder, or one in which a build was broken off."""
    if (folder / FILE).exists():
        raise DesignError(f"{folder} holds a study already; name another folder.")
    stimuli = folder / manifest.STIMULI
    if stimuli.is_dir():
        shutil.rmtree(stimuli)
        (folder / manifest.FILE).unlink(missing_ok=True)
    if folder.is_dir() and any(folder.iterdir()):
        raise DesignError(f"{folder} is not empty and no study; name another folder.")
    stimuli.mkdir(parents=True)


def _usable(paths: Iterable[Path], size: int, built: Built) -> Iterator[tuple[Path, np.ndarray]]:
    """Photos that can be shown, each content once; the others are left out with the reason."""
    seen: dict[int, str] = {}
    grey_too = not built.study.question_type.shows_real
    for path in paths:
        try:
            pixels = square(open_photo(path), size, grey_too=grey_too)
        except PhotoError as error:
            built.leave_out(printable(path), error)
            built.unreadable += 1
            continue
        except Unfit as reason:
            built.leave_out(printable(path), reason)
            continue
        finger = fingerprint(pixels)
        copy = next((name for known, name in seen.items() if alike(finger, known)), None)
        if copy:
            built.leave_out(printable(path), f"it shows the same as {copy}")
            continue
        seen[finger] = printable(path)
        yield path, pixels


def _with_easy_catches(
    usable: Iterator[tuple[Path, np.ndarray]], study: Study
) -> Iterator[tuple[Path, np.ndarray]]:
    """The same photos, colourful ones where catch trials get theirs: models seldom make such."""
    yield from islice(usable, study.practice)
    some = list(islice(usable, CHOICE * study.catches))
    easy = sorted(some, key=lambda photo: -chroma(photo[1]))[: study.catches]
    names = {path for path, _ in easy}
    yield from easy
    yield from (photo for photo in some if photo[0] not in names)
    yield from usable


def printable(path: Path) -> str:
    """The name of a photo as a text; some file systems allow names that are none."""
    return path.name.encode(errors="replace").decode()


def _write(folder: Path, png: bytes, rng: random.Random) -> dict[str, str]:
    name = f"{rng.getrandbits(128):032x}.png"
    (folder / manifest.STIMULI / name).write_bytes(png)
    return {"file": name, "sha256": hashlib.sha256(png).hexdigest()}


def _drop_remainder(folder: Path, rows: list[manifest.Row], built: Built) -> None:
    """Leave out the scored photos that would make some lists longer than others."""
    scored = sum(row["role"] == "trial" for row in rows)
    for _ in range(scored % built.study.slots):
        row = rows.pop()
        built.leave_out(row["name"], f"{built.study.slots} equal lists had no place for it")
        for image in row["images"].values():
            (folder / manifest.STIMULI / image["file"]).unlink()
