"""Intake: one image of a source becomes pixels of a cache, or the reason why not.

python -m train prepare PHOTOS --output CACHE        # and see CACHE/skipped.csv
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from colorize.photo import open_photo
from train.data.cache import DataError
from train.data.draft import JournalLine
from train.data.sources import FileSlice, SourceItem


@dataclass(frozen=True)
class CacheSettings:
    """What decides the content of a cache; kept in its meta.json."""

    source: str
    index: str
    short_side: int
    min_chroma: float
    square: bool
    splits: dict[str, float]
    limit: int | None

    def __post_init__(self) -> None:
        if self.short_side < 1:
            raise DataError(f"short_side is {self.short_side}; it must be at least 1 pixel.")
        if min(self.splits.values(), default=0) < 0 or sum(self.splits.values()) >= 1:
            raise DataError(f"The shares {self.splits} must be positive and leave some to train.")
        if "train" in self.splits:
            raise DataError("The share of 'train' is what the other splits leave: do not give it.")


def read_image(item: SourceItem, settings: CacheSettings) -> tuple[JournalLine, bytes]:
    """One image as a line of the journal and its pixels, shrunk; or the reason to skip it."""
    try:
        content = item.content.read() if isinstance(item.content, FileSlice) else item.content
        if isinstance(content, DataError):
            raise content
        pixels = content if isinstance(content, np.ndarray) else open_photo(content).pixels
    except (OSError, ValueError) as error:
        return JournalLine(item.name, problem=str(error)), b""
    chroma = mean_chroma(pixels)
    if chroma < settings.min_chroma:
        reason = f"nearly grey: mean chroma {chroma:.1f}, below {settings.min_chroma:g}"
        return JournalLine(item.name, problem=reason), b""
    data = content.tobytes() if isinstance(content, np.ndarray) else content
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    split = item.split if item.split not in ("", "train") else split_of(digest, settings.splits)
    pixels = pad_square(pixels) if settings.square else pixels
    pixels = limit_short_side(pixels, settings.short_side)
    height, width, _ = pixels.shape
    return JournalLine(item.name, height, width, item.label, split, digest), pixels.tobytes()


def limit_short_side(pixels: np.ndarray, short_side: int) -> np.ndarray:
    """So that the shorter side is at most `short_side`; never enlarged."""
    height, width, _ = pixels.shape
    factor = short_side / min(height, width)
    if factor >= 1:
        return pixels
    size = max(short_side, round(width * factor)), max(short_side, round(height * factor))
    image = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(image)


def pad_square(pixels: np.ndarray) -> np.ndarray:
    """White on both sides of the shorter way."""
    height, width, _ = pixels.shape
    side = max(height, width)
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = pixels
    return square


def mean_chroma(pixels: np.ndarray) -> float:
    """Mean of sqrt(a² + b²), after a reduction that averages the noise away.

    Photos of one tint are not looked for: most of them are sunsets, skies, ice and faces.
    """
    from skimage.color import rgb2lab

    ab = rgb2lab(limit_short_side(pixels, 64))[..., 1:]  # (h, w, 2)
    return float(np.hypot(ab[..., 0], ab[..., 1]).mean())


def split_of(digest: str, shares: Mapping[str, float]) -> str:
    """The split of a photo, from the hash of its bytes alone."""
    place = int(digest[:16], 16) / 2**64  # uniform in [0, 1)
    for name, share in shares.items():
        if place < share:
            return name
        place -= share
    return "train"
