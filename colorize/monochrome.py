"""Has a photo colours of its own, or one tint over greys (sepia, cyanotype, yellowed paper)?

    python -c "from colorize.photo import open_photo; \
from colorize.monochrome import has_one_tint; \
print(has_one_tint(open_photo('old.jpg').pixels))"
"""

import numpy as np

TOLERANCE = 1.3  # in the 8-bit units of Cb and Cr
SIDE = 64  # pixels on the long side of the copy that is looked at
SHADES = 32  # of lightness; the tint of each may be its own: dark brown, light cream


def has_one_tint(pixels: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    """Whether the colours of (H, W, 3) uint8 follow from lightness and are all of about one hue.

    The rule: the root mean square distance between each pixel's colour and the mean colour of its
    shade, plus half of that mean's own distance from the photo's hue, is at most `tolerance`, and
    up to `tolerance * s / 10` more for a tint of strength s, the length of the photo's mean colour:
    stains, borders and JPEG's coarse colours grow with it.
    """
    rgb = _shrunk(pixels).reshape(-1, 3)
    luma = rgb @ [0.299, 0.587, 0.114]
    colour = (rgb[:, ::2] - luma[:, None]) * [0.713, 0.564]  # (N, 2): Cr, Cb
    strength = np.hypot(*colour.mean(axis=0))
    x, y = colour.mean(axis=0) / strength if strength else (1, 0)  # the hue
    along, across = colour @ [x, y], colour @ [-y, x]
    shade_along, shade_across = _by_shade(luma, along), _by_shade(luma, across)
    off_shade = (along - shade_along) ** 2 + (across - shade_across) ** 2
    off_hue = np.minimum(shade_along, 0) ** 2 + shade_across**2  # beyond grey is another hue
    distance = np.sqrt(np.mean(off_shade + off_hue / 4))
    return bool(distance <= tolerance * (1 + strength / 10))


def _by_shade(luma: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean of `values` at each pixel's lightness, linear between the means of the shades."""
    shade = (luma * SHADES / 256).astype(int)
    count = np.bincount(shade, minlength=SHADES)
    totals = np.stack([np.bincount(shade, weights, SHADES) for weights in (luma, values)])
    shades, means = totals[:, count > 0] / count[count > 0]
    found: np.ndarray = np.interp(luma, shades, means)
    return found


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    """A copy of about SIDE pixels or fewer a side, each the mean of a block, which quiets grain
    and JPEG noise; of a large photo the block holds a regular sample of four by four or more."""
    stride = max(1, max(pixels.shape[:2]) // (4 * SIDE))
    sample = pixels[::stride, ::stride]
    block = -(-max(sample.shape[:2]) // SIDE)
    height, width = (min(block, side) for side in sample.shape[:2])
    rows, columns = sample.shape[0] // height, sample.shape[1] // width
    blocks = sample[: rows * height, : columns * width].astype(np.float64)
    means: np.ndarray = blocks.reshape(rows, height, columns, width, 3).mean(axis=(1, 3))
    return means
