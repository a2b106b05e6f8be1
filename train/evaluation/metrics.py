"""Every number that we report of a model, each with its definition.

    python -m train evaluate rebalanced --data PHOTOS        # all of them, with intervals

A photo is compared as a person would see it: 8-bit sRGB with the original lightness, at its short
side of 256. Only the two accuracies of the papers look at the network's own answer, at its own
size. Every number over many photos is a ratio of two sums over them (`Metric`), so that it can be
taken again over any resampling of the photos.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from skimage.color import deltaE_ciede2000
from torch import Tensor

from colorize.bins import Grid, Hull
from colorize.colours import colorfulness
from colorize.lab import pixels_to_lab
from colorize.quantizer import Quantizer
from train.evaluation.regions import deviation, even_regions
from train.target import area_mean

FARTHEST = 150  # the last threshold of the AuC, in ab units
LEAST = 1_000  # true pixels that a bin must hold to be counted in a balanced number
DELTA_E_STRIDE = 2  # CIEDE2000 looks at every second pixel of every second row
ROUNDING = 1 / 12  # mean squared error of rounding to 8 bits: no picture is known better
WINDOW = 5  # radius of SSIM's Gaussian window, whose width is 1.5 pixels


def psnr(pixels: np.ndarray, truth: np.ndarray) -> float:
    """10 log10(255^2 / mean squared error of R, G, B), in dB; at most 58.9 (see ROUNDING)."""
    error = np.square(pixels.astype(np.float32) - truth).mean()
    return float(10 * np.log10(255**2 / max(error, ROUNDING)))


def ssim(pixels: np.ndarray, truth: np.ndarray) -> float:
    """Mean structural similarity of R, G, B (Wang et al. 2004: Gaussian window, width 1.5)."""
    x, y = (torch.from_numpy(p).permute(2, 0, 1).float() for p in (pixels, truth))
    if min(x.shape[1:]) <= 2 * WINDOW:
        raise ValueError(f"SSIM needs photos of at least {2 * WINDOW + 1} pixels a side.")
    moments = _blur(torch.cat((x, y, x * x, y * y, x * y)))
    mean_x, mean_y, xx, yy, xy = moments.view(5, 3, *moments.shape[1:])
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * (xy - mean_x * mean_y) + c2)
    energy = (mean_x**2 + mean_y**2 + c1) * (xx - mean_x**2 + yy - mean_y**2 + c2)
    return float((likeness / energy).mean())


def _blur(planes: Tensor) -> Tensor:
    """(C, H, W) -> the Gaussian mean around every pixel whose whole window lies inside."""
    window = torch.exp(-(torch.arange(-WINDOW, WINDOW + 1.0) ** 2) / (2 * 1.5**2))
    window = (window / window.sum()).expand(len(planes), 1, 1, -1).contiguous()
    rows = F.conv2d(planes[None], window, groups=len(planes))
    return F.conv2d(rows, window.transpose(2, 3).contiguous(), groups=len(planes))[0]


def delta_e(lab: Tensor, truth: Tensor) -> np.ndarray:
    """CIEDE2000 between two (3, H, W) Lab pictures, on a quarter of the pixels: (h, w)."""
    step = DELTA_E_STRIDE
    x, y = (p[:, ::step, ::step].permute(1, 2, 0).numpy() for p in (lab, truth))
    difference: np.ndarray = deltaE_ciede2000(x, y)
    return difference


def reached(distance: Tensor) -> Tensor:
    """The share of the thresholds t = 0, 1, ..., 150 that lie at or beyond each distance."""
    return (FARTHEST + 1 - distance.ceil()).clamp(min=0) / (FARTHEST + 1)


def chroma(ab: Tensor) -> Tensor:
    """sqrt(a^2 + b^2) of (2, H, W)."""
    return torch.hypot(ab[0], ab[1])


@lru_cache(maxsize=2)
def _bins(kind: Callable[[], Quantizer]) -> Quantizer:
    return kind()


class Truth:
    """A photo in its own colours, and what all guesses of it are compared with."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels  # (H, W, 3) uint8

    @cached_property
    def lab(self) -> Tensor:
        return pixels_to_lab(self.pixels)

    @cached_property
    def hull(self) -> Tensor:
        """(H, W): which of the 313 bins each pixel's colour is in."""
        return _bins(Hull).encode(self.lab[None, 1:])[0]

    @cached_property
    def colorfulness(self) -> float:
        return colorfulness(self.pixels)

    @cached_property
    def even_regions(self) -> np.ndarray:
        """(H, W): where its colour hardly changes, see regions.py."""
        return even_regions(self.lab[1:].numpy())


