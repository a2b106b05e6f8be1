"""Photos made for tests."""

from pathlib import Path

import numpy as np
from PIL import Image


def speckled(height: int, width: int, seed: int = 0, gray: bool = False) -> np.ndarray:
    """(height, width, 3) uint8: soft shapes and grain over the whole range of lightness."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [np.sin(7 * x * (c + 1) + 5 * y + c) for c in range(1 if gray else 3)]
    values = 128 + 120 * np.stack(waves, -1) + random.normal(0, 12, (height, width, 1))
    return np.broadcast_to(values, (height, width, 3)).clip(0, 255).astype(np.uint8)


def pixels_of(path: Path) -> np.ndarray:
    """(H, W, 3) uint8: what Pillow reads there."""
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))
