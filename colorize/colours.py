"""What colours measure: how strong a photo's are, and how far from another's.

python -c "import numpy as n; from colorize.colours import *; print(colorfulness(n.eye(3)[None]))"
"""

import numpy as np
from PIL import Image

MEASURED = 384  # pixels of the longer side on which distances are measured


def colorfulness(pixels: np.ndarray) -> float:
    """Hasler and Süsstrunk 2003: 0 is grey, about 30 moderate, above 60 strong.

    Of the signed opponents R - G and (R + G) / 2 - B of (H, W, 3) uint8.
    """
    red, green, blue = (pixels[..., c].astype(np.float32) for c in range(3))
    opponents = red - green, (red + green) / 2 - blue
    spread = np.hypot(*(x.std() for x in opponents))
    return float(spread + 0.3 * np.hypot(*(x.mean() for x in opponents)))


def mean_delta_e(pixels: np.ndarray, original: np.ndarray) -> float:
    """Mean CIEDE2000: about 2 is just noticeable, 10 is clearly another colour."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    return float(deltaE_ciede2000(rgb2lab(_small(pixels)), rgb2lab(_small(original))).mean())


def _small(pixels: np.ndarray) -> np.ndarray:
    image = Image.fromarray(pixels)
    image.thumbnail((MEASURED, MEASURED), Image.Resampling.BOX)
    return np.asarray(image)