@dataclass(frozen=True)
class Guess:
    """One model's colours for a photo."""

    truth: Truth
    pixels: np.ndarray  # (H, W, 3) uint8: the picture that a person would see
    answer: Tensor  # (2, h, w): the model's own ab, before it was enlarged

    @cached_property
    def lab(self) -> Tensor:
        return pixels_to_lab(self.pixels)

    @cached_property
    def error(self) -> Tensor:
        """(2, H, W): predicted minus true ab."""
        return self.lab[1:] - self.truth.lab[1:]

    @cached_property
    def target(self) -> Tensor:
        """(2, h, w): the true ab averaged down to the size of the model's answer."""
        return area_mean(self.truth.lab[None, 1:], self.answer.shape[1:])[0]

    @cached_property
    def hits(self) -> tuple[Tensor, Tensor]:
        """Of the 20 x 20 grid: whether the cell is right, and the true cell; both (h, w)."""
        true = _bins(Grid).encode(self.target[None])[0]
        return _bins(Grid).encode(self.answer[None])[0] == true, true


# Metrics over many photos: each photo gives a numerator and a denominator.

Parts = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Metric:
    """(sum of numerators) / (sum of denominators) over photos.

    With several columns, one a bin: the mean of the ratios of those bins that count (NaN if none).
    """

    name: str
    parts: Callable[[Guess], Parts]
    digits: int = 2  # after the point, in tables
    root: bool = False  # the square root of the ratio

    def value(self, sums: np.ndarray, weights: np.ndarray, counted: np.ndarray) -> np.ndarray:
        """(R,) values: sums (2, n, K), weights (R, n) how often each photo is taken."""
        if not counted.any():
            return np.full(len(weights), np.nan)
        numerators, denominators = sums[:, :, counted]
        known = numerators.sum(0) / denominators.sum(0)  # of all photos, for bins left empty here
        drawn = weights @ denominators
        ratios = np.where(drawn > 0, weights @ numerators / np.maximum(drawn, 1e-9), known)
        values: np.ndarray = ratios.mean(1)
        return np.sqrt(values) if self.root else values


def counted(sums: np.ndarray) -> np.ndarray:
    """(K,) bool: the bins of (2, n, K) that hold enough true pixels; a single column if any."""
    held = np.asarray(sums[1].sum(0))
    return np.asarray(held >= LEAST) if sums.shape[2] > 1 else np.asarray(held > 0)


def per_photo(value: float) -> Parts:
    """A number of which the mean over photos is reported."""
    return np.array([value]), np.ones(1)


def per_pixel(values: Tensor | np.ndarray, factor: float = 1.0) -> Parts:
    """A number of which the mean over all pixels is reported."""
    values = torch.as_tensor(values)
    return np.array([values.double().sum() * factor]), np.array([float(values.numel())])


def per_bin(values: Tensor, bins: Tensor, count: int, factor: float = 1.0) -> Parts:
    """A number of which the mean within each bin is taken, then over bins with equal weight."""
    bins = bins.flatten()
    sums = torch.bincount(bins, values.flatten().double(), count)
    return sums.numpy() * factor, torch.bincount(bins, minlength=count).double().numpy()


def _auc_raw(g: Guess) -> Parts:
    return per_pixel(reached(chroma(g.error)), 100)


def _auc_balanced(g: Guess) -> Parts:
    return per_bin(reached(chroma(g.error)), g.truth.hull, 313, 100)


def _chroma_ratio(g: Guess) -> Parts:
    return per_pixel(chroma(g.lab[1:]))[0], per_pixel(chroma(g.truth.lab[1:]))[0]


def _blotch(g: Guess) -> Parts:
    """Standard deviation of the predicted ab where the true colour is even; a mean over regions."""
    found = deviation(g.lab[1:].numpy(), g.truth.even_regions)
    return np.array([found.sum()]), np.array([float(len(found))])


def _same_channel(g: Guess) -> Parts:
    """Keras's "accuracy" of two output channels: the larger one is the same."""
    return per_pixel((g.answer[1] > g.answer[0]) == (g.target[1] > g.target[0]), 100)


def _same_pair(g: Guess) -> Parts:
    """Exactly right 8-bit pairs of a and b, as the CIFAR poster counts its regression."""
    return per_pixel((g.answer.round() == g.target.round()).all(dim=0), 100)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("psnr", lambda g: per_photo(psnr(g.pixels, g.truth.pixels))),
        Metric("ssim", lambda g: per_photo(ssim(g.pixels, g.truth.pixels)), 4),
        Metric("delta_e", lambda g: per_pixel(delta_e(g.lab, g.truth.lab))),
        Metric("ab_rmse", lambda g: per_pixel(g.error.square()), root=True),
        Metric("auc_raw", _auc_raw),
        Metric("auc_balanced", _auc_balanced),
        Metric("colorfulness", lambda g: per_photo(colorfulness(g.pixels))),
        Metric(
            "colorfulness_gap",
            lambda g: per_photo(abs(colorfulness(g.pixels) - g.truth.colorfulness)),
        ),
        Metric("chroma_ratio", _chroma_ratio, 3),
        Metric("blotch", _blotch),
        Metric("cast_a", lambda g: per_pixel(g.error[0])),
        Metric("cast_b", lambda g: per_pixel(g.error[1])),
        Metric("bin_accuracy", lambda g: per_pixel(g.hits[0], 100)),
        Metric("bin_accuracy_balanced", lambda g: per_bin(*g.hits, 400, 100)),
        Metric("pair_accuracy", _same_pair, 3),
        Metric("keras_accuracy", _same_channel),
    )
}
