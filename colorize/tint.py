"""Has a photo colours of its own, or one tint over greys (sepia, cyanotype, yellowed paper)?

    python -c "from colorize.photo import open_photo; from colorize.tint import has_one_tint; \
print(has_one_tint(open_photo('old.jpg').pixels))"
"""

import numpy as np

SIDE = 64  # pixels on the long side of the copy that is looked at
TOLERANCE = 1.4  # in the 8-bit units of Cb and Cr
SHADES = 16  # a tint may differ between this many lightnesses: dark brown, light cream


def has_one_tint(pixels: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    """Whether the colours of (H, W, 3) uint8 are one tint, given by a pixel's lightness alone.

    In a print of one tint all colours have one hue, and pixels of the same lightness have the same
    chroma. The rule: the root mean square distance of the colours from that, in the 8-bit units of
    Cb and Cr, is at most `tolerance`; for a tint of strength s (the length of the mean colour)
    `tolerance * (1 + s / 10)`, since stains, borders and JPEG's coarse chroma grow with it.
    """
    rgb = _shrunk(pixels).reshape(-1, 3)
    luma = rgb @ [0.299, 0.587, 0.114]
    chroma = (rgb[:, ::2] - luma[:, None]) @ np.diag([0.713, 0.564])  # (N, 2): Cr, Cb
    strength = np.hypot(*chroma.mean(axis=0))
    hue = chroma.mean(axis=0) / strength if strength else np.array([1.0, 0.0])
    along, across = chroma @ hue, chroma @ (-hue[1], hue[0])
    distance = np.hypot(along - _expected(luma, along), across)
    return bool(np.sqrt(np.mean(distance**2)) <= tolerance * (1 + strength / 10))


def _expected(luma: np.ndarray, along: np.ndarray) -> np.ndarray:
    """The mean of `along` at each pixel's lightness, linear between the means of the shades."""
    shade = (luma * SHADES / 256).astype(int)
    count = np.bincount(shade, minlength=SHADES)
    total = np.stack([np.bincount(shade, values, SHADES) for values in (luma, along)])
    mean_luma, mean_along = total[:, count > 0] / count[count > 0]
    return np.interp(luma, mean_luma, mean_along)


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    """A copy of at most about SIDE pixels a side. Of large photos it averages a fair sample:
    at least four by four pixels for each of its own, which quiets grain and JPEG noise."""
    stride = max(1, max(pixels.shape[:2]) // (8 * SIDE))
    sample = pixels[::stride, ::stride]
    block = -(-max(sample.shape[:2]) // SIDE)
    rows, columns = (max(1, side // block) for side in sample.shape[:2])
    height, width = min(block, sample.shape[0]), min(block, sample.shape[1])
    sample = sample[: rows * height, : columns * width].astype(np.float64)
    return sample.reshape(rows, height, columns, width, 3).mean(axis=(1, 3))
