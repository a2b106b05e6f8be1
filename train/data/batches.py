"""Batches: random square crops of a cache for training, whole photos for evaluation.

    python -m train bench        # the loader alone, among others

Batch k is a function of (seed, k) alone: a run that is resumed at step k sees what it would have
seen, without replaying; and processes that share a batch cut the very crops that one would cut.
Crops are cut from the mapped file and scaled on threads ahead of the training step; they stay
8-bit. Everything else (float, Lab, soft labels, weights) happens on the training device.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from train.data.cache import Cache, DataError

AHEAD = 2  # batches in waiting, beside those being made


@dataclass(frozen=True)
class Batch:
    pixels: Tensor  # (N, 3, H, W) uint8, sRGB
    labels: Tensor  # (N,) int64, -1 where unknown
    indices: Tensor  # (N,) int64, numbers of the photos in the cache
    tones: Tensor | None = None  # (N,) float32: lightness is shown to this power
    ages: Tensor | None = None  # (N,) int64: seeds of the age that a window is shown at, or -1


Batches = Generator[Batch, None, None]  # to be closed


@dataclass(frozen=True)
class Windows:
    """Where to cut: arrays of one number a crop."""

    top: np.ndarray
    left: np.ndarray
    height: np.ndarray
    width: np.ndarray
    mirrored: np.ndarray


def batches(
    cache: Cache,
    indices: np.ndarray,
    *,
    crop: int,
    batch_size: int,
    seed: int,
    start: int = 0,
    rank: int = 0,
    world: int = 1,
    scale: tuple[float, float] = (0.6, 1.0),
    aspect: float = 1.1,
    flip: bool = True,
    tone: float = 1.0,
    aged: float = 0.0,
    threads: int = 1,
) -> Batches:
    """Batches `start`, `start` + 1, … without end; every photo once an epoch, in a new order.

    A window's side is `scale` (uniform, a share of the photo's shorter side), its proportions are
    within 1/`aspect` .. `aspect`; its tone, which a photo's print and age decide, is within
    1/`tone` .. `tone`; a share `aged` of the windows gets a seed to be aged by. `batch_size`
    counts the crops of all `world` processes together; the process `rank` gets its equal part, so
    the number of processes does not change the training.
    """
    _check(indices, crop, batch_size, rank, world, scale, aspect, tone)
    indices = np.asarray(indices, dtype=np.int64)
    order = lru_cache(maxsize=2)(lambda epoch: _generator(seed, 0, epoch).permutation(indices))
    mine = slice(rank * batch_size // world, (rank + 1) * batch_size // world)

    def make(step: int) -> Batch:
        place = np.arange(step * batch_size, (step + 1) * batch_size)
        chosen = np.array([order(p // len(indices))[p % len(indices)] for p in place.tolist()])
        sizes = cache.index[chosen]
        draws = _generator(seed, 1, step).random((batch_size, 5))
        windows = _windows(sizes["height"], sizes["width"], draws, scale, aspect, flip)
        pixels = np.empty((batch_size // world, crop, crop, 3), np.uint8)
        for row, i in enumerate(range(batch_size)[mine]):
            pixels[row] = _cut(cache.photo(chosen[i]), windows, i, crop)
        return Batch(
            torch.from_numpy(pixels).permute(0, 3, 1, 2),
            torch.from_numpy(sizes["label"][mine].astype(np.int64)),
            torch.from_numpy(chosen[mine]),
            _tones(_generator(seed, 2, step).random(batch_size)[mine], tone) if tone > 1 else None,
            _ages(_generator(seed, 3, step), batch_size, aged)[mine] if aged else None,
        )

    return _ahead(make, start, threads)


def whole_photos(cache: Cache, indices: np.ndarray) -> Iterator[Batch]:
    """Each photo whole, as a batch of one, in the given order: for measurements of one's own."""
    for i in np.asarray(indices, dtype=np.int64):
        pixels = torch.from_numpy(cache.photo(i).copy()).permute(2, 0, 1)[None]
        label = torch.tensor([int(cache.index["label"][i])])
        yield Batch(pixels, label, torch.tensor([int(i)]))


def _ahead(make: Callable[[int], Batch], start: int, threads: int) -> Batches:
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Batch]] = deque()
        step = start
        try:
            while True:
                while len(waiting) < threads + AHEAD:
                    waiting.append(pool.submit(make, step))
                    step += 1
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _generator(*key: int) -> np.random.Generator:
    return np.random.default_rng(key)


def _windows(
    heights: np.ndarray,
    widths: np.ndarray,
    draws: np.ndarray,  # (N, 5) uniform in [0, 1)
    scale: tuple[float, float],
    aspect: float,
    flip: bool,
) -> Windows:
    side = (scale[0] + (scale[1] - scale[0]) * draws[:, 0]) * np.minimum(heights, widths)
    stretch = aspect ** (draws[:, 1] - 0.5)  # square root of width / height
    height = np.clip(np.rint(side / stretch), 1, heights).astype(int)
    width = np.clip(np.rint(side * stretch), 1, widths).astype(int)
    return Windows(
        top=(draws[:, 2] * (heights - height + 1)).astype(int),
        left=(draws[:, 3] * (widths - width + 1)).astype(int),
        height=height,
        width=width,
        mirrored=(draws[:, 4] < 0.5) & flip,
    )


def _tones(draws: np.ndarray, tone: float) -> Tensor:
    """Powers within 1/`tone` .. `tone`; both directions are equally likely."""
    return torch.from_numpy(tone ** (2 * draws - 1)).float()


def _ages(draw: np.random.Generator, count: int, aged: float) -> Tensor:
    """A seed for a share `aged` of the windows, -1 for the others."""
    seeds = draw.integers(2**62, size=count)
    return torch.from_numpy(np.where(draw.random(count) < aged, seeds, -1))


def _cut(photo: np.ndarray, windows: Windows, i: int, crop: int) -> np.ndarray:
    """(crop, crop, 3) uint8: window `i` of `photo`, scaled only if it must be."""
    top, left = windows.top[i], windows.left[i]
    cut = photo[top : top + windows.height[i], left : left + windows.width[i]]
    if cut.shape[:2] != (crop, crop):
        planes = torch.from_numpy(cut.copy()).permute(2, 0, 1)[None]  # (1, 3, h, w), 8-bit
        planes = interpolate(planes, (crop, crop), mode="bilinear", antialias=True)
        cut = planes[0].permute(1, 2, 0).numpy()
    return cut[:, ::-1] if windows.mirrored[i] else cut


def _check(
    indices: np.ndarray,
    crop: int,
    batch_size: int,
    rank: int,
    world: int,
    scale: tuple[float, float],
    aspect: float,
    tone: float,
) -> None:
    if not len(indices):
        raise DataError("There are no photos to make batches of: this side of the split is empty.")
    if crop < 1 or batch_size < 1 or batch_size % world:
        raise DataError(
            f"batch_size {batch_size} and crop {crop} must be at least 1, and the batch must be "
            f"divisible among {world} processes."
        )
    if not 0 <= rank < world:
        raise DataError(f"rank {rank} must be one of the {world} processes, counted from 0.")
    if not 0 < scale[0] <= scale[1] <= 1 or aspect < 1 or tone < 1:
        raise DataError(
            f"scale {scale} must lie in (0, 1], aspect {aspect} and tone {tone} be at least 1."
        )
