"""A photo that visitors give."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def rose(tmp_path) -> str:
    """A photo with colours, 120 x 80."""
    y, x = np.mgrid[0:80, 0:120]
    pixels = np.stack((x * 2, y * 3, 255 - x * 2), -1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "rose.png")
    return str(tmp_path / "rose.png")
