"""A study made of nothing, for measuring: as many images as a real one, of the same size.

study = sample_study("/tmp/sample", exposure_ms=None)
"""

import os
from pathlib import Path
from typing import Any

from survey import manifest
from survey.study import Study

MODELS = ("regression", "classification", "rebalanced")
PHOTOS = 204
IMAGE_BYTES = 196_963  # of a PNG of 256 x 256 pixels that is not compressed


def sample_study(folder: str | Path, *, photos: int = PHOTOS, **settings: Any) -> Study:
    """Freeze a study whose images are one and the same block of bytes."""
    study = Study(**{"title": "A sample", "models": MODELS} | settings)
    stimuli = Path(folder, manifest.STIMULI)
    stimuli.mkdir(parents=True)
    original = stimuli / "original"
    original.write_bytes(bytes(IMAGE_BYTES))
    roles = manifest.needed(study) | {"trial": photos}
    rows = []
    for number, role in enumerate(r for r, n in roles.items() for _ in range(n)):
        versions = study.versions(role)
        images = {v: {"file": f"{number}-{v}.png", "sha256": ""} for v in versions}
        for image in images.values():
            os.link(original, stimuli / image["file"])
        rows.append({"id": number + 1, "role": role, "name": f"{number}.jpg", "images": images})
    return manifest.freeze(folder, study, rows, [])
