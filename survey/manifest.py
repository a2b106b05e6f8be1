"""Which image is which: the key to a study's randomly named stimuli. It is never served.

manifest.json lies beside study.json, outside stimuli/:

    {"photos": [{"id": 1, "role": "trial", "name": "beach.jpg",
                 "images": {"real": {"file": "3f…e1.png", "sha256": "…"}, "regression": {…}}}, …],
     "left_out": [{"name": "fog.jpg", "reason": "it has hardly any colour"}, …]}

The design holds the hash of `photos`, so that neither changes without the other.
"""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from colorize.files import write_whole
from survey.study import DesignError, Study

FILE = "manifest.json"
STIMULI = "stimuli"
LARGEST_ID = 65_536
Row = dict[str, Any]  # of a photo


def freeze(folder: str | Path, study: Study, photos: list[Row], left_out: list[Row]) -> Study:
    """Write the key and the design that goes with it."""
    _check(study, photos)
    study = replace(study, stimuli=_sha256(photos))
    text = json.dumps({"photos": photos, "left_out": left_out}, indent=1, ensure_ascii=False)
    write_whole(Path(folder, FILE), (text + "\n").encode())
    study.save(folder)
    return study


def load(folder: str | Path, study: Study) -> list[Row]:
    """The photos, if they are those that the design was frozen with and suffice for it."""
    path = Path(folder, FILE)
    if not path.is_file():
        raise DesignError(f"{folder} has no {FILE}; build the study again.")
    photos: list[Row] = json.loads(path.read_text(encoding="utf-8"))["photos"]
    if _sha256(photos) != study.stimuli:
        raise DesignError(f"{path} is not the one of this study; restore it or build it again.")
    _check(study, photos)
    return photos


def needed(study: Study) -> dict[str, int]:
    """Photos that a study needs of each role."""
    return {"trial": study.photos_needed, "practice": study.practice, "catch": study.catches}


def _check(study: Study, photos: list[Row]) -> None:
    for role, number in needed(study).items():
        have = sum(photo["role"] == role for photo in photos)
        if have < number:
            raise DesignError(
                f"The study has {have} photos for the role {role!r} and needs {number}; "
                f"give more photos, or lower `trials`, `practice` or `catch`."
            )
    scored = sum(photo["role"] == "trial" for photo in photos)
    if scored % study.slots:
        raise DesignError(
            f"{scored} scored photos do not fill {study.slots} equal lists; use a multiple."
        )
    if len(photos) > LARGEST_ID:
        raise DesignError(f"{len(photos)} photos are too many; use at most {LARGEST_ID}.")


def _sha256(photos: list[Row]) -> str:
    text = json.dumps(photos, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
