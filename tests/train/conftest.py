from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def colourful(seed: int, height: int = 24, width: int = 32) -> np.ndarray:
    """(height, width, 3) uint8: two gradients over a random tint, far from grey."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * y / height
    blue = 255 * x / width
    green = np.full_like(red, rng.integers(0, 256))
    noise = rng.integers(0, 20, (height, width, 3))
    return np.clip(np.stack([red, green, blue], -1) + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def album(tmp_path: Path) -> Callable[..., Path]:
    """album(12): a folder of 12 colourful PNGs, in the class folders `even` and `odd`."""

    def make(count: int, name: str = "photos", **size: int) -> Path:
        for i in range(count):
            path = tmp_path / name / ("odd" if i % 2 else "even") / f"{i:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(colourful(i, **size)).save(path)
        return tmp_path / name

    return make


@pytest.fixture
def colour_photo() -> np.ndarray:
    return colourful(0, 32, 40)
